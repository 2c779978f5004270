"""What lies under a name, described: every platform's manifest and config, as deep as is asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pinner.errors import InvalidReferenceError, UnsupportedError
from pinner.image import INDEX_TYPES, Attachment, Image, PlatformImage
from pinner.matching import best
from pinner.reference import Digest
from pinner.registry.manifests import ATTESTATION, IMAGE_CONFIGS, IMAGE_TYPES, Index, Manifest, read_config
from pinner.registry.platforms import MAX_DEPTH, check_size

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pinner.image import Config, Depth
    from pinner.reference import Platform
    from pinner.registry.manifests import Descriptor
    from pinner.registry.platforms import Fetched, Repository

_MAX_IMAGES = 256
"""In one index, that are fetched: no image known has a tenth of it."""
_SUBJECT = "vnd.docker.reference.digest"


async def describe_fetched(
    repository: Repository, fetched: Fetched, depth: Depth, platforms: Collection[Platform] | None
) -> Image:
    """Return what ``fetched`` is, down to ``depth``, of ``platforms`` alone where they are given.

    A single manifest's platform is told from its config, unless the index alone is asked for. Raises `ResolveError`.
    """
    content = fetched.content
    if depth == "kind":
        return Image(fetched.digest, content.media_type, ())
    if isinstance(content, Manifest):
        image = PlatformImage(None, fetched.digest, content.media_type)
        if depth != "index":
            image = await _deepened(repository, image, fetched, depth)
        return Image(fetched.digest, content.media_type, (image,), content.annotations)
    contents = _Contents(repository)
    await contents.collect(content, MAX_DEPTH)
    children = contents.images
    if platforms is not None:
        children = _chosen([await _with_platform(repository, child) for child in children], platforms)
    images = [PlatformImage(child.platform, child.digest, child.media_type) for child in children]
    if depth != "index":
        if len(images) > _MAX_IMAGES:
            raise UnsupportedError(f"its index has {len(images)} images: more than pinner looks into")
        images = await _fetched_children(repository, children, depth)
    return Image(fetched.digest, content.media_type, tuple(images), content.annotations, tuple(contents.attachments))


def image_config(body: bytes, digest: Digest) -> Config | None:
    """Return what the blob ``body``, which hashes to ``digest``, says as an image's config; None for anything else."""
    if body.lstrip()[:1] != b"{":
        return None
    config = read_config(body, digest)
    return config if config.platform is not None else None


@dataclass(slots=True)
class _Contents:
    """The images in an index and in the indexes inside it."""

    repository: Repository
    images: list[Descriptor] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    _opened: int = 0

    async def collect(self, index: Index, depth: int) -> None:
        for child in index.children:
            if not child.is_image:
                self.attachments.append(_attachment(child))
            elif child.media_type in IMAGE_TYPES:
                self.images.append(child)
            elif child.media_type in INDEX_TYPES and depth and self._opened < _MAX_IMAGES:
                self._opened += 1
                inner = await self.repository.manifest(str(child.digest), child.digest)
                check_size(child, inner.size)
                if isinstance(inner.content, Index):
                    await self.collect(inner.content, depth - 1)


def _attachment(child: Descriptor) -> Attachment:
    try:
        subject = Digest.parse(child.annotations.get(_SUBJECT, ""))
    except InvalidReferenceError:
        subject = None
    return Attachment(child.digest, "attestation" if ATTESTATION in child.annotations else "unknown", subject)


def _chosen(images: Iterable[Descriptor], platforms: Collection[Platform]) -> list[Descriptor]:
    """Return, for each of ``platforms`` that is there, the image that suits it best, each once."""
    images = list(images)
    chosen: list[Descriptor] = []
    for wanted in platforms:
        found = best(((image.platform, image) for image in images), wanted)
        if found is not None and found not in chosen:
            chosen.append(found)
    return chosen


async def _with_platform(repository: Repository, child: Descriptor) -> Descriptor:
    """Return ``child`` with its platform: from its config, where the index does not say."""
    if child.platform is not None:
        return child
    return replace(child, platform=(await _fetched_child(repository, child, "manifests")).platform)


async def _fetched_children(
    repository: Repository, children: Iterable[Descriptor], depth: Depth
) -> list[PlatformImage]:
    """Return the images of ``children``, fetched at the same time; the first error stops the others."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_fetched_child(repository, child, depth)) for child in children]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


async def _fetched_child(repository: Repository, child: Descriptor, depth: Depth) -> PlatformImage:
    fetched = await repository.manifest(str(child.digest), child.digest)
    check_size(child, fetched.size)
    return await _deepened(
        repository, PlatformImage(child.platform, child.digest, fetched.content.media_type), fetched, depth
    )


async def _deepened(repository: Repository, image: PlatformImage, fetched: Fetched, depth: Depth) -> PlatformImage:
    """Return ``image`` with what its manifest says, and its config where it is asked for or tells the platform."""
    content = fetched.content
    if not isinstance(content, Manifest):
        raise UnsupportedError("the registry sent an index where its own index has an image")
    is_runnable = content.config.media_type in IMAGE_CONFIGS
    sizes = [part.size for part in (content.config, *content.layers)]
    image = image._replace(
        config=content.config.digest if is_runnable else None,
        size=None if None in sizes else sum(filter(None, sizes)),
        layers=tuple(layer.digest for layer in content.layers),
        annotations=content.annotations,
        artifact=content.artifact,
    )
    if not is_runnable or (depth != "configs" and image.platform is not None):
        return image
    body = await repository.config(content.config.digest)
    check_size(content.config, len(body))
    config = read_config(body, content.config.digest)
    return image._replace(
        platform=image.platform or config.platform,
        created=config.created,
        labels=config.labels,
        diff_ids=config.diff_ids,
    )
