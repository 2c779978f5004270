"""One platform's manifest, found in whatever a name means: an index, an index of indexes, or a single image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pinner.errors import IntegrityError, NotFoundError
from pinner.matching import matches
from pinner.model import Resolved
from pinner.registry.failures import clean
from pinner.registry.manifests import (
    IMAGE_CONFIGS,
    Index,
    Manifest,
    choose,
    platforms_of,
    read_config,
    unopened,
)

if TYPE_CHECKING:
    from pinner.reference import Digest, Platform
    from pinner.registry.manifests import Content, Descriptor

MAX_DEPTH = 3
_MAX_OPENED = 32
_MAX_NAMED = 8


@dataclass(frozen=True, slots=True)
class Fetched:
    """A manifest or index whose bytes have been hashed."""

    digest: Digest
    content: Content
    size: int


class Repository(Protocol):
    """Where the parts of an image come from, each verified against its digest."""

    async def manifest(self, selector: str, expected: Digest | None) -> Fetched:
        """Return the manifest of a tag, or of the digest that is ``expected``."""
        ...

    async def config(self, digest: Digest) -> bytes:
        """Return the bytes of a config."""
        ...


@dataclass(slots=True)
class PlatformSearch:
    """Looks for ``wanted``; remembers what there was instead."""

    repository: Repository
    wanted: Platform
    _there: list[Platform] = field(default_factory=list)
    _opened: int = 0

    async def find(self, fetched: Fetched, host: str) -> Resolved:
        """Return the platform's manifest, or raise `NotFoundError` naming the platforms that ``host`` has."""
        found = await self._look(fetched, MAX_DEPTH)
        if found is not None:
            return found
        there = [clean(str(platform)) for platform in dict.fromkeys(self._there)]
        more = f" and {len(there) - _MAX_NAMED} more" if len(there) > _MAX_NAMED else ""
        names = ", ".join(there[:_MAX_NAMED]) + more
        raise NotFoundError(
            f"{host} does not have it for {self.wanted}", hint=f"there is {names}" if there else "it names no platform"
        )

    async def _look(self, fetched: Fetched, depth: int) -> Resolved | None:
        if isinstance(fetched.content, Manifest):
            return await self._look_at_image(fetched, fetched.content)
        return await self._look_in(fetched.content, depth)

    async def _look_in(self, index: Index, depth: int) -> Resolved | None:
        child = choose(index, self.wanted)
        if child is not None:
            return Resolved(child.digest, child.media_type)
        self._there += platforms_of(index)
        for candidate in unopened(index, self.wanted):
            if depth == 0 or self._opened >= _MAX_OPENED:
                return None
            self._opened += 1
            fetched = await self.repository.manifest(str(candidate.digest), candidate.digest)
            check_size(candidate, fetched.size)
            if fetched.content.media_type != candidate.media_type:
                raise IntegrityError("the registry sent an index that gives one of its manifests another type")
            found = await self._look(fetched, depth - 1)
            if found is not None:
                return found
        return None

    async def _look_at_image(self, fetched: Fetched, manifest: Manifest) -> Resolved | None:
        if manifest.config.media_type not in IMAGE_CONFIGS:
            # A chart, a module, a policy: nothing that runs on a platform.
            return None
        config = await self.repository.config(manifest.config.digest)
        check_size(manifest.config, len(config))
        platform = read_config(config, manifest.config.digest).platform
        if platform is None:
            return None
        self._there.append(platform)
        return Resolved(fetched.digest, manifest.media_type) if matches(platform, self.wanted) else None


def check_size(descriptor: Descriptor, size: int) -> None:
    """Raise `IntegrityError` where ``descriptor`` gives another size than what came has."""
    if descriptor.size not in (None, size):
        raise IntegrityError(f"the registry sent a manifest that gives {descriptor.digest} another size than it has")
