"""Texts of open documents: lines, positions and edits, held against another reading of the protocol."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lspclient import replaced
from lsprotocol import types

from pinner.lsp.buffer import Buffer, Change, Position, units

if TYPE_CHECKING:
    from pinner.lsp.buffer import Encoding

TEXTS = st.text(st.sampled_from("a \t\r\n\u00e9\u2028\x0b\U0001f40b\ufeff@:"), max_size=30)


def places(text: str) -> list[Position]:
    """Return every position in ``text``, in UTF-16."""
    rows = re.split(r"\r\n|\r|\n", text)
    found = []
    for number, row in enumerate(rows):
        at = 0
        for character in (*row, ""):
            found.append(Position(number, at))
            at += len(character.encode("utf-16-le")) // 2
    return found


@given(TEXTS, TEXTS, st.data())
def test_an_edit_does_what_the_protocol_says(text: str, new: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(*[st.sampled_from(places(text))] * 2)))
    made = Buffer(text).edited([Change(new, (start, end))], 2)
    assert made.text == replaced(text, types.Range(types.Position(*start), types.Position(*end)), new)
    assert made.version == 2


@given(TEXTS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_offsets_and_positions_are_each_other_s_inverse(text: str, encoding: Encoding) -> None:
    buffer = Buffer(text, encoding=encoding)
    for index in range(len(text) + 1):
        if text[index - 1 : index + 1] == "\r\n":  # between the two no position is
            continue
        offset = len(text[:index].encode())
        position = buffer.position(offset)
        assert buffer.index(position) == index
        assert buffer.offset(position) == offset


def test_every_edit_is_about_what_the_one_before_it_left() -> None:
    changes = [Change("b\n", (Position(0, 0), Position(0, 0))), Change("c", (Position(1, 0), Position(1, 1)))]
    assert Buffer("a").edited(changes, 3).text == "b\nc"
    assert Buffer("a").edited([Change("whole"), Change("!", (Position(0, 5), Position(0, 5)))], 3).text == "whole!"


def test_what_is_beyond_the_end_means_the_end() -> None:
    buffer = Buffer("ab\r\n\u00e9")
    assert buffer.index(Position(0, 9)) == 2
    assert buffer.index(Position(1, 9)) == 5
    assert buffer.index(Position(9, 0)) == 5
    assert Buffer("ab").edited([Change("x", (Position(0, 2), Position(0, 1)))], 1).text == "abx"


def test_only_line_feeds_and_carriage_returns_end_a_line() -> None:
    buffer = Buffer("a\u2028b\x0bc\x85d\re")
    assert buffer.position(len("a\u2028b\x0bc\x85d\r".encode())) == (1, 0)


@pytest.mark.parametrize(("encoding", "length"), [("utf-8", 7), ("utf-16", 4), ("utf-32", 3)])
def test_units(encoding: Encoding, length: int) -> None:
    assert units("a\u00e9\U0001f40b", encoding) == length
    assert units("abc", encoding) == 3


def test_half_of_a_pair_is_no_failure() -> None:
    buffer = Buffer("a\ud83db")
    assert buffer.data == b"a?b"
    assert buffer.position(2) == (0, 2)
    assert buffer.offset(Position(0, 2)) == 2


def test_lines_as_messages_count_them() -> None:
    buffer = Buffer("ab\r\ncd\rx\n\nlast")
    assert [buffer.data[slice(*buffer.line_of(number))] for number in (1, 2, 3, 4)] == [b"ab", b"cd\rx", b"", b"last"]
    assert buffer.line_of(0) == buffer.line_of(1)
    assert buffer.line_of(99) == buffer.line_of(4)
    assert (buffer.line_end, Buffer("x").line_end) == ("\r\n", "\n")
