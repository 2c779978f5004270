"""``check --online``: ask the registries how every pin stands, and judge it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from pinner.cli.progress import with_progress
from pinner.model import Mention
from pinner.online import check_standing, with_proposals
from pinner.report.escapes import printable
from pinner.standing import look_up_standings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.screen import Source
    from pinner.standing import Standings


class Judgement(NamedTuple):
    """What the registries made of a check."""

    findings: tuple[Finding, ...]
    """Those of the files themselves and those of the pins, by path and place."""
    untold: tuple[tuple[str, Mention, PinnerError], ...]
    """The mentions that no registry would answer for: path, mention, why."""
    believed: tuple[tuple[str, Mention], ...]
    """Those whose answers nobody hashed, for a registry counts what is fetched: path, mention."""


def judge_online(
    context: Context, settings: Settings, sources: Sequence[Source], offline: Iterable[Finding], terminal: Terminal
) -> Judgement:
    """Return the findings ``offline``, with proposals, and those of the rules that registries are asked for.

    With ``-v`` it is said which answers were only believed.
    """
    standings = asyncio.run(_ask(context, settings, sources, terminal))
    online = [finding for source in sources for finding in check_standing(source, standings, settings)]
    findings = [*(with_proposals(finding, standings) for finding in offline), *online]
    findings.sort(key=lambda finding: (finding.path, finding.place.line, finding.place.span, finding.rule.id))
    believed = tuple(_believed(sources, standings))
    terminal.detail(*(printable(_believed_words(*one)) for one in believed))
    return Judgement(tuple(findings), tuple(_untold(sources, standings)), believed)


async def _ask(context: Context, settings: Settings, sources: Sequence[Source], terminal: Terminal) -> Standings:
    async with context.connect(settings, context.environment) as registry:

        async def work(on_answer: Callable[[int, int], None]) -> Standings:
            return await look_up_standings(sources, settings, registry, on_answer)

        try:
            return await with_progress(terminal, work)
        finally:
            for warning in getattr(registry, "warnings", ()):
                terminal.say(f"{terminal.talk_style.severity('warning')}: {printable(warning)}")


def _untold(sources: Sequence[Source], standings: Standings) -> Iterator[tuple[str, Mention, PinnerError]]:
    for source in sources:
        for candidate in source.candidates:
            if isinstance(candidate.place, Mention):
                standing = standings.of(candidate.place)
                if standing is not None and standing.error is not None:
                    yield source.document.path, candidate.place, standing.error


def _believed(sources: Sequence[Source], standings: Standings) -> Iterator[tuple[str, Mention]]:
    for source in sources:
        for candidate in source.candidates:
            if isinstance(candidate.place, Mention):
                standing = standings.of(candidate.place)
                if standing is not None and standing.is_believed:
                    yield source.document.path, candidate.place


def _believed_words(path: str, mention: Mention) -> str:
    name, host = mention.reference.familiar, mention.reference.domain
    place = f"{path}:{mention.line}:{mention.column}"
    return f"{place}: `{name}` was not hashed: {host}'s header is believed, for fetching it is a pull"
