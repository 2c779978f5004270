"""``pinner init``: a ``pinner.toml`` proposed from what the repository has, and written on request."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import CLEAN, DEFAULTS, Invocation, Options
from pinner.cli.scan import report_scan
from pinner.cli.settings import settings_for
from pinner.cli.terminal import Terminal
from pinner.config.load import OWN_FILE
from pinner.config.propose import Proposal, as_toml, is_generated, propose
from pinner.errors import ConfigError
from pinner.files import repository_around
from pinner.files.atomic import write_atomically
from pinner.pipeline import survey
from pinner.report.style import hint_line
from pinner.report.summary_sentences import count
from pinner.scan.discover import discover

if TYPE_CHECKING:
    from pinner.cli.context import Context
    from pinner.config import Settings

_EPILOG = """\b
Examples:
  pinner init             show the configuration that suits this repository
  pinner init --write     and write it to pinner.toml
"""


class InitOptions(NamedTuple):
    """What ``init`` was asked."""

    options: Options = DEFAULTS
    write: bool = False


def init(context: Context, asked: InitOptions) -> int:
    """Show the configuration that suits the repository, and write it where that is asked for; return the status.

    Raises `ConfigError` where there is a configuration already.
    """
    terminal = Terminal(context, asked.options)
    settings = settings_for(context, asked.options)
    if settings.source is not None:
        raise ConfigError(f"{settings.source} is there already", hint="change it, or remove it first")
    root = repository_around(context.folder) or context.folder
    text = as_toml(_proposal(context, settings, root, terminal))
    terminal.output(text.splitlines())
    file = os.path.join(root, OWN_FILE)
    if not asked.write:
        terminal.info(hint_line(f"`pinner init --write` writes this to {OWN_FILE}", terminal.talk_style))
        return CLEAN
    if os.path.lexists(file):
        raise ConfigError(f"{OWN_FILE} is there already", hint="change it, or remove it first")
    write_atomically(file, text.encode())
    terminal.info(f"written to {OWN_FILE}")
    return CLEAN


def _proposal(context: Context, settings: Settings, root: str, terminal: Terminal) -> Proposal:
    targets = discover((), settings, root, context.environment)
    found = survey(targets, settings, today=context.today)
    report_scan((), found.unreadable, terminal)
    sources = [source for source in found.sources if source.candidates]
    terminal.info(f"images are named in {count(len(sources), 'file')}")
    generated = [source.document.path for source in sources if is_generated(source.document.data)]
    charts = {target.path.rpartition("/")[0] for target in targets if target.path.rpartition("/")[2] == "Chart.yaml"}
    return propose([source.document.path for source in sources], generated, charts)


@pinner_command("init", _EPILOG)
@click.option("--write", is_flag=True, help="Write it to pinner.toml in the repository's root.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show the configuration that suits this repository; with --write, write it.

    Folders of fixtures, vendored and generated files are excluded; images in tests and examples are notes. An existing
    configuration is never changed.
    """
    return Invocation(ctx.obj, partial(init, asked=InitOptions(ctx.obj, **values)))
