"""What lies in an archive or a layout, each file hashed: the form in which I/O hands it to those who judge it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.identity.model import DiffId
    from pinner.reference import Digest

MAX_DOCUMENT = 8 * 1024 * 1024
"""The largest config that is read, in bytes; registries serve manifests up to 4 MB."""
_MAX_LINKS = 8


class Member(NamedTuple):
    """One file."""

    digest: Digest
    """Of its bytes, by the algorithm that its name gives, else sha256."""
    size: int
    data: bytes | None = None
    """Its bytes, where it is small and may be JSON."""
    content: DiffId | None = None
    """The sha256 of its bytes unpacked; None where they could not be."""
    compression: str = "none"
    trouble: str | None = None
    """Why it could not be unpacked."""


class Contents(NamedTuple):
    """Everything in one place, by its normalised path (``/``, no leading ``./``)."""

    members: Mapping[str, Member]
    links: Mapping[str, str] = MappingProxyType({})
    """From a link's path to the path it means."""
    clashes: tuple[str, ...] = ()
    """Paths that stand for several different files."""
    escaping: tuple[str, ...] = ()
    """Names and links that lead out of the archive."""
    folder: bool = False

    def find(self, path: str) -> Member | None:
        """Return the file at ``path``, links followed inside the archive; None where there is none."""
        for _ in range(_MAX_LINKS):
            if path in self.members:
                return self.members[path]
            if path not in self.links:
                return None
            path = self.links[path]
        return None

    def blob(self, digest: Digest) -> Member | None:
        """Return the blob that is stored under ``digest``, whatever its bytes hash to."""
        return self.find(f"blobs/{digest.algorithm}/{digest.hex}")
