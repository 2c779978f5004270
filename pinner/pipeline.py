"""Pipeline of every command: read, locate, ask, plan, write."""

from __future__ import annotations

from pinner import files
from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InputError, attempt
from pinner.formats import configured
from pinner.scan.linking import Expected, Links, known_files, link_files, unproved_paths
from pinner.scan.neighbour_files import paths_of, read_neighbours
from pinner.scan.scan import Unreadable, read_all
from pinner.scan.suppressions import apply_suppressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date
    from os import PathLike
    from typing import TypeAlias

    from pinner.config import Settings
    from pinner.lockfile.model import Lock
    from pinner.lockfile.resolver import LockedResolver
    from pinner.model import Answer
    from pinner.oci.digest_kind import DigestKind, DigestKindKey
    from pinner.oci.resolver import Registry, Resolver
    from pinner.plan import Plan, Settled
    from pinner.reference import ImageReference, Platform
    from pinner.scan.discover import Target
    from pinner.scan.neighbour_files import Around
    from pinner.scan.suppressions import Operation, Source

    StrPath: TypeAlias = str | PathLike[str]


class Survey(NamedTuple):
    """What a run found before it asked anybody."""

    sources: tuple[Source, ...]
    """Sorted by path; only files that are of a known format."""
    unreadable: tuple[Unreadable, ...]


def survey(targets: Iterable[Target], settings: Settings, *, today: date, around: Around = None) -> Survey:
    """Read and locate every target; a file that cannot be read is reported and the others go on.

    ``around`` are the files of the repository where the run sees a part of it: what they state counts, too.
    """
    targets = sorted(targets, key=lambda target: target.path)
    formats = configured(settings.formats)
    readings = read_all(targets, formats)
    found = known_files(readings)
    around = around if any(file.located.places or file.located.facts for file in found) else None
    beside = known_files(read_neighbours(readings, targets, formats, around).readings)
    links = attempt(link_files, [*found, *beside], paths_of(targets))
    lost = {reading.path: reading.error for reading in readings if reading.error is not None}
    if isinstance(links, InputError):
        lost |= dict.fromkeys((file.document.path for file in found if file.located.facts), links)
        links = Links()
    sources: list[Source] = []
    excluded = settings.images_exclude
    for document, format_, located in found:
        path = document.path
        source = attempt(
            apply_suppressions,
            document,
            format_,
            located,
            today=today,
            places=links.changed.get(path),
            images_exclude=excluded,
        )
        if isinstance(source, InputError):
            lost[path] = source
        elif path not in lost:
            sources.append(source._replace(links=links) if links.files else source)
    return Survey(tuple(sources), tuple(Unreadable(path, lost[path]) for path in sorted(lost)))


def _proved_together(sources: Sequence[Source], plans: Sequence[Plan]) -> tuple[Plan, ...]:
    """Return ``plans`` without the edits that would change what other files' images are, or their own otherwise."""
    from pinner.plan import edited_texts, without_edits  # noqa: PLC0415 - not needed to check

    links = next((source.links for source in sources if source.links is not None), None)
    edited = {plan.document.path: Expected(plan.result, edited_texts(plan)) for plan in plans if plan.changed}
    if links is None or not edited:
        return tuple(plans)
    unsafe = unproved_paths(links, edited)
    return tuple([without_edits(plan) if plan.document.path in unsafe else plan for plan in plans])


async def make_plans(
    sources: Sequence[Source],
    operation: Operation,
    settings: Settings,
    resolver: Resolver,
    on_answer: Callable[[int, int], None] | None = None,
) -> tuple[Plan, ...]:
    """Return what ``operation`` (pin, or update to what tags mean) does to ``sources``, every question asked once."""
    from pinner.oci.resolver import resolve_all  # noqa: PLC0415 - asyncio costs start-up time that `check` need not pay
    from pinner.plan import make_plan  # noqa: PLC0415 - not needed to check
    from pinner.plan.registry_questions import questions  # noqa: PLC0415 - as above

    asked = [question for source in sources for question in questions(source, operation, settings.platform)]
    answers = await resolve_all(asked, resolver, on_answer)
    return _proved_together(sources, [make_plan(source, operation, answers, settings.platform) for source in sources])


async def update_plans(
    sources: Sequence[Source],
    settings: Settings,
    registry: Registry,
    on_answer: Callable[[int, int], None] | None = None,
) -> tuple[Plan, ...]:
    """Return what updating does to ``sources``: a digest that is one platform's manifest stays that platform's.

    Where the settings name a platform every digest becomes that platform's, or the one's that the reference names. An
    index that moved for other platforms alone than those that the settings require stays.
    """
    from pinner.oci.digest_kind import look_up_digest_kinds  # noqa: PLC0415 - as above
    from pinner.oci.resolver import resolve_all  # noqa: PLC0415 - as above
    from pinner.plan import make_plan  # noqa: PLC0415 - as above
    from pinner.plan.registry_questions import ambiguous_digests, questions  # noqa: PLC0415 - as above

    if settings.platform is not None:
        return await make_plans(sources, "update", settings, registry, on_answer)
    answers = await resolve_all(
        [question for source in sources for question in questions(source, "update")], registry, on_answer
    )
    moving = [reference for source in sources for reference in ambiguous_digests(source, answers)]
    held = await look_up_digest_kinds(moving, registry)
    settled = await _settled(moving, answers, settings, registry)
    again = [question for source in sources for question in questions(source, "update", None, held)]
    answers |= await resolve_all((question for question in again if question.key not in answers), registry)
    return _proved_together(
        sources, [make_plan(source, "update", answers, held=held, settled=settled) for source in sources]
    )


async def _settled(
    moving: Iterable[ImageReference],
    answers: Mapping[tuple[str, Platform | None], Answer],
    settings: Settings,
    registry: Registry,
) -> frozenset[Settled]:
    """Return which of ``moving`` moved for other platforms alone; where that cannot be told, it moved."""
    import asyncio  # noqa: PLC0415 - costs start-up time that `check` need not pay

    from pinner.errors import ResolveError  # noqa: PLC0415 - as above
    from pinner.model import Question, Resolved  # noqa: PLC0415 - as above
    from pinner.oci.digest_kind import moved_elsewhere  # noqa: PLC0415 - as above

    async def stays(reference: ImageReference) -> bool:
        answer = answers[Question(reference).key]
        try:
            return isinstance(answer, Resolved) and await moved_elsewhere(
                reference, answer.digest, settings.platforms, registry
            )
        except ResolveError:
            return False

    if not settings.platforms:
        return frozenset()
    distinct = {(reference.canonical, reference.digest): reference for reference in moving}
    verdicts = await asyncio.gather(*map(stays, distinct.values()))
    return frozenset(key for key, is_settled in zip(distinct, verdicts, strict=True) if is_settled)


async def digest_kinds_beside_lock(
    sources: Sequence[Source], resolver: LockedResolver, before: Lock, registry: Registry
) -> dict[DigestKindKey, DigestKind]:
    """Return what stands behind the digests that updating ``sources`` to what ``resolver`` says would move.

    The lock of ``before`` knows most; the registry is asked for the rest.
    """
    from pinner.lockfile.resolver import digest_kind_by  # noqa: PLC0415 - as above
    from pinner.oci.digest_kind import digest_kind_key, look_up_digest_kinds  # noqa: PLC0415 - not needed to check
    from pinner.oci.resolver import resolve_all  # noqa: PLC0415 - as above
    from pinner.plan.registry_questions import ambiguous_digests, questions  # noqa: PLC0415 - as above

    answers = await resolve_all((question for source in sources for question in questions(source, "update")), resolver)
    moving = [reference for source in sources for reference in ambiguous_digests(source, answers)]
    held = digest_kind_by(before, moving)
    return held | await look_up_digest_kinds((one for one in moving if digest_kind_key(one) not in held), registry)


async def locked_plans(
    sources: Sequence[Source],
    operation: Operation,
    settings: Settings,
    resolver: LockedResolver,
    held: Mapping[DigestKindKey, DigestKind],
) -> tuple[Plan, ...]:
    """Return what ``operation`` (pin, update or hold) does to ``sources`` where a lock answers.

    A digest that ``held`` says to be one platform's manifest stays that platform's, unless the settings name one.
    """
    from pinner.oci.resolver import resolve_all  # noqa: PLC0415 - as above
    from pinner.plan import make_plan  # noqa: PLC0415 - not needed to check
    from pinner.plan.registry_questions import questions  # noqa: PLC0415 - as above

    kinds = held if settings.platform is None else {}
    asked = [question for source in sources for question in questions(source, operation, settings.platform, kinds)]
    answers = await resolve_all(asked, resolver)
    return _proved_together(
        sources, [make_plan(source, operation, answers, settings.platform, held=kinds) for source in sources]
    )


def unpin_plans(sources: Iterable[Source], targets: Iterable[Target], memory: StrPath | None) -> tuple[Plan, ...]:
    """Return the plans that take digests off again, and with them the tags that ``memory`` says pinner wrote."""
    from pinner.plan import make_plan  # noqa: PLC0415 - not needed to check

    files_by_path = {target.path: target.file for target in targets}
    sources = list(sources)
    plans = [
        make_plan(
            source,
            "unpin",
            {},
            own_tags=_own_tags(memory, files_by_path[source.document.path], source.document.data),
        )
        for source in sources
    ]
    return _proved_together(sources, plans)


def _own_tags(memory: StrPath | None, file: str, data: bytes) -> frozenset[int]:
    if memory is None or b":latest@" not in data:  # what pinner wrote is as it wrote it, or not its own any more
        return frozenset()
    from pinner.cache.latest_tags import recorded_latest_tags  # noqa: PLC0415 - hashing is not needed to check

    return recorded_latest_tags(memory, file, data)


def write(
    plans: Iterable[Plan], targets: Iterable[Target], memory: StrPath | None = None, home: str | None = None
) -> tuple[Unreadable, ...]:
    """Write every changed plan to its file, each all or nothing; return the files that could not be written.

    ``memory`` is the folder that remembers which tags pinner added, or None; ``home`` is the folder of the run, the
    current one by default (see `files.refuse_outside`).
    """
    places = {target.path: target.file for target in targets}
    failed: list[Unreadable] = []
    for plan in plans:
        if not plan.changed:
            continue
        file = places[plan.document.path]
        error = attempt(files.write, file, plan.document.data, plan.result, home)
        if error is not None and attempt(files.read, file) != plan.result:  # another run may have made the same of it
            failed.append(Unreadable(plan.document.path, error))
        elif memory is not None:
            attempt(_remember, memory, file, plan)  # without it a `:latest` stays when the digest goes
    return tuple(failed)


def _remember(memory: StrPath, file: str, plan: Plan) -> None:
    from pinner.cache.latest_tags import record_latest_tags  # noqa: PLC0415 - hashing is not needed to check

    record_latest_tags(memory, file, plan.result, plan.tags_added(_own_tags(memory, file, plan.document.data)))
