"""A hostile repository under every command and output format: nothing runs, nothing leaves, nothing is written out."""

from __future__ import annotations

import os
import re
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest
from botforge import Site, gitlines, picture
from fakes import FakeResolver
from forge_double import ForgeDouble
from hostilegit import git
from hostiletree import NAMES, SETTINGS, HostileTree, plant
from images import write_layout
from world import Outcome, outcome, world

from pinner.cli.context import connect_to_registries
from pinner.cli.pull_requests import FORMATS as PUBLISH_FORMATS
from pinner.inspection import INSPECTION_FORMATS
from pinner.report import FORMATS, LISTING_FORMATS
from pinner.report.overview_data import FORMATS as REPORT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names, links and pipes that Windows does not have")

UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
CHANGES = ("pin", "update", "unpin")
FOUND, MISUSED, UNTOLD = 1, 2, 3


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> HostileTree:
    return plant(tmp_path_factory.mktemp("hostile"))


@pytest.fixture
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    asked: list[object] = []

    def asking(_: socket.socket, address: object) -> NoReturn:
        asked.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", asking)
    monkeypatch.setattr(socket.socket, "connect_ex", asking)
    return asked


def variables(tree: HostileTree, **more: str) -> dict[str, str]:
    home = str(tree.proof.parent)
    return {"PATH": os.environ["PATH"], "HOME": home, "XDG_CACHE_HOME": f"{home}/cache", **more}


def state(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "/cache/" not in str(path)}


def unharmed(tree: HostileTree, said: Outcome, *, commands: bool = False) -> None:
    assert not tree.proof.exists()
    assert not (tree.root / "ran").exists()
    assert sorted(os.listdir(tree.outside)) == ["Dockerfile", "precious"]  # noqa: PTH208 - the names alone
    assert (tree.outside / "precious").read_text() == "mine"
    assert (tree.outside / "Dockerfile").read_text() == "FROM nginx:1.27\n"
    assert b"monitor" in (tree.root / ".git" / "config").read_bytes()
    assert "internal error" not in said.stderr
    for line in f"{said.stdout}\n{said.stderr}".split("\n"):
        assert UNSAFE.search(line) is None
        assert re.search(r"##[a-z]*\[", line, re.IGNORECASE) is None
        ours = commands and line.startswith(("::error file=", "::warning file=", "::notice file="))
        assert ours or not line.lstrip().startswith("::"), line


@pytest.mark.parametrize("format_", FORMATS)
def test_check(planted: HostileTree, format_: str, nobody_is_asked: list[object]) -> None:
    before = state(planted.root)
    there = world(planted.root, environment=variables(planted))._replace(connect=connect_to_registries)
    said = outcome(there, "check", "--format", format_)
    unharmed(planted, said, commands=format_ == "github")
    assert said.status == FOUND
    assert "infra/Dockerfile" in said.stdout
    assert state(planted.root) == before
    assert nobody_is_asked == []


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("file", ["report.out", "fifo.out", "linked/report", ".git/config", ".git/hooks/post-checkout"])
def test_reports_in_the_way_of_others(planted: HostileTree, format_: str, file: str) -> None:
    before = state(planted.root)
    there = world(planted.root, environment=variables(planted))
    said = outcome(there, "check", "--exit-zero", "--format", format_, "--output", file)
    unharmed(planted, said)
    assert said.status == UNTOLD
    assert state(planted.root) == before


@pytest.mark.parametrize("format_", LISTING_FORMATS)
def test_list(planted: HostileTree, format_: str, nobody_is_asked: list[object]) -> None:
    there = world(planted.root, environment=variables(planted))
    said = outcome(there, "list", "--all", "--format", format_)
    unharmed(planted, said)
    assert said.status == UNTOLD
    assert nobody_is_asked == []


@pytest.mark.parametrize("format_", REPORT_FORMATS)
def test_report(planted: HostileTree, tmp_path: Path, format_: str, nobody_is_asked: list[object]) -> None:
    before = state(planted.root)
    there = world(planted.root, environment=variables(planted))
    said = outcome(there, "report", "--offline", "--format", format_, "--html", str(tmp_path / "page.html"))
    unharmed(planted, said)
    page = (tmp_path / "page.html").read_text("utf-8")
    unharmed(planted, said._replace(stdout=page))
    assert said.status == UNTOLD
    assert "infra/Dockerfile" in said.stdout
    assert "#&#35;vso[task.setvariable" in page
    assert state(planted.root) == before
    assert nobody_is_asked == []


@pytest.mark.parametrize("option", [("--html",), ("--format", "csv", "--output")])
@pytest.mark.parametrize("file", ["report.out", "fifo.out", "linked/report", ".git/config", ".git/hooks/post-checkout"])
def test_reports_of_images_in_the_way_of_others(planted: HostileTree, option: tuple[str, ...], file: str) -> None:
    before = state(planted.root)
    said = outcome(world(planted.root, environment=variables(planted)), "report", "--offline", *option, file)
    unharmed(planted, said)
    assert said.status == UNTOLD
    assert "error: " in said.stderr
    assert state(planted.root) == before


@pytest.mark.parametrize("operation", ["pin", "update"])
@pytest.mark.parametrize("format_", [format_ for format_ in FORMATS if format_ not in LISTING_FORMATS])
def test_what_would_change(planted: HostileTree, operation: str, format_: str) -> None:
    before = state(planted.root)
    there = world(planted.root, FakeResolver(), environment=variables(planted))
    said = outcome(there, operation, "--diff", "--format", format_)
    unharmed(planted, said, commands=format_ == "github")
    assert said.status == UNTOLD
    assert state(planted.root) == before


@pytest.mark.parametrize("command", [("pin", "--diff"), ("pin", "--diff", "--offline"), ("check", "--offline", "-v")])
def test_without_a_network_nobody_is_asked(
    planted: HostileTree, command: tuple[str, ...], nobody_is_asked: list[object]
) -> None:
    environment = variables(planted, CI="true")
    connect = connect_to_registries if "--offline" in command else world(planted.root).connect
    said = outcome(world(planted.root, environment=environment)._replace(connect=connect), *command)
    unharmed(planted, said)
    assert said.status in (FOUND, UNTOLD, 2)
    assert nobody_is_asked == []


@pytest.mark.parametrize("paths", [(), (".",), ("infra",), ("linked",), ("linked.Dockerfile",), ("fifo.Dockerfile",)])
@pytest.mark.parametrize("command", [*CHANGES, "lock"])
def test_what_writes(tmp_path: Path, command: str, paths: tuple[str, ...]) -> None:
    tree = plant(tmp_path)
    there = world(tree.root, FakeResolver(), environment=variables(tree))
    said = outcome(there, command, *paths)
    unharmed(tree, said)
    if paths in ((), (".",), ("fifo.Dockerfile",)) or (paths[0].startswith("linked") and command in ("pin", "update")):
        assert said.status == UNTOLD
    else:
        assert said.status == 0
    if command == "pin" and paths in ((), (".",), ("infra",)):
        assert "@sha256:" in (tree.root / "infra" / "Dockerfile").read_text()


@pytest.mark.parametrize("target", ["source-policy", "compose-override", "kustomize"])
@pytest.mark.parametrize("file", ["-", "report.out", "fifo.out", "linked/new"])
def test_exports(tmp_path: Path, target: str, file: str) -> None:
    tree = plant(tmp_path)
    there = world(tree.root, FakeResolver(), environment=variables(tree))
    outcome(there, "lock")
    there = world(tree.root, FakeResolver(), environment=variables(tree))
    said = outcome(there, "export", target, "--output", file)
    unharmed(tree, said)
    assert said.status in (UNTOLD, 2)


LAYOUT_NAME = "docker.io/library/nginx:1.27"


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registry")
    write_layout(folder, {LAYOUT_NAME: picture("new")})
    return folder


@pytest.mark.parametrize("format_", INSPECTION_FORMATS)
@pytest.mark.parametrize("name", ["nginx:1.27", *NAMES, "./app.py", "linked.Dockerfile", "infra"])
def test_inspect(planted: HostileTree, layout: Path, name: str, format_: str, nobody_is_asked: list[object]) -> None:
    before = state(planted.root)
    there = world(planted.root, environment=variables(planted))._replace(connect=connect_to_registries)
    said = outcome(there, "inspect", "--layout", str(layout), "--format", format_, "--", name)
    unharmed(planted, said)
    # One of the tree's settings names a pipe for a file.
    assert said.status == MISUSED
    assert state(planted.root) == before
    assert nobody_is_asked == []


@pytest.mark.parametrize("format_", ["text", "json"])
@pytest.mark.parametrize(
    "what",
    [*(f"./{name}" for name in NAMES), *NAMES, "fifo.out", "zero.Dockerfile", "loop.Dockerfile", "linked", "app.py"],
)
def test_identify(planted: HostileTree, layout: Path, what: str, format_: str, nobody_is_asked: list[object]) -> None:
    before = state(planted.root)
    there = world(planted.root, environment=variables(planted))._replace(connect=connect_to_registries)
    said = outcome(there, "identify", "--layout", str(layout), "--format", format_, "--", what)
    unharmed(planted, said)
    assert said.status in (2, UNTOLD)
    assert state(planted.root) == before
    assert nobody_is_asked == []


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[HostileTree, Site]]:
    """Return the tree as a checkout of what a forge has, and the forge."""
    tree = plant(tmp_path)
    with ForgeDouble(tmp_path / "forge") as forge:
        stored = forge.add_repository("acme/app")
        git(stored.folder, "fetch", "--quiet", "--update-head-ok", str(tree.root), "+HEAD:refs/heads/main")
        # Without the file that is a pipe in the tree, which is an error of the configuration and ends the run.
        settings = SETTINGS.replace('ca = "certificates/ca.pem"\n', "")
        forge.commit("acme/app", "main", {"pinner.toml": settings}, "Settings")
        git(tree.root, "remote", "add", "origin", f"{forge.url}/acme/app.git")
        site = Site(tmp_path, forge)
        write_layout(site.layout, {LAYOUT_NAME: picture("new")})
        tree.proof.unlink(missing_ok=True)
        yield tree, site


@pytest.mark.parametrize("format_", PUBLISH_FORMATS)
@pytest.mark.parametrize("is_here", [True, False], ids=["--pr", "--repo"])
def test_the_bot(site: tuple[HostileTree, Site], format_: str, *, is_here: bool) -> None:
    tree, machine = site
    before = state(tree.root)
    for dry_run in (("--dry-run",), ()):
        where = {"name": None, "folder": tree.root} if is_here else {"folder": tree.root}
        more = ("--pr",) if is_here else ()
        said = machine.run(*more, *dry_run, "--format", format_, **where)
        unharmed(tree, said)
        assert said.status == UNTOLD
        assert state(tree.root) == before
    (pull,) = machine.forge.repository("acme/app").pulls.values()
    # What is proposed is what could be pinned, and none of what lies in the way.
    changed = gitlines(machine.forge.repository("acme/app").folder, "diff", "--name-only", "main", pull.head)
    assert "infra/Dockerfile" in changed
    assert not [name for name in changed if name.startswith(("linked", ".git", "..", "report", "git."))]
    assert all(UNSAFE.search(line) is None for line in f"{pull.title}\n{pull.body}".split("\n"))
