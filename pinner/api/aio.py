"""Public Python API as coroutines: the functions of `pinner` for programs that run an event loop."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from pinner import pipeline
from pinner.api import files
from pinner.cache.first_seen import open_first_seen
from pinner.config.load import load_settings
from pinner.errors import ConfigError
from pinner.inspection.model import Failure
from pinner.inspection.registry_queries import inspect_all
from pinner.lockfile.file import current_lock, lock_file, read_lock, save_lock, scan_of
from pinner.lockfile.model import Lock
from pinner.lockfile.resolver import LockedResolver, digest_kind_by
from pinner.lockfile.update import LockUpdateRequest, Outcome, update_entries, usages_to_ask
from pinner.lockfile.usage import followed_occurrences, rebuilt_lock, usages
from pinner.model import LOCK_NAME
from pinner.plan import unchanged_plans
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from os import PathLike

    from pinner.api.files import Found, Where
    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.identification.model import Answer
    from pinner.inspection.model import ImageId, Inspection
    from pinner.model import Resolved
    from pinner.oci.resolver import Registry, Resolver
    from pinner.plan import Plan
    from pinner.reference import Platform

__all__ = ["check", "find", "identify", "inspect", "lock", "pin", "resolve", "unpin", "update"]

_T = TypeVar("_T")
_R = TypeVar("_R", bound="Resolver")


async def find(*where: Where, settings: Settings | None = None) -> tuple[Found, ...]:
    """Do what `pinner.find` does, in a thread of its own."""
    return await asyncio.to_thread(files.find, *where, settings=settings)


async def check(*where: Where, settings: Settings | None = None) -> tuple[Finding, ...]:
    """Do what `pinner.check` does, in a thread of its own."""
    return await asyncio.to_thread(files.check, *where, settings=settings)


async def unpin(*where: Where, settings: Settings | None = None, write: bool = True) -> tuple[Plan, ...]:
    """Do what `pinner.unpin` does, in a thread of its own."""
    return await asyncio.to_thread(files.unpin, *where, settings=settings, write=write)


async def pin(
    *where: Where,
    settings: Settings | None = None,
    registry: Resolver | None = None,
    write: bool = True,
    locked: bool = False,
) -> tuple[Plan, ...]:
    """Write the digest of its tag beside every reference in ``where`` that has none; return what was done.

    One `Plan` a file. A reference without an answer is a `Failed` verdict in it, no error. ``registry`` answers in the
    place of the registries where it is given. With ``locked`` pinner.lock alone answers, and digests that differ from
    it are made the lock's. With ``write`` false no file changes; a text in memory never does: `Plan.result` holds the
    new bytes. Other arguments and errors are those of `find`; pinner.lock is not written (see `lock`).
    """
    run = files.open_run(where, settings)
    sources = await asyncio.to_thread(run.sources)
    if locked:
        stored = _stored_lock(run)
        pinned = [one.reference for source in sources for one in followed_occurrences(source) if one.reference.digest]
        held = digest_kind_by(stored, pinned)
        plans = await pipeline.locked_plans(sources, "hold", run.settings, LockedResolver(stored, {}), held)
    elif (settled := unchanged_plans(sources, "pin")) is not None:
        plans = settled
    else:
        async with _asking(run.settings, registry) as answers:
            plans = await pipeline.make_plans(sources, "pin", run.settings, answers)
    return run.write(plans) if write else plans


async def update(
    *where: Where, settings: Settings | None = None, registry: Registry | None = None, write: bool = True
) -> tuple[Plan, ...]:
    """Move every digest in ``where`` to what its tag means now, and pin what has none; return what was done.

    One platform's manifest stays that platform's. Arguments, values and errors are those of `pin`.
    """
    run = files.open_run(where, settings)
    sources = await asyncio.to_thread(run.sources)
    plans = unchanged_plans(sources, "update")
    if plans is None:
        async with _asking(run.settings, registry) as answers:
            plans = await pipeline.update_plans(sources, run.settings, answers)
    return run.write(plans) if write else plans


async def lock(
    *where: Where,
    settings: Settings | None = None,
    registry: Registry | None = None,
    write: bool = True,
    refresh: bool = False,
) -> Lock:
    """Bring pinner.lock up to date with ``where`` and return it; the files stay as they are.

    What the lock knows stays, what it lacks is asked for, what no file names any more goes; with ``refresh`` every tag
    is asked again. Raises the `ResolveError` of the first image without an answer, once the others are written;
    `ConfigError` for a broken lock. Other arguments are those of `pin`.
    """
    run = files.open_run(where, settings)
    sources = await asyncio.to_thread(run.sources)
    place = lock_file(run.settings, run.folder)
    stored = read_lock(place)
    before = Lock() if stored is None else stored.lock
    used = usages(sources)
    min_age = None if run.settings.min_age is None else timedelta(seconds=run.settings.min_age)
    request = LockUpdateRequest(used, frozenset(used if refresh else ()), run.settings.platforms, min_age)
    outcome = Outcome(before.images)
    if usages_to_ask(request, before):
        first_seen = open_first_seen(os.environ, run.memory, time.time())
        async with _asking(run.settings, registry) as answers:
            outcome = await update_entries(before, request, answers, first_seen)
    given = [target.file for target in run.targets if target.text is not None]
    given += [os.path.join(run.folder, path) for path in run.paths]
    ours = rebuilt_lock(before, outcome.images, scan_of(place, run.targets, sources, (), given))
    if write and ours != before:
        ours, _ = await asyncio.to_thread(save_lock, place, before, ours, run.memory)
    for error in outcome.failures.values():
        raise error
    return ours


async def resolve(
    name: str,
    *,
    platform: Platform | None = None,
    settings: Settings | None = None,
    registry: Resolver | None = None,
) -> Resolved:
    """Return what the tag in ``name`` means now: the digest of the index, or of one ``platform``'s manifest.

    Raises `InvalidReferenceError` for what is no name, `ResolveError` where there is no answer.
    """
    reference = ImageReference.parse(name)
    settings = settings or load_settings(os.getcwd())
    async with _asking(settings, registry) as answers:
        return await answers.resolve(reference, platform or settings.platform)


async def inspect(
    name: str, *, settings: Settings | None = None, registry: Registry | None = None
) -> Inspection | ImageId:
    """Return what ``name`` means: its index, manifests, configs, and what lies beside them.

    `ImageId` where its digest is a config's, which nothing can pull. Errors are those of `resolve`.
    """
    settings = settings or load_settings(os.getcwd())
    async with _asking(settings, registry) as answers:
        offline = settings.offline and settings.layout is None
        [entry] = await inspect_all((name,), answers, settings.platform, offline=offline, on_answer=lambda *_: None)
    if isinstance(entry, Failure):
        raise entry.error
    return entry


async def identify(
    what: str | PathLike[str],
    *names: str,
    settings: Settings | None = None,
    registry: Registry | None = None,
) -> Answer:
    """Return what ``what`` is: a hash, an archive, an OCI layout, or the name or ID of a local image.

    It is compared with what ``names`` mean, or with the names that it has itself. Raises `ConfigError` for what can be
    none of these, `InputError` for what cannot be read.
    """
    from pinner.identification.identify import Run, answer_for, name_to_ask  # noqa: PLC0415 - brings httpx

    loop = asyncio.get_running_loop()
    settings = settings or load_settings(os.getcwd())

    def ask(work: Callable[[Registry], Awaitable[_T]]) -> _T:
        async def asked() -> _T:
            async with _asking(settings, registry) as answers:
                return await work(answers)

        return asyncio.run_coroutine_threadsafe(asked(), loop).result()

    asked = tuple(map(name_to_ask, names))
    run = Run(os.getcwd(), os.environ, files.today(), settings, ask, os.fspath(what), asked)
    return await asyncio.to_thread(answer_for, run)


def _asking(settings: Settings, given: _R | None) -> AbstractAsyncContextManager[_R]:
    """Return what opens the registries of ``settings``, or what was ``given`` in their place."""
    if given is not None:
        return nullcontext(given)
    from pinner.registry.client import RegistryResolver  # noqa: PLC0415 - httpx and TLS, only to ask

    return cast("AbstractAsyncContextManager[_R]", RegistryResolver(settings, environment=os.environ))


def _stored_lock(run: files.Run) -> Lock:
    lock = current_lock(run.settings, run.folder)
    if lock is None:
        raise ConfigError(f"there is no {LOCK_NAME}", hint="`lock` writes one")
    return lock
