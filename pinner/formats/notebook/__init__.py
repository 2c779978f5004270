"""Jupyter notebook format: images in code cells, found by the Python format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats import python
from pinner.formats.json_positions import JsonError
from pinner.formats.notebook.cells import read_code, unwrapped
from pinner.formats.source import CollectorPaused, LineIndex
from pinner.model import Calls, Document, Located, Occurrence, SkippedOccurrence, Span, as_skipped

if TYPE_CHECKING:
    from pinner.formats.notebook.cells import Code
    from pinner.formats.notebook.code import Module
    from pinner.model import Place

__all__ = ["FORMAT", "locate", "unwrapped"]


FORMAT = "notebook"
_DEFAULT = Calls()
_IMPORT = re.compile(rb"^[ \t]*(?:import|from)[ \t][^\r\n]*", re.MULTILINE)
_ENOUGH = 20_000
"""Bytes of imports that are looked through for each broken cell, of which there may be thousands."""
_LINE_NUMBER = re.compile(r"(?<=\bon line )\d+")


def locate(document: Document, calls: Calls = _DEFAULT) -> Located | None:
    """Return the images that the Python cells of a notebook name; None where none of them may.

    ``calls`` says what else is looked for. Never raises: a cell that is no Python is reported where it may name an
    image, and the others are read without it.
    """
    data = document.data
    if not python.worth_parsing(data, calls):
        return None
    with CollectorPaused():
        try:
            code = read_code(data)
        except JsonError as error:
            return Located((_parse_error(LineIndex(data), error.offset, f"this is no notebook: {error.message}"),))
        return None if code is None or not code.cells else _locate(document, code, calls)


def _locate(document: Document, code: Code, calls: Calls) -> Located | None:
    from pinner.formats.notebook.code import make_module  # noqa: PLC0415 - `ast` is for notebooks that name an image

    imports = b"\n".join(dict.fromkeys(_IMPORT.findall(code.text)))[:_ENOUGH]
    module, problems = make_module(code, lambda cell: python.worth_parsing(imports + b"\n" + cell, calls))
    found = python.locate(Document(document.path, module.text), calls) or Located()
    frame = _Frame(LineIndex(document.data), LineIndex(module.text), module, code)
    places = [(frame.used_at(place), frame.place(place)) for place in found.places]
    for problem in problems:
        offset = code.start(problem.position)
        places.append((offset, _parse_error(frame.lines, offset, f"this code cell is no Python: {problem.message}")))
    places.sort(key=lambda pair: pair[0])
    outline = (len(code.cells), tuple(problem.message for problem in problems), *found.outline)
    return Located(tuple(place for _, place in places), outline) if places else None


def _parse_error(lines: LineIndex, offset: int, detail: str) -> SkippedOccurrence:
    line, column = lines.locate(offset)
    return SkippedOccurrence(FORMAT, "document", "", line, column, Span(offset, offset), "parse-error", detail)


class _Frame(NamedTuple):
    """How the offsets of the module read in the file."""

    lines: LineIndex
    """Those of the file."""
    module_lines: LineIndex
    module: Module
    code: Code

    def used_at(self, place: Place) -> int:
        """Return the offset in the file of the line and column at which ``place`` is used."""
        start = self.module_lines.starts[place.line - 1]
        # Of the line alone: a copy of all that follows would be made for each of thousands of places.
        end = self.module.text.find(b"\n", start)
        line = self.module.text[start : end if end >= 0 else None]
        before = line.decode("utf-8", "replace")[: place.column - 1]
        return self._start(start + len(before.encode()))

    def place(self, place: Place) -> Place:
        """Return ``place`` of the module as a place of the file."""
        line, column = self.lines.locate(self.used_at(place))
        start, end = place.span
        span = Span(self._start(start), self._end(end) if end > start else self._start(start))
        moved: Place = place._replace(format=FORMAT, line=line, column=column, span=span)
        if isinstance(moved, SkippedOccurrence):
            return moved._replace(detail=_LINE_NUMBER.sub(self._line_number, moved.detail))
        assert isinstance(place, Occurrence)  # noqa: S101 - what it was moved from
        if place.digest_span is None:
            return moved._replace(insert=self._end(place.insert))
        first, last = (self.module.position(place.digest_span.start), self.module.position(place.digest_span.end - 1))
        if not self.code.spelled_out(first, last + 1):
            return as_skipped(moved, "computed", "its digest is not spelled out in this file")
        digest_span = Span(self.code.start(first), self.code.end(last))
        return moved._replace(insert=digest_span.end, digest_span=digest_span)

    def _line_number(self, match: re.Match[str]) -> str:
        """Return the line of the file for the line of the module that a sentence speaks of."""
        return str(self.lines.line(self._start(self.module_lines.starts[int(match[0]) - 1])))

    def _start(self, offset: int) -> int:
        """Return the offset in the file at which the byte at ``offset`` of the module begins."""
        return self.code.start(self.module.position(offset))

    def _end(self, offset: int) -> int:
        """Return the offset in the file after the byte that stands before ``offset`` in the module."""
        return self.code.end(self.module.position(offset - 1))
