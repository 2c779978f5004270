"""Line classifier for plain YAML: a key, an item, a value or nothing.

Block mappings and sequences whose every scalar, plain or in quotes, stands on one line, and short lists and mappings
in brackets. A document with anything else (anchors, tags, tabs that separate, a line that continues another …) is left
to the parsers, whose nodes these must equal: tests compare them.

A line is of a *kind*: where it stands, its dashes and key, and whether there is a value. A kind is written as one
character, so that a document's lines are a short string: what lines make together is told from that (`blocks`).
"""

from __future__ import annotations

import re
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import TypeAlias

_STYLES = ("[", "{", '"', "'", "\u0201")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "t": "\t"}
# Bytes that are no text have no place here, so that what is ASCII need not be made shadow text first.
_CONTROL = r"\x00-\x1F\x7F"
_SHOWN = r"[^\x00-\x08\x0A-\x1F\x7F]*+"
_QUOTED = rf"""\"(?:[^\"\\{_CONTROL}]++|\\[\"\\nt])*+\"|'(?:[^'{_CONTROL}]++|'')*+'"""
_ITEM = rf"(?:{_QUOTED}|-{{0,2}}[A-Za-z0-9_./][A-Za-z0-9_./=+-]*+)"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}+"
# Each part is followed by a comma and another, or by the end: written once, for its compilation takes its time.
_PAIRS = rf"\{{[ ]*+(?:{_NAME}:[ ]++{_ITEM}[ ]*+(?:,[ ]*+(?!\}})|(?=\}})))*+\}}"
_LIST = rf"\[[ ]*+(?:(?:{_ITEM}|{_PAIRS})[ ]*+(?:,[ ]*+(?!\])|(?=\])))*+\]"
SCALAR = "\u0201"
"""Stands for the ``|`` or ``>`` of a block scalar that is known to be one; no text has it."""
# A word of a plain scalar: no `: ` in it, no ` #` before it. The first may not begin as something else does.
_WORD = rf"[^ {_CONTROL}:]*+(?::(?=[^ {_CONTROL}])[^ {_CONTROL}:]*+)*+"
_PLAIN = (
    rf"""(?:[^ {_CONTROL}\-?:,\[\]{{}}#&*!|>'\"%@`]|-(?=[^ {_CONTROL}:])){_WORD}(?:[ ]++[^ {_CONTROL}:#]{_WORD})*+"""
)
_LINE = re.compile(
    rf"""
    ^
    (?P<indent> [ ]*+ )
    (?P<dashes> (?:-[ ]++){{0,3}}+ )
    (?: (?P<key> {_NAME} ) : (?=[ \r\n]|\Z) [ ]*+ )?
    (?P<value> {_QUOTED} | {_LIST} | {_PAIRS} | {SCALAR}[+-]? | {_PLAIN} )?
    [ ]*+ (?: (?<![^ \n]) \#{_SHOWN} )? \r? (?=\n|\Z)
    """,
    re.VERBOSE | re.MULTILINE,
)
PARTS = re.compile(rf"[{{}}]|{_ITEM}")
"""What there is in brackets: scalars, and those of mappings."""
_MOST_KEPT = 50_000
_MOST_KINDS = 1_000_000
_DEEPEST_COLUMN = 10_000
BLANK = "\0"
"""The kind of a line that holds nothing, or a comment."""


class NotPlainError(Exception):
    """There is a line that only the parsers can read."""


class Kind(NamedTuple):
    """What lines of one kind have in common."""

    columns: tuple[int, ...]
    """Of its dashes, and of what follows them."""
    key: str
    """Empty for an item that is a scalar."""
    has_value: bool
    within: int
    """How many nodes there are in the brackets of its value."""


Value: TypeAlias = tuple[str, int, int, str] | None
"""The text of a line's value, where that begins and ends, and its style: the quote of a scalar, or the bracket of a
collection. None where there is no value."""


class Lines:
    """What is known of lines, by their text: most lines of YAML are there again and again, in one file or the next."""

    __slots__ = ("_of_head", "kinds", "of_text", "places", "values")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.of_text: dict[str, str] = {}
        """The kinds of lines."""
        self._of_head: dict[tuple[str, str, str, int], str] = {}
        self.kinds: dict[str, Kind] = {}
        self.places: dict[str, str] = {}
        """Of each kind the character of its column: `place_of_item` or `place_of_key`."""
        self.values = _Values()

    @property
    def is_full(self) -> bool:
        """Whether it is time to forget."""
        return len(self.of_text) > _MOST_KEPT

    def learn(self, texts: Collection[str]) -> None:
        """Tell the kinds of lines of which they are not known; raises `NotPlainError`."""
        found = _LINE.findall("\n".join(texts))
        if len(found) != len(texts):
            raise NotPlainError
        of_text, of_head = self.of_text, self._of_head
        for text, (indent, dashes, key, value) in zip(texts, found, strict=True):
            within = -1 if not value else _count_within(value) if value[0] in "[{" else 0
            head = (indent, dashes, key, within)
            kind = of_head.get(head)
            if kind is None:
                kind = of_head[head] = self._new(*head)
            of_text[text] = kind

    def _new(self, indent: str, dashes: str, key: str, within: int) -> str:
        if not key and not (dashes and within >= 0):
            if dashes or within >= 0:
                raise NotPlainError
            return BLANK
        column = len(indent)
        if column > _DEEPEST_COLUMN or len(self.kinds) >= _MOST_KINDS:
            raise NotPlainError
        columns = [column + match.start() for match in _DASH.finditer(dashes)] if dashes else ()
        new = chr(len(self.kinds) + 1)
        self.kinds[new] = Kind((*columns, column + len(dashes)), key, within >= 0, max(within, 0))
        self.places[new] = place_of_item(column) if dashes else place_of_key(column)
        return new


_DASH = re.compile("-")


@lru_cache(maxsize=1)
def block_scalars() -> re.Pattern[str]:
    """Return what finds block scalars whose indentation their first line shows, each with the line it begins in."""
    return re.compile(
        rf"""
        ^(?P<indent> [ ]*+ ) (?P<dashes> (?:-[ ]++){{0,3}}+ ) (?P<key> {_NAME} : [ ]++ )?
        (?P<mark> [|>] ) [+-]? [ ]*+ (?: (?<=[ ]) \#{_SHOWN} )? \r?\n
        (?: \r?\n )*+
        (?P<margin> [ ]++ ) [^ {_CONTROL}] {_SHOWN}
        (?: \r?\n (?: (?P=margin) {_SHOWN} | [ ]*+ (?=\r?\n|\Z) ) )*+
        (?= (?P<break> \r?\n | \Z ) )
        """,
        re.VERBOSE | re.MULTILINE,
    )


def _count_within(value: str) -> int:
    """Return how many nodes there are in the brackets that ``value`` is."""
    parts = PARTS.findall(value)
    return len(parts) - parts.count("}") - (value[0] == "{")


def place_of_item(column: int) -> str:
    """Return the character of lines that begin with a dash in ``column``."""
    return chr(2 * column)


def place_of_key(column: int) -> str:
    """Return the character of lines that begin with a key in ``column``."""
    return chr(2 * column + 1)


def unquoted(text: str) -> str:
    """Return what ``text`` reads as, in quotes or not."""
    if text[0] == "'":
        return text[1:-1].replace("''", "'")
    if text[0] == '"':
        inner = text[1:-1]
        return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), inner) if "\\" in inner else inner
    return text


class _Values(dict[str, Value]):
    """The values of lines by their text, for the few that anybody asks for."""

    def __missing__(self, line: str) -> Value:
        match = _LINE.match(line)
        value = None
        if match is not None and match["value"] is not None:
            text = match["value"]
            style = text[0] if text[0] in _STYLES else ""
            value = (unquoted(text), *match.span("value"), style)
        self[line] = value
        return value
