"""``--diff --format``: planned changes as findings, for programs that suggest them in a review."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.cli.outputs import Outputs, Report, deliver
from pinner.plan import Failed
from pinner.report.base import Verdict, shown_places, summarise
from pinner.report.diff import proposed_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.pipeline import Unreadable
    from pinner.plan import Plan


class Told(NamedTuple):
    """What is told beside the changes themselves."""

    unreadable: Sequence[Unreadable]
    status: int
    """What the run will exit with."""
    format: str
    is_unverified: bool = False
    """Whether policies on signatures were left aside."""


def propose(plans: Sequence[Plan], told: Told, settings: Settings, context: Context, terminal: Terminal) -> None:
    """Write to stdout, in the format of ``told``, what ``plans`` would change."""
    findings = tuple(proposed_findings(plans, settings.rules))
    places = shown_places((plan.document.path, [verdict.place for verdict in plan.verdicts]) for plan in plans)
    verdict = Verdict(
        findings,
        summarise(len(plans), places, findings),
        told.unreadable,
        {plan.document.path: plan.document.data for plan in plans},
        status=told.status,
        is_unverified=told.is_unverified,
        untold=[
            (plan.document.path, verdict.place, verdict.error)
            for plan in plans
            for verdict in plan.verdicts
            if isinstance(verdict, Failed)
        ],
    )
    deliver(verdict, Outputs((Report(told.format),)), context, terminal)
