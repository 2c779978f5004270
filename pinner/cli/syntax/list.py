"""Options of ``pinner list``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.invocation import Invocation
from pinner.cli.list import ListOptions, list_
from pinner.cli.syntax.global_options import PATHS, STDIN_FILENAME, pinner_command
from pinner.report import LISTING_FORMATS

_EPILOG = """\b
Examples:
  pinner list                           the whole repository
  pinner list compose.yaml --all        with stages, scratch and stage numbers
  pinner list --format jsonl            one object a line, for other programs
"""


@pinner_command("list", _EPILOG)
@PATHS
@STDIN_FILENAME
@click.option(
    "--format", type=click.Choice(list(LISTING_FORMATS)), default="text", show_default=True, help="How to report."
)
@click.option("--all", "everything", is_flag=True, help="Show stage names, `scratch` and stage numbers as well.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show every image reference: where it is, what it is for, and whether it is pinned.

    A reference that cannot or must not be pinned is shown with the reason.
    """
    return Invocation(ctx.obj, partial(list_, asked=ListOptions(ctx.obj, **values)))
