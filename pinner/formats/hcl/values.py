"""HCL values: templates, objects, lists and calls of an expression, with byte offsets.

Read on demand: of most attributes nobody wants to know the value. JSON is read by the same rules, a JSON document in a
heredoc too. What is worked out (operators, conditions, ``for``) is `Other`.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.hcl.tokens import BLANK, HEREDOC, QUOTED, TOKEN, HclError, Skipper
from pinner.formats.yaml.scalars import SourceText
from pinner.limits import HCL_DEPTH

if TYPE_CHECKING:
    from typing import TypeAlias

_LONGEST_TEXT = 4_000
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([$%])\4\{", re.DOTALL)
_SHORT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_KEY_MARK = re.compile(rb"[ \t\r]*+[=:](?![=>])")
_INDEX = re.compile(rb'\["([A-Za-z_][\w-]*)"\]')
"""``["name"]``, which is another way to write ``.name``."""
_MOST_OF_UNICODE = 0x10FFFF


class Piece(NamedTuple):
    """A part of a template: literal text, or what is filled in."""

    start: int
    end: int
    """Of a hole those of the expression inside, without ``${`` and ``}``."""
    is_hole: bool = False
    is_directive: bool = False
    """Whether it is ``%{ … }``."""


class Template(NamedTuple):
    """A string or a heredoc."""

    start: int
    """Of its text."""
    end: int
    pieces: tuple[Piece, ...]
    is_heredoc: bool = False

    @property
    def is_literal(self) -> bool:
        """Whether nothing is filled in."""
        return not any(piece.is_hole for piece in self.pieces)


class Object(NamedTuple):
    """``{ key = value }`` or ``{"key": value}``; a key that is worked out is None."""

    items: tuple[tuple[str | None, Value], ...]
    start: int
    end: int


class Array(NamedTuple):
    """``[a, b]``."""

    values: tuple[Value, ...]
    start: int
    end: int


class Call(NamedTuple):
    """``function(a, b)``."""

    name: str
    arguments: tuple[Value, ...]
    start: int
    end: int


class Name(NamedTuple):
    """A word: ``var.image``, ``docker_image.web.image_id``, ``true``, ``12``."""

    text: str
    start: int
    end: int


class Other(NamedTuple):
    """What is worked out in another way."""

    start: int
    end: int


Value: TypeAlias = "Template | Object | Array | Call | Name | Other"


def read_value(data: bytes, start: int, end: int) -> Value:
    """Return the value of the expression in ``data`` from ``start`` to ``end``; `Other` where it cannot be told."""
    try:
        value, position = _Values(data, end).element(start, lines=False, depth=0)
    except HclError:
        return Other(start, end)
    space = BLANK.match(data, position, end)
    return value if space is not None and space.end() == end else Other(start, end)


class _Values:
    """Reads values up to an offset of the file."""

    __slots__ = ("_data", "_end", "_skipper")

    def __init__(self, data: bytes, end: int) -> None:
        self._data = data
        self._end = end
        self._skipper = Skipper(data)

    def element(self, position: int, *, lines: bool, depth: int) -> tuple[Value, int]:
        """Return the value at ``position`` and the offset after it; `Other` where more than an operand stands there."""
        start = self._blank(position)
        if depth > HCL_DEPTH:
            raise HclError(f"it is nested over {HCL_DEPTH} levels deep", start)
        value, position = self._operand(start, depth)
        after = self._skipper.after_expression(position, self._end, lines=lines, operand=True)
        rest = BLANK.match(self._data, position, after)
        if rest is None or rest.end() < after:
            return Other(start, after), after
        return value, after

    def _operand(self, start: int, depth: int) -> tuple[Value, int]:
        match = TOKEN.match(self._data, start, self._end)
        kind = match.lastgroup if match is not None else None
        if match is None or kind in ("close", "comma"):
            return Other(start, start), start
        if kind == "quote":
            return self._string(match.end())
        if kind == "heredoc":
            return self._heredoc(match.end(), match["marker"])
        if kind == "word":
            return self._word(match, depth)
        if kind == "open":
            return self._bracket(match, depth)
        return Other(start, start), start

    def _word(self, match: re.Match[bytes], depth: int) -> tuple[Value, int]:
        text, position = match["word"].decode("utf-8", "replace"), match.end()
        if not self._data.startswith(b"(", position, self._end):
            while (index := _INDEX.match(self._data, position, self._end)) is not None:
                text, position = f"{text}.{index[1].decode()}", index.end()
            return Name(text, match.start("word"), position), position
        arguments, position = self._values(position + 1, b")", depth)
        return Call(text, arguments, match.start("word"), position), position

    def _bracket(self, match: re.Match[bytes], depth: int) -> tuple[Value, int]:
        mark, start = match["open"], match.start("open")
        if mark == b"(":
            value, position = self.element(match.end(), lines=False, depth=depth + 1)
            return value, self._closed(position, b")")
        first = TOKEN.match(self._data, self._blank(match.end()), self._end)
        if first is not None and first["word"] == b"for":
            closing = b"}" if mark == b"{" else b"]"
            position = self._skipper.after_expression(match.end(), self._end, lines=False)
            while self._data.startswith(b",", position, self._end):
                position = self._skipper.after_expression(position + 1, self._end, lines=False)
            position = self._closed(position, closing)
            return Other(start, position), position
        if mark == b"[":
            values, position = self._values(match.end(), b"]", depth)
            return Array(values, start, position), position
        items, position = self._items(match.end(), depth)
        return Object(items, start, position), position

    def _values(self, position: int, closing: bytes, depth: int) -> tuple[tuple[Value, ...], int]:
        """Return the values up to ``closing`` and the offset after that."""
        values: list[Value] = []
        while True:
            position = self._blank(position)
            if self._data.startswith(closing, position, self._end):
                return tuple(values), position + 1
            before = position
            value, position = self.element(position, lines=False, depth=depth + 1)
            if position == before:
                raise HclError("a value is missing", position)
            values.append(value)

    def _items(self, position: int, depth: int) -> tuple[tuple[tuple[str | None, Value], ...], int]:
        items: list[tuple[str | None, Value]] = []
        while True:
            position = self._blank(position)
            if self._data.startswith(b"}", position, self._end):
                return tuple(items), position + 1
            key, position = self._key(position, depth)
            mark = _KEY_MARK.match(self._data, position, self._end)
            if mark is None:
                raise HclError("a key has no value", position)
            value, position = self.element(mark.end(), lines=True, depth=depth + 1)
            items.append((key, value))

    def _key(self, position: int, depth: int) -> tuple[str | None, int]:
        is_name = not self._data.startswith(b"(", position, self._end)
        value, position = self._operand(position, depth + 1)
        if type(value) is Name and is_name:
            return value.text, position
        if type(value) is Template and is_name and value.is_literal:
            text = literal_text(self._data, value)
            return None if text is None else str(text), position
        return None, position

    def _string(self, start: int) -> tuple[Value, int]:
        """Return the string whose text begins at ``start``."""
        pieces: list[Piece] = []
        position = start
        while True:
            plain = QUOTED.match(self._data, position, self._end)
            after = plain.end() if plain is not None else position
            if after > position:
                pieces.append(Piece(position, after))
            if self._data.startswith(b'"', after, self._end):
                return Template(start, after, tuple(pieces)), after + 1
            if self._data[after : after + 1] not in (b"$", b"%"):
                raise HclError("a string has no end on its line", after)
            position = self._hole(after, pieces)

    def _heredoc(self, start: int, marker: bytes) -> tuple[Value, int]:
        pieces: list[Piece] = []
        begun = position = start
        while (match := HEREDOC.search(self._data, position, self._end)) is not None:
            position = match.end()
            is_end = match["marker"] == marker
            if not is_end and not match["interpolation"]:
                continue
            if match.start() > begun:
                pieces.append(Piece(begun, match.start()))
            if is_end:
                return Template(start, match.start(), tuple(pieces), is_heredoc=True), position
            begun = position = self._hole(match.start(), pieces)
        raise HclError("a heredoc has no end", self._end)

    def _hole(self, mark: int, pieces: list[Piece]) -> int:
        """Keep what is filled in by the ``${`` or ``%{`` at ``mark``, and return the offset after it."""
        after = self._skipper.after_template(mark + 2, self._end)
        if not self._data.startswith(b"}", after - 1, self._end):
            raise HclError("brackets do not match", after - 1)
        inner = self._data[mark + 2 : after - 1]
        start = mark + 2 + inner.startswith(b"~")
        end = after - 1 - inner.endswith(b"~")
        directive = self._data.startswith(b"%", mark)
        pieces.append(Piece(start, max(end, start), is_hole=True, is_directive=directive))
        return after

    def _blank(self, position: int) -> int:
        space = BLANK.match(self._data, position, self._end)
        return space.end() if space is not None else position

    def _closed(self, position: int, closing: bytes) -> int:
        position = self._blank(position)
        if not self._data.startswith(closing, position, self._end):
            raise HclError("brackets do not match", position)
        return position + 1


def literal_text(data: bytes, template: Template, longest: int = _LONGEST_TEXT) -> SourceText | None:
    """Return what ``template``, in which nothing is filled in, means, and where each of its bytes stands in ``data``.

    None where an escape is wrong, or the text over ``longest`` bytes.
    """
    start, end = template.start, template.end
    if end - start > longest:
        return None
    raw = data[start:end]
    if b"\\" not in raw and b"{" not in raw:
        return SourceText(raw, range(start, end), range(start + 1, end + 1))
    parts = bytearray()
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for match in _ESCAPE.finditer(raw):
        character = _character(match, is_heredoc=template.is_heredoc)
        if character is None:
            return None
        parts += raw[position : match.start()] + character
        starts += [*range(start + position, start + match.start()), *[start + match.start()] * len(character)]
        ends += [*range(start + position + 1, start + match.start() + 1), *[start + match.end()] * len(character)]
        position = match.end()
    parts += raw[position:]
    starts += range(start + position, end)
    ends += range(start + position + 1, end + 1)
    return SourceText(bytes(parts), starts, ends)


def _character(match: re.Match[bytes], *, is_heredoc: bool) -> bytes | None:
    """Return what an escape stands for."""
    if match[4]:
        return match[4] + b"{"
    if is_heredoc:
        return match[0]
    if match[3]:
        return _SHORT.get(match[3], match[3])
    number = int(match[1] or match[2], 16)
    return None if number > _MOST_OF_UNICODE else chr(number).encode("utf-8", "surrogatepass")
