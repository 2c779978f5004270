"""``pinner demo``: all of it, in a temporary folder."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import DEFAULTS, Invocation, Options

if TYPE_CHECKING:
    from pinner.cli.context import Context


class DemoOptions(NamedTuple):
    """What ``demo`` was asked."""

    options: Options = DEFAULTS
    keep: bool = False


def demo(context: Context, asked: DemoOptions) -> int:
    """Run the demo; return its status."""
    from pinner.demo import run  # noqa: PLC0415 - only this command needs it

    out = io.TextIOWrapper(context.stdout.raw, context.stdout.encoding, write_through=True)
    try:
        return run(out, keep=asked.keep)
    finally:
        out.detach()


@pinner_command("demo", "")
@click.option("--keep", is_flag=True, help="Leave the folder where it is, to play with.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show what pinner does on a small project in a temporary folder.

    The images come with pinner: neither a network nor an account is needed.
    """
    return Invocation(ctx.obj, partial(demo, asked=DemoOptions(ctx.obj, **values)))
