"""``pinner pin``, ``update`` and ``unpin``: plan the edits, write or print them, say what happened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from pinner import pipeline
from pinner.cli.answers import ask, refuse_offline
from pinner.cli.locks import Order, Seen, change_by_lock, open_run
from pinner.cli.look import complain_about, look
from pinner.cli.options import DEFAULTS, Options
from pinner.cli.proposals import propose
from pinner.cli.selection import nothing_selected, select
from pinner.cli.settings import min_age_seconds, settings_for
from pinner.cli.status import exit_status
from pinner.cli.terminal import Terminal
from pinner.config.find import repository_around
from pinner.errors import ConfigError
from pinner.findings import check_source
from pinner.lockfile.model import NAME
from pinner.lockfile.usage import usages
from pinner.lockstore import lock_file, read_lock
from pinner.memory import cache_directory
from pinner.model import Mention
from pinner.plan import Unchanged
from pinner.report import PATCH
from pinner.report.as_text import counted, finding_lines
from pinner.report.changes import change_sentence, render_changes, render_failures, tally
from pinner.report.diff import reaches_outside, render_patch
from pinner.report.locks import LockTally, elsewhere_words, held_back_words, lock_words, tally_lock
from pinner.report.style import hint_line, printable
from pinner.report.words import nothing_found
from pinner.rules import CANNOT_PIN, PARSE_ERROR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.lockfile.model import Lock
    from pinner.pipeline import Unreadable
    from pinner.plan import Plan
    from pinner.screen import Operation, Source


class ChangeOptions(NamedTuple):
    """What ``pin``, ``update`` or ``unpin`` was asked."""

    operation: Operation
    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    diff: bool = False
    format: str = PATCH
    exit_non_zero_on_change: bool = False
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    to_index: bool = False
    """Whether an update moves one platform's manifest to the index."""
    min_age: str | None = None
    """How long a digest must have been known before an update takes it: ``3d``."""


class Beside(NamedTuple):
    """What became of the lock beside the files."""

    tally: LockTally
    elsewhere: int
    """How many tags moved for platforms that do not count."""
    held_back: int = 0
    """How many tags mean something that is too young."""


_NO_LOCK = Beside(LockTally(0, 0, 0, 0, rewritten=False), 0)


def change(context: Context, asked: ChangeOptions) -> int:
    """Do what was asked to every file; return the exit status."""
    terminal = Terminal(context, asked.options)
    if asked.format != PATCH and not asked.diff:
        raise ConfigError("--format goes with --diff", hint="it says what would change, and writes nothing")
    settings = _settings(context, asked)
    place = lock_file(settings, context.folder)
    stored = None if asked.operation == "unpin" else read_lock(place)
    if stored is None:
        _do_without_lock(settings, asked, terminal)
    targets, survey = look(context, settings, asked.paths, terminal)
    sources = select(survey.sources, asked.only, asked.exclude)
    memory = cache_directory(context.environment) if settings.use_cache else None
    beside = _NO_LOCK
    if asked.operation == "unpin":
        plans = pipeline.unpin_plans(sources, targets, memory)
    elif stored is not None:
        run = open_run(context, settings, terminal, place, stored.lock, Seen(targets, survey, asked.paths))
        order = Order(asked.operation, to_index=asked.to_index, write=not asked.diff)
        plans, locked = change_by_lock(run, survey.sources, sources, order)
        beside = Beside(tally_lock(stored.lock, locked.lock), len(locked.elsewhere), _held_back(locked.lock, sources))
    else:
        plans = ask(context, settings, sources, asked.operation, terminal, to_index=asked.to_index)
        beside = _NO_LOCK._replace(elsewhere=_moved_elsewhere(plans))
    unwritten = () if asked.diff else pipeline.write(plans, targets, memory)
    _warn(sources, settings, asked, terminal)
    lost = {file.path for file in unwritten}
    result = tally(plan for plan in plans if plan.document.path not in lost)
    untold = bool(survey.unreadable or unwritten or tally(plans).failed)
    changed = result.files > 0 or beside.tally.rewritten
    status = exit_status(found=asked.exit_non_zero_on_change and changed, untold=untold)
    if asked.format == PATCH:
        _report(plans, unwritten, asked, context, terminal)
    else:
        terminal.complain(render_failures(plans, terminal.talk_style))
        propose(plans, survey.unreadable, status, asked.format, settings, context, terminal)
    counts = {"unread": len(survey.unreadable), "unwritten": len(unwritten)}
    sentence = change_sentence(result, asked.operation, would=asked.diff, **counts)
    terminal.say(
        sentence + _lock_words(beside, asked) if survey.sources or survey.unreadable else nothing_found(len(targets))
    )
    if asked.diff and beside.tally.rewritten:
        terminal.say(
            hint_line(f"the patch leaves {NAME} out: run `pinner lock` when it is applied", terminal.talk_style)
        )
    return status


def _moved_elsewhere(plans: Iterable[Plan]) -> int:
    """Return how many tags moved for platforms alone that do not count."""
    verdicts = (verdict for plan in plans for verdict in plan.verdicts)
    return len(
        {
            verdict.place.reference.canonical
            for verdict in verdicts
            if isinstance(verdict, Unchanged) and verdict.elsewhere and isinstance(verdict.place, Mention)
        }
    )


def _settings(context: Context, asked: ChangeOptions) -> Settings:
    settings = settings_for(context, asked.options)
    if asked.min_age is None:
        return settings
    return settings._replace(min_age=min_age_seconds(asked.min_age))


def _do_without_lock(settings: Settings, asked: ChangeOptions, terminal: Terminal) -> None:
    """Refuse what cannot be done without a lock, and say what has no effect."""
    if asked.operation == "hold":
        raise ConfigError(f"--locked: there is no {NAME}", hint="run `pinner lock` first")
    if asked.min_age is not None:
        raise ConfigError(
            f"--min-age: there is no {NAME}, which remembers when a digest was first seen",
            hint="run `pinner lock` first",
        )
    refuse_offline(settings, asked.operation)
    if asked.operation == "update" and settings.min_age is not None:
        style = terminal.talk_style
        source = printable(settings.source or "")
        terminal.say(f"{source}: {style.severity('note')}: `min-age` has no effect without {NAME}")
        terminal.say(hint_line("run `pinner lock` first", style))


def _lock_words(beside: Beside, asked: ChangeOptions) -> str:
    words = lock_words(beside.tally, would=asked.diff)
    waiting = held_back_words(beside.held_back) if asked.operation == "update" else ""
    return waiting + (f"; {words}" if words else "") + elsewhere_words(beside.elsewhere)


def _held_back(lock: Lock, sources: Sequence[Source]) -> int:
    """Return how many of the tags that ``sources`` follow wait in ``lock``; without a minimum age none does."""
    names = usages(sources).keys() & lock.images.keys()
    return sum(bool(lock.images[name].candidates) for name in names)


def _warn(sources: Sequence[Source], settings: Settings, asked: ChangeOptions, terminal: Terminal) -> None:
    """Name the references that a person has to look at: they stay as they are."""
    style = terminal.talk_style
    if asked.only and nothing_selected(sources):
        globs = ", ".join(f"`{glob}`" for glob in asked.only)
        terminal.say(f"{style.severity('warning')}: no image here is meant by --only {globs}")
        terminal.say(hint_line("globs are held against whole names: try `*nginx*` or `ghcr.io/*`", style))
    # Who asks about some images alone need not hear about the others.
    if asked.operation == "unpin" or asked.only or asked.exclude:
        return
    findings = (finding for source in sources for finding in check_source(source, settings.rules))
    entries = (tuple(finding_lines(one, style)) for one in findings if one.rule in (CANNOT_PIN, PARSE_ERROR))
    terminal.say(*counted(entries, style))


def _report(
    plans: Sequence[Plan], unwritten: Sequence[Unreadable], asked: ChangeOptions, context: Context, terminal: Terminal
) -> None:
    """Say what changed and what failed."""
    style = terminal.talk_style
    lost = {file.path for file in unwritten}
    done = [plan for plan in plans if plan.document.path not in lost]
    terminal.complain(render_failures(plans, style))
    complain_about(unwritten, terminal)
    if asked.diff:
        root = repository_around(context.folder) if reaches_outside(done) else None
        below = "" if root is None else os.path.relpath(context.folder, root).replace(os.sep, "/")
        terminal.raw(render_patch(done, terminal.patch_style, below))
        if reaches_outside(done):
            terminal.say(f"{style.severity('warning')}: the patch reaches outside the current folder")
            where = (
                "in a folder above" if root is None else f"with `git -C {os.path.relpath(root, context.folder)} apply`"
            )
            terminal.say(hint_line(f"apply it {where}", style))
    else:
        terminal.data(render_changes(done, terminal.style))
