"""No look at a folder runs what its git configuration says, and nothing of it is hidden by that."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from fakes import FakeResolver
from hostilegit import bare_looking, committed_bare_looking, git, unpacked
from world import outcome, world

from pinner.bot.git.clone import clone
from pinner.bot.git.program import open_git
from pinner.config import Settings
from pinner.scan import discover
from pinner.scan import git as hardened_git
from pinner.scan.discover import _listed_by_git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pinner.bot.git.clone import Clone

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are a shell's")

COMMANDS = {
    "check": ("check",),
    "check as SARIF": ("check", "--format", "sarif"),
    "check online": ("check", "--online"),
    "list": ("list",),
    "diff": ("pin", "--diff", "--offline"),
    "pin": ("pin",),
    "update": ("update", "--diff"),
    "unpin": ("unpin",),
    "lock": ("lock",),
    "export": ("export", "source-policy"),
}
LAYOUTS = {"committed": committed_bare_looking, "alone": bare_looking, "unpacked": unpacked}


class Trap(NamedTuple):
    folder: Path
    proof: Path

    @property
    def sprung(self) -> bool:
        return self.proof.exists()


@pytest.fixture(params=list(LAYOUTS.values()), ids=list(LAYOUTS))
def trap(request: pytest.FixtureRequest, tmp_path: Path) -> Trap:
    make: Callable[[Path, Path], Path] = request.param
    return Trap(make(tmp_path / "given", tmp_path / "ran"), tmp_path / "ran")


def variables(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), **more}


LIST = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")


@pytest.mark.parametrize("make", [bare_looking, unpacked])
def test_the_traps_are_traps(make: Callable[[Path, Path], Path], tmp_path: Path) -> None:
    folder = make(tmp_path / "given", tmp_path / "ran")
    subprocess.run(LIST, cwd=folder, env=variables(tmp_path), capture_output=True, check=False)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("make", [committed_bare_looking, bare_looking, unpacked])
@pytest.mark.parametrize("measure", ["GIT_NO_LAZY_FETCH", "GIT_ALLOW_PROTOCOL", "safe.bareRepository=explicit"])
def test_each_measure_alone_stops_the_fetch(make: Callable[[Path, Path], Path], measure: str, tmp_path: Path) -> None:
    folder, proof = make(tmp_path / "given", tmp_path / "ran"), tmp_path / "ran"
    if make is unpacked:
        if "bare" in measure:
            pytest.skip("it is none")
        git(folder, "config", "--file=.git/config", "--unset", "core.fsmonitor")
        git(folder, "config", "--file=.git/config", "--unset", "core.hooksPath")
    proof.unlink(missing_ok=True)
    subprocess.run(LIST, cwd=folder, env=variables(tmp_path), capture_output=True, check=False)
    assert proof.exists()
    proof.unlink()
    hardened = hardened_git.hardened(LIST[1:], variables(tmp_path))
    environment = {name: value for name, value in hardened.environment.items() if name in ("PATH", "HOME", measure)}
    settings = [part for part in hardened.command if part == measure]
    command = ("git", *(part for setting in settings for part in ("-c", setting)), *LIST[1:])
    assert settings or environment.keys() >= {measure}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    if measure == "GIT_NO_LAZY_FETCH" and proof.exists():
        pytest.skip("a git that does not know it: before 2.39.5 and 2.45")
    assert not proof.exists()
    if settings:
        assert done.returncode
        assert b"bare repository" in done.stderr


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("way", ["named", "inside"])
def test_no_command_runs_what_a_folder_says(trap: Trap, command: tuple[str, ...], way: str, tmp_path: Path) -> None:
    trap.proof.unlink(missing_ok=True)
    folder = trap.folder.parent if way == "named" else trap.folder
    paths = () if command[0] == "export" else (trap.folder.name,) if way == "named" else (".",)
    resolver = FakeResolver()
    if command[0] == "export":
        outcome(world(folder, resolver, environment=variables(tmp_path)), "lock")
    said = outcome(world(folder, resolver, environment=variables(tmp_path)), *command, *paths)
    assert not trap.sprung
    assert said.status in (0, 1, 3), said.stderr
    assert "nothing to look at" not in said.stderr
    if command[0] in ("check", "list"):
        assert "Dockerfile" in said.stdout
        assert "nginx" in said.stdout
    if command == ("pin",):
        assert "@sha256:" in (trap.folder / "Dockerfile").read_text()


def test_a_folder_that_looks_bare_is_a_part_of_its_repository(tmp_path: Path) -> None:
    folder = committed_bare_looking(tmp_path / "r", tmp_path / "ran")
    (tmp_path / "r" / ".gitignore").write_text("ignored\n")
    (folder / "ignored").mkdir()
    (folder / "ignored" / "Dockerfile").write_text("FROM x\n")
    (folder / "deeper").mkdir()
    (folder / "deeper" / "Dockerfile").write_text("FROM x\n")
    names = _listed_by_git(str(folder), variables(tmp_path))
    assert names is not None
    assert {"Dockerfile", "deeper/Dockerfile"} <= set(names)
    assert "ignored/Dockerfile" not in names
    # From below it too, where git would climb up to it first.
    assert _listed_by_git(str(folder / "deeper"), variables(tmp_path)) == ["Dockerfile"]


def test_a_git_in_the_environment_is_not_the_one(tmp_path: Path) -> None:
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "Dockerfile").write_text("FROM x\n")
    folder = unpacked(tmp_path / "given", tmp_path / "ran")
    (tmp_path / "ran").unlink(missing_ok=True)
    leading = {
        "GIT_DIR": str(folder / ".git"),
        "GIT_COMMON_DIR": str(folder / ".git"),
        "GIT_WORK_TREE": str(folder),
        "GIT_CEILING_DIRECTORIES": str(tmp_path),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(folder),
        "GIT_NAMESPACE": "x",
        "GIT_EXTERNAL_DIFF": f"touch {tmp_path}/ran",
        "GIT_ASKPASS": f"touch {tmp_path}/ran",
        "GIT_ALLOW_PROTOCOL": "ext",
    }
    assert _listed_by_git(str(root), variables(tmp_path, **leading)) == ["Dockerfile"]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("tree", ["/", "elsewhere", "../../.."])
def test_another_working_tree_hides_nothing(tree: str, tmp_path: Path) -> None:
    root = tmp_path / "r"
    (root / "elsewhere").mkdir(parents=True)
    git(root, "init", "--quiet")
    (root / "Dockerfile").write_text("FROM x\n")
    git(root, "config", "core.worktree", tree)
    assert _listed_by_git(str(root), variables(tmp_path)) == ["Dockerfile"]


@pytest.mark.parametrize("way", ["gitdir file", "worktree config", "includeIf", "include", "link"])
def test_other_ways_to_a_configuration_lead_to_nothing_either(way: str, tmp_path: Path) -> None:
    folder, proof = unpacked(tmp_path / "given", tmp_path / "ran"), tmp_path / "ran"
    own = folder / ".git"
    if way == "gitdir file":
        own.rename(folder / "hidden")
        own.write_text("gitdir: hidden\n")
    elif way == "link":
        own.rename(folder / "hidden")
        own.symlink_to("hidden")
    else:
        (own / "config").rename(own / "more")
        start = "[core]\n\trepositoryformatversion = 1\n"
        if way == "worktree config":
            (own / "more").rename(own / "config.worktree")
            start += "[extensions]\n\tworktreeConfig = true\n\tpartialClone = origin\n"
        elif way == "include":
            start += "[extensions]\n\tpartialClone = origin\n[include]\n\tpath = more\n"
        else:
            start += f'[extensions]\n\tpartialClone = origin\n[includeIf "gitdir:{folder}/"]\n\tpath = more\n'
        (own / "config").write_text(start)
    subprocess.run(LIST, cwd=folder, env=variables(tmp_path), capture_output=True, check=False)
    assert proof.exists()  # what git does by itself
    proof.unlink()
    said = outcome(world(folder, environment=variables(tmp_path)), "check", ".")
    assert not proof.exists()
    assert "Dockerfile:1:6" in said.stdout


@pytest.mark.parametrize("where", [".gitignore", "deep/er/.gitignore", ".git/info/exclude"])
def test_patterns_that_never_end_block_nothing(where: str, tmp_path: Path) -> None:
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "--quiet")
    (root / "Dockerfile").write_text("FROM x\n")
    (root / where).parent.mkdir(parents=True, exist_ok=True)
    (root / where).unlink(missing_ok=True)
    os.mkfifo(root / where)
    said = outcome(world(root, environment=variables(tmp_path)), "check")
    assert "Dockerfile:1:6" in said.stdout


@pytest.mark.parametrize(("waits", "names"), [("sleep 0.2", ["x"]), ("exec sleep 60", None)])
def test_a_git_that_is_slow_is_waited_for_but_not_for_ever(
    waits: str, names: list[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r" / ".git").mkdir(parents=True)
    (tmp_path / "git").write_text(f"#!/bin/sh\n{waits}\nprintf 'x\\0'\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setattr(discover, "_QUICK", 0.01)
    monkeypatch.setattr(discover, "_GIT_PATIENCE", 30.0 if names else 0.02)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    assert _listed_by_git(str(tmp_path / "r"), environment) == names


@pytest.mark.parametrize("protocol", ["file"])
def test_a_clone_of_the_bot_runs_nothing_either(tmp_path: Path, protocol: str) -> None:
    folder = committed_bare_looking(tmp_path / "r", tmp_path / "ran")
    (folder / ".gitattributes").write_text("* filter=x\n")
    git(tmp_path / "r", "add", "--all")
    git(tmp_path / "r", "commit", "--quiet", "--message=y")
    git(tmp_path / "r", "branch", "--move", "main")
    address = f"{protocol}://{tmp_path}/r"

    async def cloned() -> Clone:
        return await clone(open_git(tmp_path / "clone", variables(tmp_path), address, None), address, "main", wanted)

    def wanted(_: str) -> bool:
        return True

    there = asyncio.run(cloned())
    found = discover.discover((), Settings(), str(there.folder), variables(tmp_path))
    assert [target.path for target in found] == ["infra/Dockerfile"]
    found = discover.discover(("infra",), Settings(), str(there.folder), variables(tmp_path))
    assert [target.path for target in found] == ["infra/Dockerfile"]
    assert not (tmp_path / "ran").exists()
