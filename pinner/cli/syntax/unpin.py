"""Options of ``pinner unpin``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.change import ChangeOptions, change
from pinner.cli.invocation import Invocation
from pinner.cli.syntax.global_options import CHANGE_STATUS, DIFF, PATHS, STDIN_FILENAME, pinner_command

_EPILOG = """\b
Examples:
  pinner unpin                          the whole repository
  pinner unpin --diff Dockerfile        what would change; nothing is written
"""


@pinner_command("unpin", _EPILOG)
@PATHS
@STDIN_FILENAME
@DIFF
@CHANGE_STATUS
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Take the digests off again; tags stay.

    The opposite of `pinner pin`: a `:latest` that pinner itself wrote goes as well. No registry is asked.
    """
    return Invocation(ctx.obj, partial(change, asked=ChangeOptions("unpin", ctx.obj, **values)))
