"""YAML stream splitter, and the text in which a character's index is its byte offset.

No byte can make a parser refuse the file or count differently: bytes from 0x80 become letters (so a byte order mark is
none, and invalid UTF-8 no error), control characters one odd letter, NEL, U+2028 and U+2029 the ends of lines.

A ``---`` in column 0 before a blank cannot stand inside any scalar (YAML 1.2.2, section 9.1.2), so the cut is sound.
"""

from __future__ import annotations

import codecs
import re

from pinner._typing import NamedTuple

_HIGH = 0x100
_CONTROL = "\u0200"
_TABLE = "".join(
    chr(byte - 0x80 + _HIGH)
    if byte >= 0x80  # noqa: PLR2004 - the end of ASCII
    else _CONTROL
    if (byte < 0x20 and byte not in b"\t\n\r") or byte == 0x7F  # noqa: PLR2004 - the control characters of ASCII
    else chr(byte)
    for byte in range(256)
)
# Line breaks to YAML 1.1, which go-yaml keeps to, and with it compose and kubectl: as many bytes that end a line.
_LINE_BREAKS = ((b"\xc2\x85", b"\r\n"), (b"\xe2\x80\xa8", b" \r\n"), (b"\xe2\x80\xa9", b" \r\n"))


def shadow(data: bytes) -> str:
    """Return ``data`` as shadow text, as long as ``data``."""
    if not data.isascii():
        for line_break, same_length in _LINE_BREAKS:
            data = data.replace(line_break, same_length)
    return codecs.charmap_decode(data, "strict", _TABLE)[0]


def unshadow(text: str) -> str:
    """Return what shadow ``text`` stands for, for people: a name, not something to find again in the file."""
    if text.isascii():
        return text
    data = b"".join(
        bytes((ord(character) - _HIGH + 0x80,))
        if _HIGH <= ord(character) < _HIGH + 0x80
        else character.encode("utf-8", "replace")
        for character in text
    )
    return data.decode("utf-8", "replace")


_BOM = b"\xef\xbb\xbf"
# Behind a line break: a search for text that is certain is many times as fast as one for the beginning of a line.
_MARKER = re.compile(rb"\n---(?=[ \t\r\n]|\Z)")
_MARKER_OR_MARKED = re.compile(rb"\n(?:\xef\xbb\xbf)?---(?=[ \t\r\n]|\Z)")
_FIRST_MARKER = re.compile(rb"(?:\xef\xbb\xbf)?(?:---(?=[ \t\r\n]|\Z))?")
# kubectl cuts at `---` and gives each part to a parser that drops a byte order mark at its start: so do we.
_MARK_AFTER_MARKER = re.compile(rb"---[ \t]*\r?\n\xef\xbb\xbf")
# Directives stand at the start of the stream or after `...`, among blank lines and comments.
_BLANK_OR_COMMENT = rb"(?:[ \t]*(?:#[^\n]*)?\r?\n|(?!))*+"
_DIRECTIVES = re.compile(
    rb"(?:\A|^\.\.\.[ \t]*(?:#[^\n]*)?\r?\n)"
    + _BLANK_OR_COMMENT
    + rb"(?P<directives>%[^\n]*\n(?:(?:%|[ \t]*(?:#|\r?$))[^\n]*\n|(?!))*+)\Z",
    re.MULTILINE,
)


class Chunk(NamedTuple):
    """Byte offsets, half-open, of the text of one document (of several only where ``...`` alone parts them)."""

    start: int
    end: int


def split(data: bytes) -> list[Chunk]:
    """Return the documents of ``data`` in order: ``---`` and directives at their head, byte order marks outside."""
    pattern = _MARKER if data.isascii() or b"\n\xef\xbb\xbf---" not in data else _MARKER_OR_MARKED
    first = _FIRST_MARKER.match(data)
    previous = 0 if first is None else first.end()
    cuts: list[int] = []
    for match in pattern.finditer(data) if b"\n---" in data or pattern is _MARKER_OR_MARKED else ():
        cuts.append(_before_directives(data, previous, match.start() + 1))
        previous = match.end()
    chunks = []
    for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
        text_start = _skip_mark(data, start)
        if text_start < end:
            chunks.append(Chunk(text_start, end))
    return chunks


def _before_directives(data: bytes, start: int, marker: int) -> int:
    """Return where the document whose ``---`` stands at ``marker`` begins: at its directives where it has any."""
    # One begins a line.
    has_any = data.find(b"\n%", start, marker) >= 0 or data.startswith(b"%", start)
    match = _DIRECTIVES.search(data[start:marker]) if has_any else None
    return marker if match is None else start + match.start("directives")


def _skip_mark(data: bytes, start: int) -> int:
    if data.startswith(_BOM, start):
        start += len(_BOM)
    match = _MARK_AFTER_MARKER.match(data, start)
    return start if match is None else match.end()
