"""The matcher of user places against Python's own, and against patterns that hang that one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.places import Budget, Pattern
from pinner.formats.places.regular_expressions import PatternError

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
