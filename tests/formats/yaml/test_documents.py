from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats.yaml.stream import split

BOM = b"\xef\xbb\xbf"


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"", []),
        (b"a: 1\n", [b"a: 1\n"]),
        (b"a: 1\n---\nb: 2\n", [b"a: 1\n", b"---\nb: 2\n"]),
        (b"---\na: 1\n---\nb: 2", [b"---\na: 1\n", b"---\nb: 2"]),
        (b"a: 1\r\n---\r\nb: 2\r\n", [b"a: 1\r\n", b"---\r\nb: 2\r\n"]),
        (b"a: 1\n--- # c\nb: 2\n", [b"a: 1\n", b"--- # c\nb: 2\n"]),
        (b"a: 1\n---", [b"a: 1\n", b"---"]),
        (b"a: 1\n...\n---\nb: 2\n", [b"a: 1\n...\n", b"---\nb: 2\n"]),
    ],
)
def test_a_marker_in_the_first_column_begins_a_document(data: bytes, parts: list[bytes]) -> None:
    assert [data[start:end] for start, end in split(data)] == parts


@pytest.mark.parametrize(
    "data",
    [
        b"a: |\n  x\n  ---\n  y\n",
        b"----\n",
        b"---a\n",
        b"a: b ---\n",
        b" ---\n",
        b"a: '\n  ---\n  '\n",
        b"#---\n# ---\n",
    ],
)
def test_three_dashes_elsewhere_begin_none(data: bytes) -> None:
    assert split(data) == [(0, len(data))]


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"%YAML 1.2\n---\na: 1\n", [b"%YAML 1.2\n---\na: 1\n"]),
        (b"# c\n\n%YAML 1.1\n# d\n---\na\n", [b"# c\n\n", b"%YAML 1.1\n# d\n---\na\n"]),
        (b"a: 1\n...\n%TAG !e! tag:x,1:\n---\nb\n", [b"a: 1\n...\n", b"%TAG !e! tag:x,1:\n---\nb\n"]),
        (b"a: 1\r\n... # end\r\n%YAML 1.1\r\n---\r\nb\r\n", [b"a: 1\r\n... # end\r\n", b"%YAML 1.1\r\n---\r\nb\r\n"]),
        (BOM + b"%YAML 1.2\n---\na\n", [b"%YAML 1.2\n---\na\n"]),
        (b"a: 1\n...\n# why?\n%YAML 1.1\n---\nb\n", [b"a: 1\n...\n# why?\n", b"%YAML 1.1\n---\nb\n"]),
        (b"a: 1\n...\n%YAML 1.2\n---\nb\n", [b"a: 1\n...\n", b"%YAML 1.2\n---\nb\n"]),
        (b"a: 5%\n---\nb\n", [b"a: 5%\n", b"---\nb\n"]),
        (b"a: 1\n%not a directive\n---\nb\n", [b"a: 1\n%not a directive\n", b"---\nb\n"]),
    ],
)
def test_directives_go_with_the_document_they_are_for(data: bytes, parts: list[bytes]) -> None:
    assert [data[start:end] for start, end in split(data)] == parts


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (BOM + b"a: 1\n", [b"a: 1\n"]),
        (BOM + b"---\na: 1\n", [b"---\na: 1\n"]),
        (b"a: 1\n" + BOM + b"---\nb: 2\n", [b"a: 1\n", b"---\nb: 2\n"]),
        (b"a: 1\n---\n" + BOM + b"b: 2\n", [b"a: 1\n", b"b: 2\n"]),
        (b"a: 1\n--- \r\n" + BOM + b"b: 2\n", [b"a: 1\n", b"b: 2\n"]),
        (BOM, []),
    ],
)
def test_a_byte_order_mark_is_in_no_document(data: bytes, parts: list[bytes]) -> None:
    assert [data[start:end] for start, end in split(data)] == parts


@given(
    st.lists(st.sampled_from([b"---\n", b"...\n", b"%YAML 1.2\n", b"a: 1\n", b"# c\n", b"\n", BOM, b" "]), max_size=12)
)
def test_documents_come_in_order_and_leave_nothing_but_marks_out(lines: list[bytes]) -> None:
    data = b"".join(lines)
    position = 0
    for start, end in split(data):
        gap = data[position:start]
        assert not gap.replace(BOM, b"").replace(b"---", b"").strip()
        assert start < end
        position = end
    assert not data[position:].replace(BOM, b"").replace(b"---", b"").strip()
