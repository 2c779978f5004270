"""Text of an open document: edits, positions in the client's units, and the edits that are offered for it.

Source: Language Server Protocol 3.17, *Text Documents*: a line ends with LF, CRLF or CR and with nothing else, and a
character is counted in UTF-16 code units unless client and server agree on another encoding.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import InputError, attempt
from pinner.formats import configured, locate
from pinner.model import Document
from pinner.plan import Changed, Failed
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from typing import Literal

    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.model import Span
    from pinner.plan import Plan
    from pinner.scan.suppressions import Source

    Encoding = Literal["utf-8", "utf-16", "utf-32"]


class Position(NamedTuple):
    """A line and a character in it, both from 0, the character in the client's units."""

    line: int
    character: int


class Change(NamedTuple):
    """What a client puts in the place of a range; None for the whole text."""

    text: str
    range: tuple[Position, Position] | None = None


def units(text: str, encoding: Encoding) -> int:
    """Return how long ``text`` is in the code units of ``encoding``."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Buffer:
    """A text that does not change; an edit makes another."""

    def __init__(self, text: str, version: int = 0, encoding: Encoding = "utf-16") -> None:
        self.text = text
        self.version = version
        self.encoding: Encoding = encoding

    def edited(self, changes: Iterable[Change], version: int) -> Buffer:
        """Return the text after ``changes``, each of which is about the text that the one before it left."""
        found = self
        for change in changes:
            if change.range is None:
                text = change.text
            else:
                start, end = (found.index(position) for position in change.range)
                text = found.text[:start] + change.text + found.text[max(start, end) :]
            found = Buffer(text, version, self.encoding)
        return found

    @cached_property
    def data(self) -> bytes:
        """The text in UTF-8, as it would be saved; half of a surrogate pair, which no file can hold, as ``?``."""
        return self.text.encode("utf-8", "replace")

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins, in characters."""
        return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", self.text))]

    @cached_property
    def _byte_starts(self) -> list[int]:
        """Where each line begins, in bytes of `data`."""
        return [0, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", self.data))]

    def _row(self, line: int) -> str:
        """Return a line without its end."""
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.text)
        return self.text[self._starts[line] : end].rstrip("\r\n")

    def index(self, position: Position) -> int:
        """Return the index in `text` of ``position``; what is beyond the end of a line or the text means the end."""
        if position.line >= len(self._starts):
            return len(self.text)
        return self._starts[position.line] + self._inside(self._row(position.line), position.character)

    def _inside(self, row: str, character: int) -> int:
        if row.isascii() or self.encoding == "utf-32":
            return min(character, len(row))
        seen = 0
        for index, one in enumerate(row):
            if seen >= character:
                return index
            seen += units(one, self.encoding)
        return len(row)

    def offset(self, position: Position) -> int:
        """Return the byte offset in `data` of ``position``."""
        index = self.index(position)
        if self.text.isascii():
            return index
        return len(self.text[:index].encode("utf-8", "replace"))

    def position(self, offset: int) -> Position:
        """Return the position of the byte at ``offset`` of `data`."""
        line = bisect_right(self._byte_starts, offset) - 1
        start = self._byte_starts[line]
        return Position(line, units(self.data[start:offset].decode("utf-8", "replace"), self.encoding))

    @property
    def line_end(self) -> str:
        """What ends the first line; a line feed where there is only one line."""
        match = re.search(r"\r\n|\r|\n", self.text)
        return match[0] if match else "\n"

    def line_of(self, number: int) -> tuple[int, int]:
        """Return the byte offsets of the beginning and the end of line ``number``, as messages count: from 1, by LF."""
        lines = self.data.split(b"\n")
        number = min(max(number, 1), len(lines))
        start = sum(map(len, lines[: number - 1])) + number - 1
        return start, start + len(lines[number - 1].rstrip(b"\r"))


_MARK = b"\xef\xbb\xbf"
REASON = "say why"
"""What the user is to write in its place."""


class TextEdit(NamedTuple):
    """What a client puts in the place of a range."""

    start: Position
    end: Position
    text: str


def edits_of(plan: Plan, buffer: Buffer, span: Span | None = None) -> tuple[list[TextEdit], list[str]]:
    """Return the edits of ``plan`` in ``buffer``, and why there are none for some; of the places on ``span`` alone.

    Places that share a text share their edit: it is there once.
    """
    edits = {}
    failures = []
    for verdict in plan.verdicts:
        if span is not None and verdict.place.span != span:
            continue
        if isinstance(verdict, Changed):
            edit = verdict.edit
            edits[edit.start] = TextEdit(
                buffer.position(edit.start), buffer.position(edit.end), edit.replacement.decode("utf-8")
            )
        elif isinstance(verdict, Failed):
            failures.append(verdict.error.message)
    return [edits[start] for start in sorted(edits)], list(dict.fromkeys(failures))


def suppression_edit(
    finding: Finding, source: Source, buffer: Buffer, settings: Settings, today: date
) -> TextEdit | None:
    """Return the edit that silences ``finding`` by a comment above it; None where the format takes no such comment.

    The text with the comment is looked into: it names the same images, and the comment silences the rule there.
    """
    if source.document.path.endswith(".json"):
        # As YAML it could have one; whoever reads it as JSON would not take it.
        return None
    line = finding.place.line
    start, end = buffer.line_of(line)
    row = buffer.data[start:end]
    mark = len(_MARK) if row.startswith(_MARK) else 0
    indent = row[mark : len(row) - len(row[mark:].lstrip(b" \t"))].decode("ascii")
    text = f"{indent}# pinner: ignore[{finding.rule.id}] {REASON}{buffer.line_end}"
    start += mark
    after = Document(source.document.path, buffer.data[:start] + text.encode() + buffer.data[start:])
    found = attempt(locate, after, configured(settings.formats))
    if found is None or isinstance(found, InputError):
        return None
    again = apply_suppressions(after, *found, today=today, images_exclude=settings.images_exclude)
    if [place.kind for place in again.located.places] != [place.kind for place in source.located.places]:
        return None
    if not any(one.place.line == line + 1 and one.silenced(finding.rule.id) for one in again.candidates):
        return None
    position = buffer.position(start)
    return TextEdit(position, position, text)
