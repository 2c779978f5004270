"""The shadow text: one character a byte, so that a parser's character index *is* the byte offset.

No byte can make a parser refuse the file or count differently: bytes from 0x80 become letters (so a byte order mark is
none, and invalid UTF-8 no error), control characters one odd letter, NEL, U+2028 and U+2029 the ends of lines.
"""

from __future__ import annotations

import codecs

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
