"""Where the documents of a YAML stream begin and end, told from the bytes alone: one broken document costs only itself.

A ``---`` in column 0 before a blank cannot stand inside any scalar (YAML 1.2.2, section 9.1.2), so the cut is sound.
"""

from __future__ import annotations

import re

from pinner.lean import NamedTuple

_BOM = b"\xef\xbb\xbf"
_LF = 0x0A
# That it begins a line is asked afterwards: a search for text that is certain is many times as fast.
_MARKER = re.compile(rb"---(?=[ \t\r\n]|\Z)")
# kubectl cuts at `---` and gives each part to a parser that drops a byte order mark at its start: so do we.
_MARK_AFTER_MARKER = re.compile(rb"---[ \t]*\r?\n\xef\xbb\xbf")
# Directives stand at the start of the stream or after `...`, among blank lines and comments.
_BLANK_OR_COMMENT = rb"(?:[ \t]*(?:#[^\n]*)?\n)*+"
_DIRECTIVES = re.compile(
    rb"(?:\A|^\.\.\.[ \t]*(?:#[^\n]*)?\r?\n)"
    + _BLANK_OR_COMMENT.replace(rb"\n", rb"\r?\n")
    + rb"(?P<directives>%[^\n]*\n(?:(?:%|[ \t]*(?:#|\r?$))[^\n]*\n)*+)\Z",
    re.MULTILINE,
)


class Chunk(NamedTuple):
    """Byte offsets, half-open, of the text of one document (of several only where ``...`` alone parts them)."""

    start: int
    end: int


def split(data: bytes) -> list[Chunk]:
    """Return the documents of ``data`` in order: ``---`` and directives at their head, byte order marks outside."""
    if b"---" not in data:
        start = len(_BOM) if data.startswith(_BOM) else 0
        return [Chunk(start, len(data))] if start < len(data) else []
    cuts: list[int] = []
    previous = len(_BOM) if data.startswith(_BOM) else 0
    for match in _MARKER.finditer(data):
        marker = _line_start(data, match.start())
        if marker < 0:
            continue
        cut = _before_directives(data, previous, marker)
        if cut:
            cuts.append(cut)
        previous = match.end()
    chunks = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        text_start = _skip_mark(data, start)
        if text_start < end:
            chunks.append(Chunk(text_start, end))
    return chunks


def _line_start(data: bytes, dashes: int) -> int:
    """Return where the line of ``dashes`` begins: there, or at a byte order mark before them; -1 if elsewhere."""
    if data.startswith(_BOM, dashes - len(_BOM)) and dashes >= len(_BOM):
        dashes -= len(_BOM)
    return dashes if not dashes or data[dashes - 1] == _LF else -1


def _before_directives(data: bytes, start: int, marker: int) -> int:
    """Return where the document whose ``---`` stands at ``marker`` begins: at its directives where it has any."""
    between = data[start:marker]
    match = _DIRECTIVES.search(between) if b"%" in between else None
    return marker if match is None else start + match.start("directives")


def _skip_mark(data: bytes, start: int) -> int:
    if data.startswith(_BOM, start):
        start += len(_BOM)
    match = _MARK_AFTER_MARKER.match(data, start)
    return start if match is None else match.end()
