"""Work on one repository of the fleet: the bot's run, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner import __version__
from pinner.bot.batch import Job, Report, run_one, tally
from pinner.bot.context import Scope
from pinner.bot.forges.base import BusyError, ForgeError, MissingError
from pinner.bot.git.program import GitError, open_git, redacted
from pinner.bot.workspace import workspace
from pinner.errors import PinnerError, RateLimitedError
from pinner.fleet.catalog import backoff
from pinner.fleet.store import RunResult, repository_of
from pinner.limits import REPOSITORY_SECONDS

if TYPE_CHECKING:
    from pinner.bot.context import Published
    from pinner.bot.model import Repository
    from pinner.fleet.sources import Fleet, Source
    from pinner.fleet.store import Due

DAY = 24 * 3600.0
STUCK = 8
"""Failures in a row after which a repository is tried once a day."""
_PAUSE = 60.0
"""Seconds to wait where somebody asks for patience and does not say how long."""
_HELD = 6 * 3600.0
"""Seconds after which is looked again at what was held back for its age, or waits for its hours."""
_SAME = "nothing was pushed to its branch, and no image it names has moved"
_CHEAP = frozenset({"pushed", "hook"})
"""Reasons for which a repository need not be cloned where its head is what it was."""
_KEPT = frozenset({"moved", "new", "base"})
"""Reasons that stay what they are where a repository has to wait for its turn to open something."""
_SETTLED = frozenset(
    {"opened", "updated", "unchanged", "closed", "silenced", "foreign", "stopped", "nothing", "skipped"}
)
"""Outcomes after which there is nothing to do until something happens."""


async def process_repository(fleet: Fleet, row: Due, patience: float = REPOSITORY_SECONDS) -> Report:
    """See to the repository of ``row``, and keep what came of it in one transaction; return it. Never raises.

    But for the store's own failures: then nothing is kept, and the repository stays due.
    """
    began = fleet.clock.wall()
    source = fleet.source_of(row.forge, row.name)
    if source is None:
        report = Report(row.name, error=PinnerError("no source of the fleet has it any more"))
        seen = RunResult("gone", _told(report, ()), is_gone=True)
    elif await _is_unchanged(fleet, source, row):
        report = Report(row.name)
        seen = await fleet.store.aside(lambda: _resting(fleet, source, RunResult("unchanged", _SAME), row))
    else:
        world = fleet.world_of(source)
        report = await run_one(Job(row.name, world, source.server, _listed(row)), Scope(), patience)
        seen = await fleet.store.aside(lambda: result_of(fleet, source, row, report))
        if seen.outcome == "later" and (pause := await source.forge.opening_delay()):
            seen = seen._replace(due_at=fleet.clock.wall() + pause)
    await fleet.store.aside(lambda: fleet.store.finish(row, seen, began))
    return report


def _listed(row: Due) -> Repository | None:
    """Return what the last list said of a repository; None where something has failed: then it is asked for."""
    return None if row.failures else repository_of(row.facts)


async def _is_unchanged(fleet: Fleet, source: Source, row: Due) -> bool:
    """Tell whether there is nothing to see: the head is what this very pinner has read, and no image has moved.

    A push may have been the bot's own: its pull requests are looked at daily, or when a hook speaks of them.
    """
    if row.read_head is None or row.read_by != __version__:
        return False
    if row.reason not in _CHEAP or row.outcome not in _SETTLED:
        return False
    store = fleet.store
    if await store.aside(lambda: store.is_news(row, fleet.clock.wall())):
        return False
    if row.reason != "pushed" and await store.aside(lambda: store.has_pulls(row)):
        return False
    return await _head(fleet, source, row) == row.read_head


async def _head(fleet: Fleet, source: Source, row: Due) -> str | None:
    """Return the commit at the remote's HEAD, by two requests and no clone; None where it does not say."""
    url = f"{source.server}/{row.name}.git"
    world = fleet.world_of(source)
    with workspace() as folder:
        try:
            git = open_git(folder / "head", world.environment, url, await world.current_login())
            said = await git.run("ls-remote", url, "HEAD", within=False)
        except (GitError, ForgeError):
            return None
    return said.decode("ascii", "replace").partition("\t")[0] or None


def result_of(fleet: Fleet, source: Source, row: Due, report: Report) -> RunResult:
    """Return what is kept of ``report``: the outcome, and when the repository is due again."""
    published, error = report.published, _error_of(report)
    told = _told(report, source.secrets)
    if isinstance(error, MissingError):
        return RunResult("gone", told, is_gone=True)
    now = fleet.clock.wall()
    seen = _read(published, RunResult("failed", told, row.failures))
    if isinstance(error, BusyError | RateLimitedError):
        return _later(seen, row, now + (error.retry_after or _PAUSE))
    if error is not None:
        failures = row.failures + 1
        pause = DAY if failures >= STUCK else backoff(failures, fleet.clock.chance())
        outcome = "stuck" if failures >= STUCK else "failed"
        return seen._replace(outcome=outcome, failures=failures, due_at=now + pause, reason="retry")
    seen = seen._replace(outcome=next(iter(tally([report])), "nothing"), failures=0)
    if published is None:
        return _resting(fleet, source, seen, row)
    if published.later is not None or any(step.decision.outcome == "later" for step in published.steps):
        return _later(seen, row, now + _PAUSE)
    return _again(fleet, source, seen, published)


def _later(seen: RunResult, row: Due, due_at: float) -> RunResult:
    """Return ``seen`` of what has to wait: it has not failed, and keeps its place among those that wait."""
    return seen._replace(outcome="later", due_at=due_at, reason=row.reason if row.reason in _KEPT else "retry")


def _error_of(report: Report) -> PinnerError | None:
    """Return what went wrong: of the repository, or of one of its pull requests."""
    steps = () if report.published is None else report.published.steps
    return report.error or next((step.error for step in steps if step.error is not None), None)


def _told(report: Report, secrets: tuple[str, ...]) -> str:
    error, published = _error_of(report), report.published
    if error is not None:
        return redacted(error.message, secrets)
    if published is None:
        return ""
    sentences = [
        published.skipped or "",
        published.later or "",
        *(step.decision.reason for step in published.steps),
        *published.notes,
    ]
    return redacted("; ".join(filter(None, sentences)), secrets)


def _read(published: Published | None, seen: RunResult) -> RunResult:
    if published is None or not published.head:
        return seen
    return seen._replace(read=(published.head, __version__), uses=published.uses, pulls=published.pulls)


def _again(fleet: Fleet, source: Source, seen: RunResult, published: Published) -> RunResult:
    """Return ``seen`` with the time when what is open, waits or is unfinished has to be looked at again."""
    now, outcomes = fleet.clock.wall(), {step.decision.outcome for step in published.steps}
    if "waiting" in outcomes or any(step.held_back for step in published.steps):
        return seen._replace(outcome="waiting", due_at=now + _HELD, reason="retry")
    if published.failures or published.unreadable:
        return seen._replace(outcome="incomplete", due_at=now + DAY, reason="retry")
    if published.pulls and source.forge.name not in fleet.settings.hooks:
        return seen._replace(due_at=now + DAY, reason="open")
    return seen


def _resting(fleet: Fleet, source: Source, seen: RunResult, row: Due) -> RunResult:
    """Return ``seen`` of a repository that was not cloned: its pull requests are looked at daily all the same."""
    if fleet.store.has_pulls(row) and source.forge.name not in fleet.settings.hooks:
        return seen._replace(due_at=(row.seen_to_at or fleet.clock.wall()) + DAY, reason="open")
    return seen
