"""Resolver that answers from the lock."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING
from pinner.errors import NotFoundError
from pinner.lockfile.model import NAME
from pinner.lockfile.select import platform_image
from pinner.model import Resolved
from pinner.oci.digest_kind import DigestKind, digest_kind_key
from pinner.oci.types import INDEX_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pinner.errors import ResolveError
    from pinner.lockfile.model import Lock
    from pinner.oci.digest_kind import DigestKindKey
    from pinner.reference import ImageReference, Platform

_NO_FAILURES: Mapping[str, ResolveError] = MappingProxyType({})
# What the platforms' manifests of an index are; one of each family, as every builder writes them.
_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


class LockedResolver:
    """A `pinner.oci.resolver.Resolver` that asks nobody."""

    def __init__(self, lock: Lock, failures: Mapping[str, ResolveError] = _NO_FAILURES) -> None:
        """``failures`` are raised for the names (canonical) that they hold, whatever the lock says."""
        self._lock = lock
        self._failures = failures

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the lock holds the tag of ``reference`` to; raises `NotFoundError` for what it lacks."""
        name = reference.canonical
        if name in self._failures:
            raise self._failures[name]
        entry = self._lock.images.get(name)
        if entry is None:
            raise NotFoundError(f"`{reference.familiar}` is not in {NAME}", hint="run `pinner lock`, which adds it")
        record = entry.selected
        if platform is None:
            return Resolved(record.digest, record.media_type)
        image = platform_image(record, platform)
        if image is None:
            there = ", ".join(str(one) for one in record.platforms)
            raise NotFoundError(
                f"`{reference.familiar}` is in {NAME}, but not for {platform}",
                hint=f"it is there for {there}" if there else f"{NAME} knows of no platform of it",
            )
        if image.digest == record.digest:
            return Resolved(record.digest, record.media_type)
        return Resolved(image.digest, _manifest_type(record.media_type))


def digest_kind_by(lock: Lock, references: Iterable[ImageReference]) -> dict[DigestKindKey, DigestKind]:
    """Return what stands behind the digests of ``references``, as far as ``lock`` knows, without asking anybody."""
    found = {}
    for reference in references:
        entry = lock.images.get(reference.canonical)
        if entry is None or reference.digest is None:
            continue
        for record in (entry.selected, *entry.candidates):
            if record.digest == reference.digest:
                platforms = iter(record.platforms) if record.media_type not in INDEX_TYPES else iter(())
                found[digest_kind_key(reference)] = DigestKind(record.media_type, next(platforms, None))
                break
            platform = next((one for one, image in record.platforms.items() if image.digest == reference.digest), None)
            if platform is not None:
                found[digest_kind_key(reference)] = DigestKind(_manifest_type(record.media_type), platform)
                break
    return found


def _manifest_type(media_type: str) -> str:
    return _OCI_MANIFEST if media_type.startswith("application/vnd.oci.") else _DOCKER_MANIFEST
