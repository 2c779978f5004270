"""Images in a service's ``dockerfile_inline``: found by the Dockerfile engine, placed in the compose file."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from pinner.formats.interpolation import InvalidTemplateError, expand
from pinner.lean import TYPE_CHECKING
from pinner.model import Document, Mention, Skip, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.formats.interpolation import Expansion, Variable
    from pinner.formats.yamlnodes.references import Collector, Use
    from pinner.formats.yamlnodes.text import SourceText
    from pinner.model import Place


def locate_inline(collector: Collector, use: Use, text: SourceText | None, path: str) -> Iterable[object]:
    """Keep the places in the Dockerfile ``text`` that stands at ``use``; return the outline of that Dockerfile."""
    from pinner.formats import dockerfile  # noqa: PLC0415 - few compose files hold a Dockerfile

    if text is None:
        detail = "the Dockerfile's lines cannot be matched with those of this file"
        collector.add(use, use.skip("", "computed", detail))
        return ()
    try:
        expansion = expand(text)
    except InvalidTemplateError as error:
        collector.add(use, use.skip("", "invalid-reference", f"compose cannot fill in the Dockerfile: {error}"))
        return ()
    located = dockerfile.locate(Document(path, expansion.text.data))
    if located is None:
        return ()
    inline = _Inline(collector, use, expansion)
    for place in located.places:
        inline.keep(place)
    return located.outline


class _Inline:
    """A Dockerfile inside a compose file, and how its offsets read there."""

    def __init__(self, collector: Collector, use: Use, expansion: Expansion) -> None:
        self.collector = collector
        self.use = use
        self.variable_starts = [variable.start for variable in expansion.variables]
        # Of the variables up to each one, that which reaches furthest: they come in order, and may be nested.
        self.furthest: list[Variable] = list(accumulate(expansion.variables, _further))
        self.text = expansion.text
        self.lines = self.text.data.split(b"\n")
        self.line_starts = list(accumulate((len(line) + 1 for line in self.lines), initial=0))

    def keep(self, place: Place) -> None:
        """Keep ``place`` of the Dockerfile as a place of the compose file."""
        offset = self._file_offset(place)
        line, column = self.collector.lines.locate(offset)
        span = self._file_span(place.span)
        moved: Place = place._replace(
            format=self.use.format,
            line=line,
            column=column,
            span=span or Span(offset, offset),
            via=(*self.use.via, *place.via),
            platform=place.platform or self.use.platform,
            owner=self.use.owner,
        )
        if isinstance(moved, Mention) and isinstance(place, Mention):
            moved = self._moved(moved, place)
        self.collector.add(self.use, moved, offset)

    def _moved(self, moved: Mention, place: Mention) -> Place:
        """Return ``moved`` with the offsets of ``place`` in the file, or a skip where it has none there."""
        obstacle = self._obstacle(place)
        if obstacle:
            return Skip(
                moved.format,
                moved.kind,
                str(moved.reference),
                moved.line,
                moved.column,
                moved.span,
                "computed",
                obstacle,
                moved.via,
                moved.platform,
                moved.owner,
            )
        digest_span = place.digest_span and self._file_span(place.digest_span)
        return moved._replace(insert=self.text.ends[place.insert - 1], digest_span=digest_span)

    def _obstacle(self, place: Mention) -> str:
        """Say why a digest cannot go in at ``place``; empty where it can."""
        start, end = place.span.start, place.span.end
        touching = [(start, end)]
        if place.kind == "from":
            touching.append(self._instruction(place.line))
        for first, last in touching:
            before = bisect_right(self.variable_starts, last)
            if before and self.furthest[before - 1].end >= first:
                name = self.furthest[before - 1].name
                return f"compose fills in `{name}` before the Dockerfile is read; `$$` keeps a dollar for it"
        if not start < place.insert <= end or not self.text.is_run(start, end):
            return "its text does not stand together in this file"
        if place.digest_span and not self._same(place.digest_span):
            return "its digest is not spelled out in this file"
        return ""

    def _instruction(self, line: int) -> tuple[int, int]:
        """Return the positions of the first and after the last character of the instruction that begins on ``line``."""
        last = line - 1
        while last + 1 < len(self.lines) and self.lines[last].rstrip().endswith((b"\\", b"`")):
            last += 1
        return self.line_starts[line - 1], self.line_starts[last] + len(self.lines[last])

    def _file_offset(self, place: Place) -> int:
        """Return the offset in the file of the place's line and column in the Dockerfile."""
        line = self.lines[min(place.line, len(self.lines)) - 1].decode("utf-8", "replace")
        before = line[: place.column - 1].encode("utf-8", "replace")
        position = min(self.line_starts[place.line - 1] + len(before), len(self.text.data) - 1)
        return self.text.starts[position]

    def _file_span(self, span: Span) -> Span | None:
        """Return where the bytes at ``span`` of the Dockerfile stand in the file, None where that is no one place."""
        if not span.start < span.end <= len(self.text.data) or not self.text.is_run(span.start, span.end):
            return None
        return Span(self.text.starts[span.start], self.text.ends[span.end - 1])

    def _same(self, span: Span) -> bool:
        """Tell whether the bytes at ``span`` of the Dockerfile are the very bytes of the file, none of them escaped."""
        where = self._file_span(span)
        return where is not None and where.end - where.start == span.end - span.start


def _further(one: Variable, other: Variable) -> Variable:
    return other if other.end > one.end else one
