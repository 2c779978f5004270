"""Documents embedded in a YAML scalar: their places moved to where they stand in the file."""

from __future__ import annotations

from itertools import accumulate

from pinner._typing import TYPE_CHECKING
from pinner.model import Occurrence, Span, as_skipped

if TYPE_CHECKING:
    from typing import Protocol

    from pinner.formats.source import LineIndex
    from pinner.formats.yaml.references import Use
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Place

    class Collector(Protocol):
        """Who keeps the places of the file."""

        lines: LineIndex

        def add(self, use: Use, place: Place, offset: int | None = None) -> None:
            """Keep ``place``, found ``offset`` bytes into the file, at ``use``."""


class Embedded:
    """A document inside of another one, and how its offsets, lines and columns read there."""

    def __init__(self, text: SourceText) -> None:
        self.text = text
        self.lines = text.data.split(b"\n")
        self.line_starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))

    def keep(self, collector: Collector, use: Use, place: Place) -> None:
        """Keep ``place`` of the inner document, which stands at ``use``, as a place of the file."""
        offset = self.file_offset(place)
        span = self.file_span(place.span)
        line, column = collector.lines.locate(offset)
        moved: Place = place._replace(
            format=use.format,
            line=line,
            column=column,
            span=span or Span(offset, offset),
            via=(*use.via, *place.via),
            platform=place.platform or use.platform,
            owner=use.owner or place.owner,
        )
        if isinstance(moved, Occurrence) and isinstance(place, Occurrence):
            moved = self._moved(moved, place)
        collector.add(use, moved, offset)

    def _moved(self, moved: Occurrence, place: Occurrence) -> Place:
        """Return ``moved`` with the offsets of ``place`` in the file, or a skip where it has none there."""
        obstacle = self.obstacle(place)
        if obstacle:
            return as_skipped(moved, "computed", obstacle)
        digest_span = place.digest_span and self.file_span(place.digest_span)
        insert = self.text.ends[place.insert - 1]
        span = moved.span if place.span.start < place.span.end else Span(insert, insert)
        tag_span = place.tag_span if place.tag_span is None or self.is_verbatim(place.tag_span) else None
        return moved._replace(
            insert=insert, digest_span=digest_span, span=span, tag_span=tag_span and self.file_span(tag_span)
        )

    def obstacle(self, place: Occurrence) -> str:
        """Say why a digest cannot go in at ``place``; empty where it can."""
        start, end = place.span
        field = place.glue != "@" and not start < place.insert <= end
        if field:
            # In a field of its own; what stands before it is there, too.
            return (
                "" if self.text.is_run(place.insert - 1, place.insert + 1) else "its digest's field is not written out"
            )
        if not start < place.insert <= end or not self.text.is_run(start, end):
            return "its text does not stand together in this file"
        if place.digest_span and not self.is_verbatim(place.digest_span):
            return "its digest is not spelled out in this file"
        return ""

    def file_offset(self, place: Place) -> int:
        """Return the offset in the file of the line and column that ``place`` has in the inner document."""
        line = self.lines[min(place.line, len(self.lines)) - 1].decode("utf-8", "replace")
        before = line[: place.column - 1].encode("utf-8", "replace")
        position = min(self.line_starts[place.line - 1] + len(before), len(self.text.data) - 1)
        return self.text.starts[position]

    def file_span(self, span: Span) -> Span | None:
        """Return where the bytes at ``span`` of the inner document stand in the file; None where they are apart."""
        if not span.start < span.end <= len(self.text.data) or not self.text.is_run(span.start, span.end):
            return None
        return Span(self.text.starts[span.start], self.text.ends[span.end - 1])

    def is_verbatim(self, span: Span) -> bool:
        """Tell whether the bytes at ``span`` of the inner document are the very bytes of the file, none escaped."""
        where = self.file_span(span)
        return where is not None and where.end - where.start == span.end - span.start
