from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.pragmas import Pragma, read_pragmas

IGNORE = [
    (b"x # pinner: ignore", Pragma(1, frozenset(), "", None)),
    (b"x # pinner:ignore", Pragma(1, frozenset(), "", None)),
    (b"x #pinner: ignore", Pragma(1, frozenset(), "", None)),
    (b"x\t#\tpinner: ignore\r", Pragma(1, frozenset(), "", None)),
    (b"x # pinner: ignore our own mirror", Pragma(1, frozenset(), "our own mirror", None)),
    (b"x # pinner: ignore: our own mirror", Pragma(1, frozenset(), "our own mirror", None)),
    (b"x # pinner: ignore[PIN001]", Pragma(1, frozenset({"PIN001"}), "", None)),
    (b"x # pinner: ignore[PIN001, PIN101] why", Pragma(1, frozenset({"PIN001", "PIN101"}), "why", None)),
    (b"x # pinner: ignore until=2027-01-31", Pragma(1, frozenset(), "", date(2027, 1, 31))),
    (
        b"x # pinner: ignore[PIN001] why until=2027-01-31 not",
        Pragma(1, frozenset({"PIN001"}), "why not", date(2027, 1, 31)),
    ),
    (b"x # pinner: ignore caf\xe9", Pragma(1, frozenset(), "caf\ufffd", None)),
    (b"\xef\xbb\xbfx # pinner: ignore", Pragma(1, frozenset(), "", None)),
]

NOT_A_PRAGMA = [
    b"x # pinner is great, ignore the rest",
    b"x # the pinner: ignores this",
    b"x# pinner: ignore",  # no white space: part of the value in YAML
    b'x "pinner: ignore"',
    b"pinner: ignore",
    b"x // pinner: ignore",
]

PROBLEMS = [
    (b"x # pinner: ingore", "unknown pragma `pinner: ingore`; write `pinner: ignore` or `pinner: ignore-file`"),
    (b"x # pinner:", "unknown pragma `pinner: `; write `pinner: ignore` or `pinner: ignore-file`"),
    (b"x # pinner ignore", "unknown pragma `pinner ignore`; write `pinner: ignore` or `pinner: ignore-file`"),
    (b"x # Pinner: Ignore", "unknown pragma `Pinner: Ignore`; write `pinner: ignore` or `pinner: ignore-file`"),
    (b"x # pinner: ignore until=soon", "`until=soon` is not a date; write it as `until=2027-01-31`"),
    (b"x # pinner: ignore until=", "`until=` is not a date; write it as `until=2027-01-31`"),
    (b"x # pinner: ignore[PIN001 why", "a pragma's list of rules is not closed; write `pinner: ignore[PIN001] reason`"),
    (b"x # pinner: ignore[unpinned]", "unknown rule `unpinned` in a pragma; did you mean `PIN001`?"),
    (b"y\n# pinner: ignore-file", "`pinner: ignore-file` must stand among the leading comments"),
]


@pytest.mark.parametrize(("text", "pragma"), IGNORE)
def test_pragma(text: bytes, pragma: Pragma) -> None:
    found = read_pragmas(text, trailing=True)
    assert found.by_line == {1: pragma}
    assert found.problems == ()


@pytest.mark.parametrize("text", NOT_A_PRAGMA)
def test_not_a_pragma(text: bytes) -> None:
    found = read_pragmas(text, trailing=True)
    assert (found.by_line, found.whole_file, found.problems) == ({}, (), ())


@pytest.mark.parametrize(("text", "message"), PROBLEMS)
def test_meant_as_a_pragma(text: bytes, message: str) -> None:
    found = read_pragmas(text, trailing=True)
    assert (found.by_line, found.whole_file) == ({}, ())
    assert [problem.message for problem in found.problems] == [message]


def test_an_empty_list_of_rules_is_named() -> None:
    [problem] = read_pragmas(b"x # pinner: ignore[]", trailing=True).problems
    assert problem.message.startswith("a pragma's list of rules is empty; the rules are PIN001")


def test_an_unknown_rule_is_named() -> None:
    [problem] = read_pragmas(b"x # pinner: ignore[PIN001,PIN01]", trailing=True).problems
    assert problem.message.startswith("unknown rule `PIN01` in a pragma; did you mean `PIN001`?")


def test_a_comment_line_applies_to_the_line_below_its_block() -> None:
    found = read_pragmas(b"# pinner: ignore\n  # more about it\nx\ny\n", trailing=False)
    assert list(found.by_line) == [3]


def test_a_blank_line_ends_the_block() -> None:
    assert read_pragmas(b"# pinner: ignore\n\nx\n", trailing=True).by_line == {}


def test_a_trailing_comment_is_none_where_the_format_has_none() -> None:
    assert read_pragmas(b"FROM x # pinner: ignore\n", trailing=False).by_line == {}


def test_the_own_line_wins_over_the_one_above() -> None:
    found = read_pragmas(b"# pinner: ignore above\nx # pinner: ignore beside\n", trailing=True)
    assert found.by_line[2].reason == "beside"


def test_the_whole_file() -> None:
    found = read_pragmas(
        b"# syntax=docker/dockerfile:1\n\n# pinner: ignore-file[PIN001] generated\nFROM x\n", trailing=False
    )
    assert found.covering([4]) == (Pragma(3, frozenset({"PIN001"}), "generated", None),)


@given(data=st.binary(), trailing=st.booleans())
def test_any_bytes_are_read(data: bytes, *, trailing: bool) -> None:
    read_pragmas(b"# pinner: ignore\n" + data, trailing=trailing)
    read_pragmas(b"x # pinner: ignore[" + data, trailing=trailing)
