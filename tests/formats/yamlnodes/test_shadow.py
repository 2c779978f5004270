from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.yamlnodes.shadow import shadow, spaces_for_tabs


@given(st.binary(max_size=200))
def test_a_character_stands_for_each_byte(data: bytes) -> None:
    assert len(shadow(data)) == len(data)


@given(st.binary(max_size=200))
def test_tabs_become_spaces_one_for_one(data: bytes) -> None:
    text = shadow(data)
    assert len(spaces_for_tabs(text)) == len(text)
    assert spaces_for_tabs(text).replace("\t", " ") == text.replace("\t", " ")


def test_ascii_stays_and_every_other_byte_becomes_a_letter_of_its_own() -> None:
    high = shadow(bytes(range(0x80, 0x100)))
    assert len(set(high)) == 0x80
    assert high.isalpha()
    printable = bytes(range(0x20, 0x7F)) + b"\t\r\n"
    assert shadow(printable) == printable.decode()


@pytest.mark.parametrize("data", [b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"])
def test_marks_and_foreign_line_breaks_are_neither(data: bytes) -> None:
    assert len(shadow(data).splitlines()) == 1
    assert "\ufeff" not in shadow(data)


@pytest.mark.parametrize("data", [b"\0", b"\x07", b"\x0b", b"\x0c", b"\x1b", b"\x7f"])
def test_control_characters_become_one_odd_letter(data: bytes) -> None:
    assert shadow(data) == "\u0200"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image:\tnginx:1\t# c\n", "image: nginx:1 # c\n"),
        ("\timage: x\n", "\timage: x\n"),
        ("  \t image:\tx\n", "  \t image: x\n"),
        ("-\timage:\tx\n", "-\timage: x\n"),
        ("- \t-\tx\ty\n", "- \t-\tx y\n"),
        ("no tab\n", "no tab\n"),
    ],
)
def test_a_tab_that_indents_stays(text: str, expected: str) -> None:
    assert spaces_for_tabs(text) == expected
