"""``--diff --format``: planned changes as findings, for programs that suggest them in a review."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.cli.outputs import Outputs, Report, deliver
from pinner.plan import Failed
from pinner.report.base import Verdict, shown_places, summarise
from pinner.report.patch import proposed_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.pipeline import Unreadable
    from pinner.plan import Plan


def propose(
    plans: Sequence[Plan],
    unreadable: Sequence[Unreadable],
    status: int,
    format_: str,
    settings: Settings,
    context: Context,
    terminal: Terminal,
) -> None:
    """Write to stdout, as ``format_``, what ``plans`` would change; ``status`` is what the run will exit with."""
    findings = tuple(proposed_findings(plans, settings.rules))
    places = shown_places((plan.document.path, [verdict.place for verdict in plan.verdicts]) for plan in plans)
    verdict = Verdict(
        findings,
        summarise(len(plans), places, findings),
        unreadable,
        {plan.document.path: plan.document.data for plan in plans},
        status=status,
        untold=[
            (plan.document.path, verdict.place, verdict.error)
            for plan in plans
            for verdict in plan.verdicts
            if isinstance(verdict, Failed)
        ],
    )
    deliver(verdict, Outputs((Report(format_),)), context, terminal)
