"""Options of ``pinner pin``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.change import ChangeOptions, change
from pinner.cli.invocation import Invocation
from pinner.cli.syntax.global_options import (
    CHANGE_STATUS,
    DIFF,
    DIFF_FORMAT,
    NO_VERIFY,
    PATHS,
    STDIN_FILENAME,
    pinner_command,
)

_EPILOG = """\b
Examples:
  pinner pin                            the whole repository
  pinner pin --diff | less              what would change; nothing is written
  pinner pin --diff | git apply         the same as pinner pin
  pinner pin --platform linux/arm64     that platform's image, and no other
  pinner pin --locked                   what pinner.lock says, offline
  pinner pin - --stdin-filename Dockerfile    text in, text out: for editors
"""


@pinner_command("pin", _EPILOG)
@PATHS
@STDIN_FILENAME
@DIFF
@DIFF_FORMAT
@CHANGE_STATUS
@NO_VERIFY
@click.option("--locked", is_flag=True, help="Ask nobody: make every reference what pinner.lock says.")
@click.pass_context
def command(ctx: click.Context, /, *, locked: bool, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Add a digest to every unpinned reference, in place.

    Each image is asked for once, whatever the number of places that name it. What is pinned already stays as it is.
    A reference whose image cannot be told stays as well, and the exit status is 3.

    Where there is a pinner.lock, what it knows is taken from there, and what it lacks is added to it. With --locked it
    has the last word: a digest that differs from it moves too.
    """
    return Invocation(ctx.obj, partial(change, asked=ChangeOptions("hold" if locked else "pin", ctx.obj, **values)))
