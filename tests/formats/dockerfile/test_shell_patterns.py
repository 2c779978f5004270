from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.dockerfile.shell_patterns import Cut, find_all, find_prefix, find_suffix
from pinner.formats.dockerfile.source import DockerfileError

patterns = st.text("ab.*?", max_size=6)
values = st.text("ab.", max_size=10)


def regex(pattern: str, *, longest: bool) -> str:
    """Return what BuildKit makes of ``pattern``."""
    star = ".*" if longest else ".*?"
    return "".join({"*": star, "?": "."}.get(character, re.escape(character)) for character in pattern)


@given(patterns, values, st.booleans())
def test_a_prefix_is_what_the_regular_expression_finds(pattern: str, value: str, longest: bool) -> None:  # noqa: FBT001
    match = re.match(regex(pattern, longest=longest), value)
    assert find_prefix(pattern, value, longest=longest) == (None if match is None else Cut(0, match.end()))


@given(patterns, values, st.booleans())
def test_a_suffix_is_a_prefix_read_backwards(pattern: str, value: str, longest: bool) -> None:  # noqa: FBT001
    match = re.match(regex(pattern[::-1], longest=longest), value[::-1])
    expected = None if match is None else Cut(len(value) - match.end(), len(value))
    assert find_suffix(pattern, value, longest=longest) == expected


@given(patterns.filter(lambda pattern: pattern.strip("*")), values)
def test_all_matches_are_those_of_the_regular_expression(pattern: str, value: str) -> None:
    assert find_all(pattern, value) == [Cut(*m.span()) for m in re.finditer(regex(pattern, longest=True), value)]


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("", "ab", [(0, 0), (1, 1), (2, 2)]),
        # Go takes no empty match right behind another one; Python does.
        ("*", "ab", [(0, 2)]),
        ("*", "", [(0, 0)]),
        (r"\*", "a*b", [(1, 2)]),
        (r"\}", "a}b", [(1, 2)]),
        (r"\\", "a\\b", [(1, 2)]),
    ],
)
def test_matches_as_go_takes_them(pattern: str, value: str, expected: list[tuple[int, int]]) -> None:
    assert find_all(pattern, value) == expected


@pytest.mark.parametrize("pattern", [r"\a", "a\\"])
def test_an_escape_without_need_is_refused(pattern: str) -> None:
    with pytest.raises(DockerfileError, match="escapes"):
        find_prefix(pattern, "a", longest=False)


def test_what_no_reference_is_long_enough_for_is_refused() -> None:
    with pytest.raises(DockerfileError, match="too long"):
        find_all("a", "a" * 1000)
