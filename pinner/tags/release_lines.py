"""Index of a repository's tags by line: what can follow what, and how far a rolling tag reaches.

A tag is rolling when another of its line goes on where it ends, as 3.12.4 does with 3.12.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.tags.distributions import base_of
from pinner.tags.parse import parse
from pinner.tags.tokens import OPEN, commit_form, is_hash, with_commit, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.tags.model import Key, Tag

_SHORTEST_COMMIT = 7


class Line:
    """The tags with one lead, scheme and variant."""

    def __init__(self, tags: list[Tag]) -> None:
        self.tags = tags
        self._furthest: dict[tuple[int, ...], Key] = {}
        self._counted: dict[tuple[int, ...], int] = {}
        for tag in tags:
            self._add(tag)

    def _add(self, tag: Tag) -> None:
        if tag.pre:
            return
        self._counted[tag.release] = max(len(tag.serials), self._counted.get(tag.release, 0))
        for length in range(1, len(tag.release)):
            prefix = tag.release[:length]
            self._furthest[prefix] = max(tag.key, self._furthest.get(prefix, tag.key))

    def is_rolling(self, tag: Tag) -> bool:
        """Tell whether another tag has the numbers of ``tag`` and more."""
        return tag.release in self._furthest

    def is_extended(self, tag: Tag) -> bool:
        """Tell whether another tag has the numbers of ``tag`` and more of them, or counts builds of it."""
        return self.is_rolling(tag) or self._counted.get(tag.release, 0) > len(tag.serials)

    def reach(self, tag: Tag) -> Key:
        """Return the order of the greatest full version that ``tag`` stands for."""
        return max(tag.key, self._furthest.get(tag.release, tag.key)) if not tag.pre else tag.key


class Lines:
    """The tags of one repository; made once, asked for each tag in use.

    Of the thousands that there may be, those alone are taken apart whose words are those of the tag in use.
    """

    def __init__(self, tags: Iterable[str]) -> None:
        self._commits: set[int] = set()
        self._forms: set[str] = set()
        self._waiting: dict[str, list[str]] = {}
        self._grouped: dict[tuple[str, str, str], list[Tag]] = {}
        self._lines: dict[tuple[str, str, str], Line] = {}
        self._families: dict[str, dict[str, None]] = {}
        for name in dict.fromkeys(tags):
            if len(name) >= _SHORTEST_COMMIT and is_hash(name):
                self._commits.add(len(name))
                continue
            words = words_of(name)
            if words == OPEN:
                self._forms.add(commit_form(name))
            self._waiting.setdefault(words, []).append(name)

    def _read(self, words: str) -> None:
        """Take those tags apart that have these words, and those whose words are not to be told from a commit's."""
        for name in (*self._waiting.pop(words, ()), *self._waiting.pop(OPEN, ())):
            tag = self.parse(name)
            if tag is None:
                continue
            self._grouped.setdefault(tag.line, []).append(tag)
            base = base_of(tag.variant)
            if base is not None:
                self._families.setdefault(base.family, {})[tag.variant] = None

    def parse(self, name: str) -> Tag | None:
        """Return the tag ``name`` in parts, as `parse` does, but digits that are a commit among commits as one."""
        if len(name) in self._commits and name.isdecimal():
            return None
        told = with_commit(name, self._forms) if self._forms else name
        tag = parse(told)
        return tag if tag is None or told == name else tag._replace(text=name)

    def line(self, key: tuple[str, str, str]) -> Line:
        """Return the line of ``key``, which may be empty."""
        if key not in self._lines:
            lead, _, variant = key
            self._read(words_of(lead + variant.replace("<sha>", "")))
            self._lines[key] = Line(self._grouped.get(key, []))
        return self._lines[key]

    def later_bases(self, lead: str, variant: str) -> tuple[str, ...]:
        """Return the variants that differ from ``variant`` in a later number of the base alone, the newest first."""
        base = base_of(variant)
        if base is None:
            return ()
        self._read(words_of(lead + variant.replace("<sha>", "")))
        others = [(other, base_of(other)) for other in self._families.get(base.family, ())]
        later = [(other.number, name) for name, other in others if other is not None and other.number > base.number]
        return tuple([name for _, name in sorted(later, reverse=True)])
