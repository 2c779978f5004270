"""Progress line while registries are asked, and the online part of ``check``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from pinner.findings.online import check_standing, with_proposals
from pinner.findings.pin_status import look_up_pin_statuses
from pinner.model import Occurrence
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
    from typing import TypeVar

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.findings.pin_status import PinStatuses
    from pinner.scan.suppressions import Source


if TYPE_CHECKING:
    T = TypeVar("T")

DELAY = 1.0
"""Seconds before the line appears."""
_STEP = 0.1


def _asked(answered: int, asked: int) -> str:
    return f"asked {answered} of {asked} images" if asked else "asking the registries"


async def with_progress(
    terminal: Terminal,
    work: Callable[[Callable[[int, int], None]], Awaitable[T]],
    delay: float = DELAY,
    words: Callable[[int, int], str] = _asked,
) -> T:
    """Return what ``work`` returns; it is handed the function to call with how many of how many images are answered.

    ``words`` says that, or what else is counted, in a few words.
    """
    state = (0, 0)

    def on_answer(answered: int, asked: int) -> None:
        nonlocal state
        state = (answered, asked)

    if not terminal.interactive:
        return await work(on_answer)
    shown = 0

    async def draw() -> None:
        nonlocal shown
        await asyncio.sleep(delay)
        while True:
            text = words(*state)
            # Blanks and not an escape sequence: they clear the line on every terminal.
            terminal.status(f"\r{text.ljust(shown)}")
            shown = len(text)
            await asyncio.sleep(_STEP)

    drawing = asyncio.create_task(draw())
    try:
        return await work(on_answer)
    finally:
        drawing.cancel()
        if shown:
            terminal.status(f"\r{' ' * shown}\r")


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

    With ``-v`` it is said which answers were only believed.
    """
    pin_statuses = asyncio.run(_ask(context, settings, sources, terminal))
    online = [finding for source in sources for finding in check_standing(source, pin_statuses, settings)]
    findings = [*(with_proposals(finding, pin_statuses) for finding in offline), *online]
    findings.sort(key=lambda finding: (finding.path, finding.place.line, finding.place.span, finding.rule.id))
    believed = tuple(_believed(sources, pin_statuses))
    terminal.detail(*(printable(_believed_words(*one)) for one in believed))
    return Judgement(tuple(findings), tuple(_untold(sources, pin_statuses)), believed)


async def _ask(context: Context, settings: Settings, sources: Sequence[Source], terminal: Terminal) -> PinStatuses:
    async with context.connect(settings, context.environment) as registry:

        async def work(on_answer: Callable[[int, int], None]) -> PinStatuses:
            return await look_up_pin_statuses(sources, settings, registry, on_answer)

        try:
            return await with_progress(terminal, work)
        finally:
            for warning in getattr(registry, "warnings", ()):
                terminal.info(f"{terminal.talk_style.severity('warning')}: {printable(warning)}")


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
