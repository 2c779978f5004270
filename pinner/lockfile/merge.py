"""Merge of two runs' lock changes, image by image."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING
from pinner.lockfile.model import Entry, Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from pinner.lockfile.model import LockedDigest

    T = TypeVar("T")


def merge(base: Lock, theirs: Lock, ours: Lock) -> Lock:
    """Return ``theirs`` with the changes that lead from ``base`` to ``ours``.

    Where both changed an image, ours counts, but the earliest time a digest was seen stays. An image that either side's
    files need is kept, whoever dropped it; one that no file needs is not taken up.
    """
    if theirs == base:
        return ours
    sources = _merged(base.sources, theirs.sources, ours.sources, lambda _theirs, ours: ours)
    images = _merged(base.images, theirs.images, ours.images, merged_entry)
    used = {name for names in sources.values() for name in names}
    for name in used - images.keys():
        for side in (theirs, ours, base):
            if name in side.images:
                images[name] = side.images[name]
                break
    return Lock(
        MappingProxyType({name: entry for name, entry in images.items() if name in used}), MappingProxyType(sources)
    )


def _merged(
    base: Mapping[str, T], theirs: Mapping[str, T], ours: Mapping[str, T], both: Callable[[T, T], T]
) -> dict[str, T]:
    merged = {}
    for key in (*theirs, *(key for key in ours if key not in theirs)):
        old, their, our = base.get(key), theirs.get(key), ours.get(key)
        if our == old or our is None:
            # Ours left it alone, or dropped what theirs may need: dropped only where theirs left it alone too.
            chosen = None if our is None and their == old else their
        else:
            chosen = our if their is None or their == old else both(their, our)
        if chosen is not None:
            merged[key] = chosen
    return merged


def merged_entry(theirs: Entry, ours: Entry) -> Entry:
    """Return ``ours`` with the earliest times that ``theirs`` knows for the same digests."""
    known = {locked.digest: locked.first_seen for locked in (theirs.selected, *theirs.candidates)}

    def earliest(locked: LockedDigest) -> LockedDigest:
        return locked._replace(first_seen=min(locked.first_seen, known.get(locked.digest, locked.first_seen)))

    return Entry(earliest(ours.selected), tuple(earliest(candidate) for candidate in ours.candidates))
