"""The shadow text: one character a byte, so that a parser's character index *is* the byte offset.

No byte can make a parser refuse the file or count differently: bytes from 0x80 become letters (so NEL, U+2028 and a
byte order mark are no line breaks and no marks, and invalid UTF-8 is no error), control characters one odd letter.
"""

from __future__ import annotations

import codecs
import re

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
# Whitespace at the start of a line is indentation, also after `- `, `? ` and `: `: there a tab is an error in YAML.
_INDENTATION = re.compile(r"(?m)^[ \t]*(?:[-?:][ \t]+)*")


def shadow(data: bytes) -> str:
    """Return ``data`` as shadow text, as long as ``data``."""
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


def spaces_for_tabs(text: str) -> str:
    """Return shadow ``text`` with tabs that only separate replaced by spaces.

    ruamel.yaml's pure scanner refuses ``key:<tab>value`` and ``value<tab># comment``, which are valid.
    """
    if "\t" not in text:
        return text
    parts: list[str] = []
    position = 0
    for match in _INDENTATION.finditer(text):
        parts += (text[position : match.start()].replace("\t", " "), match[0])
        position = match.end()
    return "".join((*parts, text[position:].replace("\t", " ")))
