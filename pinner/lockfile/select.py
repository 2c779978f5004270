"""Digest selection for a lock entry: the newest that is old enough, and what counts as a change."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING
from pinner.errors import InvalidReferenceError
from pinner.lockfile.model import Entry, LockedDigest, LockedPlatform
from pinner.oci.platforms import best
from pinner.reference import Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import Digest

LABELS = tuple(f"org.opencontainers.image.{name}" for name in ("source", "revision", "version", "created"))
"""What a lock keeps of an image's labels (image-spec, annotations.md)."""
NEEDED_LABELS = LABELS[:2]
"""What a config is fetched for where no annotation has it: where the image came from."""
_LONGEST_LABEL = 1000
_USUAL = Platform("linux", "amd64")


def locked_digest(image: Image, first_seen: datetime, more_labels: Mapping[str, str]) -> LockedDigest:
    """Return the record of ``image``: its platforms, and the labels its annotations and ``more_labels`` give."""
    platforms: dict[Platform, LockedPlatform] = {}
    for one in image.platforms:
        # Windows has several images for one os/architecture, told apart by os.version: the first is the index's choice.
        if one.platform is not None and _reads_back(one.platform):
            platforms.setdefault(one.platform, LockedPlatform(one.digest, one.config, one.size))
    labels = {**more_labels, **merged_annotations(image)}
    return LockedDigest(
        image.digest,
        image.media_type,
        first_seen,
        MappingProxyType(platforms),
        MappingProxyType({name: labels[name] for name in LABELS if len(labels.get(name, "")) in _LABEL_LENGTHS}),
    )


_LABEL_LENGTHS = range(1, _LONGEST_LABEL + 1)


def _reads_back(platform: Platform) -> bool:
    """Tell whether ``platform``, which a registry sent, reads as itself when written: it may hold anything."""
    try:
        return str(platform).isprintable() and Platform.parse(str(platform)) == platform
    except InvalidReferenceError:
        return False


def usual_platform(image: Image) -> PlatformImage | None:
    """Return the platform whose labels speak for ``image``: linux/amd64, else the first."""
    return next((one for one in image.platforms if one.platform == _USUAL), next(iter(image.platforms), None))


def merged_annotations(image: Image) -> dict[str, str]:
    """Return the annotations of ``image`` (the index's before the manifest's)."""
    usual = usual_platform(image)
    return {**({} if usual is None else usual.annotations), **image.annotations}


def platform_image(record: LockedDigest, wanted: Platform) -> LockedPlatform | None:
    """Return what ``record`` has for ``wanted``: what suits it best, by containerd's rules."""
    return best(record.platforms.items(), wanted)


def is_same_for(record: LockedDigest, image: Image, platforms: Iterable[Platform]) -> bool:
    """Tell whether ``image`` is ``record`` as far as ``platforms`` go: its index moved for others alone."""
    now = LockedDigest(
        image.digest,
        image.media_type,
        record.first_seen,
        {one.platform: LockedPlatform(one.digest, None, None) for one in image.platforms if one.platform is not None},
    )
    pairs = [(platform_image(record, platform), platform_image(now, platform)) for platform in platforms]
    return bool(pairs) and all(old is not None and new is not None and old.digest == new.digest for old, new in pairs)


def lacks_platform(record: LockedDigest, platforms: Iterable[Platform]) -> bool:
    """Tell whether ``record`` says nothing of one of ``platforms``."""
    return any(platform_image(record, platform) is None for platform in platforms)


def known_digest(entry: Entry, digest: Digest) -> LockedDigest | None:
    """Return what ``entry`` knows of ``digest``."""
    return next((record for record in (entry.selected, *entry.candidates) if record.digest == digest), None)


def with_candidate(candidates: Sequence[LockedDigest], now: LockedDigest) -> tuple[LockedDigest, ...]:
    """Return ``candidates`` with ``now``, what the tag means at present, the last.

    A tag that moved back to what it meant before withdraws what came between.
    """
    for position, candidate in enumerate(candidates):
        if candidate.digest == now.digest:
            return (*candidates[:position], candidate)
    return (*candidates, now)


def old_enough(candidates: Sequence[LockedDigest], now: datetime, min_age: timedelta) -> Iterator[LockedDigest]:
    """Yield the candidates that have been known for ``min_age``, the newest first."""
    return (candidate for candidate in reversed(candidates) if now - candidate.first_seen >= min_age)


def with_choice(entry: Entry, candidates: Sequence[LockedDigest], choice: LockedDigest | None) -> Entry:
    """Return ``entry`` held to ``choice``, one of ``candidates`` (None: as it was); what came before it goes."""
    if choice is None:
        return Entry(entry.selected, tuple(candidates))
    return Entry(choice, tuple(candidates[candidates.index(choice) + 1 :]))
