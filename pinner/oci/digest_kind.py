"""Kind of a pinned digest: an index, one platform's manifest, an image ID, or gone.

A tag's answer alone does not tell: `update` keeps a platform's manifest a platform's manifest, and a registry has to be
asked which platform that was.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import NotFoundError, ResolveError, UnavailableError, UnsupportedError
from pinner.oci.platforms import best
from pinner.oci.types import INDEX_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from typing import TypeAlias

    from pinner.oci.resolver import Registry
    from pinner.oci.types import Config, Image
    from pinner.reference import Digest, ImageReference, Platform

DigestKindKey: TypeAlias = tuple[str, "Digest"]
"""A repository's full name, and a digest in it."""


class DigestKind(NamedTuple):
    """What a registry serves under a digest that a file holds."""

    media_type: str | None = None
    """None where it serves no manifest and no index of this digest."""
    platform: Platform | None = None
    """Whose manifest it is; None for an index, and where a manifest does not say."""
    config: Config | None = None
    """What the digest is where it is an image ID: no manifest, and nothing that can be pulled."""
    error: ResolveError | None = None
    """Why it cannot be told."""
    is_hashed: bool = True
    """Whether it has been hashed by us; False for what a registry's header says alone."""

    @property
    def is_index(self) -> bool:
        """Tell an index from one platform's manifest."""
        return self.media_type in INDEX_TYPES

    @property
    def is_gone(self) -> bool:
        """Tell whether the registry knows nothing of this digest."""
        return self.media_type is None and self.config is None and self.error is None


def digest_kind_key(reference: ImageReference) -> DigestKindKey:
    """Return what tells what ``reference``, which has a digest, holds."""
    if reference.digest is None:
        raise ValueError(f"{reference} holds nothing")
    return reference.repository, reference.digest


async def look_up_digest_kinds(
    references: Iterable[ImageReference], registry: Registry
) -> dict[DigestKindKey, DigestKind]:
    """Return what stands behind the digest of each of ``references``, all asked at the same time, each once.

    An index costs one request; a platform's manifest two requests more, to tell the platform. Errors are answers.
    """
    import asyncio  # noqa: PLC0415 - costs start-up time that `check` need not pay

    distinct = {digest_kind_key(reference): reference for reference in references}
    found = await asyncio.gather(*(_look_up(reference, registry) for reference in distinct.values()))
    return dict(zip(distinct, found, strict=True))


async def _look_up(reference: ImageReference, registry: Registry) -> DigestKind:
    try:
        image = await registry.describe(reference, "kind")
        if image.is_index:
            return DigestKind(image.media_type, is_hashed=image.is_hashed)
        image = await registry.describe(reference, "manifests")
        return DigestKind(image.media_type, image.platforms[0].platform)
    except NotFoundError:
        error: ResolveError | None = None
    except (UnavailableError, UnsupportedError) as failed:
        # Distribution before version 3 fails with 500 where a digest names a blob and no manifest.
        error = failed
    except ResolveError as failed:
        return DigestKind(error=failed)
    try:
        config = await registry.config(reference)
    except ResolveError as failed:
        return DigestKind(error=error or failed)
    return DigestKind(config=config) if config is not None else DigestKind(error=error)


async def moved_elsewhere(
    reference: ImageReference, now: Digest, platforms: Collection[Platform], registry: Registry
) -> bool:
    """Tell whether the tag of ``reference`` moved from the index that it holds to ``now`` for other platforms alone.

    That is no change for whom ``platforms`` are all that count. Raises `ResolveError`.
    """
    if reference.digest == now:
        return False
    before, after = (
        await registry.describe(reference, "index"),
        await registry.describe(reference.at(now), "index"),
    )
    return (
        before.is_index
        and after.is_index
        and all(
            _manifest_of(before, platform) is not None
            and _manifest_of(before, platform) == _manifest_of(after, platform)
            for platform in platforms
        )
    )


def _manifest_of(image: Image, wanted: Platform) -> Digest | None:
    """Return the manifest in ``image`` that suits ``wanted`` best."""
    return best(((one.platform, one.digest) for one in image.platforms), wanted)
