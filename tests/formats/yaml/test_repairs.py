from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.yaml.parser import _BLOCK, _HEADER_AND_BLANK, spaces_for_tabs, without_blanks_in_blocks
from pinner.formats.yaml.stream import shadow


@given(st.binary(max_size=200))
def test_tabs_become_spaces_one_for_one(data: bytes) -> None:
    text = shadow(data)
    assert len(spaces_for_tabs(text)) == len(text)
    assert spaces_for_tabs(text).replace("\t", " ") == text.replace("\t", " ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image:\tnginx:1\t# c\n", "image: nginx:1 # c\n"),
        ("\timage: x\n", "\timage: x\n"),
        ("  \t image:\tx\n", "  \t image: x\n"),
        ("-\timage:\tx\n", "-\timage: x\n"),
        ("- \t-\tx\ty\n", "- \t-\tx y\n"),
        ("no tab\n", "no tab\n"),
        (":\t# c\n  x\n", ": # c\n  x\n"),
        ("\t# c\n", "\t# c\n"),
    ],
)
def test_a_tab_that_indents_stays(text: str, expected: str) -> None:
    assert spaces_for_tabs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: |\n  \n    b\n", "a: |  \n\n    b\n"),
        ("- >-\n \n  \n\n  b\n", "- >-   \n\n\n\n  b\n"),
        ("a: | # c\r\n \r\n b\r\n", "a: | # c \r\n\r\n b\r\n"),
        ("a: &x |\n \n b\n", "a: &x | \n\n b\n"),
        ("a: |\n     \n    b\n", "a: |\n     \n    b\n"),
        ("a: |2\n   \n    b\n", "a: |2\n   \n    b\n"),
        ("a: |\n    b |\n   \n    c\n", "a: |\n    b |\n   \n    c\n"),
        ("a: |\n\n    b\n", "a: |\n\n    b\n"),
    ],
)
def test_blanks_that_say_nothing_move_out_of_the_way(text: str, expected: str) -> None:
    assert without_blanks_in_blocks(text) == expected


@given(st.text("ab:|>- \n\r#2", max_size=40))
def test_a_repair_keeps_length_and_lines(text: str) -> None:
    repaired = without_blanks_in_blocks(text)
    assert len(repaired) == len(text)
    assert repaired.count("\n") == text.count("\n")


@given(st.text("ab:|>- \n\r#2!&+", max_size=40))
def test_every_header_before_blanks_is_found_sooner(text: str) -> None:
    assert _BLOCK.search(text) is None or _HEADER_AND_BLANK.search(text) is not None
