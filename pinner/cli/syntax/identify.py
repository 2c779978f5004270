"""The spelling of ``pinner identify``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.commands.identify import IdentifyOptions, identify
from pinner.cli.options import Invocation
from pinner.cli.syntax.shared import pinner_command

_EPILOG = """\b
Examples:
  pinner identify sha256:0f5317fe…              what is this hash, and whose?
  pinner identify 82d34a3af3c1 --image app:1.4  is it what the name means?
  pinner identify app.tar                       is the archive intact?
  pinner identify app.tar --image app:1.4       and what the registry serves?
  pinner identify app:1.4                       the local image of that name

\b
Exit status:
  0  identified (with --image: it is what a name given means today)
  1  tampered with, or none of the names given means it today
  3  found nowhere, or a name given could not be asked about
"""


@pinner_command("identify", _EPILOG)
@click.argument("what")
@click.option(
    "--image",
    "images",
    multiple=True,
    metavar="NAME",
    help="Compare with what this name means. May be given several times; one equal is enough.",
)
@click.option("--format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to report.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Say what a hash, an archive or a local image is, and whether a registry serves the same.

    WHAT is a hash (whole, or the 12 digits that `docker images` shows), a name with a digest, an archive of `docker
    save`, `podman save` or skopeo, a folder with an OCI layout, or the name or ID of an image in a Docker or podman
    store. An archive is read and hashed from end to end, and never unpacked.

    Without --image, the names that the archive or the store has for it are asked about; for a hash, those in
    pinner.lock and in this repository's files.
    """
    return Invocation(ctx.obj, partial(identify, asked=IdentifyOptions(options=ctx.obj, **values)))
