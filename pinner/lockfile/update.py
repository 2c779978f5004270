"""Lock update: what a lock lacks asked for, each tag once."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import NotFoundError, ResolveError, UnavailableError, UnsupportedError
from pinner.lockfile.model import Entry
from pinner.lockfile.select import (
    NEEDED_LABELS,
    is_same_for,
    known_digest,
    lacks_platform,
    locked_digest,
    merged_annotations,
    old_enough,
    usual_platform,
    with_candidate,
    with_choice,
)
from pinner.lockfile.usage import agrees, needs_asking

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from pinner.cache.first_seen import FirstSeenStore
    from pinner.lockfile.model import Lock, LockedDigest
    from pinner.lockfile.usage import Usage
    from pinner.oci.resolver import Registry
    from pinner.reference import Digest, ImageReference, Platform


class LockUpdateRequest(NamedTuple):
    """What a run wants of the lock."""

    usages: Mapping[str, Usage]
    """The images that the run is about, by canonical name; the others stay as they are."""
    refresh: Collection[str] = ()
    """Those whose tags are asked again, whatever the lock says."""
    platforms: tuple[Platform, ...] = ()
    """The platforms that count; none for all."""
    min_age: timedelta | None = None
    unsigned: Collection[str] = ()
    """Those of which a policy wants to know who signed, and the lock does not say."""


class Conflict(NamedTuple):
    """One tag that files hold to different digests."""

    reference: ImageReference
    digest: Digest
    """What the lock holds it to."""
    others: Mapping[Digest, str]
    """What else files hold it to, and where, ``path:line``."""


class Outcome(NamedTuple):
    """What came of a `LockUpdateRequest`."""

    images: Mapping[str, Entry]
    """Every entry of the lock, the new ones among them."""
    failures: Mapping[str, ResolveError] = MappingProxyType({})
    """Why there is no answer, by canonical name; the old entry, if any, stays."""
    conflicts: tuple[Conflict, ...] = ()
    elsewhere: tuple[str, ...] = ()
    """The tags that moved for platforms that do not count."""


def usages_to_ask(request: LockUpdateRequest, lock: Lock) -> list[Usage]:
    """Return the usages that somebody has to be asked about."""
    return [
        usage
        for name, usage in sorted(request.usages.items())
        if name in request.refresh or name in request.unsigned or needs_asking(usage, lock.images.get(name))
    ]


async def update_entries(
    lock: Lock,
    request: LockUpdateRequest,
    registry: Registry,
    first_seen_store: FirstSeenStore,
    on_answer: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Return what ``lock`` becomes by ``request``. ``on_answer`` is told how many of how many images are settled."""
    import asyncio  # noqa: PLC0415 - costs start-up time, and nearly always nothing lacks

    open_ = usages_to_ask(request, lock)
    run = _Run(registry, first_seen_store, request)
    images = dict(lock.images)

    async def settle(usage: Usage) -> None:
        try:
            images[usage.name] = await run.settle(usage, lock.images.get(usage.name))
        except ResolveError as error:
            run.failures[usage.name] = error
        run.settled += 1
        if on_answer is not None:
            on_answer(run.settled, len(open_))

    async with asyncio.TaskGroup() as group:
        for usage in open_:
            group.create_task(settle(usage))
    return Outcome(
        images, run.failures, tuple(sorted(run.conflicts, key=_by_name)), elsewhere=tuple(sorted(run.elsewhere))
    )


def _by_name(conflict: Conflict) -> str:
    return conflict.reference.canonical


def _of_a_file(error: ResolveError) -> ResolveError:
    """Return ``error`` with a way on: what a file holds may be an image ID, a layer's digest, another repository's."""
    if type(error) not in (NotFoundError, UnavailableError, UnsupportedError):
        return error
    way = "`pinner check --online` tells what the digest in the file is"
    return type(error)(
        error.message, hint=f"{error.hint}; {way}" if type(error) is UnavailableError and error.hint else way
    )


class _Run:
    """The questions of one run, and what was learnt on the way."""

    def __init__(self, registry: Registry, first_seen_store: FirstSeenStore, request: LockUpdateRequest) -> None:
        self._registry = registry
        self._first_seen_store = first_seen_store
        self._request = request
        self.settled = 0
        self.failures: dict[str, ResolveError] = {}
        self.conflicts: list[Conflict] = []
        self.elsewhere: list[str] = []

    async def settle(self, usage: Usage, entry: Entry | None) -> Entry:
        """Return what the lock says of ``usage`` from now on, where it said ``entry``; raises `ResolveError`."""
        if usage.name in self._request.refresh:
            return await self._refreshed(usage.reference, entry)
        if not usage.digests and entry is not None and usage.name in self._request.unsigned:
            meant = entry.selected.digest
        elif not usage.digests:
            meant = (await self._registry.resolve(usage.reference, None)).digest
        elif len(usage.digests) == 1:
            meant = next(iter(usage.digests))
        else:
            return await self._reconciled(usage, entry)
        try:
            return await self._held_to(usage.reference, entry, meant)
        except ResolveError as error:
            raise _of_a_file(error) if meant in usage.digests else error from None

    async def _held_to(self, reference: ImageReference, entry: Entry | None, digest: Digest) -> Entry:
        """Return the entry that holds ``reference`` to ``digest``; what the tag came to mean after it stays known."""
        if entry is not None and (record := known_digest(entry, digest)) is not None:
            if reference.canonical in self._request.unsigned:
                signature = await self._registry.signature(reference.at(digest))
                return Entry(record._replace(signature=signature), entry.candidates)
            return entry if record is entry.selected else with_choice(entry, entry.candidates, record)
        return Entry(await self._described(reference, digest))

    async def _reconciled(self, usage: Usage, entry: Entry | None) -> Entry:
        """Return the entry for a tag that files hold to different digests, and note the others as a conflict."""
        try:
            now = (await self._registry.resolve(usage.reference, None)).digest
        except ResolveError:  # the tag may be gone; what files hold need not be
            now = None
        selected = None if entry is None else entry.selected.digest
        choice = next((one for one in (now, selected) if one in usage.digests), None) or next(iter(usage.digests))
        settled = await self._held_to(usage.reference, entry, choice)
        others = {one: place for one, place in usage.digests.items() if not agrees(settled.selected, one)}
        if others:
            self.conflicts.append(Conflict(usage.reference, choice, others))
        return settled

    async def _refreshed(self, reference: ImageReference, entry: Entry | None) -> Entry:
        """Return the entry for what the tag means now, or for the newest of what it meant that is old enough."""
        now = (await self._registry.resolve(reference, None)).digest
        if entry is None:
            return Entry(await self._described(reference, now))
        if now == entry.selected.digest:
            # Platforms that count by now and did not when this was written.
            again = (
                lacks_platform(entry.selected, self._request.platforms) or reference.canonical in self._request.unsigned
            )
            return Entry(await self._described(reference, now, entry) if again else entry.selected)
        if await self._is_elsewhere(reference, entry.selected, now):
            self.elsewhere.append(reference.canonical)
            return Entry(entry.selected)
        fresh = known_digest(entry, now) or await self._described(reference, now)
        if self._request.min_age is None:
            return Entry(fresh)
        return await self._aged(reference, entry, with_candidate(entry.candidates, fresh), self._request.min_age)

    async def _is_elsewhere(self, reference: ImageReference, record: LockedDigest, now: Digest) -> bool:
        platforms = self._request.platforms
        if not platforms or lacks_platform(record, platforms):
            return False
        image = await self._registry.describe(reference.at(now), "index", platforms)
        return image.is_index and is_same_for(record, image, platforms)

    async def _aged(
        self, reference: ImageReference, entry: Entry, candidates: Sequence[LockedDigest], min_age: timedelta
    ) -> Entry:
        """Return ``entry`` held to the newest of ``candidates`` that is old enough and still served."""
        left = list(candidates)
        for candidate in old_enough(candidates, self._first_seen_store.now, min_age):
            # The last is what the tag means at this moment: served, or the registry would not have said so.
            if candidate is candidates[-1] or await self._is_served(reference, candidate.digest):
                return with_choice(entry, left, candidate)
            left.remove(candidate)
        return with_choice(entry, left, None)

    async def _is_served(self, reference: ImageReference, digest: Digest) -> bool:
        try:
            await self._registry.describe(reference.at(digest), "kind")
        except NotFoundError:
            return False
        return True

    async def _described(self, reference: ImageReference, digest: Digest, entry: Entry | None = None) -> LockedDigest:
        """Return the record of ``digest``; where the annotations do not say it, one config tells where it came from."""
        held = reference.at(digest)
        image = await self._registry.describe(held, "manifests", self._request.platforms or None)
        lost = next((one for one in image.platforms if one.is_missing), None)
        if lost is not None:
            # A lock promises that what it names can be pulled.
            raise NotFoundError(f"`{held}` is an index whose manifest {lost.digest.short} is not served")
        usual = usual_platform(image)
        labels: Mapping[str, str] = {} if usual is None else usual.labels
        found = {**labels, **merged_annotations(image)}
        if usual is not None and usual.platform is not None and any(name not in found for name in NEEDED_LABELS):
            labels = await self._labels(held, usual.platform) or labels
        record = locked_digest(image, self._first_seen(reference, digest, entry), labels)
        return record._replace(signature=await self._registry.signature(held))

    async def _labels(self, held: ImageReference, platform: Platform) -> Mapping[str, str]:
        image = await self._registry.describe(held, "configs", (platform,))
        return image.platforms[0].labels if image.platforms else {}

    def _first_seen(self, reference: ImageReference, digest: Digest, entry: Entry | None) -> datetime:
        seen = self._first_seen_store.first_seen(reference.canonical, digest)
        return seen if entry is None else min(seen, entry.selected.first_seen)
