"""The spelling of ``pinner demo``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.commands.demo import DemoOptions, demo
from pinner.cli.options import Invocation
from pinner.cli.syntax.shared import pinner_command


@pinner_command("demo", "")
@click.option("--keep", is_flag=True, help="Leave the folder where it is, to play with.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show what pinner does on a small project in a temporary folder.

    The images come with pinner: neither a network nor an account is needed.
    """
    return Invocation(ctx.obj, partial(demo, asked=DemoOptions(ctx.obj, **values)))
