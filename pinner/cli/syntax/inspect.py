"""The spelling of ``pinner inspect``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.commands.inspect import InspectOptions, inspect
from pinner.cli.options import Invocation
from pinner.cli.syntax.shared import pinner_command
from pinner.report.inspections import INSPECTION_FORMATS

_EPILOG = """\b
Examples:
  pinner inspect nginx:1.27                       every platform, in full
  pinner inspect --platform linux/arm64 nginx     one of them
  pinner inspect nginx:1.27@sha256:0a39…          what that digest is
  pinner inspect --format json nginx | jq         for other programs
  pinner inspect --rate-limit                     pulls left on Docker Hub
  pinner inspect --rate-limit ghcr.io             the same of another registry
"""


@pinner_command("inspect", _EPILOG)
@click.argument("names", nargs=-1, metavar="IMAGE...")
@click.option(
    "--format", type=click.Choice(list(INSPECTION_FORMATS)), default="text", show_default=True, help="How to show it."
)
@click.option(
    "--rate-limit", is_flag=True, help="Show how many pulls the registries still allow; without an IMAGE, Docker Hub."
)
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show what an image's name means: index, manifests, image IDs, sizes, labels, signatures.

    Signatures and attestations are found and not verified. The registry is asked; nothing is written.
    """
    return Invocation(ctx.obj, partial(inspect, asked=InspectOptions(ctx.obj, **values)))
