"""Block structure of plain YAML lines: mappings and sequences.

Nothing is said of values or of offsets, so that what is told of a stretch of lines holds wherever the same kinds of
lines follow each other: the documents of a bundle, the services of a file, and what stands in them, are much alike.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.yaml.lines import NotPlainError, place_of_item, place_of_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.formats.yaml.lines import Lines

_MAX_DEPTH = 101
_MOST_KEPT = 10_000
_LONGEST_KEPT = 300


class Block:
    """A collection in some stretch of lines."""

    __slots__ = ("column", "depth", "lines", "numbers", "parts", "size")

    def __init__(
        self,
        column: int,
        numbers: dict[str, int],
        lines: Sequence[int],
        parts: Sequence[Block | None],
        depth: int,
        size: int,
    ) -> None:
        self.column = column
        self.numbers = numbers
        """The keys of a mapping, in order, and which of them each is; empty for a sequence."""
        self.lines = lines
        """Where its keys or items stand, counted from its first line."""
        self.parts = parts
        """What they hold; None where it is on the line."""
        self.depth = depth
        """How many collections are in one another, those in brackets not counted."""
        self.size = size
        """How many nodes there are in it."""


class Blocks:
    """The blocks of stretches of lines, by the kinds of those."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        # By how many dashes of the first line are left aside: `- - a: b` is three collections.
        self._known: tuple[dict[str, Block], ...] = ({}, {}, {}, {})

    def clear(self) -> None:
        """Forget everything."""
        for known in self._known:
            known.clear()

    def of(self, kinds: str, lines: Lines) -> Block:
        """Return the block of lines of these ``kinds``, of which ``lines`` knows; raises `NotPlainError`."""
        known = self._known[0].get(kinds)
        if known is not None:
            return known
        if sum(map(len, self._known)) > _MOST_KEPT:
            self.clear()
        return _Reader(kinds, lines, self._known).read(0, len(kinds), 0, 1)


class _Reader:
    """Takes the lines of one document apart."""

    __slots__ = ("kinds", "known", "of", "places")

    def __init__(self, kinds: str, lines: Lines, known: tuple[dict[str, Block], ...]) -> None:
        self.kinds = kinds
        self.known = known
        self.of = lines.kinds
        self.places = "".join(map(lines.places.__getitem__, kinds))

    def read(self, first: int, end: int, dashes: int, level: int) -> Block:
        """Return the block of the lines from ``first`` to ``end``, as many ``dashes`` of the first left aside."""
        text = self.kinds[first:end]
        block = self.known[dashes].get(text)
        if block is None:
            if level > _MAX_DEPTH:
                raise NotPlainError
            kind = self.of[text[0]]
            is_mapping = dashes == len(kind.columns) - 1
            block = (self._mapping if is_mapping else self._sequence)(first, end, dashes, level)
            if len(text) <= _LONGEST_KEPT:
                self.known[dashes][text] = block
        if level + block.depth - 1 > _MAX_DEPTH:
            raise NotPlainError
        return block

    def _mapping(self, first: int, end: int, dashes: int, level: int) -> Block:
        of, kinds, find = self.of, self.kinds, self.places.find
        column = of[kinds[first]].columns[dashes]
        place = place_of_key(column)
        keys: dict[str, int] = {}
        lines: list[int] = []
        parts: list[Block | None] = []
        depth = size = 0
        line = first
        while line >= 0:
            following = find(place, line + 1, end)
            after = end if following < 0 else following
            _, key, has_value, within = of[kinds[line]]
            part = None
            if line + 1 < after:
                columns = of[kinds[line + 1]].columns
                # A list may stand in the column of its key.
                if has_value or columns[0] < column or (columns[0] == column and len(columns) == 1):
                    raise NotPlainError
                part = self.read(line + 1, after, 0, level + 1)
                size += part.size
                depth = max(depth, part.depth)
            keys[key] = len(lines)
            lines.append(line - first)
            parts.append(part)
            size += within
            line = following
        if len(keys) < len(lines):  # the parsers keep both
            raise NotPlainError
        return Block(column, keys, lines, parts, depth + 1, size + 2 * len(lines))

    def _sequence(self, first: int, end: int, dashes: int, level: int) -> Block:
        of, kinds, find = self.of, self.kinds, self.places.find
        column = of[kinds[first]].columns[dashes]
        place = place_of_item(column)
        lines: list[int] = []
        parts: list[Block | None] = []
        depth = size = 0
        line = first
        while line >= 0:
            following = find(place, line + 1, end)
            after = end if following < 0 else following
            columns, key, _, within = of[kinds[line]]
            aside = dashes + 1 if line == first else 1
            part = None
            if key or aside < len(columns) - 1:
                part = self.read(line, after, aside, level + 1)
                size += part.size
                depth = max(depth, part.depth)
            elif after > line + 1:
                raise NotPlainError
            else:
                size += within
            lines.append(line - first)
            parts.append(part)
            line = following
        return Block(column, {}, lines, parts, depth + 1, size + len(lines))
