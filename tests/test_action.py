"""The GitHub Action: its scripts, run by bash with the environment that a runner would give them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml
from packageindex import LOCK, UNMEASURED, serve
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pinner import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
INSTALL, RUN = ACTION["runs"]["steps"]

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None or os.name == "nt", reason="runs the action's scripts with bash")

PINNED = f"FROM python:3.12-slim@sha256:{'0' * 64}\n"
# In the place of pinner: writes down how it was called.
RECORDER = """\
#!/bin/sh
printf '%s\\n' "$@" > "$RECORD"
printf '%s' "$PINNER_TOKEN" > "$RECORD.token"
"""
PROGRAM = f"""\
#!/bin/sh
exec "{sys.executable}" -m pinner "$@"
"""


class Ran(NamedTuple):
    """What a step left behind."""

    status: int
    said: str
    outputs: str
    arguments: list[str]
    token: str


def runner_environment(step: dict[str, Any], inputs: dict[str, str], temporary: Path) -> dict[str, str]:
    """Return the variables that a runner gives ``step``: expressions replaced, nothing else."""
    known = {name: str(described.get("default", "")) for name, described in ACTION["inputs"].items()} | inputs
    if known["token"] == "${{ github.token }}":
        known["token"] = "job token"
    values = {f"inputs.{name}": value for name, value in known.items()} | {"runner.temp": str(temporary)}
    updating = known["command"] == "update"
    values["inputs.command == 'update' && inputs.token || ''"] = known["token"] if updating else ""
    return {
        name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], value) for name, value in step["env"].items()
    }


@pytest.fixture
def act(tmp_path: Path) -> Callable[..., Ran]:
    """Return what runs the action's second step in ``tmp_path / "work"`` with the inputs it is given."""
    work, temporary = tmp_path / "work", tmp_path / "temp"
    work.mkdir()
    home = temporary / "pinner" / "bin"
    home.mkdir(parents=True)

    def run(*, program: str = PROGRAM, **inputs: str) -> Ran:
        asked = {name.replace("_", "-"): value for name, value in inputs.items()}
        (home / "pinner").write_text(program)
        (home / "pinner").chmod(0o755)
        script, outputs, record = tmp_path / "step.sh", tmp_path / "outputs", tmp_path / "record"
        script.write_text(RUN["run"])
        outputs.write_text("")
        environment = os.environ | runner_environment(RUN, asked, temporary)
        environment |= {"GITHUB_OUTPUT": str(outputs), "RECORD": str(record), "GITHUB_ACTIONS": "true"}
        ran = subprocess.run(
            (str(BASH), "--noprofile", "--norc", "-eo", "pipefail", str(script)),
            cwd=work / asked.get("working-directory", "."),
            env=environment,
            capture_output=True,
            check=False,
        )
        called = record.exists()
        return Ran(
            ran.returncode,
            (ran.stdout + ran.stderr).decode(),
            outputs.read_text(),
            record.read_text().splitlines() if called else [],
            Path(f"{record}.token").read_text() if called else "",
        )

    return run


def test_no_input_gets_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"


def test_every_input_and_output_is_used_and_described() -> None:
    used = {found for step in (INSTALL, RUN) for found in re.findall(r"inputs\.([a-z-]+)", str(step))}
    assert used == set(ACTION["inputs"])
    page = (ROOT / "docs" / "ci.md").read_text("utf-8")
    for name in (*ACTION["inputs"], *ACTION["outputs"]):
        assert f"`{name}`" in page


def test_clean_files_pass(act: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "work" / "Dockerfile").write_text(PINNED)
    ran = act()
    assert ran.status == 0
    assert ran.outputs == "status=0\n"


def test_a_finding_fails_the_step_and_is_reported(act: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir()
    (tmp_path / "work" / "app").mkdir()
    (tmp_path / "work" / "app" / "Dockerfile").write_text("FROM nginx:1.27\n")
    ran = act(sarif="pinner.sarif", working_directory="app")
    assert ran.status == 1
    assert "Dockerfile:1:6: error" in ran.said
    assert "::error file=app/Dockerfile" in ran.said
    assert re.fullmatch(r"status=1\nsarif<<(\S+)\napp/pinner.sarif\n\1\n", ran.outputs)
    assert '"PIN001"' in (tmp_path / "work" / "app" / "pinner.sarif").read_text()


def test_the_report_is_named_from_the_root_of_the_workspace(act: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "work" / "Dockerfile").write_text(PINNED)
    assert "\npinner.sarif\n" in act(sarif="pinner.sarif").outputs
    assert f"\n{tmp_path}/a.sarif\n" in act(sarif=f"{tmp_path}/a.sarif").outputs


def test_arguments_and_paths_are_one_a_line(act: Callable[..., Ran], tmp_path: Path) -> None:
    work = tmp_path / "work"
    (work / "a folder").mkdir()
    (work / "a folder" / "Dockerfile").write_text("FROM nginx:1.27\n")
    (work / "Dockerfile").write_text(PINNED)
    ran = act(paths="Dockerfile\n\na folder\n", args="--fail-on=error\r\n--exit-zero\r\n")
    assert ran.status == 0
    assert "a folder/Dockerfile:1:6: error" in ran.said
    assert "1 of 2 references pinned" in ran.said


@pytest.mark.parametrize(
    "evil",
    [
        "$(touch pwned)",
        "`touch pwned`",
        "; touch pwned #",
        '"; touch pwned; "',
        "'; touch pwned; '",
        "x' || touch pwned || '",
        "$PINNER_HOME",
        "*",
        "${{ github.token }}",
        "-x",
        "--debug",
        "\\",
    ],
)
def test_what_comes_in_is_never_run(act: Callable[..., Ran], tmp_path: Path, evil: str) -> None:
    ran = act(program=RECORDER, paths=evil, args="--exit-zero")
    assert ran.status == 0
    assert ran.arguments == ["check", "--exit-zero", "--", evil]
    for name in ("args", "sarif", "command", "version", "pull_request"):
        act(program=RECORDER, **{name: evil})
    assert not list(tmp_path.rglob("pwned"))


def test_a_report_cannot_add_outputs(act: Callable[..., Ran]) -> None:
    ran = act(program=RECORDER, sarif="a\nstatus=0\nb")
    assert ran.outputs == "status=0\n"


def test_update_opens_a_pull_request_with_the_token(act: Callable[..., Ran]) -> None:
    ran = act(program=RECORDER, command="update", paths="deploy", args="--min-age=3d")
    assert ran.status == 0
    assert ran.arguments == ["update", "--pr", "--min-age=3d", "--", "deploy"]
    assert ran.token == "job token"
    assert act(program=RECORDER, command="update", token="mine").token == "mine"


def test_update_without_a_pull_request_only_changes_files(act: Callable[..., Ran]) -> None:
    assert act(program=RECORDER, command="update", pull_request="false").arguments == ["update", "--"]


def test_check_is_given_no_token(act: Callable[..., Ran]) -> None:
    assert act(program=RECORDER, token="mine").token == ""


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"command": "pin"}, "::error::command: say check or update"),
        ({"command": "update", "pull_request": "yes"}, "::error::pull-request: say true or false"),
        ({"command": "update", "sarif": "a.sarif"}, "::error::sarif: only `check` writes it"),
    ],
)
def test_wrong_inputs_are_told(act: Callable[..., Ran], inputs: dict[str, str], said: str) -> None:
    ran = act(program=RECORDER, **inputs)
    assert (ran.status, ran.said.strip(), ran.arguments) == (2, said, [])


def install(tmp_path: Path, version: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the first step as a runner does."""
    environment = {**UNMEASURED, **runner_environment(INSTALL, {"version": version}, tmp_path / "temp"), **environment}
    environment |= {"GITHUB_ACTION_PATH": str(ROOT), "PIP_NO_CACHE_DIR": "1", "PIP_NO_COMPILE": "1"}
    command = (str(BASH), "--noprofile", "--norc", "-eo", "pipefail", "-c", INSTALL["run"])
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


def test_what_the_lock_names_is_installed_and_the_actions_own_code(tmp_path: Path, wheels: Path) -> None:
    with serve(wheels, tmp_path / "index") as index:
        ran = install(tmp_path, "", PIP_INDEX_URL=index)
        assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr
        python = tmp_path / "temp" / "pinner" / "bin" / "python"
        said = subprocess.run((python, "-m", "pinner", "--version"), capture_output=True, text=True, check=True)
        assert said.stdout == f"pinner {__version__}\n"


@pytest.fixture
def recorder(tmp_path: Path) -> dict[str, str]:
    """Return variables in whose light Python writes down how it is called, into ``tmp_path / "calls"``."""
    folder = tmp_path / "bin"
    folder.mkdir()
    python = folder / "python3"
    python.write_text(f"""\
#!/bin/sh
case "$1" in
  -c) exec "{sys.executable}" "$@" ;;
  -m) if [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; fi; echo "$@" >> "{tmp_path}/calls" ;;
esac
""")
    python.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def git(folder: Path, *arguments: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")
    ran = subprocess.run(("git", *identity, *arguments), cwd=folder, env=kept, capture_output=True, check=True)
    return ran.stdout.decode().strip()


@pytest.mark.parametrize("by", ["tag", "commit"])
def test_another_version_is_installed_with_its_own_lock(tmp_path: Path, recorder: dict[str, str], by: str) -> None:
    origin = tmp_path / "origin"
    (origin / "action").mkdir(parents=True)
    (origin / "action" / "requirements.txt").write_text("of then\n")
    git(origin, "init", "--quiet")
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message=then")
    git(origin, "tag", "v0.0.9")
    version = "v0.0.9" if by == "tag" else git(origin, "rev-parse", "HEAD")
    there = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{origin.as_uri()}.insteadOf"}
    there["GIT_CONFIG_VALUE_0"] = "https://github.com/pinner-dev/pinner"
    assert install(tmp_path, version, **recorder, **there).returncode == 0
    source = f"{tmp_path}/temp/pinner-source"
    assert Path(source, "action", "requirements.txt").read_text() == "of then\n"
    pip = "-m pip install --quiet --disable-pip-version-check"
    assert (tmp_path / "calls").read_text().splitlines() == [
        f"-m venv {tmp_path}/temp/pinner",
        f"{pip} --require-hashes --only-binary=:all: --requirement {source}/action/requirements.txt",
        f"{pip} --no-deps --no-build-isolation {source}",
    ]
    (tmp_path / "calls").unlink()
    shutil.rmtree(source)
    ran = install(tmp_path, "v9", **recorder, **there)
    assert (ran.returncode, ran.stdout.count("::error::version: pinner has no tag or commit of this name")) == (2, 1)
    assert not (tmp_path / "calls").exists()


@pytest.mark.parametrize("version", ["$(touch pwned)", "-e .", "--index-url=x", "1.0 other", "main#egg=x", "a;b"])
def test_a_version_is_a_tag_or_a_commit_and_nothing_else(
    tmp_path: Path, recorder: dict[str, str], version: str
) -> None:
    ran = install(tmp_path, version, **recorder)
    assert (ran.returncode, (tmp_path / "calls").exists()) == (2, False)
    assert ran.stdout == "::error::version: this is neither a tag nor a commit\n"
    assert not list(tmp_path.rglob("pwned"))


def locked() -> dict[str, list[tuple[Requirement, list[str]]]]:
    """Return what the lock names: a project's requirements and their hashes."""
    found: dict[str, list[tuple[Requirement, list[str]]]] = {}
    for line in LOCK.read_text("utf-8").replace("\\\n", "").splitlines():
        text, *hashes = line.split(" --hash=")
        requirement = Requirement(text)
        found.setdefault(canonicalize_name(requirement.name), []).append((requirement, [one.strip() for one in hashes]))
    return found


def test_every_line_of_the_lock_is_one_version_and_its_hashes() -> None:
    names = locked()
    assert len(names) > 10
    for requirement, hashes in (one for several in names.values() for one in several):
        assert requirement.url is None
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes)
    assert "://" not in LOCK.read_text("utf-8")
    assert not re.search(r"^ *-(?!-hash=)", LOCK.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("python", ["3.11.0", "3.12.9", "3.13.5", "3.14.1"])
def test_what_pinner_needs_and_what_builds_it_is_in_the_lock(system: str, python: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    there = {"sys_platform": system, "python_full_version": python, "python_version": python.rpartition(".")[0]}
    there |= {"platform_python_implementation": "CPython", "extra": ""}
    names = locked()
    for text in (*project["project"]["dependencies"], *project["build-system"]["requires"]):
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate(there):
            continue
        held = [one for one, _ in names[canonicalize_name(wanted.name)] if not one.marker or one.marker.evaluate(there)]
        (version,) = [str(one.specifier).removeprefix("==") for one in held]
        assert wanted.specifier.contains(version), (text, version)
