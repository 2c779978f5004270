"""Line and column index of bytes, errors with an offset, and the pause of the collector while much is read."""

from __future__ import annotations

import gc
from bisect import bisect_right
from itertools import accumulate

_INSIDE = frozenset(bytes((byte,)) for byte in range(0x80, 0xC0))
"""The bytes of UTF-8 that continue a character."""


class SourceError(ValueError):
    """The bytes cannot be read on: what is wrong, and the offset where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class CollectorPaused:
    """Keeps Python's cycle collector out of a ``with`` block: over a growing tree it would take half of the time."""

    __slots__ = ("_was_enabled",)

    def __enter__(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._was_enabled:
            gc.enable()


class LineIndex:
    """Turns byte offsets of ``data`` into lines and columns.

    Offsets that are asked for in their order are counted to; an index is made for the first that is out of order.
    """

    __slots__ = ("_data", "_last", "_line", "_located", "_starts")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._starts: list[int] | None = None
        self._last = 0
        """The offset that was asked for last."""
        self._line = 1
        """The line of that."""
        self._located = (0, 0, 0)
        """Line, offset and column that were told last."""

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
        if self._starts is None and 0 <= self._last <= offset:
            self._line += self._data.count(b"\n", self._last, offset)
            self._last = offset
            return self._line
        return bisect_right(self.starts, offset)

    def locate(self, offset: int) -> tuple[int, int]:
        """Return (line, column) of ``offset``, both from 1; the column in characters, a UTF-8 BOM not counted."""
        line = self.line(offset)
        column = self._column(line, offset)
        self._located = (line, offset, column)
        return line, column

    def _column(self, line: int, offset: int) -> int:
        seen_line, seen, column = self._located
        if seen_line == line and seen <= offset and column > 1 and self._data[seen : seen + 1] not in _INSIDE:
            # On from there: a file may be one line, with thousands of places in it.
            return column + len(self._data[seen:offset].decode("utf-8", "replace"))
        prefix = self._data[self._data.rfind(b"\n", 0, offset) + 1 : offset]
        if line == 1:
            prefix = prefix.removeprefix(b"\xef\xbb\xbf")
        return len(prefix.decode("utf-8", "replace")) + 1


def holds_version(text: str, after: str) -> bool:
    """Tell whether ``text``, a variable's in a tag before ``after``, is a version to its end: not 3 of 3.12."""
    is_cut = after[:1].isdigit() or (after[:1] == "." and after[1:2].isdigit())
    return any(map(str.isdigit, text)) and not is_cut
