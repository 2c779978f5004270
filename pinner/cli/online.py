"""Online part of ``check``: pin status asked for and judged."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pinner.cli.answers import with_registry
from pinner.findings.online import check_standing, with_proposals
from pinner.findings.pin_status import look_up_pin_statuses
from pinner.model import Occurrence
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.findings.pin_status import PinStatuses
    from pinner.oci.resolver import Registry
    from pinner.scan.suppressions import Source


class Judgement(NamedTuple):
    """What the registries made of a check."""

    findings: tuple[Finding, ...]
    """Those of the files themselves and those of the pins, by path and place."""
    untold: tuple[tuple[str, Occurrence, PinnerError], ...]
    """The occurrences that no registry would answer for: path, occurrence, why."""
    believed: tuple[tuple[str, Occurrence], ...]
    """Those whose answers nobody hashed, for a registry counts what is fetched: path, occurrence."""


def judge_online(
    context: Context, settings: Settings, sources: Sequence[Source], offline: Iterable[Finding], terminal: Terminal
) -> Judgement:
    """Return the findings ``offline``, with proposals, and those of the rules that registries are asked for.

    With ``-v`` it is said which answers were only believed, and of which registries' indexes nothing below was asked.
    """

    async def ask(registry: Registry, on_answer: Callable[[int, int], None]) -> PinStatuses:
        return await look_up_pin_statuses(sources, settings, registry, on_answer)

    pin_statuses = with_registry(context, settings, terminal, ask)
    online = [finding for source in sources for finding in check_standing(source, pin_statuses, settings)]
    findings = [*(with_proposals(finding, pin_statuses) for finding in offline), *online]
    findings.sort(key=lambda finding: (finding.path, finding.place.line, finding.place.span, finding.rule.id))
    believed = tuple(_believed(sources, pin_statuses))
    terminal.detail(*(printable(_believed_words(*one)) for one in believed))
    terminal.detail(*_unopened_words(pin_statuses))
    return Judgement(tuple(findings), tuple(_untold(sources, pin_statuses)), believed)


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
