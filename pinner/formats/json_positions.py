"""JSON reader that keeps byte positions of strings and skips the rest unread.

Grammar: RFC 8259. What the shape names is read strictly; of what it does not name (pictures and tables of many
megabytes) only strings and brackets are looked at. A repeated key counts as its last value, as Python's json has it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pinner.formats.source import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

_BACKSLASH = ord("\\")
_BOM = b"\xef\xbb\xbf"
_BLANK = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"((?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})|(?!))*+)"')
_SCALAR = re.compile(rb"-?[0-9][0-9.eE+-]*+|true|false|null|-?Infinity|NaN")
# Up to the next bracket or long string (for which `bytes.find` is a hundred times as fast) in two steps: what holds no
# brackets, and the innermost lists and objects whole.
_PLAIN = rb'(?:[^"\[\]{}]++|"(?:[^"\\]{1,200}+|\\.){0,20}+"|(?!))'
_UNREAD = re.compile(rb"(?:%b|\[%b*+\]|\{%b*+\}|(?!))*+" % (_PLAIN, _PLAIN, _PLAIN), re.DOTALL)
_REST_OF_STRING = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_MAX_DEPTH = 200
_CLOSING = {b"[": b"]", b"{": b"}"}
_ESCAPE = re.compile(
    rb"\\(?:u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL
)
_SHORT = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


class JsonError(SourceError):
    """The bytes are no JSON: what is wrong, and the offset where."""


class Shape(NamedTuple):
    """What to keep of a value: a string always, these fields of an object, of a list its elements in their own shape.

    A shape is as deep as it is written down, which bounds how deep reading goes.
    """

    fields: Mapping[str, Shape] = {}
    elements: Shape | None = None
    keys: bool = False
    """Whether an object's keys are what is kept: each with where it stands itself, and no values."""
    others: Shape | None = None
    """The shape of what an object has under any other key; without one that is not kept."""


class Text(NamedTuple):
    """A string: the offsets of what stands between its quotation marks."""

    start: int
    end: int


Value: TypeAlias = "Text | dict[str, Value] | list[Value] | None"
"""What was kept; None is a value that is neither a string nor of the shape."""


class Run(NamedTuple):
    """Bytes of decoded text and where they come from: as they are, or out of one escape."""

    position: int
    """Of the first byte in the text."""
    offset: int
    """Of the first byte in the file."""
    escape: int
    """How many bytes the escape takes in the file; 0 for text that stands there as it is."""


def read(data: bytes, shape: Shape) -> Value:
    """Return what ``data`` holds of ``shape``; raises `JsonError`. A byte-order mark is passed over."""
    value, offset = _value(data, _blank(data, len(_BOM) if data.startswith(_BOM) else 0), shape)
    offset = _blank(data, offset)
    if offset != len(data):
        raise JsonError("there is more after the end", offset)
    return value


_STRING_OR_COMMENT = re.compile(rb'"(?:[^"\\\n]++|\\.)*+"?|//[^\r\n]*+|/\*.*?(?:\*/|\Z)', re.DOTALL)
_STRING_OR_COMMA = re.compile(rb'"(?:[^"\\\n]++|\\.)*+"?|,(?=[ \t\r\n]*+[\]}])', re.DOTALL)
_NO_LINE_BREAK = re.compile(rb"[^\r\n]")


def comments(data: bytes) -> list[Text]:
    """Return where the comments of ``data`` stand, JSON with comments (JSONC), ``//`` and ``/*`` included."""
    found = _STRING_OR_COMMENT.finditer(data)
    return [Text(*match.span()) for match in found if not match[0].startswith(b'"')]


def without_comments(data: bytes) -> bytes:
    """Return the JSON that ``data`` is, as long as that: comments and commas before a closing bracket are blanks.

    What VS Code's jsonc-parser takes, too.
    """
    parts: list[bytes] = []
    offset = 0
    for start, end in comments(data):
        parts += (data[offset:start], _NO_LINE_BREAK.sub(b" ", data[start:end]))
        offset = end
    return _STRING_OR_COMMA.sub(_blank_for_comma, b"".join((*parts, data[offset:])))


def _blank_for_comma(match: re.Match[bytes]) -> bytes:
    return b" " if match[0] == b"," else match[0]


def decode(data: bytes, text: Text, position: int = 0) -> tuple[bytes, list[Run]]:
    """Return the UTF-8 that the string at ``text`` means, and its runs, ``position`` being that of the first byte.

    Half of a surrogate pair comes out as bytes that are no UTF-8.
    """
    offset = text.start
    if data.find(b"\\", offset, text.end) < 0:
        return data[offset : text.end], [Run(position, offset, 0)] if offset < text.end else []
    parts: list[bytes] = []
    runs: list[Run] = []
    for match in _ESCAPE.finditer(data, text.start, text.end):
        if match.start() > offset:
            parts.append(data[offset : match.start()])
            runs.append(Run(position, offset, 0))
            position += match.start() - offset
        offset = match.end()
        character = _character(match)
        parts.append(character)
        runs.append(Run(position, match.start(), offset - match.start()))
        position += len(character)
    if offset < text.end:
        parts.append(data[offset : text.end])
        runs.append(Run(position, offset, 0))
    return b"".join(parts), runs


def _character(match: re.Match[bytes]) -> bytes:
    high, low, code, letter = match.groups()
    if letter is not None:
        return _SHORT.get(letter, letter)
    pair: bytes = code or high + low
    return bytes.fromhex(pair.decode()).decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass")


def _blank(data: bytes, offset: int) -> int:
    return _end(_BLANK, data, offset)


def _end(pattern: re.Pattern[bytes], data: bytes, offset: int) -> int:
    """Return where the match of ``pattern``, which may be empty, ends."""
    match = pattern.match(data, offset)
    return match.end() if match else offset


def _value(data: bytes, offset: int, shape: Shape | None) -> tuple[Value, int]:
    """Return the value at ``offset`` and the offset after it; without a shape the value is None, unread."""
    if shape is not None:
        first = data[offset : offset + 1]
        if first == b'"':
            text = _string(data, offset)
            return text, text.end + 1
        if first == b"[" and shape.elements is not None:
            return _list(data, offset, shape.elements)
        if first == b"{" and (shape.fields or shape.keys or shape.others is not None):
            return _object(data, offset, shape)
    return None, _skip(data, offset)


def _string(data: bytes, offset: int) -> Text:
    match = _STRING.match(data, offset)
    if match is None:
        if data[offset : offset + 1] == b'"':
            raise JsonError("a string has no end, or holds what JSON does not allow in it", offset)
        raise _unexpected(data, offset, "a string")
    return Text(match.start(1), match.end(1))


def _list(data: bytes, offset: int, elements: Shape) -> tuple[list[Value], int]:
    values: list[Value] = []
    offset = _blank(data, offset + 1)
    if data[offset : offset + 1] == b"]":
        return values, offset + 1
    while True:
        value, offset = _value(data, offset, elements)
        values.append(value)
        offset = _blank(data, offset)
        if data[offset : offset + 1] == b"]":
            return values, offset + 1
        if data[offset : offset + 1] != b",":
            raise _unexpected(data, offset, "`,` or `]`")
        offset = _blank(data, offset + 1)


def _object(data: bytes, offset: int, shape: Shape) -> tuple[dict[str, Value], int]:
    fields, keys, others = shape.fields, shape.keys, shape.others
    values: dict[str, Value] = {}
    offset = _blank(data, offset + 1)
    if data[offset : offset + 1] == b"}":
        return values, offset + 1
    while True:
        text = _string(data, offset)
        name = data[text.start : text.end]
        if b"\\" in name:
            name = decode(data, text)[0]
        key = name.decode("utf-8", "replace")
        offset = _blank(data, text.end + 1)
        if data[offset : offset + 1] != b":":
            raise _unexpected(data, offset, "`:`")
        value, offset = _value(data, _blank(data, offset + 1), fields.get(key, others))
        if keys:
            values[key] = text
        elif key in fields or others is not None:
            values[key] = value
        offset = _blank(data, offset)
        if data[offset : offset + 1] == b"}":
            return values, offset + 1
        if data[offset : offset + 1] != b",":
            raise _unexpected(data, offset, "`,` or `}`")
        offset = _blank(data, offset + 1)


def _skip(data: bytes, offset: int) -> int:
    """Return the offset after the value at ``offset``, whatever is in it."""
    first = data[offset : offset + 1]
    if first == b'"':
        return _after_string(data, offset)
    if first not in _CLOSING:
        match = _SCALAR.match(data, offset)
        if match is None:
            raise _unexpected(data, offset, "a value")
        return match.end()
    open_ones: list[bytes] = []
    while True:
        mark = data[offset : offset + 1]
        if mark == b'"':
            offset = _after_string(data, offset)
        else:
            if mark in _CLOSING:
                open_ones.append(_CLOSING[mark])
                if len(open_ones) > _MAX_DEPTH:
                    raise JsonError(f"brackets are nested more than {_MAX_DEPTH} deep", offset)
            elif not open_ones or mark != open_ones.pop():
                raise _unexpected(data, offset, "the bracket that closes this")
            offset += 1
            if not open_ones:
                return offset
        offset = _end(_UNREAD, data, offset)


def _after_string(data: bytes, offset: int) -> int:
    """Return the offset after the string at ``offset``, which is looked at for its end alone."""
    end = data.find(b'"', offset + 1)
    if end > 0 and data[end - 1] == _BACKSLASH:
        end = _end(_REST_OF_STRING, data, offset + 1)
    if end < 0 or data[end : end + 1] != b'"':
        raise JsonError("a string has no end", offset)
    return end + 1


def _unexpected(data: bytes, offset: int, expected: str) -> JsonError:
    if offset >= len(data):
        return JsonError(f"the file ends where {expected} should stand", offset)
    found = data[offset : offset + 4].decode("utf-8", "replace")[0]
    return JsonError(f"expected {expected}, but got {found!r}", offset)
