"""Identification run: what a hash, a name, an archive, a layout or a local image is, and whom to ask about it."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pinner import pipeline
from pinner.errors import ConfigError, InputError, InvalidReferenceError, PinnerError
from pinner.files import repository_around
from pinner.files.atomic import read_regular
from pinner.identification.docker_engine_api import open_engine
from pinner.identification.hash_kinds import in_lock, in_store, parsed_name, read_query, repo_digests
from pinner.identification.local_files import open_path
from pinner.identification.model import Compared, HashAnswer, LocalAnswer, Query
from pinner.identification.registry_queries import Found, compare_with, look_up
from pinner.lockfile.model import NAME
from pinner.lockfile.parse import parse_lock
from pinner.model import Occurrence
from pinner.reference import ImageReference
from pinner.report.escapes import printable
from pinner.scan.discover import discover

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
    from datetime import date
    from typing import TypeVar

    from pinner.config import Settings
    from pinner.identification.docker_engine_api import Engine
    from pinner.identification.model import Answer, Holding, LocalImage, Sighting
    from pinner.lockfile.model import Lock
    from pinner.oci.resolver import Registry

    T = TypeVar("T")

_MAX_ASKED = 20
"""Names that nobody gave: each costs a registry a question, and some count those."""


class Candidates(NamedTuple):
    """Locks to look into, and names to ask about."""

    locks: tuple[Lock, ...] = ()
    names: tuple[ImageReference, ...] = ()
    """In the order to ask: those that stand beside the hash in a file come first."""
    searched: tuple[str, ...] = ()

    def names_for(self, first_seen_store: Iterable[Sighting]) -> tuple[ImageReference, ...]:
        """Return the names to ask about, those of ``first_seen_store`` before all others."""
        known = {reference.canonical: reference for one in first_seen_store for reference in _names(one)}
        names = known or {reference.canonical: reference for reference in self.names}
        return tuple(names.values())[:_MAX_ASKED]


def _names(sighting: Sighting) -> Iterator[ImageReference]:
    """Yield what a place where the hash was seen calls the image."""
    if sighting.reference is not None:
        yield sighting.reference
    if sighting.local is not None:
        names = [reference for text in sighting.local.names if (reference := parsed_name(text)) is not None]
        yield from names
        # Without a name, all that is left is what it was pulled as.
        repositories = {reference.repository for reference in names}
        for reference, _ in repo_digests(sighting.local):
            if reference.repository not in repositories:
                yield reference


def gather_candidates(
    folder: str, environment: Mapping[str, str], settings: Settings, query: Query, *, today: date
) -> Candidates:
    """Return what the repository around ``folder`` has to offer; outside of one, nothing is read."""
    root = repository_around(folder)
    if root is None:
        return Candidates(searched=("no file: there is no repository around this folder",))
    locks = tuple(_locks(root))
    targets = discover((), settings, root, environment)
    sources = pipeline.survey(targets, settings, today=today).sources
    places = (candidate.place for source in sources for candidate in source.candidates)
    references = [place.reference for place in places if isinstance(place, Occurrence) and place.reference.domain]
    # False sorts before True: what is pinned to this very hash is asked about first.
    references.sort(key=lambda reference: not query.fits(reference.digest))
    names = tuple({reference.canonical: reference for reference in references}.values())
    what = f"the files of this repository ({len(names)} images, of which {_MAX_ASKED} were asked about)"
    if len(names) <= _MAX_ASKED:
        what = "the files of this repository"
    return Candidates(locks, names, (NAME, what) if locks else (what,))


def _locks(root: str) -> Iterator[Lock]:
    try:
        yield parse_lock(read_regular(os.path.join(root, NAME)), NAME)
    except (OSError, PinnerError):
        # `pinner lock` and `check` complain about a broken lock; here it is one place to look less.
        return


_HASH_LIKE = re.compile(r"sha256:([0-9a-fA-F]*)")
"""What is no hash and was surely meant to be one: too short or too long."""
_OTHER_HASH = re.compile(r"(sha1|sha384|sha512|md5):[0-9a-fA-F]+")

_MAX_NAMES = 8
_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2")


class Ask(Protocol):
    """Opens the registries and has them asked."""

    def __call__(self, work: Callable[[Registry], Awaitable[T]]) -> T:
        """Return what ``work`` makes of them."""
        ...


class Run(NamedTuple):
    """What every step of one run needs."""

    folder: str
    """The current folder, absolute."""
    environment: Mapping[str, str]
    today: date
    settings: Settings
    ask: Ask
    what: str
    asked: tuple[ImageReference, ...] = ()
    """The names to compare with; none for those that it has."""


def answer_for(run: Run) -> Answer:
    """Return what ``run.what`` is: a hash, a name with a digest, an archive, a layout, a local image's name or ID.

    It is compared with what the names ``run.asked`` mean, or with those that it has. Raises `ConfigError` for what can
    be none of these, `InputError` for what cannot be read.
    """
    path = os.path.join(run.folder, run.what)
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
    if (other := _OTHER_HASH.fullmatch(run.what)) is not None:
        raise ConfigError(f"registries and engines name images by sha256, not by {other[1]}")
    reference = name_to_ask(run.what)
    if reference.digest is not None:
        asked = run.asked or ((reference,) if reference.tag else ())
        query = Query(reference.digest.hex, reference.digest)
        return _hash_answer(run._replace(asked=asked), query, (*run.asked, reference))
    return _engine_answer(run)


def _is_meant(path: str, what: str) -> bool:
    """Tell whether ``what`` is the file or folder at ``path``: a project's folder is often named like its image."""
    if os.path.isdir(path):
        return (
            what in (os.curdir, os.pardir)
            or os.path.basename(what) != what
            or os.path.exists(os.path.join(path, "index.json"))
        )
    return os.path.exists(path)


def name_to_ask(text: str, before: str = "") -> ImageReference:
    """Return the reference in ``text``; raises `ConfigError`, which says ``before`` first, where no registry has it."""
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
    return LocalAnswer(run.what, holding, run.ask(compare_all))


def _names_of(image: LocalImage) -> tuple[ImageReference, ...]:
    """Return the names to ask about: a bare tag, as layouts have it, is none."""
    texts = [name for name in image.names if "/" in name or ":" in name]
    found = {reference.canonical: reference for text in texts if (reference := parsed_name(text)) is not None}
    return tuple(found.values())[:_MAX_NAMES]


def _engine_answer(run: Run) -> LocalAnswer:
    engine = _engine(run)
    if engine is None:
        hint = f"set DOCKER_HOST, or see what the name means with `pinner inspect {printable(run.what)}`"
        if not run.what.strip("0123456789abcdef"):
            hint = "of a hash, give the first 12 digits or more"
        raise InputError(
            f"there is no file {printable(run.what)}, and no engine to ask for an image of that name", hint=hint
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
    return open_engine(run.environment, windows=os.name == "nt")


def _hash_answer(run: Run, query: Query, names: tuple[ImageReference, ...] = ()) -> HashAnswer:
    """Look for a hash: in the engine's store and the lock, then where these and the user point to."""
    held, engine = _held(run)
    sightings = tuple(in_store(query, held, engine))
    lock = (
        gather_candidates(run.folder, run.environment, run.settings, query, today=run.today)
        if not (names or run.asked)
        else Candidates()
    )
    sightings = (*sightings, *(one for lockfile in lock.locks for one in in_lock(query, lockfile)))
    references = names or run.asked or lock.names_for(sightings)
    found = Found((), ())
    if references:
        found = run.ask(lambda registry: look_up(query, references, registry))
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
