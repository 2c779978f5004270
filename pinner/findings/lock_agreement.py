"""Agreement of files and lock (PIN004)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from pinner.findings import Finding, with_expiry
from pinner.lockfile.model import NAME
from pinner.lockfile.positions import where_all
from pinner.lockfile.usage import explains, follows_tag, names_in
from pinner.model import Occurrence
from pinner.plan import LATEST
from pinner.reference import ImageReference
from pinner.rules import LOCK_MISMATCH, UNPINNED
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pinner.lockfile.model import Entry, Lock
    from pinner.reference import Digest
    from pinner.rules import Level
    from pinner.scan.suppressions import Source

_BRING_IN = "`pinner lock` takes it up"
_DROP = "`pinner lock` drops it"


class LockView(NamedTuple):
    """A lock as a check sees it."""

    lock: Lock
    data: bytes
    shown: str
    """What messages call the file."""
    paths: Mapping[str, str]
    """What the lock calls each file, by the path that messages show."""
    covers: Callable[[str], bool] | None = None
    """Tells whether the run would have seen a path of the lock; None where it looked at a part of the files."""


def with_agreement(
    findings: Iterable[Finding], sources: Sequence[Source], view: LockView, levels: Mapping[str, Level]
) -> tuple[Finding, ...]:
    """Return ``findings``, those of the files alone, as they are beside a lock: with what does not agree.

    What a file does not pin and the lock does is a note, unless ``levels`` says what it is to be.
    """
    softened = [finding if UNPINNED.id in levels else _softened(finding, view.lock) for finding in findings]
    level = levels.get(LOCK_MISMATCH.id, LOCK_MISMATCH.severity)
    if level == "off":
        return tuple(softened)
    mismatches = [
        Finding(LOCK_MISMATCH, level, one.message, one.hint, one.path, one.place, one.proposed)
        for one in (*_in_files(sources, view), *(_in_lock(sources, view) if view.covers else ()))
    ]
    return tuple(sorted((*softened, *mismatches), key=_order))


def _order(finding: Finding) -> tuple[object, ...]:
    return finding.path, finding.place.line, finding.place.span, finding.rule.id


class _Mismatch(NamedTuple):
    path: str
    place: Occurrence
    message: str
    hint: str
    proposed: str | None = None


def _softened(finding: Finding, lock: Lock) -> Finding:
    place = finding.place
    if finding.rule is not UNPINNED or not isinstance(place, Occurrence):
        return finding
    entry = lock.images.get(place.reference.canonical)
    if entry is None:
        return finding
    digest = entry.selected.digest
    return finding._replace(
        severity="note",
        message=f"`{place.reference}` is not pinned in the file; {NAME} holds it to {digest.short}",
        proposed=_held_to(place.reference, digest),
    )


def _in_files(sources: Iterable[Source], view: LockView) -> Iterator[_Mismatch]:
    """Yield where files disagree with the lock, or name what it lacks."""
    for source in sources:
        listed = view.lock.sources.get(view.paths[source.document.path], ())
        for candidate, place in zip(source.candidates, occurrences_for(source, "pin"), strict=True):
            if not isinstance(place, Occurrence) or not follows_tag(place) or candidate.silenced(LOCK_MISMATCH.id):
                continue
            found = _told_apart(place.reference, view.lock.images.get(place.reference.canonical), listed)
            if found is not None:
                message, hint, proposed = found
                hint = with_expiry(candidate, LOCK_MISMATCH, hint) or hint
                yield _Mismatch(source.document.path, place, message, hint, proposed)


def _told_apart(
    reference: ImageReference, entry: Entry | None, listed: Sequence[str]
) -> tuple[str, str, str | None] | None:
    """Return message, hint and proposal where ``reference`` and its ``entry`` disagree; None where they agree."""
    if entry is None:
        return f"`{reference.familiar}` is not in {NAME}", _BRING_IN, None
    selected = entry.selected
    if reference.digest is not None and not explains(selected, reference.digest):
        return (
            f"`{reference.familiar}` is {reference.digest.short} here and {selected.digest.short} in {NAME}",
            "`pinner pin --locked` takes the lock's digest, `pinner lock` the file's; `pinner update` moves both",
            _held_to(reference, selected.digest),
        )
    if reference.canonical not in listed:
        return f"{NAME} does not list `{reference.familiar}` for this file", _BRING_IN, None
    return None


def _in_lock(sources: Iterable[Source], view: LockView) -> Iterator[_Mismatch]:
    """Yield what the lock lists and no file needs any more; its place is in the lock itself."""
    named = {view.paths[source.document.path]: names_in(source) for source in sources}
    # What could not be looked into may need all that it is listed with.
    unseen = {path: names for path, names in view.lock.sources.items() if view.covers and not view.covers(path)}
    used = {name for names in (*named.values(), *unseen.values()) for name in names}
    found = [*_entries_of_nobody(view.lock, used)]
    for path, names in view.lock.sources.items():
        if path not in unseen:
            found += _listed_in_vain(path, names, named.get(path, ()), used)
    # Looked for only now: nearly always there is nothing.
    places = where_all(view.data) if found else {}
    for key, reference, message in found:
        where = places[key]
        place = Occurrence("lockfile", "lock-entry", reference, where.line, where.column, where.span, where.span.end)
        yield _Mismatch(view.shown, place, message, _DROP)


_Found: TypeAlias = tuple[tuple[str, ...], ImageReference, str]
"""What is too much in a lock: its keys there, the image, and what to say."""


def _entries_of_nobody(lock: Lock, used: Collection[str]) -> Iterator[_Found]:
    for name, entry in lock.images.items():
        if name not in used:
            reference = ImageReference.parse(name).at(entry.selected.digest)
            yield ("images", name), reference, f"`{name}` is in {NAME}, and no file names it any more"


def _listed_in_vain(path: str, names: Sequence[str], named: Collection[str], used: Collection[str]) -> Iterator[_Found]:
    if not named:
        yield ("sources", path), ImageReference.parse(names[0]), f"`{path}` is in {NAME}, and names no image any more"
        return
    for name in names:
        # Where nobody names it, the entry itself has been told of.
        if name not in named and name in used:
            message = f"{NAME} lists `{name}` for `{path}`, which does not name it any more"
            yield ("sources", path, name), ImageReference.parse(name), message


def _held_to(reference: ImageReference, digest: Digest) -> str:
    tag = "" if reference.tag else LATEST
    return f"{reference.familiar}{tag}@{digest}"
