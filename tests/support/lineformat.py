"""A format for tests of the core: ``use REFERENCE`` mentions an image, ``echo`` repeats the line above it."""

from __future__ import annotations

import re

from pinner.errors import InvalidReferenceError
from pinner.formats.base import Format
from pinner.model import Document, Located, Occurrence, Place, SkippedOccurrence, Span
from pinner.reference import ImageReference

FORMAT = Format("line", "lineformat", r"\.lines$")
_LINE = re.compile(rb"(?m)^(use|keep) (\S+)|^(echo|count)\b")


def locate(document: Document) -> Located | None:
    data = document.data
    if b"not lines" in data:
        return None
    places: list[Place] = []
    last = ""
    for match in _LINE.finditer(data):
        line = data.count(b"\n", 0, match.start()) + 1
        if match[3] == b"count":
            text = str(data.count(b"@"))
            places.append(SkippedOccurrence("line", "count", text, line, 1, Span(*match.span()), "computed"))
        elif match[3] == b"echo":
            places.append(
                SkippedOccurrence("line", "echo", last, line, 1, Span(*match.span()), "computed", "it repeats")
            )
        else:
            places.append(_use(match, line))
            last = match[2].decode("latin-1")
    return Located(tuple(places), (data.count(b"\n"),))


def _use(match: re.Match[bytes], line: int) -> Place:
    text = match[2].decode("latin-1")
    start, end = match.span(2)
    if match[1] == b"keep":
        return SkippedOccurrence("line", "keep", text, line, 6, Span(start, end), "stage", "kept")
    try:
        reference = ImageReference.parse(text)
    except InvalidReferenceError as error:
        return SkippedOccurrence("line", "use", text, line, 5, Span(start, end), "invalid-reference", error.message)
    digest = None
    if reference.digest is not None:
        digest = Span(end - len(str(reference.digest)), end)
    return Occurrence("line", "use", reference, line, 5, Span(start, end), end, digest)
