"""Words of tag upgrades: why a tag is not proposed, and where a variant goes on."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.tags.distributions import base_of
from pinner.tags.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pinner.tags.lines import Lines
    from pinner.tags.model import Note, Reason, Tag
    from pinner.tags.proof import Proof
    from pinner.tags.ranges import Range

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
