from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from pinner.formats.source import LineIndex

TEXTS = st.lists(st.sampled_from([b"\n", b"\r\n", b"a", "\u00e9".encode(), b"\xff", b"\xef\xbb\xbf"]), max_size=12)


@given(TEXTS.map(b"".join), st.lists(st.integers(0, 30), min_size=1, max_size=6))
@example(b"a\nb\nc", [4, 0, 2, 4])
@example(b"\xef\xbb\xbfa\na", [4, 3, 5])
def test_lines_and_columns_are_the_same_in_whatever_order_they_are_asked_for(data: bytes, offsets: list[int]) -> None:
    lines = LineIndex(data)
    for number, offset in enumerate(offsets):
        before = data[:offset]
        line = before.count(b"\n") + 1
        text = before.rpartition(b"\n")[2]
        text = text.removeprefix(b"\xef\xbb\xbf") if line == 1 else text
        assert lines.line(offset) == line
        if number % 2:
            assert lines.starts == [0, *(at + 1 for at, byte in enumerate(data) if byte == ord("\n"))]
        assert lines.locate(offset) == (line, len(text.decode("utf-8", "replace")) + 1)


class Copied(bytes):
    """Bytes that know how many of them were copied."""

    copied = 0

    def __getitem__(self, index):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN204 - as that of bytes
        part = super().__getitem__(index)
        if isinstance(part, bytes):
            Copied.copied += len(part)
        return part


def test_a_file_of_one_line_is_copied_once() -> None:
    data = Copied(b"x\xc3\xa9" * 10_000)
    lines = LineIndex(data)
    Copied.copied = 0
    assert [lines.locate(offset)[1] for offset in range(0, len(data), 3)] == list(range(1, 20_001, 2))
    assert Copied.copied <= 2 * len(data)
