from __future__ import annotations

import random
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING

import pytest
from pathspec import GitIgnoreSpec

from pinner.limits import PATTERN_CHARACTERS
from pinner.patterns.globs import Patterns, read_patterns

if TYPE_CHECKING:
    from pathlib import Path

PARTS = ("a", "b", "*", "?", "**", "[ab]", "[!a]", "[^b]", "\\*", ".", "a*", "*b", "[a-b]", "[[:alpha:]]", "\\a")
NAMES = "ab.*"


def a_pattern(draw: random.Random, parts: tuple[str, ...]) -> str:
    def segment() -> str:
        if draw.random() < 0.2:
            return draw.choice(("**", "*"))
        return "".join(draw.choice(parts) for _ in range(draw.randint(1, 3)))

    text = "/".join(segment() for _ in range(draw.randint(1, 4)))
    before = draw.choice(("", "", "", "!", "/", "!/"))
    return before + text + draw.choice(("", "", "", "/"))


def a_path(draw: random.Random) -> str:
    # A segment begins with a letter: `.` and `..` are no names.
    segments = (
        draw.choice("ab") + "".join(draw.choice(NAMES) for _ in range(draw.randint(0, 2)))
        for _ in range(draw.randint(1, 4))
    )
    return "/".join(segments)


def is_clear(line: str) -> bool:
    """Tell whether ``**`` is a segment of its own: before 2.41 git compares pointers of two texts to know that."""
    return all(part == "**" or "**" not in part for part in line.removeprefix("!").split("/"))


def read(*lines: str) -> Patterns:
    patterns, wrong = read_patterns(lines)
    assert wrong == []
    return patterns


def ignored(patterns: Patterns, path: str) -> bool:
    """Tell what a walk comes to, which asks about every folder before it enters it."""
    parts = path.split("/")
    folders = ("/".join(parts[:depth]) + "/" for depth in range(1, len(parts)))
    return any(patterns.match(folder) for folder in folders) or patterns.match(path)


@pytest.mark.skipif(sys.platform == "win32", reason="names with stars")
def test_git_ignores_the_same(tmp_path: Path) -> None:
    draw = random.Random(20261130)  # noqa: S311 - the same draws every time
    cases = []
    for number in range(600):
        lines = [line for line in (a_pattern(draw, PARTS) for _ in range(4)) if is_clear(line)][: draw.randint(1, 3)]
        folder = tmp_path / f"c{number}"
        folder.mkdir()
        (folder / ".gitignore").write_text("".join(f"{line}\n" for line in lines))
        made = set()
        for _ in range(8):
            path = a_path(draw)
            try:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).touch()
            except OSError:  # one is a folder that is a file of another
                continue
            if (folder / path).is_file():
                made.add(path)
        cases.append((folder.name, lines, sorted(made)))
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    asked = "".join(f"{name}/{path}\0" for name, _, paths in cases for path in paths)
    said = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=tmp_path, input=asked.encode(), capture_output=True, check=False,
    )  # fmt: skip
    theirs = set(said.stdout.decode().split("\0"))
    for name, lines, paths in cases:
        patterns, _ = read_patterns(lines)
        ours = {path: ignored(patterns, path) for path in paths}
        assert ours == {path: f"{name}/{path}" in theirs for path in paths}, lines


def test_whole_paths_are_matched_as_pathspec_does() -> None:
    draw = random.Random(7)  # noqa: S311 - as above
    # pathspec hands brackets to Python's `re` as they are: a class is a set of letters, and `[!a]` fits a slash.
    parts = tuple(part for part in PARTS if part not in ("[!a]", "[^b]", "[[:alpha:]]"))
    for _ in range(3_000):
        # Of `a/**/` pathspec says that it fits the file `a/b`; git wants a folder there.
        lines = [line for line in (a_pattern(draw, parts) for _ in range(3)) if not line.endswith("**/")]
        path = a_path(draw)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = GitIgnoreSpec.from_lines(lines).check_file(path).include
        assert read(*lines).check(path) is theirs, (lines, path)


@pytest.mark.parametrize(
    ("line", "path", "verdict"),
    [
        ("# a", "# a", None),
        ("\\# a", "# a", True),
        ("\\!a", "!a", True),
        ("a  ", "a", True),
        ("a\\ ", "a ", True),
        ("a\\ \t", "a ", True),
        ("a\\\\  ", "a\\", True),
        ("   ", " ", None),
        ("/", "a", None),
        ("[a", "[a", None),
        ("[]a]", "]", True),
        ("[!]a]", "]", None),
        ("[z-ab]", "b", True),
        ("[a-]", "-", True),
        ("[\\]]", "]", True),
        ("[[:digit:]x]", "7", True),
        ("[[:nonsense:]]", ":]", True),
        ("[^a]", "/", None),
        ("a//b", "a/b", None),
        ("*", "a\nb", True),
        ("a\udcff", "a\udcff", True),
        ("**", "a/b", True),
        ("a/**", "a/", None),
        ("a/**", "a/b", True),
        ("a/**", "a/b/c", True),
        ("a/**/b", "a/b", True),
        ("**/a/**/b/**", "x/a/y/b/z", True),
        ("!a", "a", False),
    ],
)
def test_corners(line: str, path: str, verdict: bool | None) -> None:  # noqa: FBT001
    assert read(line).check(path) is verdict


@pytest.mark.parametrize("line", ["!", "!/", "[z-a]", "//", "a\\", "[a]\\", "a" * (PATTERN_CHARACTERS + 1)])
def test_what_is_no_pattern_is_told(line: str) -> None:
    patterns, wrong = read_patterns(["b", line])
    assert wrong == [line]
    assert patterns.match("b")


def test_the_idiom_of_a_list_of_what_stays() -> None:
    patterns = read("*", "!*/", "!*.py")
    assert [ignored(patterns, path) for path in ("a.py", "a/b.py", "a/b.txt")] == [False, False, True]
    assert read("vendor/", "!vendor/Dockerfile").check("vendor/Dockerfile") is False


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 8 + "*b", "Dockerfile." + "a" * 240),
        ("*" + "a*" * 40 + "b", "a" * 250),
        ("**/" + "a/**/" * 8 + "b", "a/" * 120 + "c"),
        ("**/" + "*a*a*a/**/" * 8 + "b", "aaaaaaaa/" * 100 + "c"),
        ("*?" * 40 + "b", "a" * 250),
        ("*[ab]" * 30 + "c", "ab" * 120),
    ],
)
def test_nothing_is_tried_twice(pattern: str, name: str) -> None:
    # With backtracking each of these would take years; that this test ends is what it says.
    assert read(pattern).check(name) is None
    assert read(pattern).check(name.replace("c", "b") + ("" if "/" in name else "bc")) in (None, True)
