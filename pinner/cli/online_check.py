"""Online part of ``check``: pin status asked for and judged."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pinner.cli.registry_answers import with_registry
from pinner.cli.signature_verifier import verified_registry_by_lock
from pinner.findings.online_rules import check_standing, check_tags, looks_for_tags, with_proposals
from pinner.findings.pin_status import look_up_pin_statuses
from pinner.model import Occurrence
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.errors import PinnerError, ResolveError
    from pinner.findings import Finding
    from pinner.findings.pin_status import PinStatuses
    from pinner.oci.resolver import Registry
    from pinner.reference import ImageReference
    from pinner.scan.suppressions import Candidate, Source
    from pinner.tag_upgrades.newer_tags import NewerTags

    Refusals = Mapping[str, ResolveError]


class Judgement(NamedTuple):
    """What the registries made of a check."""

    findings: tuple[Finding, ...]
    """Those of the files themselves and those of the pins, by path and place."""
    untold: tuple[tuple[str, Occurrence, PinnerError], ...]
    """The occurrences that no registry would answer for: path, occurrence, why."""
    believed: tuple[tuple[str, Occurrence], ...]
    """Those whose answers nobody hashed, for a registry counts what is fetched: path, occurrence."""
    statuses: PinStatuses
    """How every pin stands."""


def judge_online(
    context: Context, settings: Settings, sources: Sequence[Source], offline: Iterable[Finding], terminal: Terminal
) -> Judgement:
    """Return the findings ``offline``, with proposals, and those of the rules that registries are asked for.

    With ``-v`` it is said which answers were only believed, and of which registries' indexes nothing below was asked.
    """

    async def ask(
        registry: Registry, on_answer: Callable[[int, int], None]
    ) -> tuple[PinStatuses, Refusals, Mapping[str, NewerTags]]:
        statuses = await look_up_pin_statuses(sources, settings, registry, on_answer)
        refusals = await _refusals(context, settings, registry, terminal, sources)
        return statuses, refusals, await _newer(sources, settings, registry, context.today)

    pin_statuses, refusals, newer = with_registry(context, settings, terminal, ask)
    online = [finding for source in sources for finding in check_standing(source, pin_statuses, settings)]
    online += [finding for source in sources for finding in _signatures(source, refusals, settings)]
    online += [finding for source in sources for finding in check_tags(source, newer, settings)]
    told = {(one.path, one.place.span, one.rule) for one in online}
    # What the lock does not say of a signature the registry has said by now.
    offline = [one for one in offline if (one.path, one.place.span, one.rule) not in told]
    findings = [*(with_proposals(finding, pin_statuses) for finding in offline), *online]
    findings.sort(key=lambda finding: (finding.path, finding.place.line, finding.place.span, finding.rule.id))
    believed = tuple(_believed(sources, pin_statuses))
    terminal.detail(*(printable(_believed_words(*one)) for one in believed))
    terminal.detail(*_unopened_words(pin_statuses))
    untold = (
        *_untold(sources, pin_statuses),
        *_unknown(sources, refusals),
        *_unlisted(sources, newer),
    )
    return Judgement(tuple(findings), untold, believed, pin_statuses)


async def _refusals(
    context: Context, settings: Settings, registry: Registry, terminal: Terminal, sources: Sequence[Source]
) -> Refusals:
    """Return why the digests in ``sources`` are refused by the policies on signatures, or not known to be accepted."""
    if not settings.verify:
        return {}
    import asyncio  # noqa: PLC0415 - only where there is a policy

    from pinner.errors import ResolveError  # noqa: PLC0415 - the same

    vetted = verified_registry_by_lock(context, settings, registry, terminal)
    found: dict[str, ResolveError] = {}

    async def look(reference: ImageReference) -> None:
        try:
            await vetted.signature(reference)
        except ResolveError as error:
            found[str(reference)] = error

    references = {str(one.reference): one.reference for source in sources for _, one in _pinned(source)}
    await asyncio.gather(*map(look, references.values()))
    return found


def _pinned(source: Source) -> Iterator[tuple[Candidate, Occurrence]]:
    for candidate in source.candidates:
        if isinstance(candidate.place, Occurrence) and candidate.place.reference.digest is not None:
            yield candidate, candidate.place


def _signatures(source: Source, refusals: Refusals, settings: Settings) -> Iterator[Finding]:
    if not refusals:
        return
    from pinner.errors import SignatureError  # noqa: PLC0415 - only where something is refused
    from pinner.findings.signatures import refused_findings  # noqa: PLC0415 - the same

    for candidate, place in _pinned(source):
        error = refusals.get(str(place.reference))
        if isinstance(error, SignatureError):
            yield from refused_findings(source.document.path, candidate, place, error, settings.rules)


def _unknown(sources: Sequence[Source], refusals: Refusals) -> Iterator[tuple[str, Occurrence, PinnerError]]:
    if not refusals:
        return
    from pinner.errors import SignatureError  # noqa: PLC0415 - only where something is refused

    for source in sources:
        for _, place in _pinned(source):
            error = refusals.get(str(place.reference))
            if error is not None and not isinstance(error, SignatureError):
                yield source.document.path, place, error


async def _newer(
    sources: Sequence[Source], settings: Settings, registry: Registry, today: date
) -> Mapping[str, NewerTags]:
    """Return what lists say of the tags in use; nobody is asked where no rule is about that."""
    if not looks_for_tags(settings):
        return {}
    from pinner.tag_upgrades.eligible_tags import eligible_tags  # noqa: PLC0415 - as above
    from pinner.tag_upgrades.newer_tags import find_newer_tags  # noqa: PLC0415 - only where it is asked for

    update = settings.update
    everything = update._replace(rules=update.rules._replace(tags=update.rules.tags or "major"))
    wanted = eligible_tags(sources, settings._replace(update=everything))
    return await find_newer_tags(wanted, registry, today)


def _unlisted(
    sources: Sequence[Source], newer: Mapping[str, NewerTags]
) -> Iterator[tuple[str, Occurrence, PinnerError]]:
    for source in sources:
        for candidate in source.candidates:
            if isinstance(candidate.place, Occurrence):
                found = newer.get(candidate.place.reference.canonical)
                if found is not None and found.error is not None:
                    yield source.document.path, candidate.place, found.error


def _untold(sources: Sequence[Source], pin_statuses: PinStatuses) -> Iterator[tuple[str, Occurrence, PinnerError]]:
    for source in sources:
        for candidate in source.candidates:
            if isinstance(candidate.place, Occurrence):
                pin_status = pin_statuses.of(candidate.place)
                if pin_status is not None and pin_status.error is not None:
                    yield source.document.path, candidate.place, pin_status.error


def _believed(sources: Sequence[Source], pin_statuses: PinStatuses) -> Iterator[tuple[str, Occurrence]]:
    for source in sources:
        for candidate in source.candidates:
            if isinstance(candidate.place, Occurrence):
                pin_status = pin_statuses.of(candidate.place)
                if pin_status is not None and pin_status.is_believed:
                    yield source.document.path, candidate.place


def _believed_words(path: str, occurrence: Occurrence) -> str:
    name, host = occurrence.reference.familiar, occurrence.reference.domain
    place = f"{path}:{occurrence.line}:{occurrence.column}"
    return f"{place}: `{name}` was not hashed: {host}'s header is believed, for fetching it is a pull"


def _unopened_words(pin_statuses: PinStatuses) -> Iterator[str]:
    hosts = Counter(key[0].partition("/")[0] for key, status in pin_statuses.by_key.items() if status.is_unopened)
    for host, count in sorted(hosts.items()):
        indexes = f"{count} index{'' if count == 1 else 'es'}"
        yield f"{printable(host)}: no manifest of {indexes} was asked for; with `platforms` those that count are"
