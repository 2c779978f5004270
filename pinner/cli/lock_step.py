"""Lock step of a command: found, updated, written, answered from."""

from __future__ import annotations

import os
from datetime import timedelta

from pinner import pipeline
from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.cache import cache_folder
from pinner.cache.first_seen import open_first_seen
from pinner.cli.registry_answers import refuse_offline, with_registry
from pinner.errors import InputError
from pinner.lockfile.file import LockFile, save_lock, scan_of
from pinner.lockfile.model import NAME, Lock
from pinner.lockfile.resolver import LockedResolver, digest_kind_by
from pinner.lockfile.update import LockUpdateRequest, Outcome, update_entries, usages_to_ask
from pinner.lockfile.usage import followed_occurrences, rebuilt_lock, usages
from pinner.plan import Failed, Plan, unchanged_plans
from pinner.report.escapes import printable
from pinner.report.locks import render_held_back
from pinner.report.style import hint_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from pinner.cache.first_seen import FirstSeenStore
    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.errors import ResolveError
    from pinner.lockfile.usage import Scan, Usage
    from pinner.oci.digest_kind import DigestKind, DigestKindKey
    from pinner.oci.resolver import Registry
    from pinner.pipeline import Survey
    from pinner.reference import ImageReference
    from pinner.scan.discover import Target
    from pinner.scan.suppressions import Operation, Source


class Run(NamedTuple):
    """What a command that touches the lock works with."""

    context: Context
    settings: Settings
    terminal: Terminal
    place: LockFile
    before: Lock
    """As it was read; empty where there is none."""
    scan: Scan
    first_seen_store: FirstSeenStore


class Locked(NamedTuple):
    """What became of the lock."""

    lock: Lock
    changed: bool
    """Whether the file changed, or would have."""
    failures: Mapping[str, ResolveError]
    elsewhere: tuple[str, ...] = ()
    """The tags that moved for platforms that do not count."""


class ScannedFiles(NamedTuple):
    """What a command found in the files."""

    targets: Sequence[Target]
    survey: Survey
    paths: Sequence[str]
    """Those that it was given."""


def open_run(
    context: Context, settings: Settings, terminal: Terminal, place: LockFile, before: Lock, seen: ScannedFiles
) -> Run:
    """Return the run of a command that has ``seen`` its files."""
    cache = cache_folder(context.environment) if settings.use_cache else None
    first_seen_store = open_first_seen(context.environment, cache, context.clock())
    given = [os.path.join(context.folder, path) for path in seen.paths]
    unread = [file.path for file in seen.survey.unreadable]
    scan = scan_of(place, seen.targets, seen.survey.sources, unread, given)
    return Run(context, settings, terminal, place, before, scan, first_seen_store)


class Asked(NamedTuple):
    """What a run may ask for."""

    about: Collection[str]
    """The names (canonical) that it is about; the others stay as they are."""
    refresh: Collection[str] = ()
    """Those whose tags are asked anew."""
    holders: Sequence[Source] = ()
    """The sources whose digests are looked up where the lock does not know them: an update keeps their kind."""


def update_lock(
    run: Run, sources: Sequence[Source], asked: Asked
) -> tuple[Outcome, Mapping[DigestKindKey, DigestKind]]:
    """Return what the lock becomes, and what stands behind the digests of ``asked.holders`` as far as they will move.

    Nobody is asked where the lock says it all. What a person should know is said.
    """
    used = {name: usage for name, usage in usages(sources).items() if name in asked.about}
    min_age = None if run.settings.min_age is None else timedelta(seconds=run.settings.min_age)
    unsigned = _unsigned(run, used.values(), asked.refresh)
    request = LockUpdateRequest(used, frozenset(asked.refresh), run.settings.platforms, min_age, unsigned)
    if not usages_to_ask(request, run.before):
        return Outcome(run.before.images), {}

    async def work(
        registry: Registry, on_answer: Callable[[int, int], None]
    ) -> tuple[Outcome, Mapping[DigestKindKey, DigestKind]]:
        if run.settings.verify:
            from pinner.cli.signature_verifier import verified_registry  # noqa: PLC0415 - only where there is a policy

            registry = verified_registry(run.context, run.settings, registry, run.terminal, run.before)
        outcome = await update_entries(run.before, request, registry, run.first_seen_store, on_answer)
        resolver = LockedResolver(Lock(outcome.images), outcome.failures)
        return outcome, await pipeline.digest_kinds_beside_lock(asked.holders, resolver, run.before, registry)

    refuse_offline(run.settings, "lock")
    outcome, held = with_registry(run.context, run.settings, run.terminal, work)
    _say_conflicts(run, outcome)
    _say_held_back(run, outcome, request)
    return outcome, held


def _unsigned(run: Run, used: Iterable[Usage], refresh: Collection[str]) -> frozenset[str]:
    """Return the names of which a policy wants to know who signed, and the lock does not say.

    Who signs first is remembered as well: asked about when the tag is.
    """
    if not run.settings.verify:
        return frozenset()
    from pinner.verify.policy import policy_for  # noqa: PLC0415 - only where there is a policy

    images = run.before.images
    return frozenset(
        usage.name
        for usage in used
        if usage.name in images
        and images[usage.name].selected.signature is None
        and (policy := policy_for(usage.reference, run.settings.verify)) is not None
        and (not policy.remembers or usage.name in refresh)
    )


def _say_conflicts(run: Run, outcome: Outcome) -> None:
    style = run.terminal.talk_style
    for conflict in outcome.conflicts:
        others = ", ".join(f"{style.short(digest)} in {place}" for digest, place in conflict.others.items())
        run.terminal.info(
            f"{style.severity('warning')}: {printable(str(conflict.reference))} is held to different digests: "
            f"{NAME} takes {style.short(conflict.digest)}; there is {printable(others)}",
            hint_line("`pinner pin --locked` makes them one", style),
        )


def _say_held_back(run: Run, outcome: Outcome, request: LockUpdateRequest) -> None:
    if request.min_age is None:
        return
    lock = Lock(outcome.images)
    names = set(request.refresh) - outcome.failures.keys()
    run.terminal.info(
        *render_held_back(lock, names, run.first_seen_store.now, request.min_age, run.terminal.talk_style)
    )


def save_outcome(run: Run, outcome: Outcome, *, write: bool = True) -> Locked:
    """Return the lock with what ``outcome`` brought, true for the files of the run; written unless ``write`` is false.

    What somebody else wrote meanwhile is in it.
    """
    ours = rebuilt_lock(run.before, outcome.images, run.scan)
    changed = ours != run.before
    if not write or not changed:
        return Locked(ours, changed, outcome.failures, outcome.elsewhere)
    cache = cache_folder(run.context.environment) if run.settings.use_cache else None
    try:
        lock, changed = save_lock(run.place, run.before, ours, cache)
    except InputError as error:
        raise InputError(f"{run.place.shown}: {error.message}", hint=error.hint) from error
    return Locked(lock, changed, outcome.failures, outcome.elsewhere)


class Order(NamedTuple):
    """What is to be done to files beside a lock."""

    operation: Operation
    to_index: bool = False
    """Whether an update moves one platform's manifest to the index."""
    write: bool = True
    """Whether the lock is written."""


def change_by_lock(
    run: Run, everything: Sequence[Source], selected: Sequence[Source], order: Order
) -> tuple[tuple[Plan, ...], Locked]:
    """Return the plans that make ``selected`` what the lock says once it is up to date, and what became of it.

    The lock is written before any file: interrupted in between, `check` says what is left to do, and another run does
    it. ``everything`` are the sources of the run, those that were not selected among them.
    """
    operation = order.operation
    asked = Asked(usages(selected).keys())
    if operation == "update":
        tags = {
            occurrence.reference.canonical
            for source in selected
            for occurrence in followed_occurrences(source, "update")
        }
        to_platform = order.to_index or run.settings.platform is not None
        asked = Asked({*asked.about, *tags}, tags, () if to_platform else selected)
    if operation == "hold":
        outcome = Outcome(run.before.images)
        held: Mapping[DigestKindKey, DigestKind] = digest_kind_by(run.before, _pinned(selected))
    else:
        outcome, held = update_lock(run, everything, asked)
    locked = save_outcome(run, outcome, write=order.write)
    plans = _plans(run, selected, operation, locked, held)
    verdicts = (verdict for plan in plans for verdict in plan.verdicts)
    told = {verdict.place.reference.canonical for verdict in verdicts if isinstance(verdict, Failed)}
    untold = {name: error for name, error in locked.failures.items() if name not in told}
    return (*plans, *failed_plans(everything, untold)), locked


def _pinned(sources: Iterable[Source]) -> list[ImageReference]:
    return [
        occurrence.reference
        for source in sources
        for occurrence in followed_occurrences(source)
        if occurrence.reference.digest
    ]


def _plans(
    run: Run, sources: Sequence[Source], operation: Operation, locked: Locked, held: Mapping[DigestKindKey, DigestKind]
) -> tuple[Plan, ...]:
    """Return the plans that make ``sources`` what the lock says; ``held`` tells which digests are one platform's."""
    settled = unchanged_plans(sources, operation)
    if settled is not None:
        return settled
    import asyncio  # noqa: PLC0415 - costs start-up time, needed only where there is something to do

    resolver = LockedResolver(locked.lock, locked.failures)
    return asyncio.run(pipeline.locked_plans(sources, operation, run.settings, resolver, held))


def failed_plans(sources: Sequence[Source], failures: Mapping[str, ResolveError]) -> tuple[Plan, ...]:
    """Return plans that do nothing but say which occurrences ``failures`` (by canonical name) concern."""
    found = []
    for source in sources:
        verdicts = tuple(
            Failed(occurrence, failures[occurrence.reference.canonical])
            for occurrence in followed_occurrences(source)
            if occurrence.reference.canonical in failures
        )
        if verdicts:
            found.append(Plan(source.document, verdicts, source.document.data))
    return tuple(found)


def number_waiting(lock: Lock, sources: Iterable[Source]) -> int:
    """Return how many of the tags that ``sources`` follow wait in ``lock``; without a minimum age none does."""
    names = usages(sources).keys() & lock.images.keys()
    return sum(bool(lock.images[name].candidates) for name in names)
