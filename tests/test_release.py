"""The wheel as a user gets it: by name from a package index, into an environment where nothing else is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import BytesParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from make_release_notes import notes
from packageindex import UNMEASURED, serve
from uv import find_uv_bin

from pinner import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
LAYOUT = ROOT / "pinner" / "cli" / "demo" / "layout"
ENVIRONMENT = {name: value for name, value in UNMEASURED.items() if not name.startswith(("GIT_", "PIP_", "PYTHON"))}


class Installed(NamedTuple):
    """An environment that pinner was installed into by its name."""

    scripts: Path
    environment: dict[str, str]

    def run(self, program: str, *arguments: str, cwd: Path) -> tuple[int, str, str]:
        """Return the status, stdout and stderr of ``program``, one of the environment's."""
        command = (str(self.scripts / program), *arguments)
        ran = subprocess.run(command, cwd=cwd, env=self.environment, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with what `make release` builds."""
    folder = tmp_path_factory.mktemp("dist")
    command = (sys.executable, "-m", "hatchling", "build", "--directory", str(folder))
    subprocess.run(command, cwd=ROOT, env=UNMEASURED, check=True)
    return folder


@pytest.fixture(scope="module")
def index(built: Path, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of an index that has pinner and what it needs, and nothing else."""
    files = tmp_path_factory.mktemp("files")
    shutil.copytree(wheels, files, dirs_exist_ok=True)
    shutil.copytree(built, files, dirs_exist_ok=True)
    with serve(files, tmp_path_factory.mktemp("index")) as address:
        yield address


@pytest.fixture(scope="module")
def installed(index: str, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    home = tmp_path_factory.mktemp("environment")
    # Another pip installs into it: its own would take as long to install as all the rest.
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    pip = (sys.executable, "-m", "pip", "--python", str(scripts / "python"), "--disable-pip-version-check")
    command = (*pip, "install", "--quiet", "--no-cache-dir", "--no-compile", "--index-url", index, "image-pinner")
    subprocess.run(command, env=ENVIRONMENT, check=True)
    return Installed(scripts, {**ENVIRONMENT, "DOCKER_CONFIG": str(home)})


@pytest.mark.parametrize("program", ["pinner", "image-pinner"])
def test_both_commands_are_there(installed: Installed, program: str, tmp_path: Path) -> None:
    assert installed.run(program, "--version", cwd=tmp_path) == (0, f"pinner {__version__}\n", "")
    assert installed.run(program, "--help", cwd=tmp_path)[1].startswith("Usage: pinner ")


def test_it_is_the_installed_one_that_runs(installed: Installed, tmp_path: Path) -> None:
    said = installed.run("python", "-c", "import pinner; print(pinner.__file__)", cwd=tmp_path)
    assert str(installed.scripts.parent) in said[1]


def test_a_folder_is_pinned_by_it(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\n", "utf-8")
    assert installed.run("pinner", "check", cwd=tmp_path)[0] == 1
    status, _, said = installed.run("pinner", "pin", "--layout", str(LAYOUT), "--no-cache", cwd=tmp_path)
    assert (status, said.startswith("pinned 1 reference")) == (0, True), said
    assert re.fullmatch(r"FROM python:3\.12-slim@sha256:[0-9a-f]{64}\n", (tmp_path / "Dockerfile").read_text("utf-8"))
    assert installed.run("pinner", "check", cwd=tmp_path)[0] == 0


def test_without_installing(index: str, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\n", "utf-8")
    environment = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("UV_")}
    environment |= {"UV_PYTHON": sys.executable, "UV_CACHE_DIR": str(tmp_path / "cache"), "UV_NO_CONFIG": "1"}
    command = (find_uv_bin(), "tool", "run", "--default-index", index, "image-pinner", "check", "Dockerfile")
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    assert ran.stdout.startswith("Dockerfile:1:6: error: `python:3.12-slim` has no digest")


def test_the_page_of_the_index_leads_somewhere(built: Path) -> None:
    wheel = next(built.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
        metadata = BytesParser().parsebytes(archive.read(name))
    page = str(metadata.get_payload())
    targets = re.findall(r"\]\(([^)]+)\)", page)
    assert len(targets) > 20
    assert [one for one in targets if not one.startswith("https://")] == []
    main = "https://github.com/pinner-dev/pinner/blob/main/"
    local = [one.removeprefix(main).partition("#")[0] for one in targets if one.startswith(main)]
    assert [one for one in local if not (ROOT / one).exists()] == []
    assert metadata["Name"] == "image-pinner"


def test_the_archives_hold_what_they_should(built: Path) -> None:
    sdist = next(built.glob("*.tar.gz"))
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"README.md", "LICENSE", "pyproject.toml", "pinner/__main__.py", "tests/test_release.py"} <= names
    assert not [name for name in names if name.startswith((".venv", ".ci", ".git/"))]
    wheel = next(built.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if "dist-info" not in name}
    assert all(name.startswith("pinner/") for name in packed)
    assert {"pinner/py.typed", "pinner/cli/demo/layout/index.json"} <= packed


def test_the_changelog_knows_the_version() -> None:
    heads = re.findall(r"^## \[([^\]]+)\](.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert heads[0] == ("Unreleased", "")
    assert heads[1][0] == __version__
    assert all(re.fullmatch(r" - \d{4}-\d\d-\d\d", rest) for _, rest in heads[1:])


@pytest.mark.parametrize(
    ("file", "written"),
    [
        ("README.md", r"rev: v([\d.]+)"),
        ("docs/ci.md", r"(?:rev: v|pinner@v|pinner/v|PINNER_VERSION: v|image-pinner==)([\d.]+\d)"),
        ("templates/pinner.gitlab-ci.yml", r"PINNER_VERSION: v([\d.]+)"),
        ("editors/vscode/package.json", r'"version": "([\d.]+)"'),
        ("deploy/kubernetes/worker.yaml", r"pinner:([\d.]+)"),
        ("deploy/kubernetes/serve.yaml", r"pinner:([\d.]+)"),
    ],
)
def test_what_people_copy_names_this_version(file: str, written: str) -> None:
    assert set(re.findall(written, (ROOT / file).read_text("utf-8"))) == {__version__}


def test_the_notes_are_what_stands_under_the_version() -> None:
    text = "## [Unreleased]\n\n- b\n\n## [1.0.0] - 2026-01-02\n\n- a [c](docs/c.md)\n\n## [0.9.0] - 2026-01-01\n\n- z\n"
    there = "https://github.com/pinner-dev/pinner/blob/v1.0.0"
    assert (notes(text, "1.0.0"), notes(text, "0.9.0")) == (f"- a [c]({there}/docs/c.md)\n", "- z\n")


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("## [0.9.0] - 2026-01-02", r"has no `## \[1\.0\.0\]"),
        ("## [1.0.0]", "no date"),
        ("## [1.0.0] - soon", "no date"),
        ("## [1.0.0] - 2026-13-02", "no date"),
        ("## [1.0.0] - 2026-01-02\n\n## [0.9.0] - 2026-01-01", "says nothing"),
    ],
)
def test_no_release_without_a_date_and_notes(head: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        notes(f"## [Unreleased]\n\n- new\n\n{head}\n\n- a\n", "1.0.0")
