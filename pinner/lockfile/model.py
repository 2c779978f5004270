"""Lock types: an entry for each image, the images of each file."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.model import LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Literal

    from pinner.oci.types import Signature
    from pinner.reference import Digest, Platform


NAME = LOCK_NAME
VERSION: Literal[1] = 1
SIGNED_VERSION: Literal[2] = 2
"""Of a lock that says who signed: earlier programs would drop that."""


class LockedPlatform(NamedTuple):
    """One platform's image under a locked digest."""

    digest: Digest
    """Of the manifest."""
    config: Digest | None
    """The image ID of Docker's classic store."""
    size: int | None
    """What a pull transfers, in bytes."""


class LockedDigest(NamedTuple):
    """What one tag meant at one time."""

    digest: Digest
    media_type: str
    first_seen: datetime
    """When pinner first saw this digest for this tag: UTC, whole seconds."""
    platforms: Mapping[Platform, LockedPlatform] = MappingProxyType({})
    labels: Mapping[str, str] = MappingProxyType({})
    """``org.opencontainers.image.source``, ``.revision``, ``.version`` and ``.created``, where given."""
    signature: Signature | None = None
    """Who signed it, where a policy wanted to know."""


class Entry(NamedTuple):
    """One image in the lock."""

    selected: LockedDigest
    """What the tag is held to."""
    candidates: tuple[LockedDigest, ...] = ()
    """What the tag has meant since, too young to be selected when it was seen; the oldest first."""


class Lock(NamedTuple):
    """What a lockfile says."""

    images: Mapping[str, Entry] = MappingProxyType({})
    """By canonical name, ``registry/repository:tag``."""
    sources: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """The canonical names in each file, by its path relative to the lock's folder (``/`` on every system)."""

    @property
    def version(self) -> Literal[1, 2]:
        """The version of the file that says this."""
        entries = self.images.values()
        records = (record for entry in entries for record in (entry.selected, *entry.candidates))
        return SIGNED_VERSION if any(record.signature is not None for record in records) else VERSION

    @property
    def signatures(self) -> dict[str, Signature]:
        """Who signed what tags are held to, by canonical name."""
        held = ((name, entry.selected.signature) for name, entry in self.images.items())
        return {name: signature for name, signature in held if signature is not None}
