"""Values of the version order: a tag in parts, the lines of a repository, proposals and notes."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Literal

    from pinner.tags.ranges import Range

    Key = tuple[tuple[int, ...], bool, tuple[int, ...], tuple[tuple[int, ...], ...]]
    Scheme = Literal["number", "year", "date", "stamp", "codename"]
    Level = Literal["patch", "minor", "major"]
    Reason = Literal["pre-release", "lts", "interim", "range", "variant-ended"]

LEVELS: tuple[Level, ...] = ("patch", "minor", "major")


class Tag(NamedTuple):
    """A tag that names a version, in parts."""

    text: str
    lead: str
    """What stands before the version, with its separator: ``RELEASE.``, ``jdk-``."""
    v: str
    """``v`` or ``V`` where the version is spelt with it: spelling, not meaning."""
    numbers: tuple[str, ...]
    """The numbers of the release as they are written."""
    release: tuple[int, ...]
    """The same as numbers; for a date the time to the second, for a code name its place in time."""
    scheme: Scheme
    pre: tuple[int, ...]
    """Rank and numbers of a pre-release; empty where the tag is none."""
    serials: tuple[tuple[int, ...], ...]
    """The numbers that count builds of one release, by the places where they stand."""
    variant: str
    """Everything else, exact and in order."""
    places: tuple[str, ...]
    """What stands before each of the serials, and how far into the variant."""
    key: Key
    """What orders the tags of one line; see `order_key`."""

    @property
    def line(self) -> tuple[str, str, str]:
        """The same for all tags of which one can be the next of another."""
        return self.lead, self.scheme, self.variant


def order_key(release: tuple[int, ...], pre: tuple[int, ...], serials: tuple[tuple[int, ...], ...]) -> Key:
    """Return what orders the tags of one line: the release (1.2 is 1.2.0), stable after pre-release, serials."""
    end = len(release)
    while end > 1 and not release[end - 1]:
        end -= 1
    return release[:end], not pre, pre, serials


class Options(NamedTuple):
    """What a project says of how far tags may be raised."""

    follow: bool = False
    """Whether the number of the base may move too, as in ``-alpine3.22``."""
    pre: bool = False
    """Whether a stable version may become a pre-release."""
    allow: Range | None = None
    ignore: tuple[Range, ...] = ()
    track: str = ""
    """``any`` lifts the rule of long-term lines, ``interim`` that of Ubuntu's; any other word is a floating tag."""


class Note(NamedTuple):
    """Why a later tag is not proposed; of each reason the latest tag."""

    reason: Reason
    tag: str


class Candidates(NamedTuple):
    """The tags that may follow the one in use, the best first."""

    tags: tuple[Tag, ...]
    notes: tuple[Note, ...] = ()
