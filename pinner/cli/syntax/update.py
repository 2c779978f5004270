"""The spelling of ``pinner update``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.commands.change import ChangeOptions, change
from pinner.cli.options import Invocation
from pinner.cli.syntax.shared import CHANGE_STATUS, DIFF, DIFF_FORMAT, PATHS, pinner_command

_EPILOG = """\b
Examples:
  pinner update                         the repository around the current folder
  pinner update --diff                  what would change; nothing is written
  pinner update --diff --format rdjsonl | reviewdog -f=rdjsonl
  pinner update --only '*/nginx'        nginx alone, from whatever registry
  pinner update --exclude 'ghcr.io/*'   all but those
  pinner update --min-age 3d            nothing that pinner has known for less

\b
Globs are held against full names: docker.io/library/nginx, docker.io/library/nginx:1.27.
"""


@pinner_command("update", _EPILOG)
@PATHS
@DIFF
@DIFF_FORMAT
@CHANGE_STATUS
@click.option("--only", multiple=True, metavar="GLOB", help="Only images of this name; may be given several times.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No images of this name; may be given several times.")
@click.option("--min-age", metavar="AGE", help="Take the newest digest known for so long: 3d, 12h. Needs pinner.lock.")
@click.option(
    "--index", "to_index", is_flag=True, help="Move the digest of one platform's manifest to the index of all, too."
)
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Move stale digests to what their tags mean now, and pin what is not pinned.

    A digest of one platform's manifest moves to that platform's manifest, unless --index or --platform is given; an
    image ID, which cannot be pulled, becomes what the tag means. A reference without a tag beside its digest follows
    nothing, and stays as it is. Where there is a pinner.lock, it moves with the files.
    """
    return Invocation(ctx.obj, partial(change, asked=ChangeOptions("update", ctx.obj, **values)))
