"""Group updates: one update split by pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.groups import DIGESTS, PINS, group_of
from pinner.bot.held_back import held_back_changes, unanswered_changes
from pinner.bot.model import FileChange, HeldBack, ImageChange
from pinner.bot.plan import updated_lock
from pinner.errors import RateLimitedError, ResolveError, UnavailableError
from pinner.lockfile.model import NAME
from pinner.lockfile.render import render_lock
from pinner.lockfile.select import usual_platform
from pinner.model import Occurrence, as_skipped
from pinner.plan import Changed, Failed, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from pinner.bot.plan import Update, UpdateInput
    from pinner.config import Group
    from pinner.model import Span
    from pinner.oci.resolver import Registry
    from pinner.oci.types import Image
    from pinner.reference import Digest, ImageReference
    from pinner.scan.suppressions import Source

    Owners = Mapping[tuple[str, Span], str]


class GroupUpdate(NamedTuple):
    """What one group's pull request changes."""

    group: str
    changes: tuple[ImageChange, ...] = ()
    files: tuple[FileChange, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    may_pass: bool = False
    """Whether something has no answer now and may have one soon: then nothing is known to be obsolete."""
    unanswered: frozenset[str] = frozenset()
    """The files with something that has no answer, soon or ever."""


async def split_by_group(
    update_input: UpdateInput, update: Update, registry: Registry, stored: bytes | None
) -> tuple[dict[str, GroupUpdate], tuple[Plan, ...]]:
    """Return the parts of ``update`` by group, the empty ones left out, and plans with every failure.

    ``stored`` is the lock's file as it is.
    """
    groups = update_input.settings.groups
    owners = _owners(update.plans, groups, together=update_input.lock is not None)
    failures = tuple(
        Plan(plan.document, failed, plan.document.data)
        for plan in update.plans
        if (failed := tuple(verdict for verdict in plan.verdicts if isinstance(verdict, Failed)))
    )
    names = _order(groups)
    found = {}
    for name in names:
        part = await _part(name, owners, update_input, update, registry, stored)
        if part.changes or part.held_back:
            found[name] = part
    return found, failures


async def major_update(
    name: str, update_input: UpdateInput, update: Update, registry: Registry, stored: bytes | None
) -> GroupUpdate:
    """Return all of ``update`` as what the pull request ``name`` changes."""
    changing = (Changed, Failed)
    owners = {
        (plan.document.path, verdict.place.span): name
        for plan in update.plans
        for verdict in plan.verdicts
        if isinstance(verdict, changing)
    }
    return await _part(name, owners, update_input, update, registry, stored)


def _order(groups: Sequence[Group]) -> list[str]:
    return [*(group.name for group in groups), DIGESTS, PINS]


def _owners(plans: Iterable[Plan], groups: Sequence[Group], *, together: bool) -> Owners:
    """Return which group every occurrence belongs to that changes or should have, by file and place.

    ``together``: all occurrences of one tag belong to one group, as a lock has one entry for them; the first that has a
    digest decides.
    """
    owners: dict[tuple[str, Span], str] = {}
    names: dict[tuple[str, Span], str] = {}
    firsts: dict[str, tuple[bool, str]] = {}
    for plan in plans:
        for verdict in plan.verdicts:
            if not isinstance(verdict, Changed | Failed):
                continue
            reference, key = verdict.place.reference, (plan.document.path, verdict.place.span)
            group = owners.setdefault(key, group_of(reference, plan.document.path, groups))
            names[key] = reference.canonical
            rank = reference.digest is None
            if reference.canonical not in firsts or rank < firsts[reference.canonical][0]:
                firsts[reference.canonical] = (rank, group)
    if not together:
        return owners
    return {key: firsts[names[key]][1] for key in owners}


async def _part(
    name: str, owners: Owners, update_input: UpdateInput, update: Update, registry: Registry, stored: bytes | None
) -> GroupUpdate:
    mine = {key for key, owner in owners.items() if owner == name}
    unanswered = [
        (plan.document.path, verdict)
        for plan in update.plans
        for verdict in plan.verdicts
        if isinstance(verdict, Failed) and (plan.document.path, verdict.place.span) in mine
    ]
    failed = [verdict for _, verdict in unanswered]
    plans = await update.again(_masked(update_input.sources, owners, name)) if mine else ()
    changes = await _image_changes(plans, update_input, update, registry)
    held_back = (*unanswered_changes(failed), *await held_back_changes(name, update_input, update, registry))
    files = [FileChange(plan.document.path, plan.document.data, plan.result) for plan in plans if plan.changed]
    if files and (lock := _lock_change(plans, changes, update_input, update, stored)) is not None:
        files.append(lock)
    files.sort(key=lambda file: file.path)
    may_pass = any(isinstance(verdict.error, RateLimitedError | UnavailableError) for verdict in failed)
    return GroupUpdate(name, changes, tuple(files), held_back, may_pass, frozenset(path for path, _ in unanswered))


def _masked(sources: Sequence[Source], owners: Owners, name: str) -> list[Source]:
    """Return the sources with something of the group ``name``, everything of other groups left alone."""
    found = []
    for source in sources:
        path = source.document.path
        if any(owner == name for (file, _), owner in owners.items() if file == path):
            candidates = tuple(
                candidate._replace(place=as_skipped(place, "excluded", "another pull request has this image"))
                if isinstance(place := candidate.place, Occurrence) and owners.get((path, place.span), name) != name
                else candidate
                for candidate in source.candidates
            )
            found.append(source._replace(candidates=candidates))
    return found


def _lock_change(
    plans: Iterable[Plan],
    changes: Sequence[ImageChange],
    update_input: UpdateInput,
    update: Update,
    stored: bytes | None,
) -> FileChange | None:
    raised = {
        (plan.document.path, verdict.place.span): f"{verdict.place.reference.repository}:{verdict.raised}"
        for plan in plans
        for verdict in plan.verdicts
        if isinstance(verdict, Changed) and verdict.raised is not None
    }
    lock = updated_lock(update_input, update, raised, (change.new_canonical for change in changes))
    if lock is None or lock == update_input.lock:
        return None
    data = render_lock(lock)
    if stored is not None and b"\r\n" in stored:
        data = data.replace(b"\n", b"\r\n")
    return FileChange(NAME, stored, data)


async def _image_changes(
    plans: Sequence[Plan], update_input: UpdateInput, update: Update, registry: Registry
) -> tuple[ImageChange, ...]:
    """Return what ``plans`` change, by name, with what stands behind the digests of before and after."""
    places: dict[ImageChange, list[tuple[str, int]]] = {}
    references: dict[str, ImageReference] = {}
    for plan in plans:
        for verdict in plan.verdicts:
            if isinstance(verdict, Changed) and verdict.digest is not None:
                reference = verdict.place.reference
                references[reference.canonical] = reference
                change = ImageChange(
                    reference.familiar, reference.canonical, reference.digest, verdict.digest, (), raised=verdict.raised
                )
                places.setdefault(change, []).append((plan.document.path, verdict.place.line))
    changes = []
    for change in sorted(places, key=lambda one: (one.name, one.canonical, str(one.old or ""), str(one.new))):
        where = tuple(f"{path}:{line}" for path, line in sorted(set(places[change])))
        reference = references[change.canonical]
        changes.append(await _filled(change._replace(places=where), reference, update_input, update, registry))
    return tuple(changes)


async def _filled(
    change: ImageChange, reference: ImageReference, update_input: UpdateInput, update: Update, registry: Registry
) -> ImageChange:
    """Return ``change`` of ``reference`` with all that there is to say of it."""
    outlook = update_input.outlooks.get(change.canonical)
    if change.raised is not None and outlook is not None and outlook.upgrade is not None:
        lost = f"without {', '.join(outlook.upgrade.lost)}" if outlook.upgrade.lost else None
        why = tuple(filter(None, (*outlook.reasons, outlook.ended, lost)))
        change = change._replace(level=outlook.upgrade.level, why=why)
    new = reference if change.raised is None else reference.with_tag(change.raised)
    return change._replace(
        first_seen=_first_seen(update, change.new_canonical, change.new),
        before=None if change.old is None else await _image(reference, change.old, registry),
        after=await _image(new, change.new, registry),
        signed_by=await _signed_by(new.at(change.new), registry),
    )


async def _signed_by(held: ImageReference, registry: Registry) -> str:
    signature = await registry.signature(held)
    return "" if signature is None else signature.signer


async def _image(reference: ImageReference, digest: Digest, registry: Registry) -> Image | None:
    """Return what ``digest`` is: all platforms' digests, and the usual one's size and labels; None where not to be had.

    Two questions and not one for each platform: Docker Hub counts every manifest.
    """
    held = reference.at(digest)
    try:
        image = await registry.describe(held, "index")
        usual = usual_platform(image)
        platforms = None if usual is None or usual.platform is None or not image.is_index else (usual.platform,)
        full = await registry.describe(held, "configs", platforms)
    except ResolveError:
        return None
    known = {one.digest: one for one in full.platforms}
    return image._replace(platforms=tuple(known.get(one.digest, one) for one in image.platforms) or full.platforms)


def _first_seen(update: Update, canonical: str, digest: Digest) -> datetime | None:
    entry = update.images.get(canonical)
    return entry.selected.first_seen if entry is not None and entry.selected.digest == digest else None
