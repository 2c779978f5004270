"""``pinner lock``: the lock brought up to date."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import NO_VERIFY, PATHS, pinner_command
from pinner.cli.context import DEFAULTS, Invocation, Options, exit_status
from pinner.cli.lock_step import Asked, ScannedFiles, failed_plans, open_run, save_outcome, update_lock
from pinner.cli.scan import scan_files
from pinner.cli.settings import settings_for, without_policies
from pinner.cli.terminal import Terminal
from pinner.errors import SignatureError
from pinner.lockfile.file import lock_file, read_lock
from pinner.lockfile.model import Lock
from pinner.lockfile.usage import usages
from pinner.report.changes import render_failures
from pinner.report.locks import elsewhere_words, lock_sentence, render_lock_changes, tally_lock
from pinner.report.style import hint_line
from pinner.report.summary_sentences import nothing_found

if TYPE_CHECKING:
    from pinner.cli.context import Context
    from pinner.cli.lock_step import Locked


class LockOptions(NamedTuple):
    """What ``lock`` was asked."""

    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    update: bool = False
    """Whether every tag is asked again."""
    no_verify: bool = False


def lock(context: Context, asked: LockOptions) -> int:
    """Make the lock true for the files; return the exit status."""
    terminal = Terminal(context, asked.options)
    settings = settings_for(context, asked.options, asked.paths)
    if asked.no_verify:
        settings = without_policies(settings, terminal)
    if settings.platform is not None:
        _say_that_platforms_have_no_effect(terminal)
    (targets, _), survey = scan_files(context, settings, asked.paths, terminal)
    place = lock_file(settings, context.folder)
    stored = read_lock(place)
    before = Lock() if stored is None else stored.lock
    run = open_run(context, settings, terminal, place, before, ScannedFiles(targets, survey, asked.paths))
    names = usages(survey.sources).keys()
    outcome, _ = update_lock(run, survey.sources, Asked(names, names if asked.update else ()))
    locked = save_outcome(run, outcome)
    terminal.error(render_failures(failed_plans(survey.sources, locked.failures), terminal.talk_style))
    terminal.output(render_lock_changes(before, locked.lock, terminal.style))
    sentence = _sentence(before, locked, place.shown, len(survey.unreadable))
    terminal.info(sentence if survey.sources or survey.unreadable or locked.changed else nothing_found(len(targets)))
    refused = any(isinstance(error, SignatureError) for error in locked.failures.values())
    return exit_status(found=refused, untold=bool(locked.failures or survey.unreadable))


def _say_that_platforms_have_no_effect(terminal: Terminal) -> None:
    style = terminal.talk_style
    terminal.info(
        f"{style.severity('note')}: --platform has no effect here: a lock holds every platform of an image",
        hint_line("`pinner pin --locked --platform` takes one of them from it", style),
    )


def _sentence(before: Lock, locked: Locked, shown: str, unread: int) -> str:
    """Return the sentence that closes the run."""
    sentence = lock_sentence(
        tally_lock(before, locked.lock),
        shown,
        files=len(locked.lock.sources),
        failed=len(locked.failures),
        unread=unread,
        written=locked.changed,
    )
    return sentence + elsewhere_words(len(locked.elsewhere))


_EPILOG = """\b
Examples:
  pinner lock                           the whole repository
  pinner lock --update                  ask every tag again; the files stay
  pinner pin --locked                   write what it says into the files

\b
pinner.lock lies beside the configuration file, else at the repository's root.
Put it under version control: from then on `pinner check` holds the files
against it, `pinner pin` takes digests from it, `pinner update` moves both.
"""


@pinner_command("lock", _EPILOG)
@PATHS
@click.option("--update", is_flag=True, help="Ask what every tag means now, also those that the lock knows.")
@NO_VERIFY
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Write down in pinner.lock what every tag means; the files stay as they are.

    What the lock knows stays, what it lacks is asked for, what no file names any more goes. A digest that a file holds
    already is what the lock takes. With PATHs, only what those files name is looked at.
    """
    return Invocation(ctx.obj, partial(lock, asked=LockOptions(ctx.obj, **values)))
