"""Patch and text on stdout for ``--diff`` and ``pin -``; planned changes as findings for ``--format``."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.cli.report_destinations import Outputs, Report, deliver
from pinner.cli.scan import report_unreadable
from pinner.errors import InputError, isolate_failures
from pinner.files import repository_around
from pinner.plan import Failed
from pinner.report.base import Verdict, shown_places, summarise
from pinner.report.diff import is_secret, proposed_findings, reaches_outside, render_patch
from pinner.report.escapes import is_command
from pinner.report.style import hint_line
from pinner.scan.scan import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.plan import Plan

_INTO_A_FILE = {
    "patch": "pinner pin --diff > pinner.patch",
    "text": "pinner pin - --stdin-filename Dockerfile > pinned.Dockerfile",
}


def write_patch(plans: Sequence[Plan], context: Context, terminal: Terminal) -> None:
    """Write the patch that makes ``plans``, and say where it applies if that is not here."""
    style = terminal.talk_style
    outside = reaches_outside(plans)
    root = repository_around(context.folder) if outside else None
    below = "" if root is None else os.path.relpath(context.folder, root).replace(os.sep, "/")
    chunks, failed = isolate_failures(lambda plans: list(render_patch(plans, terminal.patch_style, below)), plans)
    write_exactly(chunks, "patch", context, terminal)
    report_unreadable((Unreadable(plan.document.path, error) for plan, error in failed), terminal)
    if outside:
        terminal.info(f"{style.severity('warning')}: the patch reaches outside the current folder")
        where = "in a folder above" if root is None else f"with `git -C {os.path.relpath(root, context.folder)} apply`"
        terminal.info(hint_line(f"apply it {where}", style))
    if any(plan.changed and is_secret(plan.document.path) for plan in plans):
        hint = "of a `.env` the patch shows nothing but what it changes: apply it with `git apply --unidiff-zero`"
        terminal.info(hint_line(hint, style))


def write_exactly(lines: Sequence[bytes], what: Literal["patch", "text"], context: Context, terminal: Terminal) -> None:
    """Write ``lines`` as they are, since a program reads them, but where somebody else reads along and might obey.

    On a terminal what would speak to it is spelled out. In the log of a CI job a line of a file may be a command to the
    runner: only a file is safe there. Raises `InputError` where such a line would go into the log.
    """
    if context.stdout.terminal:
        texts = (line.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r") for line in lines)
        terminal.output(texts, color=terminal.patch_style.color)
        return
    if terminal.is_read_by_runner and any(map(is_command, lines)):
        raise InputError(
            f"the {what} was not written: a line of it is a command to the CI system that reads this log",
            hint=f"send it into a file: `{_INTO_A_FILE[what]}`",
        )
    terminal.raw(lines)


class Told(NamedTuple):
    """What is told beside the changes themselves."""

    unreadable: Sequence[Unreadable]
    status: int
    """What the run will exit with."""
    format: str
    is_unverified: bool = False
    """Whether policies on signatures were left aside."""


def write_proposals(
    plans: Sequence[Plan], told: Told, settings: Settings, context: Context, terminal: Terminal
) -> None:
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
