from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.errors import ConfigError
from pinner.tags.parse import parse
from pinner.tags.ranges import parse_range

if TYPE_CHECKING:
    from pinner.tags.model import Tag


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("<=3.13", ["3.13", "3.13.7", "3.12", "2"], ["3.14", "4"]),
        ("<3.14", ["3.13.9"], ["3.14", "3.14.1"]),
        (">3.13", ["3.14", "4"], ["3.13.7", "3.13", "3"]),
        (">=3.13", ["3.13", "3.13.7", "4"], ["3.12.9", "3"]),
        ("==3.12", ["3.12", "3.12.0"], ["3.12.1", "3.1"]),
        ("3.12", ["3.12", "3.12.0"], ["3.12.1"]),
        ("==3.12.*", ["3.12", "3.12.7"], ["3.13", "3.1"]),
        ("!=3.12", ["3.12.1", "3.13"], ["3.12", "3.12.0"]),
        ("!=3.12.*", ["3.13"], ["3.12.7", "3.12"]),
        (" >= 3.11 , < 4 ", ["3.11.1", "3.99"], ["3.10", "4.0"]),
        (">=v1.2", ["1.2"], ["1.1"]),
    ],
)
def test_bounds_are_compared_at_their_own_precision(text: str, inside: list[str], outside: list[str]) -> None:
    found = parse_range(text)
    answers = {tag: found.holds(parsed) for tag in (*inside, *outside) if (parsed := parse(tag)) is not None}
    assert answers == dict.fromkeys(inside, True) | dict.fromkeys(outside, False)


@pytest.mark.parametrize(
    "text", ["", ",", "x", ">=", "1.x", "~1.2", "^1", "1..2", ">=1.*", "1,", ">1 2", "\u0663", f"1{'.1' * 30}"]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="not a range of versions"):
        parse_range(text)


@pytest.mark.parametrize("text", [">=4,<3", ">3.13,<3.14", "==1,==2", "<0", ">=1.2,<1.2", "==3.12.*,>3.12", "==1,!=1"])
def test_a_range_that_nothing_is_in_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="no version is in the range"):
        parse_range(text)


RELEASES = st.lists(st.integers(0, 4), min_size=1, max_size=3).map(lambda numbers: ".".join(map(str, numbers)))


@given(
    st.lists(st.tuples(st.sampled_from([">=", "<=", "<", ">", "==", "!="]), RELEASES), min_size=1, max_size=3), RELEASES
)
def test_no_range_that_something_is_in_is_refused(bounds: list[tuple[str, str]], release: str) -> None:
    text = ",".join(operator + bound for operator, bound in bounds)
    tag = parse(release)
    assert tag is not None
    assert holds(text, tag) == all(holds(part, tag) for part in text.split(","))


def holds(text: str, tag: Tag) -> bool:
    """Tell whether ``tag`` is in the range, and not whether it is refused for being empty."""
    try:
        return parse_range(text).holds(tag)
    except ConfigError:
        return False
