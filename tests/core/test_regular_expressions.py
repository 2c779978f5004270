"""The matcher of user places against Python's own, and against patterns that hang that one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.patterns.regular_expressions import Budget, Pattern, PatternError, fits_whole

ATOMS = st.sampled_from(("a", "b", ".", "[ab]", "[^a]", r"\w", r"\d", r"\.", "^", "$", r"\b"))
REPEATS = st.sampled_from(("", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?", "+?", "??"))


def joined(parts: list[str]) -> str:
    return "".join(parts)


LEAVES = st.builds(lambda atom, repeat: atom + (repeat if atom not in "^$" and atom != r"\b" else ""), ATOMS, REPEATS)
PATTERNS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(joined),
        st.builds(lambda first, second: f"(?:{first}|{second})", inner, inner),
        st.builds(lambda one: f"(?:{one})", inner),
    ),
    max_leaves=6,
)


def spans(pattern: str, text: str) -> list[tuple[int, int]]:
    return [groups["image"] for groups in Pattern(f"(?P<image>{pattern})").find(text, Budget(1_000_000))]


@given(pattern=PATTERNS, text=st.text("ab1. ", max_size=12))
def test_it_finds_what_pythons_finds(pattern: str, text: str) -> None:
    first = re.search(f"(?P<image>{pattern})", text)
    assert spans(pattern, text)[:1] == ([] if first is None else [first.span()])


@given(pattern=PATTERNS, text=st.text("ab1. ", max_size=12))
def test_it_fits_what_pythons_fits(pattern: str, text: str) -> None:
    assert fits_whole(pattern, text) == (re.fullmatch(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("a|ab", "ab", True),
        ("^(?:a|ab)$", "ab", True),
        ("a*?", "aaa", True),
        ("a", "a\n", False),
        ("a$", "a\n", False),
        (".*", "a\nb", False),
        ("a.c", "xabc", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_all_of_a_text_is_fitted_or_nothing(pattern: str, text: str, does: bool) -> None:  # noqa: FBT001
    assert fits_whole(pattern, text) is does


def test_brackets_of_a_pattern_close_nothing_around_it() -> None:
    with pytest.raises(PatternError):
        fits_whole("a)|(?:b", "b")


def test_what_hangs_pythons_is_told_at_once() -> None:
    assert not fits_whole("(?:(?:.*)*)*!", "https://example.net/any/body@refs/heads/x")
    assert not fits_whole("(?:a?){500}", "a" * 5_000)


@pytest.mark.parametrize(
    "pattern", ["(?:a+)+$", "(?:a|a)*$", "(?:a*)*b", ".*.*.*.*.*=.*", "(?:a|aa)+$", "a{0,200}a{0,200}b"]
)
def test_what_hangs_other_matchers_ends(pattern: str) -> None:
    budget = Budget(3_000_000)
    list(Pattern(f"(?P<image>{pattern})").find("a" * 500 + "!", budget))
    assert budget.steps > 0


def test_a_budget_ends_the_search() -> None:
    budget = Budget(1_000)
    assert list(Pattern("(?P<image>[a-z]+:b)").find("a" * 100_000, budget)) == []
    assert budget.steps < 0


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "(",
            ")",
            "a)",
            "[a",
            "*a",
            "a**",
            "(?=a)",
            r"\1",
            "(?P<x>a)(?P<x>b)",
            "a{3,2}",
            "a{2000}b{2000}",
            "\\",
            "[z-a]",
        ),
        *("(?i)a", "(?:" * 60 + "a" + ")" * 60),
    ],
)
def test_what_is_not_known_is_an_error(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)
