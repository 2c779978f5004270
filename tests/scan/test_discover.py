from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pinner.config import Settings
from pinner.errors import ConfigError
from pinner.formats import by_name
from pinner.scan.discover import LEFT_ALONE, Target, discover, find
from pinner.scan.neighbour_files import siblings_of

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="names that Windows does not allow")


def fill(folder: Path, *names: str, text: str = "FROM nginx\n") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Pat", "-c", "user.email=pat@example.org", "-c", "protocol.file.allow=always")
    subprocess.run(("git", *identity, *arguments), cwd=folder, check=True, capture_output=True)


def repository(folder: Path) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    git(folder, "init", "--quiet")
    return folder


def found(folder: Path, *paths: str, settings: Settings | None = None, git_works: bool = True) -> list[str]:
    # An empty PATH is how git fails to be there.
    environment = {} if git_works else {"PATH": str(folder / "nowhere")}
    targets = discover(paths, settings or Settings(), str(folder), environment)
    for target in targets:
        assert os.path.samefile(target.file, folder / target.path)  # noqa: PTH121 - paths are text here
    return sorted(target.path for target in targets)


both_ways = pytest.mark.parametrize("git_works", [True, False], ids=["git", "walk"])


@both_ways
def test_a_repository_gives_the_files_that_git_does_not_ignore(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "Dockerfile", "a/Dockerfile", "a/b/pod.yaml", "notes.txt", "build/Dockerfile", "a/new.Dockerfile")
    fill(
        root, "keep/x.bak.yaml", "keep/y.bak.yaml", "deep/er/Dockerfile", "anchored/Dockerfile", "a/anchored/Dockerfile"
    )
    (root / ".gitignore").write_text("build/\n*.bak.yaml\n/anchored\n", "utf-8")
    (root / "keep" / ".gitignore").write_text("!x.bak.yaml\n", "utf-8")
    (root / "deep" / ".gitignore").write_text("er\n", "utf-8")
    git(root, "add", "a/b")
    assert found(root, git_works=git_works) == [
        "Dockerfile",
        "a/Dockerfile",
        "a/anchored/Dockerfile",
        "a/b/pod.yaml",
        "a/new.Dockerfile",
        "keep/x.bak.yaml",
    ]


@both_ways
def test_from_a_subfolder_the_whole_repository_counts_with_paths_that_climb(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "Dockerfile", "a/b/Dockerfile", "a/c/Dockerfile", "a/b/d/Dockerfile", "ab/Dockerfile", "a/Dockerfile")
    assert found(root / "a" / "b", git_works=git_works) == [
        "../../Dockerfile",
        "../../ab/Dockerfile",
        "../Dockerfile",
        "../c/Dockerfile",
        "Dockerfile",
        "d/Dockerfile",
    ]


@both_ways
def test_a_folder_stands_for_what_is_in_it(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "Dockerfile", "a/Dockerfile", "a/ignored/Dockerfile", "a/b/Dockerfile", "a/b/ignored2/Dockerfile")
    (root / ".gitignore").write_text("ignored\n", "utf-8")
    (root / "a" / ".gitignore").write_text("ignored2\n", "utf-8")
    assert found(root, "a", git_works=git_works) == ["a/Dockerfile", "a/b/Dockerfile"]
    assert found(root, "a/b/", git_works=git_works) == ["a/b/Dockerfile"]
    assert found(root / "a" / "b", ".", git_works=git_works) == ["Dockerfile"]
    assert found(root / "a" / "b", "..", git_works=git_works) == ["../Dockerfile", "Dockerfile"]
    assert found(root / "a", str(root / "a" / "b"), git_works=git_works) == ["b/Dockerfile"]


@both_ways
def test_an_ignored_folder_that_is_named_still_is_ignored(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "out/Dockerfile")
    (root / ".gitignore").write_text("out/\n", "utf-8")
    assert found(root, "out", git_works=git_works) == []


@both_ways
def test_a_file_is_taken_whatever_its_name_and_whatever_git_thinks(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "notes.txt", "out/Dockerfile")
    (root / ".gitignore").write_text("out/\n", "utf-8")
    assert found(root, "notes.txt", "./out/Dockerfile", git_works=git_works) == ["notes.txt", "out/Dockerfile"]


@both_ways
def test_every_file_comes_once(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "a/Dockerfile")
    named = ("a/Dockerfile", "./a/Dockerfile", "a", ".", str(root / "a" / "Dockerfile"))
    assert found(root, *named, git_works=git_works) == ["a/Dockerfile"]


@both_ways
def test_what_git_itself_keeps_and_what_it_fetched_is_not_ours(tmp_path: Path, *, git_works: bool) -> None:
    library = repository(tmp_path / "library")
    fill(library, "Dockerfile")
    git(library, "add", ".")
    git(library, "commit", "-m", "x")
    root = repository(tmp_path / "r")
    fill(root, "Dockerfile", ".git/Dockerfile", "sub/.git/Dockerfile")
    git(root, "submodule", "add", str(library), "vendored")
    repository(root / "nested")
    fill(root, "nested/Dockerfile")
    expected = ["Dockerfile"]
    assert found(root, git_works=git_works) == expected
    assert found(root, "vendored", git_works=git_works) == ["vendored/Dockerfile"]


def test_repositories_below_a_plain_folder_are_just_folders(tmp_path: Path) -> None:
    repository(tmp_path / "one")
    fill(tmp_path, "one/Dockerfile", "two/Dockerfile")
    assert found(tmp_path) == ["one/Dockerfile", "two/Dockerfile"]


@both_ways
def test_a_file_that_was_deleted_but_not_yet_committed_is_passed_over(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "Dockerfile", "gone.Dockerfile")
    git(root, "add", ".")
    (root / "gone.Dockerfile").unlink()
    assert found(root, git_works=git_works) == ["Dockerfile"]


@both_ways
@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_links_are_followed_to_files_in_the_folder_and_nowhere_else(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(tmp_path, "outside/Dockerfile")
    fill(root, "a/Dockerfile", "text")
    (root / "Dockerfile").symlink_to("a/Dockerfile")
    (root / "b.dockerfile").symlink_to("text")
    (root / "c.dockerfile").symlink_to("../outside/Dockerfile")
    (root / "d.dockerfile").symlink_to("nowhere")
    (root / "loop.dockerfile").symlink_to("loop.dockerfile")
    (root / "e").symlink_to("a")
    (root / "f").symlink_to("../outside")
    assert found(root, git_works=git_works) == ["a/Dockerfile", "b.dockerfile"]
    assert found(root, "c.dockerfile", git_works=git_works) == ["c.dockerfile"]
    assert found(root, "Dockerfile", "a", git_works=git_works) == ["Dockerfile"]
    assert found(root, "e", git_works=git_works) == ["e/Dockerfile"]
    assert found(root, "f", git_works=git_works) == ["f/Dockerfile"]


@both_ways
@posix_only
def test_names_may_hold_anything(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    names = ["sp ace/Dockerfile", 'q"uote/Dockerfile', "caf\u00e9/Dockerfile", "li\nne/Dockerfile", "-x/Dockerfile"]
    fill(root, *names)
    raw = os.fsdecode(b"latin\xe9.dockerfile")
    (root / raw).write_bytes(b"FROM nginx\n")
    assert found(root, git_works=git_works) == sorted([*names, raw])


@both_ways
def test_excludes_are_gitignore_patterns_from_the_configuration_files_folder(
    tmp_path: Path, *, git_works: bool
) -> None:
    root = repository(tmp_path / "r")
    fill(
        root, "Dockerfile", "a/vendor/Dockerfile", "a/b/Dockerfile", "a/c/Dockerfile", "a/old.yaml", "vendor/Dockerfile"
    )
    settings = Settings(exclude=("/vendor", "*.yaml", "b/", "a/vendor/**", "!a/b/"), root=str(root))
    assert found(root, settings=settings, git_works=git_works) == ["Dockerfile", "a/b/Dockerfile", "a/c/Dockerfile"]
    assert found(root / "a", "vendor/Dockerfile", "old.yaml", "c", settings=settings, git_works=git_works) == [
        "c/Dockerfile"
    ]


def test_excludes_say_nothing_about_files_elsewhere(tmp_path: Path) -> None:
    fill(tmp_path, "other/Dockerfile", "here/Dockerfile")
    settings = Settings(exclude=("*",), root=str(tmp_path / "here"))
    assert found(tmp_path / "here", "../other/Dockerfile", "Dockerfile", settings=settings) == ["../other/Dockerfile"]


@pytest.mark.parametrize("pattern", ["!", "a\\", "[z-a]"])
def test_an_exclude_that_is_no_pattern_is_an_error(tmp_path: Path, pattern: str) -> None:
    settings = Settings(exclude=("fine", pattern), root=str(tmp_path), source="pinner.toml")
    with pytest.raises(ConfigError) as error:
        discover((), settings, str(tmp_path), {})
    assert error.value.message == f"pinner.toml: `exclude` has a pattern that is none: `{pattern}`"


def test_a_line_of_a_gitignore_that_is_no_pattern_is_passed_over_as_git_does(tmp_path: Path) -> None:
    fill(tmp_path, "Dockerfile", "a/Dockerfile")
    (tmp_path / ".gitignore").write_bytes(b"!\n\xff\n[z-a]\na/\n")
    assert found(tmp_path) == ["Dockerfile"]


@both_ways
def test_a_path_that_does_not_exist_is_an_error_with_a_hint(tmp_path: Path, *, git_works: bool) -> None:
    fill(tmp_path, "Dockerfile")
    with pytest.raises(ConfigError) as error:
        found(tmp_path, "Dockerfile", "Dokcerfile", git_works=git_works)
    assert error.value.message == "there is no file or folder `Dokcerfile`"
    assert error.value.hint == "paths are relative to the current folder"


def test_a_broken_repository_is_walked(tmp_path: Path) -> None:
    fill(tmp_path, "Dockerfile", "build/Dockerfile")
    (tmp_path / ".git").write_text("gitdir: nowhere\n", "utf-8")
    (tmp_path / ".gitignore").write_text("build\n", "utf-8")
    assert found(tmp_path) == ["Dockerfile"]


def test_a_hooks_environment_does_not_lead_to_another_repository(tmp_path: Path) -> None:
    other, root = repository(tmp_path / "other"), repository(tmp_path / "r")
    fill(other, "other.Dockerfile")
    fill(root, "Dockerfile")
    environment = {"GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": "nowhere", "GIT_WORK_TREE": str(other)}
    targets = discover((), Settings(), str(root), environment)
    assert [target.path for target in targets] == ["Dockerfile"]


@pytest.mark.skipif(sys.platform == "win32", reason="the monitor is a shell command")
def test_no_command_of_the_repositorys_own_is_run(tmp_path: Path) -> None:
    root = repository(tmp_path / "r")
    fill(root, "Dockerfile")
    (root / "monitor").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", "utf-8")
    (root / "monitor").chmod(0o755)
    git(root, "config", "core.fsmonitor", str(root / "monitor"))
    assert found(root) == ["Dockerfile"]
    assert not (tmp_path / "ran").exists()


def without_privileges() -> list[str]:
    """Return what a command begins with that may not read everything."""
    if sys.platform == "win32":
        pytest.skip("other rights on Windows")
    if os.geteuid():
        return []
    program = shutil.which("setpriv")
    if program is None:
        pytest.skip("root may read everything, and there is no setpriv")
    return [program, "--bounding-set=-all", "--inh-caps=-all"]


@both_ways
@pytest.mark.parametrize("mode", [0, 0o600], ids=["closed", "names alone"])
def test_a_folder_that_may_not_be_looked_into_is_told(tmp_path: Path, mode: int, *, git_works: bool) -> None:
    root = repository(tmp_path / "r") if git_works else tmp_path / "r"
    pinned = f"FROM alpine:3.20@sha256:{'0' * 64}\n"
    fill(root, "b/Dockerfile", "closed/Dockerfile", "closed/below/Dockerfile")
    for file in root.rglob("Dockerfile"):
        file.write_text(pinned)
    if git_works:
        git(root, "add", ".")
    closed = root / "closed"
    closed.chmod(mode)
    command = [*without_privileges(), sys.executable, "-m", "pinner", "check"]

    def check(*arguments: str) -> tuple[int, list[str]]:
        source = str(Path(__file__).parent.parent.parent)
        environment = {**os.environ, "PYTHONPATH": source, "XDG_CACHE_HOME": str(tmp_path / "cache")}
        done = subprocess.run(
            [*command, *arguments], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr.splitlines()

    try:
        status, said = check()
        assert status == 3
        what = ["closed/Dockerfile", "closed/below/Dockerfile"] if git_works else ["closed/"]
        assert said[:-1] == [f"{path}: error: cannot be read: permission denied" for path in what]
        assert said[-1].startswith("the one reference is pinned (1 file); ")
        assert check("closed/Dockerfile", "b/Dockerfile")[0] == 3
        assert check("closed/nothing")[0] == 3
        (root / "pinner.toml").write_text('exclude = ["closed/"]\n')
        assert check() == (0, ["the one reference is pinned (1 file)"])
    finally:
        closed.chmod(0o755)
    assert check() == (0, ["the one reference is pinned (1 file)"])


@both_ways
@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_of_two_links_to_one_file_the_first_stands_for_it(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "text")
    for name in ("d", "b", "c"):
        (root / name).mkdir()
        (root / name / "Dockerfile").symlink_to("../text")
    git(root, "add", ".")
    assert found(root, git_works=git_works) == ["b/Dockerfile"]


def test_a_plain_folder_may_be_a_gitignore(tmp_path: Path) -> None:
    fill(tmp_path, "Dockerfile", ".gitignore/Dockerfile")
    assert found(tmp_path) == [".gitignore/Dockerfile", "Dockerfile"]


def test_siblings_are_those_of_each_named_file_by_its_own_path(tmp_path: Path) -> None:
    for name in (
        "a/compose.yaml",
        "a/compose.dev.yaml",
        "b/c/compose.yaml",
        "b/c/compose.ci.yml",
        "b/c/pod.yaml",
        "d/compose.yaml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("services: {}\n")
    (tmp_path / "b" / "c" / "compose.folder.yaml").mkdir()
    targets = [
        Target(str(tmp_path / "a" / "compose.yaml"), "../a/compose.yaml", named=True),
        Target(str(tmp_path / "b" / "c" / "compose.yaml"), "b/c/compose.yaml", named=True),
        Target(str(tmp_path / "d" / "compose.yaml"), "d/compose.yaml"),
        Target(str(tmp_path / "gone" / "compose.yaml"), "gone/compose.yaml", named=True),
    ]
    assert siblings_of(targets, by_name("compose")) == [
        Target(str(tmp_path / "a" / "compose.dev.yaml"), "../a/compose.dev.yaml"),
        Target(str(tmp_path / "b" / "c" / "compose.ci.yml"), "b/c/compose.ci.yml"),
    ]


@both_ways
def test_folders_that_every_tool_leaves_alone_are_left_alone(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(
        root, *(f"{folder}/a/Dockerfile" for folder in LEFT_ALONE), *(f"a/{folder}/Dockerfile" for folder in LEFT_ALONE)
    )
    fill(root, "my_node_modules/Dockerfile", "vendor/Dockerfile", "a/site-packages.d/Dockerfile")
    kept = ["a/site-packages.d/Dockerfile", "my_node_modules/Dockerfile", "vendor/Dockerfile"]
    assert found(root, git_works=git_works) == kept
    # Who names one means it.
    assert found(root, "node_modules", git_works=git_works) == ["node_modules/a/Dockerfile"]
    assert found(root, ".venv/a/Dockerfile", git_works=git_works) == [".venv/a/Dockerfile"]


@both_ways
def test_files_that_name_images_and_that_no_format_reads_are_counted(tmp_path: Path, *, git_works: bool) -> None:
    root = repository(tmp_path / "r")
    fill(root, "Dockerfile", "Jenkinsfile", "ci/Jenkinsfile.release", "Earthfile", "a/build.jenkinsfile", "Makefile")
    fill(root, "node_modules/Jenkinsfile", "old/Jenkinsfile", "charts/pod.yaml.j2")
    environment = {} if git_works else {"PATH": str(root / "nowhere")}
    names, unread = find((), Settings(("old/",), str(root)), str(root), environment)
    assert [target.path for target in names] == ["Dockerfile"]
    assert sorted(unread) == ["Earthfile", *["Jenkinsfile"] * 3, "YAML template"]
