"""``pinner lock``: write down what every tag means; the files stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.cli.locks import Asked, Seen, bring_up_to_date, failed_plans, keep, open_run
from pinner.cli.look import look
from pinner.cli.options import DEFAULTS, Options
from pinner.cli.settings import settings_for
from pinner.cli.status import exit_status
from pinner.cli.terminal import Terminal
from pinner.lockfile.model import Lock
from pinner.lockfile.usage import usages
from pinner.lockstore import lock_file, read_lock
from pinner.report.changes import render_failures
from pinner.report.locks import elsewhere_words, lock_sentence, render_lock_changes, tally_lock
from pinner.report.style import hint_line
from pinner.report.words import nothing_found

if TYPE_CHECKING:
    from pinner.cli.context import Context


class LockOptions(NamedTuple):
    """What ``lock`` was asked."""

    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    update: bool = False
    """Whether every tag is asked again."""


def lock(context: Context, asked: LockOptions) -> int:
    """Make the lock true for the files; return the exit status."""
    terminal = Terminal(context, asked.options)
    settings = settings_for(context, asked.options)
    if settings.platform is not None:
        style = terminal.talk_style
        terminal.say(
            f"{style.severity('note')}: --platform has no effect here: a lock holds every platform of an image",
            hint_line("`pinner pin --locked --platform` takes one of them from it", style),
        )
    targets, survey = look(context, settings, asked.paths, terminal)
    place = lock_file(settings, context.folder)
    stored = read_lock(place)
    before = Lock() if stored is None else stored.lock
    run = open_run(context, settings, terminal, place, before, Seen(targets, survey, asked.paths))
    names = usages(survey.sources).keys()
    outcome, _ = bring_up_to_date(run, survey.sources, Asked(names, names if asked.update else ()))
    locked = keep(run, outcome)
    terminal.complain(render_failures(failed_plans(survey.sources, locked.failures), terminal.talk_style))
    terminal.data(render_lock_changes(before, locked.lock, terminal.style))
    result = tally_lock(before, locked.lock)
    sentence = lock_sentence(
        result,
        place.shown,
        files=len(locked.lock.sources),
        failed=len(locked.failures),
        unread=len(survey.unreadable),
        written=locked.changed,
    )
    sentence += elsewhere_words(len(locked.elsewhere))
    terminal.say(sentence if survey.sources or survey.unreadable or locked.changed else nothing_found(len(targets)))
    return exit_status(found=False, untold=bool(locked.failures or survey.unreadable))
