"""Fit sections of rows into a limit: whole rows or none, and a word for those that are left out."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Section(NamedTuple):
    """A stretch of text that may lose its last rows, or go altogether."""

    opening: str
    rows: tuple[str, ...] = ()
    closing: str = ""
    more: Callable[[int], str] = str
    """Returns the row that stands for as many rows left out."""


def size(text: str) -> int:
    """Return the length of ``text`` in UTF-16 code units: no forge counts more of them than that."""
    return len(text) + sum(character > "\uffff" for character in text)


def fitted(section: Section, room: int) -> str:
    """Return as much of ``section`` as ``room`` code units hold, from all to nothing; never an opening alone."""
    frame = size(section.opening) + size(section.closing)
    whole = frame + sum(map(size, section.rows))
    if whole <= room:
        return section.opening + "".join(section.rows) + section.closing
    ends = list(accumulate(map(size, section.rows)))
    for count in range(len(section.rows) - 1, 0, -1):
        more = section.more(len(section.rows) - count)
        if frame + ends[count - 1] + size(more) <= room:
            return section.opening + "".join(section.rows[:count]) + more + section.closing
    return ""


def joined(sections: Sequence[Section], order: Sequence[int], end: str, limit: int) -> str:
    """Return ``sections`` one below the other and ``end`` below them, in ``limit`` code units.

    ``order`` says who takes room first. ``end`` is always there in full, even where it alone is over the limit.
    """
    between = "\n"
    room = limit - size(end)
    texts = [""] * len(sections)
    for place in order:
        texts[place] = fitted(sections[place], room - size(between))
        room -= size(texts[place]) + size(between) if texts[place] else 0
    return between.join([*filter(None, texts), end])
