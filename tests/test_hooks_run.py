"""Both hooks, run by pre-commit and by prek in a fresh repository: they fail, fix and pass."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from packageindex import missing, serve

from pinner import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
LAYOUT = ROOT / "pinner" / "cli" / "demo" / "layout"
SOURCES = ("pinner", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
# A runner's tests may run inside of a hook themselves.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "COVERAGE_", "PIP_", "UV_"))
}
IDENTITY = ("-c", "user.name=tester", "-c", "user.email=tester@example.org", "-c", "commit.gpgsign=false")


class Project(NamedTuple):
    """A repository with hooks in it, and the program that runs them."""

    folder: Path
    runner: str
    environment: dict[str, str]

    def hook(self, *arguments: str, before: tuple[str, ...] = ()) -> tuple[int, str]:
        """Return the status and the output of a run of the hooks."""
        command = (*before, self.runner, "run", "--color=never", "--verbose", *arguments)
        ran = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, check=False)
        return ran.returncode, (ran.stdout + ran.stderr).decode()


def git(folder: Path, *arguments: str) -> str:
    command = ("git", *IDENTITY, *arguments)
    return subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, check=True).stdout.decode().strip()


@pytest.fixture(scope="module")
def index(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of an index that has what pinner needs, and what builds it; nothing else is there."""
    with serve(wheels, tmp_path_factory.mktemp("index")) as address:
        yield address


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a repository that holds what is here now, and the tag of its only commit, as a release has one."""
    folder = tmp_path_factory.mktemp("hooks")
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message=hooks")
    tag = f"v{__version__}"
    git(folder, "tag", "--annotate", f"--message={tag}", tag)
    return folder, tag


@pytest.fixture(scope="module", params=["pre-commit", "prek"])
def project(
    request: pytest.FixtureRequest, hooks: tuple[Path, str], index: str, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """Return a fresh repository that uses both hooks."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    runner = shutil.which(request.param, path=path)
    if runner is None:
        missing(f"{request.param} is not installed")
    home = tmp_path_factory.mktemp("environments")
    folder = tmp_path_factory.mktemp("project")
    repository, revision = hooks
    git(folder, "init", "--quiet")
    (folder / ".pre-commit-config.yaml").write_text(f"""\
repos:
  - repo: {repository.as_posix()}
    rev: {revision}
    hooks:
      - id: pinner-check
      - id: pinner-pin
        args: [--layout, "{LAYOUT.as_posix()}"]
""")
    environment = {**ENVIRONMENT, "PRE_COMMIT_HOME": str(home), "PREK_HOME": str(home), "XDG_CACHE_HOME": str(home)}
    # prek installs with uv, which the path has; both programs ask this index alone.
    environment |= {
        "PATH": path,
        "PIP_INDEX_URL": index,
        "UV_DEFAULT_INDEX": index,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_NO_COMPILE": "1",
    }
    return Project(folder, runner, environment)


@pytest.fixture
def unpinned(project: Project) -> Project:
    """Return the repository, with nothing pinned in it, and an old Dockerfile that the configuration excludes."""
    (project.folder / "Dockerfile").write_text("FROM python:3.12-slim\n")
    (project.folder / "test data.yml").write_text("services:\n  cache:\n    image: busybox\n")
    (project.folder / "notes.md").write_text("image: busybox\n")
    old = project.folder / "vendor" / "Dockerfile"
    old.parent.mkdir(exist_ok=True)
    old.write_text("FROM busybox\n")
    (project.folder / "pinner.toml").write_text('exclude = ["vendor/**"]\n')
    git(project.folder, "add", "--all")
    return project


def test_check_fails_pin_fixes_and_both_pass(unpinned: Project) -> None:
    status, said = unpinned.hook("pinner-check", "--all-files")
    assert status == 1
    assert "Dockerfile:1:6: error: `python:3.12-slim` has no digest [PIN001]" in said
    assert "test data.yml:3:12: error: `busybox` has no digest" in said

    status, said = unpinned.hook("pinner-pin", "--all-files")
    assert status == 1
    assert "files were modified by this hook" in said.lower()
    assert "FROM python:3.12-slim@sha256:" in (unpinned.folder / "Dockerfile").read_text()
    assert "image: busybox:latest@sha256:" in (unpinned.folder / "test data.yml").read_text()

    git(unpinned.folder, "add", "--all")
    status, said = unpinned.hook("--all-files")
    assert (status, said.count("Passed")) == (0, 2)


def test_what_the_configuration_excludes_stays_so_when_the_hook_names_it(unpinned: Project) -> None:
    old = unpinned.folder / "vendor" / "Dockerfile"
    before = old.read_bytes()
    for hook in ("pinner-check", "pinner-pin"):
        status, said = unpinned.hook(hook, "--files", "vendor/Dockerfile")
        assert status == 0
        assert "Passed" in said
    assert old.read_bytes() == before


def test_files_of_no_format_are_not_for_the_hooks(unpinned: Project) -> None:
    status, said = unpinned.hook("pinner-check", "--files", "notes.md")
    assert status == 0
    assert "Skipped" in said


def test_check_needs_no_network(unpinned: Project) -> None:
    unpinned.hook("pinner-check", "--files", "notes.md", "pinner.toml", "Dockerfile")  # the environment is there now
    alone = ("unshare", "--map-root-user", "--net")
    try:
        subprocess.run((*alone, "true"), capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no network namespace may be made here")
    status, said = unpinned.hook("pinner-check", "--files", "Dockerfile", before=alone)
    assert status == 1
    assert "`python:3.12-slim` has no digest" in said
    (unpinned.folder / "Dockerfile").write_text(f"FROM python:3.12-slim@sha256:{'0' * 64}\n")
    git(unpinned.folder, "add", "--all")
    status, said = unpinned.hook("pinner-check", "--files", "Dockerfile", before=alone)
    assert (status, "Passed" in said) == (0, True)
