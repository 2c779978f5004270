"""The YAML that nearly all files keep to, read line by line: many times as fast as the events of a parser.

Block mappings and sequences whose every scalar, plain or in quotes without an escape, stands on one line, and short
lists in brackets. A document with anything else (anchors, tags, block scalars, tabs that separate, a line that
continues another …) is not read here at all, and left to the parsers, whose nodes these must equal: tests compare them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.formats.yamlnodes.nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from pinner.formats.yamlnodes.nodes import Node

_MAX_DEPTH = 100
_IN_BRACKETS, _NOT_IN_BRACKETS = True, False
_QUOTES = "\"'"
_START = re.compile(r"---[ ]*+(?:(?<=[ ])#[^\r\n]*+)?(?:\r?\n|\Z)")
_BLANK = r"(?:[ ]*+(?:\#[^\r\n]*+)?\r?\n)*+"
_REST = re.compile(_BLANK + r"[ ]*+(?:#[^\r\n]*+)?\Z")
_QUOTED = r"""\"[^\"\\\t\r\n]*+\"|'[^'\t\r\n]*+'"""
_ITEM = rf"(?:{_QUOTED}|-{{0,2}}[A-Za-z0-9_./][A-Za-z0-9_./=+-]*+)"
# A word of a plain scalar: no `: ` in it, no ` #` before it. The first may not begin as something else does.
_WORD = r"[^\s:]*+(?::(?=\S)[^\s:]*+)*+"
_PLAIN = rf"""(?:[^\s\-?:,\[\]{{}}#&*!|>'\"%@`]|-(?=[^\s:])){_WORD}(?:[ ]++[^\s:#]{_WORD})*+"""
_LINE = re.compile(
    rf"""
    {_BLANK}  # before it
    (?P<indent> [ ]*+ )
    (?P<dashes> (?:-[ ]++){{0,3}}+ )
    (?: (?P<key> [A-Za-z0-9_][A-Za-z0-9_./-]{{0,200}}+ ) : (?=[ \r\n]|\Z) [ ]*+ )?
    (?P<value> {_QUOTED} | \[[ ]*+(?:{_ITEM}[ ]*+(?:,[ ]*+{_ITEM}[ ]*+)*+)?\] | \{{[ ]*+\}} | {_PLAIN} )?
    [ ]*+ (?: (?<=[ ]) \#[^\r\n]*+ )? (?: \r?\n | \Z )
    """,
    re.VERBOSE,
)
_ITEMS = re.compile(_ITEM)


def read_lines(text: str, base: int) -> tuple[tuple[Node, ...], int] | None:
    """Return the root of the document ``text`` (shadow text), if any, and how many nodes it has.

    Offsets count from ``base``, that of the text in its file. None where the text is not plain enough.
    """
    start = _START.match(text)
    reader = _Reader(base)
    position = reader.read(text, 0 if start is None else start.end())
    if not _REST.match(text, position):
        return None
    reader.close(-1, base + position)
    # After `---`, nothing is a null.
    return (tuple(reader.roots), reader.count) if reader.roots or start is None else None


class _Reader:
    """Puts lines where they belong: into the innermost collection that is open at their column."""

    __slots__ = ("base", "children", "column", "count", "in_sequence", "outer", "roots", "waits")

    def __init__(self, base: int) -> None:
        self.base = base
        self.count = 0
        self.roots: list[Node] = []
        self.children = self.roots
        """Of the innermost open collection."""
        self.column = -1
        """Of the innermost open collection; that of the document is -1."""
        self.in_sequence = False
        self.waits = True
        """Whether it is a mapping whose last key has no value yet, or the document without a root."""
        self.outer: list[tuple[int, bool, list[Node]]] = []

    def read(self, text: str, position: int) -> int:
        """Read the lines from ``position`` on, and return where that ended: before one not plain enough."""
        base = self.base
        add = self.children.append
        mapping_column = -2  # where a line may go on without a further question
        for match in _LINE.finditer(text, position):
            if match.start() != position:
                break
            indent, dashes, key, value = match.groups()
            offset = base + match.start(2)
            if dashes or len(indent) != mapping_column:
                if (key is None and (value is None or not dashes)) or not self._enter(
                    len(indent), dashes, offset, has_key=key is not None
                ):
                    break
                offset += len(dashes)
                add = self.children.append
                mapping_column = -2 if self.in_sequence else self.column
            elif key is None:
                break
            position = match.end()
            if key is not None:
                add(Scalar(key, offset, offset + len(key), "", None, None))
                self.count += 1
                if value is None:
                    self.waits = True
                    mapping_column = -2
                    continue
            if value[0] in "[{":
                self._add_short(value, base + match.start(4))
            else:
                offset = base + match.start(4)
                style = value[0]
                if style in _QUOTES:
                    add(Scalar(value[1:-1], offset, offset + len(value), style, None, None))
                else:
                    add(Scalar(value, offset, offset + len(value), "", None, None))
                self.count += 1
        return position

    def _enter(self, column: int, dashes: str, offset: int, *, has_key: bool) -> bool:
        """Close what ends before a line at ``column``, and open what begins with it; False where it fits nowhere."""
        if column < self.column:
            self.close(column, offset)
        if dashes:
            if not (self.in_sequence and self.column == column) and not self._open(Sequence, offset, column):
                return False
            further = 0
            while (further := dashes.find("-", further + 1)) > 0:
                self.waits = True  # an item may be anything
                if not self._open(Sequence, offset + further, column + further):
                    return False
            self.waits = has_key
            return not has_key or self._open(Mapping, offset + len(dashes), column + len(dashes))
        if self.in_sequence and self.column == column:  # a list at the column of its key ends
            self.column, self.in_sequence, self.children = self.outer.pop()
        if self.column != column:
            return self._open(Mapping, offset, column)
        if self.waits:
            self._add_nothing(offset)
        return not self.in_sequence

    def close(self, column: int, offset: int) -> None:
        """Close the collections deeper than ``column``."""
        while column < self.column:
            if self.waits:
                self._add_nothing(offset)
            self.column, self.in_sequence, self.children = self.outer.pop()

    def _open(self, make: type[Mapping | Sequence], offset: int, column: int) -> bool:
        """Open a collection as the value that is waited for; False where none is, or too many are open."""
        if not self.waits or len(self.outer) > _MAX_DEPTH:
            return False
        children: list[Node] = []
        self.children.append(make(children, offset, None, None, _NOT_IN_BRACKETS))
        self.count += 1
        self.outer.append((self.column, self.in_sequence, self.children))
        self.column, self.in_sequence, self.children = column, make is Sequence, children
        self.waits = False
        return True

    def _add_nothing(self, offset: int) -> None:
        self.children.append(Scalar("", offset, offset, "", None, None))
        self.count += 1
        self.waits = False

    def _add_short(self, value: str, offset: int) -> None:
        """Add the collection that ``value`` spells in brackets: a list, or an empty mapping."""
        make = Sequence if value[0] == "[" else Mapping
        items: list[Node] = []
        for match in _ITEMS.finditer(value):
            text, start, end = match[0], offset + match.start(), offset + match.end()
            style = text[0] if text[0] in _QUOTES else ""
            items.append(Scalar(text[1:-1] if style else text, start, end, style, None, None))
        self.children.append(make(items, offset, None, None, _IN_BRACKETS))
        self.count += 1 + len(items)
