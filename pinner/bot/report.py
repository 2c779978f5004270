"""Bot report: text, Markdown and JSON of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pinner.bot.batch import tally
from pinner.bot.decide import Close, Complete, Create, DeleteBranch, Edit, Push
from pinner.report.escapes import printable
from pinner.report.summary_sentences import count, repositories

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinner.bot.batch import Report
    from pinner.bot.context import Step
    from pinner.bot.decide import Action
    from pinner.bot.model import ImageChange
    from pinner.plan import Failed
    from pinner.report.style import Style
    from pinner.schema.command_json import (
        BotRecord,
        ChangeRecord,
        Deed,
        PullRequestRecord,
        RepositoryRecord,
        UnresolvedRecord,
    )

VERSION: Final = 1
_GOOD = frozenset({"opened", "updated", "closed"})
_WOULD = {"opened": "would open", "updated": "would update", "closed": "would close"}


def report_lines(report: Report, style: Style, *, dry_run: bool = False) -> Iterator[str]:
    """Yield a line for each pull request of a repository, or one on why there is none."""
    name = style.where(printable(report.name))
    done = report.published
    if done is None:
        return
    if done.skipped is not None:
        yield f"{name}: skipped: {printable(done.skipped)}"
        return
    if done.later is not None:
        yield f"{name}: later: {printable(done.later)}"
        return
    told = [step for step in done.steps if step.error is None]
    for step in told:
        yield f"{name}: {_step_line(step, style, dry_run=dry_run)}"
    if not done.steps:
        unsettled = bool(done.failures or done.unreadable)
        yield f"{name}: nothing to do" + (
            "" if unsettled else ": every digest is what its tag means, and there is no pull request"
        )


def _step_line(step: Step, style: Style, *, dry_run: bool) -> str:
    outcome: str = step.decision.outcome
    word = _WOULD.get(outcome, outcome) if dry_run else outcome
    if outcome == "nothing":
        word = "nothing to do"
    text = style.good(word) if outcome in _GOOD else word
    where = f" {printable(step.url)}" if step.url else f" {printable(step.proposal.branch)}"
    reason = step.decision.reason if not step.url else step.decision.reason.removeprefix(f"{step.url} ")
    held = f"; {count(len(step.held_back), 'image')} held back" if step.held_back else ""
    return f"{text}{where}: {printable(reason)}{held}"


def summary_lines(counts: Mapping[str, int], of: int, style: Style, *, dry_run: bool = False) -> Iterator[str]:
    """Yield the table that closes a run over many repositories: what `tally` counts ``of`` so many."""
    width = max((len(str(number)) for number in counts.values()), default=1)
    yield f"{repositories(of)}:"
    for outcome, number in counts.items():
        word = style.gone(outcome) if outcome == "failed" else _WOULD.get(outcome, outcome) if dry_run else outcome
        yield f"  {number:>{width}}  {word}"


def render_markdown(reports: Iterable[Report]) -> Iterator[str]:
    """Yield the pull requests that a dry run would make, exactly as they would be: branch, title, body and diff."""
    for report in reports:
        done = report.published
        for step in () if done is None else done.steps:
            if not step.proposal.changes:
                continue
            yield from _exactly(report.name, step)


def _exactly(name: str, step: Step) -> Iterator[str]:
    proposal = step.proposal
    yield f"# {printable(proposal.title)}"
    yield ""
    yield f"- repository: {printable(name)}"
    yield f"- branch: `{printable(proposal.branch)}`, for `{printable(proposal.base)}`"
    yield f"- now: {step.decision.outcome}: {printable(step.decision.reason)}"
    for word, values in (
        ("labels", proposal.labels),
        ("assignees", proposal.assignees),
        ("reviewers", proposal.reviewers),
    ):
        if values:
            yield f"- {word}: {', '.join(map(printable, values))}"
    if proposal.auto_merge:
        yield "- auto-merge: once the checks pass"
    yield from ("", "## Body", "", *map(_harmless, proposal.body.rstrip("\n").split("\n")))
    yield from ("", "## Commit", "", *_fenced(proposal.message, ""))
    yield from ("", "## Diff", "", *_fenced(step.patch.decode("utf-8", "surrogateescape"), "diff"), "")


def _fenced(text: str, language: str) -> Iterator[str]:
    lines = text.rstrip("\n").split("\n")
    fence = "```"
    while any(line.startswith(fence) for line in lines):
        fence += "`"
    yield fence + language
    yield from map(_harmless, lines)
    yield fence


def _harmless(line: str) -> str:
    """Return a line of text for a terminal: a tab is none of the characters that could do harm there."""
    return "\t".join(printable(piece) for piece in line.split("\t"))


def render_json(reports: Sequence[Report], *, dry_run: bool) -> str:
    """Return everything about a run as one JSON object."""
    value: BotRecord = {
        "version": VERSION,
        "dryRun": dry_run,
        "repositories": [_repository(report) for report in reports],
        "summary": tally(reports),
    }
    return json.dumps(value, indent=2, ensure_ascii=True)


def _repository(report: Report) -> RepositoryRecord:
    done = report.published
    value: RepositoryRecord = {
        "name": report.name,
        "url": None,
        "skipped": None,
        "later": None,
        "error": None,
        "pullRequests": [],
    }
    if report.error is not None:
        value["error"] = {"message": report.error.message, "hint": report.error.hint}
    if done is not None:
        value |= {
            "url": done.repository.web_url,
            "skipped": done.skipped,
            "later": done.later,
            "pullRequests": [_request(step) for step in done.steps],
            "unresolved": [_unresolved(plan.document.path, verdict) for plan, verdict in done.unresolved()],
            "unreadable": [{"path": file.path, "message": file.error.message} for file in done.unreadable],
            "notes": list(done.notes),
        }
    return value


def _unresolved(path: str, verdict: Failed) -> UnresolvedRecord:
    return {
        "path": path,
        "line": verdict.place.line,
        "reference": str(verdict.place.reference),
        "message": verdict.error.message,
    }


def _request(step: Step) -> PullRequestRecord:
    proposal = step.proposal
    return {
        "outcome": step.decision.outcome,
        "reason": step.decision.reason,
        "error": None if step.error is None else step.error.message,
        "url": step.url,
        "actions": [_ACTIONS[type(action)] for action in step.decision.actions],
        "group": proposal.group,
        "branch": proposal.branch,
        "base": proposal.base,
        "title": proposal.title or None,
        "body": proposal.body or None,
        "message": proposal.message or None,
        "labels": list(proposal.labels),
        "assignees": list(proposal.assignees),
        "reviewers": list(proposal.reviewers),
        "autoMerge": bool(proposal.auto_merge),
        "changes": [_change(change) for change in proposal.changes],
        "heldBack": [
            {"name": held.name, "digest": None if held.digest is None else str(held.digest), "reason": held.reason}
            for held in step.held_back
        ],
        "diff": step.patch.decode("utf-8", "replace") or None,
    }


_ACTIONS: dict[type[Action], Deed] = {
    Push: "push",
    Create: "create",
    Edit: "edit",
    Complete: "complete",
    Close: "close",
    DeleteBranch: "delete-branch",
}


def _change(change: ImageChange) -> ChangeRecord:
    return {
        "name": change.name,
        "canonical": change.canonical,
        "old": None if change.old is None else str(change.old),
        "new": str(change.new),
        "places": list(change.places),
    }
