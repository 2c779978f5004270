"""``pinner identify``: what a hash, an archive, a layout or a local image is."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import DEFAULTS, Invocation, Options, exit_status
from pinner.cli.pasted_text import hash_of, hash_shown, images_of
from pinner.cli.registry_answers import with_registry
from pinner.cli.settings import settings_for
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError
from pinner.identification.as_json import render_json
from pinner.identification.as_text import render_text
from pinner.identification.compare import result_of
from pinner.identification.identify import Run, answer_for, name_to_ask
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from pinner.cli.context import Context
    from pinner.oci.resolver import Registry

    T = TypeVar("T")


class IdentifyOptions(NamedTuple):
    """What ``identify`` was asked."""

    what: str
    options: Options = DEFAULTS
    images: tuple[str, ...] = ()
    format: str = "text"


def identify(context: Context, asked: IdentifyOptions) -> int:
    """Say what it is; return the exit status: 0 identified, 1 another image or tampered with, 3 not told."""
    terminal = Terminal(context, asked.options)
    names = tuple(name_to_ask(text, "--image: ") for text in asked.images)
    settings = settings_for(context, asked.options)

    def ask(work: Callable[[Registry], Awaitable[T]]) -> T:
        return with_registry(context, settings, terminal, lambda registry, _: work(registry))

    what, shown = _meant(context.folder, asked.what)
    names = names or tuple(name_to_ask(text) for text in shown)
    run = Run(context.folder, context.environment, context.today, settings, ask, what, names)
    answer = answer_for(run)
    if asked.format == "json":
        terminal.output(render_json(answer), "json")
    else:
        terminal.output(render_text(answer, terminal.style))
    result = result_of(answer)
    return exit_status(found=result == "differs", untold=result == "unknown")


def _meant(folder: str, what: str) -> tuple[str, tuple[str, ...]]:
    """Return what the user meant, and the names beside it: out of what was pasted, where that is no file."""
    if os.path.exists(os.path.join(folder, what)):
        return what, ()
    if (line := hash_shown(what)) is not None:
        return line[0], tuple(filter(None, line[1:]))
    if what.startswith(("http://", "https://")) or " " in what.strip():
        (meant, *more) = images_of((what,))
        if more:
            raise ConfigError(f"`{printable(what)}` is more than one thing", hint="give one hash or name")
        what = meant
    return hash_of(what), ()


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
