"""A Dockerfile's bytes as physical lines, and instructions as logical lines whose every character knows its offset."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from pinner.formats.dockerfile.text import BOM, continuation, skip_space
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Source(NamedTuple):
    """The physical lines, without LF, and the offset of each one's first byte. The BOM is not in it."""

    text: str
    """The whole file, BOM included: one character is one byte."""
    lines: list[str]
    starts: list[int]


def read_source(data: bytes) -> Source:
    """Split ``data`` at LF, as ``scanLines`` (parser.go) does."""
    text = data.decode("latin-1")
    position = len(BOM) if text.startswith(BOM) else 0
    lines = text[position:].split("\n") if position else text.split("\n")
    if not lines[-1]:
        lines.pop()
    starts = list(accumulate([len(line) + 1 for line in lines], initial=position))
    starts.pop()
    return Source(text, lines, starts)


class LogicalLine:
    """An instruction joined to one line; ``text[i]`` stands at byte ``offset(i)``."""

    __slots__ = ("_indexes", "_offsets", "text")

    def __init__(self, parts: list[tuple[int, str]]) -> None:
        """Join ``parts``: (offset, text) pairs."""
        if len(parts) == 1:
            self._offsets = [parts[0][0]]
            self._indexes = [0]
            self.text = parts[0][1]
            return
        self.text = "".join([text for _, text in parts])
        self._offsets = [offset for offset, _ in parts]
        self._indexes = list(accumulate([len(text) for _, text in parts[:-1]], initial=0))

    def offset(self, index: int) -> int:
        """Return the byte offset of ``text[index]``."""
        if len(self._offsets) == 1:
            return self._offsets[0] + index
        part = bisect_right(self._indexes, index) - 1
        return self._offsets[part] + index - self._indexes[part]

    def runs(self, start: int, end: int) -> Iterator[tuple[int, str]]:
        """Split ``text[start:end]`` into (offset, text) runs, each contiguous in the file."""
        part = bisect_right(self._indexes, start) - 1
        while start < end:
            stop = min(end, self._indexes[part + 1]) if part + 1 < len(self._indexes) else end
            yield self._offsets[part] + start - self._indexes[part], self.text[start:stop]
            start = stop
            part += 1


def join_lines(source: Source, first: int, last: int, escape: str) -> LogicalLine:
    """Join the physical lines ``first`` to ``last`` as ``Parse`` (parser.go) does.

    Only the first is stripped on the left; comments and blank lines in between do not count.
    """
    parts = []
    for number in range(first, last + 1):
        line = source.lines[number].rstrip("\r")
        begin = skip_space(line)
        if number == first:
            # Comes before the cut: a first line that is nothing but the escape continues too.
            start = begin
        elif begin == len(line) or line[begin] == "#":
            continue
        else:
            start = 0
        text = line[start:]
        cut = continuation(text, escape)
        if cut >= 0:
            text = text[:cut]
        if text:
            parts.append((source.starts[number] + start, text))
    return LogicalLine(parts or [(source.starts[first], "")])
