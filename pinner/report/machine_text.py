"""Text for other programs: valid Unicode, URIs, fingerprints, regions, and what could not be determined."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

from pinner.formats.source import LineIndex
from pinner.model import Edit, Occurrence
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.report.base import Verdict


def valid_unicode(text: str) -> str:
    """Return ``text`` with U+FFFD in the place of bytes that are not UTF-8: JSON and XML have no word for them."""
    return text if text.isascii() else _bytes(text).decode("utf-8", "replace")


def uri(path: str) -> str:
    """Return the relative URI of ``path`` (RFC 3986): every byte but unreserved ones and ``/`` percent-encoded."""
    return quote(_bytes(path), safe="/")


def sentence(told: Finding | PinnerError) -> str:
    """Return what is told, and on a second line its hint, for outputs that have one field for both."""
    lines = (told.message,) if told.hint is None else (told.message, f"hint: {told.hint}")
    return "\n".join(valid_unicode(printable(line)) for line in lines)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair: a name on Windows may hold any
        return text.encode("utf-8", "surrogatepass")


class Trouble(NamedTuple):
    """One thing that could not be determined."""

    kind: Literal["unreadable", "unanswered"]
    path: str
    place: Occurrence | None
    """The reference that it is about; None where it is the whole file."""
    message: str
    """One line, or two where there is a hint; valid Unicode."""

    @property
    def reference(self) -> str:
        """The reference that it is about, without its digest; empty where there is none."""
        return "" if self.place is None else self.place.reference.familiar


def troubles(verdict: Verdict) -> Iterator[Trouble]:
    """Yield what ``verdict`` could not tell: files first."""
    for file in verdict.unreadable:
        yield Trouble("unreadable", file.path, None, sentence(file.error))
    for path, place, error in verdict.untold:
        yield Trouble("unanswered", path, place, sentence(error))


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield 32 hex digits for each of ``findings``, in their order, no two alike.

    They depend on the rule, the path, the reference without its digest, and how many of the same came before: neither
    on lines nor on the folder of the run.
    """
    return _numbered((finding.rule.id, finding.path, _reference(finding)) for finding in findings)


def trouble_fingerprints(found: Iterable[Trouble]) -> Iterator[str]:
    """Yield the same for what could not be determined."""
    return _numbered((trouble.kind, trouble.path, trouble.reference) for trouble in found)


def _numbered(keys: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    seen: dict[tuple[str, str, str], int] = {}
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        yield _hash(*key, str(seen[key]))


def _reference(finding: Finding) -> str:
    place = finding.place
    return place.reference.familiar if isinstance(place, Occurrence) else place.text


def _hash(*parts: str) -> str:
    # No part holds a NUL: neither paths nor references can.
    return hashlib.sha256("\0".join(valid_unicode(part) for part in parts).encode()).hexdigest()[:32]


_BOM = b"\xef\xbb\xbf"


class Position(NamedTuple):
    """A place between two bytes."""

    line: int
    column: int
    """From 1, in characters; a BOM is none."""
    offset: int
    """In bytes."""
    byte_column: int
    """From 1, in bytes; a BOM is three."""


class Region(NamedTuple):
    """A piece of a file, half-open."""

    start: Position
    end: Position


class Spot(NamedTuple):
    """Where a finding is."""

    start: Position
    """Where the image is used."""
    end: Position | None
    """Where the reference ends; None where it does not stand there itself but in an ARG or at an anchor, say."""
    elsewhere: Region | None
    """The text that holds the end of the reference, where that is another place."""


class Regions:
    """Turns what findings say of their files into regions; each file's lines are counted once."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._documents = documents
        self._indexes: dict[str, LineIndex] = {}

    def spot(self, finding: Finding) -> Spot:
        """Return where ``finding`` is."""
        place = finding.place
        if finding.path not in self._documents:
            return Spot(self._used_at(finding), None, None)
        span = self.region(finding.path, place.span.start, place.span.end)
        if (span.start.line, span.start.column) == (place.line, place.column):
            return Spot(span.start, span.end, None)
        return Spot(self._used_at(finding), None, span)

    def region(self, path: str, start: int, end: int) -> Region:
        """Return the region of the bytes from ``start`` to ``end`` of the file at ``path``."""
        return Region(self._position(path, start), self._position(path, end))

    def edit(self, finding: Finding) -> Edit | None:
        """Return the edit that makes of a finding's reference what it proposes, or None.

        The bytes that the edit expects are there: where a digest is put together from several places there is no edit.
        """
        edit = _edit(finding)
        if edit is None or not self._documents.get(finding.path, b"").startswith(edit.expected, edit.start):
            return None
        return edit

    def _index(self, path: str) -> LineIndex:
        if path not in self._indexes:
            self._indexes[path] = LineIndex(self._documents.get(path, b""))
        return self._indexes[path]

    def _position(self, path: str, offset: int) -> Position:
        index = self._index(path)
        line, column = index.locate(offset)
        return Position(line, column, offset, offset - index.starts[line - 1] + 1)

    def _used_at(self, finding: Finding) -> Position:
        line, column = finding.place.line, finding.place.column
        starts = self._index(finding.path).starts
        if line > len(starts) or finding.path not in self._documents:
            # A file that ends before the line that a parser complains of, or whose bytes are not at hand.
            return Position(line, column, 0, column)
        start = starts[line - 1]
        data = self._documents.get(finding.path, b"")
        bom = len(_BOM) if line == 1 and data.startswith(_BOM) else 0
        text = data[start + bom :].partition(b"\n")[0].decode("utf-8", "surrogateescape")
        before = len(text[: column - 1].encode("utf-8", "surrogateescape")) + bom
        return Position(line, column, start + before, before + 1)


def _edit(finding: Finding) -> Edit | None:
    place, proposed = finding.place, finding.proposed
    if proposed is None or not isinstance(place, Occurrence):
        return None
    reference = place.reference
    if reference.digest is None:
        written = str(reference)
        tag, _, digest = proposed.removeprefix(written).partition("@")
        added = f"{tag}{place.glue}{digest.removeprefix(place.implied)}"
        return Edit(place.insert, b"", added.encode()) if proposed.startswith(written) else None
    name, _, digest = proposed.rpartition("@")
    if place.digest_span is None or name != reference.familiar:
        return None
    before = place.spelled(reference.digest)
    return Edit(place.digest_span.start, before.encode(), digest.removeprefix(place.implied).encode())
