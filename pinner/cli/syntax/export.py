"""The spelling of ``pinner export``."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from pinner.cli.commands.export import ExportOptions, export
from pinner.cli.options import Invocation
from pinner.cli.syntax.shared import PATHS, pinner_command
from pinner.export import TARGETS

_EPILOG = """\b
Examples:
  pinner export source-policy --output policy.json
    EXPERIMENTAL_BUILDKIT_SOURCE_POLICY=policy.json docker buildx build .
    buildctl build --source-policy-file policy.json ...
  pinner export compose-override --output compose.pinned.yaml
    docker compose -f compose.yaml -f compose.pinned.yaml up
  pinner export kustomize deploy/ --output deploy/pinned/kustomization.yaml
    and in deploy/kustomization.yaml:  components: [pinned]

\b
A compose override is for one project: the files that are named, in the order
of their `-f`, or what `docker compose` reads in a folder by itself.
"""


@pinner_command("export", _EPILOG)
@click.argument("target", type=click.Choice(list(TARGETS)), metavar="TARGET")
@PATHS
@click.option(
    "-o", "--output", metavar="FILE", default="-", help="Write to this file, all or nothing; by default to stdout."
)
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Write what pinner.lock says for a tool that pins without rewriting.

    TARGET is source-policy (BuildKit), compose-override (docker compose) or kustomize (a Component). With it, these
    tools pull by digest what your files name by tag; the files stay as they are, and no registry is asked. An image
    that is not in the lock, or that the tool cannot hold, is named, and the exit status is 3.
    """
    return Invocation(ctx.obj, partial(export, asked=ExportOptions(options=ctx.obj, **values)))
