"""Candidate names for a hash: the lock, and the images of the repository's files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from pinner import pipeline
from pinner.config.find import repository_around
from pinner.errors import PinnerError
from pinner.filesystem import read_regular
from pinner.identity.hash_kinds import named, repo_digests
from pinner.lockfile.model import NAME
from pinner.lockfile.parse import parse_lock
from pinner.model import Occurrence
from pinner.scan.discover import discover

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from pinner.config import Settings
    from pinner.identity.model import Query, Sighting
    from pinner.lockfile.model import Lock
    from pinner.reference import ImageReference

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
        names = [reference for text in sighting.local.names if (reference := named(text)) is not None]
        yield from names
        # Without a name, all that is left is what it was pulled as.
        repositories = {reference.repository for reference in names}
        for reference, _ in repo_digests(sighting.local):
            if reference.repository not in repositories:
                yield reference


def gather(folder: str, environment: Mapping[str, str], settings: Settings, query: Query, *, today: date) -> Candidates:
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
