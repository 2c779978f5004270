"""Choice among a repository's tags: which may follow the one in use, at which level, the best first."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.tags.distributions import forbids
from pinner.tags.model import LEVELS, Candidates, Note, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.tags.model import Key, Level, Options, Reason
    from pinner.tags.release_lines import Line, Lines

_UNCOUNTED = ("date", "codename")
"""Schemes in which the number of numbers means nothing."""
_DATES = ("date", "stamp")
_LONGEST_MAJOR = 6
"""Digits. A longer number alone is a commit or a count, and not what a maker of 1.9 calls the next version."""


class _Found(NamedTuple):
    """A tag that may follow, and how far it reaches."""

    tag: Tag
    reach: Key
    base: int
    """0 in the variant in use; else its place among the later bases, the newest greatest."""


def level_between(current: Tag, tag: Tag) -> Level:
    """Return how great the step from ``current`` to ``tag`` is: by the place of the first number that differs."""
    if tag.scheme == "codename":
        return "major" if tag.release != current.release else "patch"
    if tag.scheme in _DATES:
        return "minor" if tag.release != current.release else "patch"
    longest = max(len(current.release), len(tag.release))
    pairs = zip(_padded(current.release, longest), _padded(tag.release, longest), strict=True)
    first = next((index for index, (old, new) in enumerate(pairs) if old != new), len(LEVELS))
    return ("major", "minor")[first] if first < len(LEVELS) - 1 else "patch"


def find_candidates(image: str, current: str, lines: Lines, options: Options, level: Level) -> Candidates:
    """Return the tags of ``image`` that may follow ``current``, in steps of at most ``level``, the best first.

    ``lines`` are all tags of the repository, ``image`` is its full name.
    """
    tag = lines.parse(current)
    return Candidates(()) if tag is None else _Search(image, tag, lines, options, level).run()


class _Search:
    """One search for what may follow a tag."""

    def __init__(self, image: str, current: Tag, lines: Lines, options: Options, level: Level) -> None:
        self._image = image
        self._current = current
        self._lines = lines
        self._options = options
        self._allowed = LEVELS[: LEVELS.index(level) + 1]
        self._notes: dict[Reason, Tag] = {}

    def run(self) -> Candidates:
        """Return what was found."""
        own = [_Found(tag, line.reach(tag), 0) for line, tag in self._successors(self._current)]
        reached = max([self._reach(), *(found.reach for found in own)])
        later = [found for found in self._on_later_bases() if found.reach > reached]
        if later and not self._options.follow:
            self._notes["variant-ended"] = max(later, key=self._rank).tag
        ranked = sorted([*own, *later] if self._options.follow else own, key=self._rank, reverse=True)
        notes = tuple([Note(reason, tag.text) for reason, tag in self._notes.items()])
        return Candidates(tuple([found.tag for found in ranked]), notes)

    def _reach(self) -> Key:
        return self._lines.line(self._current.line).reach(self._current)

    def _on_later_bases(self) -> Iterator[_Found]:
        variants = self._lines.later_bases(self._current.lead, self._current.variant)
        for place, variant in enumerate(reversed(variants), 1):
            moved = self._current._replace(variant=variant)
            for line, tag in self._successors(moved, at_least=True):
                yield _Found(tag, line.reach(tag), place)

    def _successors(self, current: Tag, *, at_least: bool = False) -> Iterator[tuple[Line, Tag]]:
        """Yield what may follow ``current`` in its line; with ``at_least`` also what is as late."""
        own = self._lines.line(current.line)
        is_rolling = self._lines.line(self._current.line).is_rolling(self._current)
        for line in (own, *self._other_schemes(current)):
            for tag in line.tags:
                if (tag.key > current.key or (at_least and tag.key == current.key)) and self._may(
                    line, tag, is_rolling
                ):
                    yield line, tag

    def _other_schemes(self, current: Tag) -> list[Line]:
        """Return the line of years where the tag in use is a number and ``allow`` names a year."""
        allow = self._options.allow
        if current.scheme != "number" or allow is None or not allow.names_a_year:
            return []
        return [self._lines.line((current.lead, "year", current.variant))]

    def _may(self, line: Line, tag: Tag, is_rolling: bool) -> bool:  # noqa: FBT001 - one caller
        if level_between(self._current, tag) not in self._allowed:
            return False
        if not _is_of_one_role(self._current, tag, line, is_rolling=is_rolling):
            return False
        reason = self._forbidden(tag)
        if reason is not None and (reason not in self._notes or self._notes[reason].key < tag.key):
            self._notes[reason] = tag
        return reason is None

    def _forbidden(self, tag: Tag) -> Reason | None:
        """Return why a tag of the line that is later is passed over; None where it is not."""
        options = self._options
        if tag.pre and not options.pre and (not self._current.pre or not _is_same(tag.release, self._current.release)):
            return "pre-release"
        reason = forbids(self._image, self._current, tag, options)
        if reason is not None:
            return reason
        outside = options.allow is not None and not options.allow.holds(tag)
        return "range" if outside or any(ignored.holds(tag) for ignored in options.ignore) else None

    def _rank(self, found: _Found) -> tuple[object, ...]:
        """Return what orders candidates: reach, the variant in use, the newest base, then spelling as now."""
        tag, current = found.tag, self._current
        spelling = (len(tag.numbers) == len(current.numbers), tag.v == current.v, _is_padded_alike(current, tag))
        return found.reach, not found.base, found.base, tag.key, spelling, tag.text


def _is_of_one_role(current: Tag, tag: Tag, line: Line, *, is_rolling: bool) -> bool:
    """Tell whether ``tag`` plays the part that ``current`` plays: as precise, as rolling, builds counted or not."""
    if len(tag.serials) > len(current.serials):
        return False
    if len(tag.serials) == len(current.serials):
        if tag.places != current.places:
            return False
    elif line.is_extended(tag):
        return False
    if current.scheme in _UNCOUNTED:
        return True
    is_numbered = len(current.pre) > 1
    more = len(tag.numbers) - len(current.numbers)
    if more > 0:
        return (is_numbered or bool(current.serials)) and not line.is_rolling(tag)
    if more < 0:
        is_count = len(tag.numbers) == 1 and len(tag.numbers[0]) > _LONGEST_MAJOR
        is_full = not is_rolling and not line.is_rolling(tag)
        return is_full and not is_count and tag.release[0] != current.release[0]
    return not (is_numbered and not tag.pre and line.is_rolling(tag))


def _is_padded_alike(current: Tag, tag: Tag) -> bool:
    """Tell whether numbers have leading zeros where those of ``current`` have, to the same width."""
    pairs = zip(current.numbers, tag.numbers, strict=False)
    return all(_width(old) == (len(new) if _width(old) else _width(new)) for old, new in pairs)


def _width(number: str) -> int:
    return len(number) if number[0] == "0" and len(number) > 1 else 0


def _is_same(release: tuple[int, ...], other: tuple[int, ...]) -> bool:
    longest = max(len(release), len(other))
    return _padded(release, longest) == _padded(other, longest)


def _padded(release: tuple[int, ...], length: int) -> tuple[int, ...]:
    return release + (0,) * (length - len(release))
