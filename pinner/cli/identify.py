"""``pinner identify``: what a hash, an archive, a layout or a local image is."""

from __future__ import annotations

import os
import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.answers import with_registry
from pinner.cli.candidates import Candidates, gather
from pinner.cli.options import DEFAULTS, Invocation, Options, exit_status
from pinner.cli.pasted import hash_of, images_of
from pinner.cli.settings import settings_for
from pinner.cli.syntax.shared import pinner_command
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, InputError, InvalidReferenceError, PinnerError
from pinner.identity.as_json import render_json
from pinner.identity.as_text import render_text
from pinner.identity.ask import Found, compare_with, look_up
from pinner.identity.compare import result_of
from pinner.identity.engine import open_engine
from pinner.identity.hashes import in_lock, in_store, named, read_query
from pinner.identity.local_files import open_path
from pinner.identity.model import Compared, HashAnswer, LocalAnswer, Query
from pinner.reference import ImageReference
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVar

    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.identity.engine import Engine
    from pinner.identity.model import Answer, Holding, LocalImage
    from pinner.oci.resolver import Registry


if TYPE_CHECKING:
    T = TypeVar("T")

_HASH_LIKE = re.compile(r"sha256:([0-9a-fA-F]*)")
"""What is no hash and was surely meant to be one: too short or too long."""

_MAX_NAMES = 8
_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2")


class IdentifyOptions(NamedTuple):
    """What ``identify`` was asked."""

    what: str
    options: Options = DEFAULTS
    images: tuple[str, ...] = ()
    format: str = "text"


class Run(NamedTuple):
    """What every step of one run needs."""

    context: Context
    settings: Settings
    terminal: Terminal
    what: str
    asked: tuple[ImageReference, ...]


def identify(context: Context, asked: IdentifyOptions) -> int:
    """Say what it is; return the exit status: 0 identified, 1 another image or tampered with, 3 not told."""
    terminal = Terminal(context, asked.options)
    names = tuple(_reference(text, "--image: ") for text in asked.images)
    run = Run(context, settings_for(context, asked.options), terminal, asked.what, names)
    answer = _answer(run)
    if asked.format == "json":
        terminal.output(render_json(answer), "json")
    else:
        terminal.output(render_text(answer, terminal.style))
    result = result_of(answer)
    return exit_status(found=result == "differs", untold=result == "unknown")


def _answer(run: Run) -> Answer:
    run = run._replace(what=_meant(run))
    path = os.path.join(run.context.folder, run.what)
    if _is_meant(path, run.what):
        try:
            return _local_answer(run, open_path(path))
        except InputError as error:
            raise InputError(f"{printable(run.what)} {error.message}", hint=error.hint) from None
    if run.what.startswith((".", "/", "~")) or run.what.endswith(_ENDINGS):
        raise ConfigError(f"there is no file or folder {printable(run.what)}")
    query = read_query(run.what)
    if query is not None:
        return _hash_answer(run, query)
    if (meant := _HASH_LIKE.fullmatch(run.what)) is not None:
        hint = "give all 64, or the first 12 or more, as `docker images` shows them"
        raise ConfigError(f"a hash with {len(meant[1])} digits is none", hint=hint)
    reference = _reference(run.what)
    if reference.digest is not None:
        asked = run.asked or ((reference,) if reference.tag else ())
        query = Query(reference.digest.hex, reference.digest)
        return _hash_answer(run._replace(asked=asked), query, (*run.asked, reference))
    return _engine_answer(run)


def _meant(run: Run) -> str:
    """Return what the user meant: a name or hash out of what was pasted, where that is no file."""
    what = run.what
    if os.path.exists(os.path.join(run.context.folder, what)):
        return what
    if what.startswith(("http://", "https://")) or " " in what.strip():
        (what, *more) = images_of((what,))
        if more:
            raise ConfigError(f"`{printable(run.what)}` is more than one thing", hint="give one hash or name")
    return hash_of(what)


def _is_meant(path: str, what: str) -> bool:
    """Tell whether ``what`` is the file or folder at ``path``: a project's folder is often named like its image."""
    if os.path.isdir(path):
        return (
            what in (os.curdir, os.pardir)
            or os.path.basename(what) != what
            or os.path.exists(os.path.join(path, "index.json"))
        )
    return os.path.exists(path)


def _reference(text: str, before: str = "") -> ImageReference:
    try:
        reference = ImageReference.parse(text)
    except InvalidReferenceError as error:
        hint = error.hint or "give a hash, an archive, an OCI layout, or a local image's name or ID"
        raise ConfigError(f"{before}{error.message}", hint=hint) from None
    if not reference.domain:
        raise ConfigError(f"{before}no registry can serve `{text}`")
    return reference


def _local_answer(run: Run, holding: Holding) -> LocalAnswer:
    """Compare each image with the names that the user gave, else with those it has."""

    async def compare_all(registry: Registry) -> tuple[Compared, ...]:
        compared = []
        for image in holding.images:
            names = run.asked or _names_of(image)
            found = await compare_with(image, names, holding.form, registry, asked=bool(run.asked))
            compared.append(Compared(image, found))
        return tuple(compared)

    if not run.asked and not any(map(_names_of, holding.images)):
        return LocalAnswer(run.what, holding, tuple(Compared(image, ()) for image in holding.images))
    return LocalAnswer(run.what, holding, _asking(run, compare_all))


def _names_of(image: LocalImage) -> tuple[ImageReference, ...]:
    """Return the names to ask about: a bare tag, as layouts have it, is none."""
    texts = [name for name in image.names if "/" in name or ":" in name]
    found = {reference.canonical: reference for text in texts if (reference := named(text)) is not None}
    return tuple(found.values())[:_MAX_NAMES]


def _engine_answer(run: Run) -> LocalAnswer:
    engine = _engine(run)
    if engine is None:
        raise InputError(
            f"there is no file {printable(run.what)}, and no engine to ask for an image of that name",
            hint=f"set DOCKER_HOST, or see what the name means with `pinner inspect {printable(run.what)}`",
        )
    with engine:
        holding = engine.find(run.what)
    if holding is None:
        raise InputError(
            f"the engine at {engine.name} has no image {printable(run.what)}",
            hint=f"`pinner inspect {printable(run.what)}` says what a registry has under that name",
        )
    return _local_answer(run, holding)


def _engine(run: Run) -> Engine | None:
    return open_engine(run.context.environment, windows=os.name == "nt")


def _hash_answer(run: Run, query: Query, names: tuple[ImageReference, ...] = ()) -> HashAnswer:
    """Look for a hash: in the engine's store and the lock, then where these and the user point to."""
    held, engine = _held(run)
    sightings = tuple(in_store(query, held, engine))
    lock = gather(run.context, run.settings, query) if not (names or run.asked) else Candidates()
    sightings = (*sightings, *(one for lockfile in lock.locks for one in in_lock(query, lockfile)))
    references = names or run.asked or lock.names_for(sightings)
    found = Found((), ())
    if references:
        found = _asking(run, lambda registry: look_up(query, references, registry))
    searched = (engine, *lock.searched, *(reference.canonical for reference in references))
    return HashAnswer(run.what, query, (*found.sightings, *sightings), searched, found.unanswered, run.asked)


def _held(run: Run) -> tuple[tuple[LocalImage, ...], str]:
    """Return the images of the engine, and what to say of the search there; without an engine the rest goes on."""
    try:
        engine = _engine(run)
        if engine is None:
            return (), "a container engine: there is none (neither DOCKER_HOST nor a socket)"
        with engine:
            images = tuple(engine.all_images())
            return images, f"the engine at {engine.name}"
    except PinnerError as error:
        # No right to use the socket, nobody there, an address by ssh: the hash may well be known elsewhere.
        return (), f"a container engine: {error.message}"


def _asking(run: Run, work: Callable[[Registry], Awaitable[T]]) -> T:
    return with_registry(run.context, run.settings, run.terminal, lambda registry, _: work(registry))


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
