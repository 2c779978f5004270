"""Lock usage: images that files need of a lock, and entries that no file needs."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.lockfile.model import Entry, Lock
from pinner.model import Occurrence
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pinner.lockfile.model import LockedDigest
    from pinner.reference import Digest, ImageReference
    from pinner.scan.suppressions import Operation, Source


class Usage(NamedTuple):
    """One tag as files use it."""

    name: str
    """The canonical name."""
    reference: ImageReference
    """As the first file writes it, without a digest."""
    digests: Mapping[Digest, str]
    """What files hold it to already, and the first place that does, ``path:line``; the first by path comes first."""


class Scan(NamedTuple):
    """What a run has looked at, in paths relative to the lock's folder."""

    names: Mapping[str, tuple[str, ...]]
    """The canonical names in each file, sorted; none where a file names no image."""
    covers: Callable[[str], bool]
    """Tells whether the run would have seen a path: one that it did not see names nothing any more."""


def follows_tag(occurrence: Occurrence) -> bool:
    """Tell whether a lock can hold ``occurrence``: not `repo@sha256:…`, nor where no digest can stand."""
    return occurrence.rewrites is None and (occurrence.reference.digest is None or occurrence.reference.tag is not None)


def followed_occurrences(source: Source, operation: Operation = "pin") -> Iterator[Occurrence]:
    """Yield the occurrences of ``source`` that ``operation`` may touch and a lock can hold."""
    return (
        place for place in occurrences_for(source, operation) if isinstance(place, Occurrence) and follows_tag(place)
    )


def usages(sources: Iterable[Source]) -> dict[str, Usage]:
    """Return how ``sources``, sorted by path, use each image, by canonical name."""
    found: dict[str, Usage] = {}
    digests: dict[str, dict[Digest, str]] = {}
    for source in sources:
        for occurrence in followed_occurrences(source):
            reference = occurrence.reference
            held = digests.setdefault(reference.canonical, {})
            # Where the tag is to be raised, the digest is another tag's.
            if reference.digest is not None and occurrence.replaces is None:
                held.setdefault(reference.digest, f"{source.document.path}:{occurrence.line}")
            bare = reference._replace(written=reference.familiar, digest=None)
            found.setdefault(reference.canonical, Usage(reference.canonical, bare, held))
    return found


def names_in(source: Source) -> tuple[str, ...]:
    """Return the canonical names that a lock lists for ``source``, sorted."""
    return tuple(sorted({occurrence.reference.canonical for occurrence in followed_occurrences(source)}))


def agrees(locked: LockedDigest, digest: Digest) -> bool:
    """Tell whether a file that holds ``digest`` agrees with ``locked``: the same, or one of its platforms' images."""
    return digest == locked.digest or any(image.digest == digest for image in locked.platforms.values())


def needs_asking(usage: Usage, entry: Entry | None) -> bool:
    """Tell whether ``entry`` does not say all that ``usage`` needs: somebody has to be asked."""
    return entry is None or not all(agrees(entry.selected, digest) for digest in usage.digests)


def rebuilt_lock(lock: Lock, images: Mapping[str, Entry], scan: Scan) -> Lock:
    """Return ``lock`` with ``images`` in the place of its own, made true for the files of ``scan``.

    A file lists only what the lock holds; an image that no file lists goes.
    """
    sources = {path: names for path, names in lock.sources.items() if not scan.covers(path)}
    for path, names in scan.names.items():
        if known := tuple(name for name in names if name in images):
            sources[path] = known
    used = {name for names in sources.values() for name in names}
    return Lock(
        MappingProxyType({name: entry for name, entry in images.items() if name in used}), MappingProxyType(sources)
    )
