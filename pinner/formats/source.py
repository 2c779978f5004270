"""The byte view of a document: offsets are bytes, lines end with LF, columns count characters."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate


class LineIndex:
    """Turns byte offsets of ``data`` into lines and columns. The index is made on first use."""

    __slots__ = ("_data", "_starts")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """The offset of each line's first byte."""
        if self._starts is None:
            # Loops in C: this is done for nearly every file.
            self._starts = [0, *accumulate(map((1).__add__, map(len, self._data.split(b"\n"))))]
            self._starts.pop()  # where a line after the last would begin
        return self._starts

    def line(self, offset: int) -> int:
        """Return the line of ``offset``, from 1."""
        return bisect_right(self.starts, offset)

    def locate(self, offset: int) -> tuple[int, int]:
        """Return (line, column) of ``offset``, both from 1; the column in characters, a UTF-8 BOM not counted."""
        line = bisect_right(self.starts, offset)
        prefix = self._data[self.starts[line - 1] : offset]
        if line == 1:
            prefix = prefix.removeprefix(b"\xef\xbb\xbf")
        return line, len(prefix.decode("utf-8", "replace")) + 1
