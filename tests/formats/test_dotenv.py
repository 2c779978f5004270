"""Compose ``.env`` files; the table holds what compose-go's ``dotenv.ParseWithLookup`` documents, by value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.dotenv import locate
from pinner.link.facts import EnvironmentFile
from pinner.model import Document


def stated(data: bytes) -> EnvironmentFile | None:
    located = locate(Document(".env", data))
    if located is None:
        return None
    [fact] = located.facts
    assert isinstance(fact, EnvironmentFile)
    assert located.places == ()
    return fact


def values(data: bytes) -> dict[str, str | None] | None:
    fact = stated(data)
    if fact is None:
        return None
    for one in fact.variables:
        if one.value is not None and not (one.ends_in or one.filled):
            assert data[one.span.start : one.span.end].decode() == one.value
            before = data[: one.span.start]
            assert one.line == before.count(b"\n") + 1
    return {one.name: one.value for one in fact.variables}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("A=1\nB = 2 \n", {"A": "1", "B": "2"}),
        ("A: 7.2\n", {"A": "7.2"}),
        ("export A=1\nexport  B=2\n", {"A": "1", "B": "2"}),
        ("# A=1\n\n  # B=2\nC=3", {"C": "3"}),
        ("A=1 # why\nB=1#2\nC='1' # x\n", {"A": "1", "B": "1#2", "C": "1"}),
        ("A=\"16\"\nB='17'\n", {"A": "16", "B": "17"}),
        ("A=\nB=x\n", {"A": "", "B": "x"}),
        ("A\nB=1\n", {"B": "1"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1\n", {"A": "1"}),
        ("A='$X'\n", {"A": "$X"}),
        # Those before it are filled in, and no others; what is escaped is no value that stands there.
        ("A=1\nB=${A}-x\n", {"A": "1", "B": "1-x"}),
        ('A=1\nB=x$A\nC="$B.${A}"\n', {"A": "1", "B": "x1", "C": "x1.1"}),
        ("A=1\nB='$A'\n", {"A": "1", "B": "$A"}),
        ("B=$A\nA=1\n", {"A": "1", "B": None}),
        ("A=1\nB=$A\nA=2\nC=$B\n", {"A": "2", "B": None, "C": None}),
        ("A=1\nB=$A\nB=2\n", {"A": "1", "B": "2"}),
        ("A=\nB=x$A\n", {"A": "", "B": None}),
        ("A=1\nB=${A:-2}\nC=$A$$\nD=$A\\n\n", {"A": "1", "B": None, "C": None, "D": "1\\n"}),
        ('A=1\nB="$A\\n"\n', {"A": "1", "B": None}),
        ("A=1\nB=${A}ü\n", {"A": "1", "B": None}),
        ('A="1\\n"\nB=2\n', {"A": None, "B": "2"}),
        ("A='it\\'s'\nB=2\n", {"A": None, "B": "2"}),
        ('A="two\nlines"\nB=2\n', {"A": "two\nlines", "B": "2"}),
        ("A=1 B=2\n", {"A": "1 B=2"}),
        ("A.b=1\nC-d=2\n_e=3\n", {"_e": "3"}),
        ("A=ü\n", {"A": None}),
    ],
)
def test_a_file_is_read_as_compose_reads_it(text: str, read: dict[str, str | None]) -> None:
    assert values(text.encode()) == read


@pytest.mark.parametrize("text", ["A!=1\n", "A='1\n", 'A="1\n', "A B=1\n", "A", "=\n'"])
def test_what_compose_refuses_states_nothing(text: str) -> None:
    assert stated(text.encode()) is None


def test_a_variable_in_another_s_value_is_read_there() -> None:
    fact = stated(b"A=1\nB=x$A\nC=\"${D:-$E}\"\nF='$G'\nH=$$I\n")
    assert fact is not None
    assert [(one.name, one.line) for one in fact.inner_reads] == [("D", 3), ("E", 3)]


def test_a_value_says_which_one_it_ends_in() -> None:
    fact = stated(b"A=1\nB=x$A\nC=${A}.2\nD=$B$C\nE=$A$A\n")
    assert fact is not None
    ends = {one.name: (one.ends_in, one.filled) for one in fact.variables}
    assert ends == {"A": ("", ""), "B": ("A", ""), "C": ("", "A"), "D": ("C", ""), "E": ("A", "")}
    assert [(one.name, one.line) for one in fact.inner_reads] == [("A", 3), ("B", 4), ("A", 5)]


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    values(data)


@given(st.lists(st.sampled_from(["A", "=", ":", "'", '"', "\\", "\n", " ", "#", "$", "{", "}", "1", "export "])))
def test_any_text_is_read_or_refused(pieces: list[str]) -> None:
    values("".join(pieces).encode())
