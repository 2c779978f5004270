from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.yaml.stream import shadow


@given(st.binary(max_size=200))
def test_a_character_stands_for_each_byte(data: bytes) -> None:
    assert len(shadow(data)) == len(data)


def test_ascii_stays_and_every_other_byte_becomes_a_letter_of_its_own() -> None:
    high = shadow(bytes(range(0x80, 0x100)))
    assert len(set(high)) == 0x80
    assert high.isalpha()
    printable = bytes(range(0x20, 0x7F)) + b"\t\r\n"
    assert shadow(printable) == printable.decode()


def test_a_byte_order_mark_is_none() -> None:
    assert shadow(b"\xef\xbb\xbf").isalpha()


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"a\xc2\x85b", "a\r\nb"), (b"a\xe2\x80\xa8b", "a \r\nb"), (b"a\xe2\x80\xa9b", "a \r\nb")],
)
def test_a_line_break_of_yaml_1_1_is_one(data: bytes, text: str) -> None:
    assert shadow(data) == text


@pytest.mark.parametrize("data", [b"\0", b"\x07", b"\x0b", b"\x0c", b"\x1b", b"\x7f"])
def test_control_characters_become_one_odd_letter(data: bytes) -> None:
    assert shadow(data) == "\u0200"
