"""The YAML that nearly all files keep to, read line by line: many times as fast as the events of a parser.

Block mappings and sequences whose every scalar, plain or in quotes without an escape, stands on one line, and short
lists in brackets. A document with anything else (anchors, tags, block scalars, tabs that separate, a line that
continues another …) is not read here at all, and left to the parsers, whose nodes these must equal: tests compare them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from pinner.formats.yamlnodes.nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from pinner.formats.yamlnodes.nodes import Node

_MAX_DEPTH = 100
_IN_BRACKETS, _NOT_IN_BRACKETS = True, False
_QUOTES = ('"', "'")
_START = re.compile(r"---[ ]*+(?:(?<=[ ])#[^\r\n]*+)?(?:\r?\n|\Z)")
_BLANK = re.compile(r"[ ]*+(?:#[^\r\n]*+)?\r?")
_QUOTED = r"""\"[^\"\\\t\r\n]*+\"|'[^'\t\r\n]*+'"""
_ITEM = rf"(?:{_QUOTED}|-{{0,2}}[A-Za-z0-9_./][A-Za-z0-9_./=+-]*+)"
# A word of a plain scalar: no `: ` in it, no ` #` before it. The first may not begin as something else does.
_WORD = r"[^\s:]*+(?::(?=\S)[^\s:]*+)*+"
_PLAIN = rf"""(?:[^\s\-?:,\[\]{{}}#&*!|>'\"%@`]|-(?=[^\s:])){_WORD}(?:[ ]++[^\s:#]{_WORD})*+"""
_LINE = re.compile(
    rf"""
    (?P<indent> [ ]*+ )
    (?P<dashes> (?:-[ ]++){{0,3}}+ )
    (?: (?P<key> [A-Za-z0-9_][A-Za-z0-9_./-]{{0,200}}+ ) : (?=[ \r]|\Z) [ ]*+ )?
    (?P<value> {_QUOTED} | \[[ ]*+(?:{_ITEM}[ ]*+(?:,[ ]*+{_ITEM}[ ]*+)*+)?\] | \{{[ ]*+\}} | {_PLAIN} )?
    [ ]*+ (?: (?<=[ ]) \#[^\r\n]*+ )? \r?
    """,
    re.VERBOSE,
)
_ITEMS = re.compile(_ITEM)
_NOWHERE = -2
_MOST_KEPT = 20_000
_LONGEST_KEPT = 200
_BRACKETS = ("[", "{")
_PENDING = Scalar("", 0, 0, "", None, None)
"""Stands where a value will."""


class _NotPlainError(Exception):
    """There is a line that only the parsers can read."""


class _Shapes(dict[str, "_Shape"]):
    """What lines are, by their text: most lines of YAML are there again and again, in one file or the next."""

    def __missing__(self, line: str) -> _Shape:
        shape = _shape(line)
        if len(line) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[line] = shape
        return shape


_Shape: TypeAlias = "tuple[int, int, str, str | None, int, str | None, int, int, str]"
"""A line: its length with LF, indentation (-1 for a line without anything), dashes, key, where that begins, value,
where that begins and ends, its style.

The style is the quote of a scalar, or the bracket of a collection. No named tuple: those are slower to unpack.
"""
_shapes = _Shapes()


def _shape(line: str) -> _Shape:
    """Return what ``line``, without its LF, is; raises `_NotPlainError`."""
    if _BLANK.fullmatch(line):
        return len(line) + 1, -1, "", None, 0, None, 0, 0, ""
    match = _LINE.fullmatch(line)
    if match is None:
        raise _NotPlainError
    indent, dashes, key, value = match.groups()
    if key is None and (value is None or not dashes):
        raise _NotPlainError
    size, column, key_start = len(line) + 1, len(indent), len(indent) + len(dashes)
    if value is None:
        return size, column, dashes, key, key_start, None, 0, 0, ""
    style = value[0] if value[0] in "[{\"'" else ""
    start, end = match.span("value")
    text = value[1:-1] if style in _QUOTES else value
    return size, column, dashes, key, key_start, text, start, end, style


def read_lines(text: str, base: int) -> tuple[tuple[Node, ...], int] | None:
    """Return the root of the document ``text`` (shadow text), if any, and how many nodes it has.

    Offsets count from ``base``, that of the text in its file. None where the text is not plain enough.
    """
    if text.endswith("\r"):  # the end of a line to parsers; to us where LF follows
        return None
    start = _START.match(text) if text.startswith("---") else None
    reader = _Reader()
    try:
        if start is None:
            reader.read(text, base)
        else:
            reader.read(text[start.end() :], base + start.end())
    except _NotPlainError:
        return None
    roots = reader.document.children
    # After `---`, nothing is a null.
    return (tuple(roots), reader.count) if roots or start is None else None


class _Reader:
    """Puts lines where they belong: into the innermost collection that is open at their column."""

    __slots__ = ("column", "count", "document", "index", "items", "key", "outer", "starts", "waits")

    def __init__(self) -> None:
        self.count = 0
        self.document = Sequence([], 0, None, None, _NOT_IN_BRACKETS)
        """Holds the root."""
        self.items: list[Node] | None = self.document.children
        """Of the innermost open collection; None where it is a mapping."""
        self.index: dict[str, Node] = {}
        """Of the innermost open collection, where it is a mapping."""
        self.starts: list[int] = []
        """Where its keys stand."""
        self.column = -1
        """Of the innermost open collection; that of the document is -1."""
        self.key = ""
        """The last key, where it has no value yet."""
        self.waits = True
        """Whether it is a mapping whose last key has no value yet, or the document without a root."""
        self.outer: list[tuple[int, list[Node] | None, dict[str, Node], list[int]]] = []

    def read(self, text: str, position: int) -> None:
        """Read ``text``, which stands at ``position``; raises `_NotPlainError`."""
        shapes = _shapes
        end = position
        most = position + len(text)
        here = _NOWHERE  # where a line may go on without a further question
        index, starts = self.index, self.starts
        for line in text.split("\n"):
            size, column, dashes, key, key_start, value, start, after, style = shapes[line]
            if dashes or column != here:
                if column < 0:
                    position += size
                    continue
                self._enter(column, dashes, position + column, has_key=key is not None)
                index, starts = self.index, self.starts
                here = self.column if self.items is None else _NOWHERE
            if key is not None:
                if key in index:  # the parsers keep both
                    raise _NotPlainError
                starts.append(position + key_start)
                if value is None:
                    self.key = key
                    self.waits = True
                    here = _NOWHERE
                    index[key] = _PENDING
                elif style in _BRACKETS:
                    index[key] = self._short(value, position + start)
                else:
                    index[key] = Scalar(value, position + start, position + after, style, None, None)
            elif self.items is not None and value is not None:
                self.items.append(
                    self._short(value, position + start)
                    if style in _BRACKETS
                    else Scalar(value, position + start, position + after, style, None, None)
                )
            position += size
            end = position
        if self.column >= 0:
            self._close(-1, min(end, most))
        self.count += len(self.document.children)

    def _enter(self, column: int, dashes: str, offset: int, *, has_key: bool) -> None:
        """Close what ends before a line at ``column``, and open what begins with it."""
        if column < self.column:
            self._close(column, offset)
        if dashes:
            if self.items is None or self.column != column:
                self._open_sequence(offset, column)
            if len(dashes) > 2:  # noqa: PLR2004 - `- ` is one item
                self._open_further(dashes, offset, column)
            self.waits = has_key  # an item may be anything
            if has_key:
                self._open_mapping(offset + len(dashes), column + len(dashes))
            return
        if self.items is not None and self.column == column:  # a list at the column of its key ends
            self._pop()
        if self.column != column:
            self._open_mapping(offset, column)
            return
        # A mapping: two lists never begin in one column.
        if self.waits:
            self._add_nothing(offset)

    def _close(self, column: int, offset: int) -> None:
        """Close the collections deeper than ``column``."""
        if self.waits:
            self._add_nothing(offset)
        while column < self.column:
            self._pop()

    def _pop(self) -> None:
        items = self.items
        # The keys and their values, or the items.
        self.count += 2 * len(self.starts) if items is None else len(items)
        self.column, self.items, self.index, self.starts = self.outer.pop()

    def _open_mapping(self, offset: int, column: int) -> None:
        """Open a mapping as the value that is waited for."""
        outer, items = self.outer, self.items
        if not self.waits or len(outer) > _MAX_DEPTH:
            raise _NotPlainError
        index: dict[str, Node] = {}
        starts: list[int] = []
        mapping = Mapping(None, offset, None, None, _NOT_IN_BRACKETS, index, starts)
        if items is None:
            self.index[self.key] = mapping
        else:
            items.append(mapping)
        outer.append((self.column, items, self.index, self.starts))
        self.waits = False
        self.column, self.items, self.index, self.starts = column, None, index, starts

    def _open_sequence(self, offset: int, column: int) -> None:
        """Open a sequence as the value that is waited for."""
        if not self.waits or len(self.outer) > _MAX_DEPTH:
            raise _NotPlainError
        items: list[Node] = []
        self._add(Sequence(items, offset, None, None, _NOT_IN_BRACKETS))
        self.outer.append((self.column, self.items, self.index, self.starts))
        self.column, self.items = column, items

    def _open_further(self, dashes: str, offset: int, column: int) -> None:
        """Open the sequences that are items themselves, behind the first of ``dashes``."""
        further = 0
        while (further := dashes.find("-", further + 1)) > 0:
            self.waits = True
            self._open_sequence(offset + further, column + further)

    def _add(self, node: Node) -> None:
        """Add what is waited for."""
        if self.items is None:
            self.index[self.key] = node
        else:
            self.items.append(node)
        self.waits = False

    def _add_nothing(self, offset: int) -> None:
        self._add(Scalar("", offset, offset, "", None, None))

    def _short(self, value: str, offset: int) -> Node:
        """Return the collection that ``value`` spells in brackets: a list, or an empty mapping."""
        items: list[Node] = []
        for match in _ITEMS.finditer(value):
            text, start, end = match[0], offset + match.start(), offset + match.end()
            style = text[0] if text[0] in _QUOTES else ""
            items.append(Scalar(text[1:-1] if style else text, start, end, style, None, None))
        self.count += len(items)
        return (Sequence if value[0] == "[" else Mapping)(items, offset, None, None, _IN_BRACKETS)
