"""Types of tag upgrades: what was looked for, what was found, and why nothing else was."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.tags.distributions import base_of
from pinner.tags.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import TypeAlias

    from pinner.config import UpdateRules
    from pinner.errors import ResolveError
    from pinner.model import Resolved, Span
    from pinner.reference import ImageReference
    from pinner.tags.candidate_proof import Proof
    from pinner.tags.model import Level, Note, Reason, Tag
    from pinner.tags.ranges import Range
    from pinner.tags.release_lines import Lines

    WantedKey: TypeAlias = "tuple[str, Level]"
    """A canonical name, and how great a step it may be raised by."""
    SharedKey: TypeAlias = "tuple[str, Span]"
    """A path, and where the text stands in the file."""


class Wanted(NamedTuple):
    """One tag in use that may be raised."""

    reference: ImageReference
    """As the first file has it."""
    level: Level
    rules: UpdateRules
    held: tuple[ImageReference, ...] = ()
    """The same with each of the digests that files hold it to."""
    place: str = ""
    """``path:line`` of the use, where the tag is not raised by itself."""
    start: int = 0
    """Where the shared text begins in the tag then."""

    @property
    def key(self) -> WantedKey:
        """What tells it from the others."""
        return self.reference.canonical, self.level


class Shared(NamedTuple):
    """A variable's text that is a part of one tag or several, where no digest can stand: one choice for all of them."""

    path: str
    span: Span
    name: str
    text: str
    uses: tuple[Wanted, ...]

    @property
    def key(self) -> SharedKey:
        """What tells it from the others."""
        return self.path, self.span


class SharedOutlook(NamedTuple):
    """What was found for one such text."""

    shared: Shared
    text: str | None = None
    """The greatest that every use proves; None where the text stays."""
    reasons: tuple[str, ...] = ()
    """Why no greater one is proposed, a clause for each that a use did not take."""
    error: ResolveError | None = None
    """Why nothing can be told."""


class Upgrade(NamedTuple):
    """The tag that is to follow, proved."""

    tag: str
    level: Level
    resolved: Resolved
    """What the tag means."""
    lost: tuple[str, ...] = ()
    """Platforms that the image in use has and this one has not, none of them needed."""


class Outlook(NamedTuple):
    """What was found for one tag in use."""

    wanted: Wanted
    upgrade: Upgrade | None = None
    reasons: tuple[str, ...] = ()
    """Why no later tag is proposed, one clause for each that was passed over."""
    ended: str | None = None
    """What there is to say where the variant in use goes on as another."""
    seen: tuple[tuple[str, Resolved, datetime], ...] = ()
    """The candidates whose age counted: canonical name, what it means, when pinner first saw it."""
    held_back: str | None = None
    """Why the tag that would follow is not accepted by the policy on signatures; no lower one is proposed then."""
    error: ResolveError | None = None
    """Why nothing can be told."""


_WHY: Mapping[Reason, str] = {
    "pre-release": "a pre-release",
    "lts": "not on a line with long-term support",
    "interim": "no release with long-term support",
    "range": "outside of what `allow` and `ignore` leave",
}


def reasons_of(notes: Iterable[Note], proof: Proof) -> tuple[str, ...]:
    """Return why tags later than the one proved were passed over, a clause for each: ``3.14.0rc2 is a pre-release``."""
    ruled = [f"{note.tag} is {_WHY[note.reason]}" for note in notes if note.reason in _WHY and _is_later(note, proof)]
    return (*ruled, *(f"{one.tag}: {one.why}" for one in proof.refused))


def _is_later(note: Note, proof: Proof) -> bool:
    tag = parse(note.tag)
    return proof.tag is None or tag is None or tag.key > proof.tag.key


def missing_words(track: str | None, ceiling: str | None) -> tuple[str, ...]:
    """Return what to say where ``track`` names a tag that the repository has not, so that there is no ``ceiling``."""
    is_there = ceiling is not None or not track or track in ("any", "interim")
    return () if is_there else (f"there is no tag `{track}` to track: nothing limits how far it goes",)


def ended_words(current: Tag, notes: Iterable[Note], lines: Lines) -> str | None:
    """Return what to say where the variant of ``current`` has ended, or lags: which tag is its last, what goes on."""
    later = next((parse(note.tag) for note in notes if note.reason == "variant-ended"), None)
    if later is None:
        return None
    old, new = base_of(current.variant), base_of(later.variant)
    if old is None or new is None:
        return None
    last = max([tag for tag in lines.line(current.line).tags if not tag.pre] or [current], key=lambda tag: tag.key)
    version = later.v + ".".join(later.numbers)
    return f"{last.text} is the last with {old.name}; {version} goes on as {new.name}"


def begin_of_allowed(tag: str, allow: Range | None) -> str:
    """Return how all tags begin that ``allow`` leaves and that are of the line of ``tag``; empty where that is open."""
    parsed = parse(tag)
    if allow is None or parsed is None:
        return ""
    major = allow.only_first_number()
    return "" if major is None else f"{parsed.lead}{parsed.v}{major}"
