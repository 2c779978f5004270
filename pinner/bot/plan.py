"""Update plan in a clone: edits, and the lock beside the files.

Where there is a lock, where digests have to have been known for a while, or where only some platforms count, the lock's
rules choose the digest (`pinner.lockfile.update`); what no lock in the repository remembers, ``memory`` does.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from pinner import pipeline
from pinner.cache.first_seen import FirstSeenStore
from pinner.errors import ResolveError
from pinner.lockfile.model import Entry, Lock, LockedDigest
from pinner.lockfile.resolver import LockedResolver
from pinner.lockfile.select import locked_digest
from pinner.lockfile.update import LockUpdateRequest, update_entries
from pinner.lockfile.usage import followed_occurrences, usages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from pinner.config import Settings
    from pinner.lockfile.usage import Usage
    from pinner.model import Span
    from pinner.oci.resolver import Registry
    from pinner.plan import Plan
    from pinner.reference import Digest
    from pinner.scan.suppressions import Source
    from pinner.tag_upgrades.model import Outlook

    Spot = tuple[str, Span]
    """A file, and a place in it."""
    Planner = Callable[[Sequence[Source]], Awaitable[tuple[Plan, ...]]]

_BEGINNING = datetime.fromtimestamp(0, UTC)
_INDEX = "application/vnd.oci.image.index.v1+json"


class UpdateInput(NamedTuple):
    """What an update starts from."""

    sources: Sequence[Source]
    """Those that the run is about, masked by ``--only`` and the like."""
    everything: Sequence[Source]
    """The same without masks."""
    settings: Settings
    lock: Lock | None
    """The repository's; None where it has none."""
    memory: Lock
    """What was too young when it was seen, by earlier runs."""
    first_seen_store: FirstSeenStore
    to_index: bool = False
    outlooks: Mapping[str, Outlook] = MappingProxyType({})
    """What was found for tags that are raised, by the name (canonical) that stands in files."""


class Update(NamedTuple):
    """What an update comes to."""

    plans: tuple[Plan, ...]
    """One for each source."""
    again: Planner
    """Makes the plans for some of the sources, with some occurrences masked; asks nobody anew."""
    images: Mapping[str, Entry]
    """The lock's entries after the update, by canonical name; empty where no lock's rules were needed."""
    before: Mapping[str, Entry] = MappingProxyType({})
    """The same before it."""
    failures: Mapping[str, ResolveError] = MappingProxyType({})
    """Why a name has no answer: canonical names."""
    elsewhere: frozenset[str] = frozenset()
    """The tags that moved for platforms that do not count."""


class RememberedFirstSeen(FirstSeenStore):
    """Sightings that begin with what others remember: the bot's own branches, and its note in the repository."""

    def __init__(self, inner: FirstSeenStore, known: Mapping[tuple[str, Digest], datetime]) -> None:
        super().__init__(None, inner.now)
        self._inner = inner
        self._known = known

    def first_seen(self, name: str, digest: Digest) -> datetime:
        """Return when ``digest`` was first seen under the tag ``name``."""
        seen = self._inner.first_seen(name, digest)
        return min(seen, self._known.get((name, digest), seen))


def first_seen_in(locks: Iterable[Lock]) -> dict[tuple[str, Digest], datetime]:
    """Return when digests were first seen, as ``locks`` have it."""
    known: dict[tuple[str, Digest], datetime] = {}
    for lock in locks:
        for name, entry in lock.images.items():
            for record in (entry.selected, *entry.candidates):
                key = (name, record.digest)
                known[key] = min(record.first_seen, known.get(key, record.first_seen))
    return known


async def plan_update(update_input: UpdateInput, registry: Registry) -> Update:
    """Return what updating ``update_input`` comes to; what has no answer is among the plans, as failures."""
    settings = update_input.settings
    if update_input.lock is None and settings.min_age is None and not settings.platforms:
        again = partial(_update, settings=settings, registry=registry, to_index=update_input.to_index)
        return Update(await again(update_input.sources), again, {})
    return await _update_by_lock(update_input, registry)


async def _update(
    sources: Sequence[Source], settings: Settings, registry: Registry, *, to_index: bool
) -> tuple[Plan, ...]:
    if to_index:
        return await pipeline.make_plans(sources, "update", settings, registry)
    return await pipeline.update_plans(sources, settings, registry)


async def _update_by_lock(update_input: UpdateInput, registry: Registry) -> Update:
    sources, settings = update_input.sources, update_input.settings
    tags = {
        occurrence.reference.canonical for source in sources for occurrence in followed_occurrences(source, "update")
    }
    used = usages(sources)
    before = update_input.lock or await _lock_of(used, registry)
    before = Lock(_with_memory(before.images, update_input.memory), before.sources)
    min_age = None if settings.min_age is None else timedelta(seconds=settings.min_age)
    names = tags | used.keys() if update_input.lock is not None else tags
    request = LockUpdateRequest(
        {name: used[name] for name in names if name in used}, frozenset(tags), settings.platforms, min_age
    )
    outcome = await update_entries(before, request, registry, update_input.first_seen_store)
    resolver = LockedResolver(Lock(outcome.images), outcome.failures)
    to_platform = update_input.to_index or settings.platform is not None
    held = await pipeline.digest_kinds_beside_lock(() if to_platform else sources, resolver, before, registry)
    again = partial(pipeline.locked_plans, operation="update", settings=settings, resolver=resolver, held=held)
    return Update(
        await again(sources), again, outcome.images, before.images, outcome.failures, frozenset(outcome.elsewhere)
    )


async def _lock_of(used: Mapping[str, Usage], registry: Registry) -> Lock:
    """Return the lock that would say what files hold: the first digest of each tag."""
    images = {}
    for name, usage in used.items():
        if usage.digests:
            images[name] = Entry(await _record(usage, next(iter(usage.digests)), registry))
    return Lock(images)


async def _record(usage: Usage, digest: Digest, registry: Registry) -> LockedDigest:
    try:
        image = await registry.describe(usage.reference.at(digest), "index")
    except ResolveError:  # gone, or out of reach: it is what the files hold all the same
        return LockedDigest(digest, _INDEX, _BEGINNING)
    return locked_digest(image, _BEGINNING, {})


def _with_memory(images: Mapping[str, Entry], memory: Lock) -> dict[str, Entry]:
    """Return ``images`` with the candidates of ``memory`` that came after what they are held to."""
    merged = dict(images)
    for name, remembered in memory.images.items():
        entry = images.get(name)
        if entry is None:
            continue
        line = (remembered.selected, *remembered.candidates)
        position = next((at for at, one in enumerate(line) if one.digest == entry.selected.digest), None)
        if position is None:
            continue
        known = {record.digest for record in entry.candidates}
        more = tuple(record for record in line[position + 1 :] if record.digest not in known)
        merged[name] = Entry(entry.selected, (*more, *entry.candidates))
    return merged


def updated_lock(
    update_input: UpdateInput, update: Update, raised: Mapping[Spot, str], names: Iterable[str]
) -> Lock | None:
    """Return the repository's lock with what ``update`` says of ``names``; None where it has none.

    ``raised`` says, by file and span, what references are called by then; ``names`` are those of then, too. What nobody
    is called any more goes. What was too young is left out: it would make another commit of the same change every time
    a tag moves.
    """
    if update_input.lock is None:
        return None
    concerned = set(names)
    images = dict(update_input.lock.images)
    for name in concerned:
        images[name] = Entry(update.images[name].selected)
    sources = dict(update_input.lock.sources)
    left: set[str] = set()
    for source in update_input.everything:
        path = source.document.path
        pairs = [(one.reference.canonical, raised.get((path, one.span))) for one in followed_occurrences(source)]
        there = sorted({new or old for old, new in pairs})
        left |= {old for old, new in pairs if new is not None}
        if concerned.intersection(there):
            sources[path] = tuple(name for name in there if name in images)
    used = {name for one in sources.values() for name in one}
    images = {name: entry for name, entry in images.items() if name in used or name not in left}
    return Lock(MappingProxyType(images), MappingProxyType(sources))


def observed_lock(update_input: UpdateInput, update: Update) -> Lock:
    """Return what the tags have meant since what they are held to, with the times: what `Ground.memory` is next.

    What is proposed already is in it too: it must not become young again before it is merged.
    """
    found = {}
    for name in sorted(
        {
            occurrence.reference.canonical
            for source in update_input.sources
            for occurrence in followed_occurrences(source)
        }
    ):
        before, after = update.before.get(name), update.images.get(name)
        if before is None or after is None:
            continue
        moved = () if after.selected.digest == before.selected.digest else (after.selected,)
        if since := (*moved, *after.candidates):
            found[name] = Entry(before.selected, since)
    return Lock(found)
