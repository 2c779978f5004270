"""Lock report: images that came, moved or went."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.lockfile.model import NAME
from pinner.report.escapes import printable
from pinner.report.summary_sentences import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime, timedelta

    from pinner.lockfile.model import Lock
    from pinner.report.style import Style

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))


class LockTally(NamedTuple):
    """The counts of what happened to a lock, in images."""

    added: int
    moved: int
    dropped: int
    kept: int
    rewritten: bool
    """Whether anything changed at all: a file's list, a candidate."""


def short_name(name: str) -> str:
    """Return the canonical ``name`` as people write it."""
    return name.removeprefix("docker.io/library/").removeprefix("docker.io/")


def tally_lock(before: Lock, after: Lock) -> LockTally:
    """Return the counts of what leads from ``before`` to ``after``."""
    both = before.images.keys() & after.images.keys()
    moved = sum(before.images[name].selected.digest != after.images[name].selected.digest for name in both)
    return LockTally(
        added=len(after.images) - len(both),
        moved=moved,
        dropped=len(before.images) - len(both),
        kept=len(both) - moved,
        rewritten=before != after,
    )


def render_lock_changes(before: Lock, after: Lock, style: Style) -> Iterator[str]:
    """Yield a line for each image that is new in ``after``, has moved, or is gone, by name."""
    for name in sorted(before.images.keys() | after.images.keys()):
        old, new = before.images.get(name), after.images.get(name)
        shown = printable(short_name(name))
        if new is None:
            yield f"{style.good('dropped')} {shown}"
        elif old is None:
            yield f"{style.good('locked')} {shown} {style.arrow} {style.good(style.short(new.selected.digest))}"
        elif old.selected.digest != new.selected.digest:
            was = style.gone(style.short(old.selected.digest))
            yield f"{style.good('moved')} {shown} {was} {style.arrow} {style.good(style.short(new.selected.digest))}"


def render_held_back(
    lock: Lock, names: Iterable[str], now: datetime, min_age: timedelta, style: Style
) -> Iterator[str]:
    """Yield a line for each of ``names`` (canonical) that waits until a newer digest is ``min_age`` old."""
    for name in sorted(names):
        entry = lock.images.get(name)
        if entry is None or not entry.candidates:
            continue
        first, *others = entry.candidates
        eligible = (first.first_seen + min_age).strftime("%Y-%m-%d %H:%M UTC")
        more = f"; {count(len(others), 'newer digest')} after it" if others else ""
        yield (
            f"held back: {printable(short_name(name))} {style.arrow} {style.short(first.digest)}, "
            f"seen {_ago(now - first.first_seen)}, eligible on {eligible}{more}"
        )


def _ago(age: timedelta) -> str:
    seconds = int(age.total_seconds())
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{count(seconds // length, unit)} ago"
    return "just now"


def lock_sentence(result: LockTally, shown: str, *, files: int, failed: int, unread: int, written: bool) -> str:
    """Return what `pinner lock` did, in one line; ``shown`` is what messages call the lock."""
    lock = printable(shown)
    done = [
        f"{verb} {number}"
        for verb, number in (("locked", result.added), ("moved", result.moved), ("dropped", result.dropped))
        if number
    ]
    total = result.added + result.moved + result.kept
    if done:
        *others, last = done
        start = f"{', '.join(others)} and {last}" if others else last
        images = "image" if int(last.rpartition(" ")[2]) == 1 else "images"
        parts = [f"{start} {images}; {lock} holds {count(total, 'image')} of {count(files, 'file')}"]
    elif written:
        parts = [f"{lock} is up to date again: {count(total, 'image')} of {count(files, 'file')}"]
    elif total and failed:
        parts = [f"{lock} holds what it held, {count(total, 'image')}"]
    elif total:
        parts = [f"nothing to lock: {lock} holds {_all(total)}"]
    else:
        parts = ["nothing to lock"] if not failed else []
    if failed:
        parts.append(f"{failed if parts else count(failed, 'image')} could not be resolved")
    if unread:
        parts.append(f"{count(unread, 'file')} could not be read")
    return "; ".join(parts)


def _all(number: int) -> str:
    if number == 1:
        return "the one image already"
    return "both images already" if number == 2 else f"all {number} images already"  # noqa: PLR2004 - both are two


def lock_words(result: LockTally, *, would: bool) -> str:
    """Return what a run that changed files did to the lock beside, as a part of a sentence; empty for nothing."""
    if not result.rewritten:
        return ""
    done = ", ".join(
        f"{number} {verb}"
        for verb, number in (("added", result.added), ("moved", result.moved), ("dropped", result.dropped))
        if number
    )
    return f"{NAME} {'would change' if would else 'updated'}{f': {done}' if done else ''}"


def agreement_words(mismatches: int) -> str:
    """Return how files and lock stand, as a part of the sentence that closes a check."""
    if not mismatches:
        return f"{NAME} agrees"
    return f"{NAME} disagrees in {count(mismatches, 'place')}"


def held_back_words(number: int) -> str:
    """Return what to add where ``number`` tags mean something that is too young."""
    return f"; {number} held back" if number else ""


def elsewhere_words(number: int) -> str:
    """Return what to add where ``number`` tags moved for platforms alone that do not count."""
    return f"; {number} moved for other platforms only" if number else ""
