"""How lines of plain YAML stand together: which of them are a mapping, and which a sequence, told from their kinds.

Nothing is said of values or of offsets, so that what is told of a stretch of lines holds wherever the same kinds of
lines follow each other: the documents of a bundle, the services of a file, and what stands in them, are much alike.
"""

from __future__ import annotations

from pinner.formats.yamlnodes.lines import NotPlainError, place_of_item, place_of_key
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.formats.yamlnodes.lines import Lines

_MAX_DEPTH = 101
_MOST_KEPT = 20_000
_LONGEST_KEPT = 1_000


class Block:
    """A collection in some stretch of lines."""

    __slots__ = ("column", "depth", "keys", "lines", "numbers", "parts", "size")

    def __init__(
        self,
        column: int,
        keys: tuple[str, ...] | None,
        lines: tuple[int, ...],
        parts: tuple[Block | None, ...],
        within: int,
    ) -> None:
        self.column = column
        self.keys = keys
        """None for a sequence."""
        self.numbers = {} if keys is None else dict(zip(keys, range(len(keys)), strict=True))
        """Which of the keys each is."""
        self.lines = lines
        """Where its keys or items stand, counted from its first line."""
        self.parts = parts
        """What they hold; None where it is on the line."""
        inner = [part for part in parts if part is not None]
        self.depth: int = 1 + max([part.depth for part in inner], default=0)
        self.size: int = sum([part.size for part in inner]) + len(lines) * (1 if keys is None else 2) + within
        """How many nodes there are in it; of them, as many as ``within`` stand in brackets on its own lines."""


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
        of, kinds = self.of, self.kinds
        column = of[kinds[first]].columns[dashes]
        found = self._each(place_of_key(column), first, end)
        own = [of[kinds[line]] for line in found]
        keys = tuple([kind.key for kind in own])
        within = sum([kind.within for kind in own])
        if len(set(keys)) < len(keys):  # the parsers keep both
            raise NotPlainError
        if len(found) == end - first:
            return Block(column, keys, tuple(range(len(found))), (None,) * len(found), within)
        parts: list[Block | None] = []
        for line, after in zip(found, [*found[1:], end], strict=True):
            below = line + 1
            if below == after:
                parts.append(None)
                continue
            columns = of[kinds[below]].columns
            # A list may stand in the column of its key.
            if of[kinds[line]].has_value or not (columns[0] > column or (columns[0] == column and len(columns) > 1)):
                raise NotPlainError
            parts.append(self.read(below, after, 0, level + 1))
        return Block(column, keys, tuple([line - first for line in found]), tuple(parts), within)

    def _sequence(self, first: int, end: int, dashes: int, level: int) -> Block:
        of, kinds = self.of, self.kinds
        column = of[kinds[first]].columns[dashes]
        found = self._each(place_of_item(column), first, end)
        parts: list[Block | None] = []
        within = 0
        for line, after in zip(found, [*found[1:], end], strict=True):
            dashes = dashes + 1 if line == first else 1
            kind = of[kinds[line]]
            if kind.key or dashes < len(kind.columns) - 1:
                parts.append(self.read(line, after, dashes, level + 1))
            elif after > line + 1:
                raise NotPlainError
            else:
                within += kind.within
                parts.append(None)
        return Block(column, None, tuple([line - first for line in found]), tuple(parts), within)

    def _each(self, place: str, first: int, end: int) -> list[int]:
        """Return ``first`` and the lines of ``place`` after it."""
        find = self.places.find
        found = []
        while first >= 0:
            found.append(first)
            first = find(place, first + 1, end)
        return found
