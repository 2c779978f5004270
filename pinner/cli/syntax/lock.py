"""The spelling of ``pinner lock``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.commands.lock import LockOptions, lock
from pinner.cli.options import Invocation
from pinner.cli.syntax.shared import PATHS, pinner_command

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
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Write down in pinner.lock what every tag means; the files stay as they are.

    What the lock knows stays, what it lacks is asked for, what no file names any more goes. A digest that a file holds
    already is what the lock takes. With PATHs, only what those files name is looked at.
    """
    return Invocation(ctx.obj, partial(lock, asked=LockOptions(ctx.obj, **values)))
