"""Dockerfile source text: lines, continuations and expanded values that keep their byte offsets.

BuildKit (written in Go) asks ``unicode.IsSpace`` of UTF-8 text where it trims lines, and has an ASCII-only pattern
where it splits words: the two are kept apart here.

Every pattern here matches less than it could: printable ASCII without quotes and escapes, no comment between the lines.
Where one does not match, nothing is known. Where it does, the answer is that of the modules that read every case.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.limits import DOCKERFILE_LINE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Literal, TypeAlias


class DockerfileError(Exception):
    """BuildKit would refuse this instruction; the message is one sentence for people, without a full stop."""


class UnsetError(DockerfileError):
    """``${NAME:?}``: the value must be given when building."""


BLANKS = " \t\n\v\f\r"
"""What ``reWhitespace`` (parser/parser.go) splits words at; the newline only occurs in text from elsewhere."""

BOM = "\xef\xbb\xbf"

# The UTF-8 bytes of U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F and U+3000.
_WIDE = "\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
_SPACES = re.compile(f"(?:[ \t\n\v\f\r]|{_WIDE})*")
_WIDE_SPACE = re.compile(_WIDE)
WORD = re.compile(r"[^ \t\n\v\f\r]+")


def skip_space(text: str, start: int = 0) -> int:
    """Return the index of the first character from ``start`` on that is no space to ``unicode.IsSpace``."""
    if "!" <= text[start : start + 1] <= "~":
        return start
    return _SPACES.match(text, start).end()  # type: ignore[union-attr] # matches the empty text everywhere


def trimmed_end(text: str) -> int:
    """Return the index after the last character of ``text`` that is no space to ``unicode.IsSpace``."""
    end = len(text)
    if "!" <= text[-1:] <= "~":
        return end
    while end:
        if text[end - 1] in BLANKS:
            end -= 1
        elif text[end - 1] < "\x80":
            break
        elif _WIDE_SPACE.fullmatch(text, end - 3, end):
            end -= 3
        elif _WIDE_SPACE.fullmatch(text, end - 2, end):
            end -= 2
        else:
            break
    return max(end, 0)


def is_comment(line: str) -> bool:
    """Tell whether ``line`` is blank or a comment: neither ends a continuation."""
    begin = skip_space(line)
    return begin == len(line) or line[begin] == "#"


def continuation(line: str, escape: str) -> int:
    """Return where ``line`` is cut if it goes on in the next one, else -1 (``lineContinuationRegex``, parser.go).

    A doubled escape at the end of a line is no continuation, and neither is a tripled one.
    """
    body = line.rstrip(" \t")
    if body[-1:] == escape and body[-2:-1] != escape:
        return len(body) - 1
    return -1


def decode_utf8(text: str) -> str:
    """Return the characters that the bytes of ``text`` spell; what is not UTF-8 becomes U+FFFD."""
    return text if text.isascii() else text.encode("latin-1").decode("utf-8", "replace")


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


if TYPE_CHECKING:
    Nature: TypeAlias = Literal["written", "computed", "platform", "unset", "empty"]
    Value: TypeAlias = tuple["Piece", ...]

LONGEST = 65_536
"""More characters than any reference has: expansion may not multiply a text without end."""


class Piece(NamedTuple):
    """A run of characters from one place; no characters at all where a variable came to nothing."""

    text: str
    offset: int
    """Where the file spells it, or -1."""
    via: tuple[str, ...] = ()
    """The variables it came through, outermost first; empty for what the instruction itself says."""
    nature: Nature = "written"

    @property
    def end(self) -> int:
        """The offset after its last byte."""
        return self.offset + len(self.text)


def text_of(pieces: Sequence[Piece]) -> str:
    """Return the characters of ``pieces``, or raise `DockerfileError` if they are more than anybody needs."""
    if len(pieces) == 1 and len(pieces[0].text) <= LONGEST:
        return pieces[0].text
    if sum([len(piece.text) for piece in pieces]) > LONGEST:
        raise DockerfileError("the expanded text is too long")
    return "".join([piece.text for piece in pieces])


def tail_start(pieces: Sequence[Piece]) -> int:
    """Return where the bytes begin that hold the end of ``pieces`` in one run; -1 where the file has none."""
    start = -1
    via: tuple[str, ...] = ()
    for piece in reversed(pieces):
        if piece.offset < 0 or (start >= 0 and (piece.end != start or piece.via != via)):
            break
        start, via = piece.offset, piece.via
    return start


LONGEST_LINE = DOCKERFILE_LINE_BYTES
"""``bufio.MaxScanTokenSize`` less one: a longer line is an error."""
LONGEST_TEXT = 300
"""Characters of what should have been a reference that are shown."""
SCRATCH = "`scratch` is the empty image"


def stage_detail(text: str) -> str:
    """Tell that the reference ``text`` is a stage's name."""
    return f"`{text}` is a stage of this file"
