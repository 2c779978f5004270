"""Agreement of files and lock (PIN004)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pinner.findings import Finding, with_expiry
from pinner.lockfile.model import NAME
from pinner.lockfile.positions import where_all
from pinner.lockfile.usage import agrees, follows_tag
from pinner.model import Occurrence
from pinner.plan import LATEST
from pinner.reference import ImageReference
from pinner.rules import LOCK_MISMATCH, UNPINNED
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from pinner.config.verify import SignaturePolicy
    from pinner.lockfile.file import LockFile
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
    place: LockFile
    policies: tuple[SignaturePolicy, ...] = ()
    """Who may sign which images."""
    key_ids: Mapping[str, str] = MappingProxyType({})
    """The ids of the keys that they name, by file."""


def findings_beside_lock(
    findings: Iterable[Finding], source: Source, inner: str, view: LockView, levels: Mapping[str, Level]
) -> tuple[Finding, ...]:
    """Return ``findings``, those of ``source`` alone, as they are beside a lock that calls it ``inner``.

    With what does not agree. What a file does not pin and the lock does is a note, unless ``levels`` says what it is.
    """
    softened = [finding if UNPINNED.id in levels else _softened(finding, view.lock) for finding in findings]
    found = _found(_in_source(source, view.lock, view.lock.sources.get(inner, ())), levels)
    if view.policies:
        from pinner.findings.signatures import signature_findings  # noqa: PLC0415 - only where there is a policy

        found += signature_findings(source, view, levels)
    return tuple(sorted((*softened, *found), key=sort_key))


def unneeded_entries(
    named: Mapping[str, Sequence[str]], unread: Collection[str], view: LockView, levels: Mapping[str, Level]
) -> tuple[Finding, ...]:
    """Return what the lock lists and no file needs any more.

    ``named`` are the canonical names in each file of the run, which saw all there is but ``unread``, by the paths that
    the lock has.
    """
    return tuple(sorted(_found(_in_lock(named, unread, view), levels), key=sort_key))


def _found(mismatches: Iterable[_Mismatch], levels: Mapping[str, Level]) -> list[Finding]:
    level = levels.get(LOCK_MISMATCH.id, LOCK_MISMATCH.severity)
    if level == "off":
        return []
    return [
        Finding(LOCK_MISMATCH, level, one.message, one.hint, one.path, one.place, one.proposed) for one in mismatches
    ]


def sort_key(finding: Finding) -> tuple[object, ...]:
    """Return the key that findings of several files are sorted by."""
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


def _in_source(source: Source, lock: Lock, listed: Sequence[str]) -> Iterator[_Mismatch]:
    """Yield where ``source`` disagrees with the lock, or names what it lacks; ``listed`` is what it has for it."""
    for candidate, place in zip(source.candidates, occurrences_for(source, "pin"), strict=True):
        if not isinstance(place, Occurrence) or not follows_tag(place) or candidate.silenced(LOCK_MISMATCH.id):
            continue
        found = _told_apart(place.reference, lock.images.get(place.reference.canonical), listed)
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
    if reference.digest is not None and not agrees(selected, reference.digest):
        return (
            f"`{reference.familiar}` is {reference.digest.short} here and {selected.digest.short} in {NAME}",
            "`pinner pin --locked` takes the lock's digest, `pinner lock` the file's; `pinner update` moves both",
            _held_to(reference, selected.digest),
        )
    if reference.canonical not in listed:
        return f"{NAME} does not list `{reference.familiar}` for this file", _BRING_IN, None
    return None


class _Unneeded(NamedTuple):
    key: tuple[str, ...]
    """Where in the lock."""
    reference: ImageReference
    message: str


def _in_lock(named: Mapping[str, Sequence[str]], unread: Collection[str], view: LockView) -> Iterator[_Mismatch]:
    # What could not be looked into may need all that it is listed with.
    unseen = {path: names for path, names in view.lock.sources.items() if path in unread}
    used = {name for names in (*named.values(), *unseen.values()) for name in names}
    found = [*_unneeded_images(view.lock, used), *_unneeded_sources(view.lock, named, used, unseen)]
    # Looked for only now: nearly always there is nothing.
    places = where_all(view.data) if found else {}
    for one in found:
        where = places[one.key]
        place = Occurrence(
            "lockfile", "lock-entry", one.reference, where.line, where.column, where.span, where.span.end
        )
        yield _Mismatch(view.place.shown, place, one.message, _DROP)


def _unneeded_images(lock: Lock, used: Collection[str]) -> Iterator[_Unneeded]:
    for name, entry in lock.images.items():
        if name not in used:
            reference = ImageReference.parse(name).at(entry.selected.digest)
            yield _Unneeded(("images", name), reference, f"`{name}` is in {NAME}, and no file names it any more")


def _unneeded_sources(
    lock: Lock, named: Mapping[str, Sequence[str]], used: Collection[str], unseen: Collection[str]
) -> Iterator[_Unneeded]:
    for path, names in lock.sources.items():
        if path in unseen:
            continue
        if not named.get(path):
            message = f"`{path}` is in {NAME}, and names no image any more"
            yield _Unneeded(("sources", path), ImageReference.parse(names[0]), message)
            continue
        for name in names:
            # Where nobody names it, the entry itself has been told of.
            if name not in named[path] and name in used:
                message = f"{NAME} lists `{name}` for `{path}`, which does not name it any more"
                yield _Unneeded(("sources", path, name), ImageReference.parse(name), message)


def _held_to(reference: ImageReference, digest: Digest) -> str:
    tag = "" if reference.tag else LATEST
    return f"{reference.familiar}{tag}@{digest}"
