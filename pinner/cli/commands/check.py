"""``pinner check``: say what is wrong; offline unless told otherwise, and never writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner import pipeline
from pinner.cli.look import look
from pinner.cli.options import DEFAULTS, Options
from pinner.cli.outputs import choose_outputs, deliver
from pinner.cli.settings import settings_for
from pinner.cli.status import exit_status
from pinner.cli.terminal import Terminal
from pinner.report.base import Verdict, shown_places, summarise
from pinner.report.style import hint_line
from pinner.report.words import check_sentence
from pinner.rules import LOCK_MISMATCH, SEVERITIES, UNPINNED, Severity
from pinner.screen import judged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.cli.context import Context
    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.model import Mention


class CheckOptions(NamedTuple):
    """What ``check`` was asked."""

    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    format: str | None = None
    """None for the one that suits: text, and annotations beside it on GitHub."""
    output: tuple[str, ...] = ()
    exit_zero: bool = False
    fail_on: Severity = "error"
    online: bool = False
    """Whether the registries are asked how the pins stand."""


def check(context: Context, asked: CheckOptions) -> int:
    """Report every finding; return the exit status."""
    terminal = Terminal(context, asked.options)
    outputs = choose_outputs(asked.format, asked.output, context)
    settings = settings_for(context, asked.options)
    targets, survey = look(context, settings, asked.paths, terminal)
    findings, lock = pipeline.check(survey, targets, settings, context.folder, asked.paths)
    untold: tuple[tuple[str, Mention, PinnerError], ...] = ()
    if asked.online:
        from pinner.cli.online import judge_online  # noqa: PLC0415 - brings asyncio

        findings, untold = judge_online(context, settings, survey.sources, findings, terminal)
    places = shown_places((source.document.path, judged(source, "pin")) for source in survey.sources)
    failing = SEVERITIES[SEVERITIES.index(asked.fail_on) :]
    found = any(finding.severity in failing for finding in findings) and not asked.exit_zero
    verdict = Verdict(
        findings,
        summarise(len(survey.sources), places, findings, len(untold)),
        survey.unreadable,
        {document.path: document.data for document in (*(one.document for one in survey.sources), *lock)},
        failing,
        exit_status(found=found, untold=bool(survey.unreadable or untold)),
        untold,
    )
    complete = deliver(verdict, outputs, context, terminal)
    if untold:
        from pinner.report.changes import render_untold  # noqa: PLC0415 - only where registries were asked

        terminal.complain(render_untold(untold, terminal.talk_style))
    sentence = check_sentence(verdict.summary, len(survey.unreadable))
    beside_lock = lock and survey.sources and settings.rules.get(LOCK_MISMATCH.id) != "off"
    terminal.say(f"{sentence}; {_agreement(findings)}" if beside_lock else sentence)
    if any(finding.rule is UNPINNED for finding in findings):
        terminal.say(hint_line("`pinner pin` adds the digests", terminal.talk_style))
    return verdict.status if complete else exit_status(found=found, untold=True)


def _agreement(findings: Iterable[Finding]) -> str:
    from pinner.report.locks import agreement_words  # noqa: PLC0415 - only where there is a lock

    return agreement_words(sum(finding.rule is LOCK_MISMATCH for finding in findings))
