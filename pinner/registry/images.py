"""Image description: every platform's manifest and config, as deep as is asked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from pinner.errors import IntegrityError, NotFoundError, UnsupportedError
from pinner.http.errors import safe_text
from pinner.model import Resolved
from pinner.oci.manifests import (
    ATTESTATION,
    IMAGE_CONFIGS,
    IMAGE_TYPES,
    Index,
    Manifest,
    children_to_fetch,
    choose_child,
    platforms_of,
    read_config,
)
from pinner.oci.platforms import best, matches
from pinner.oci.types import INDEX_TYPES, Attachment, Image, PlatformImage
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pinner.oci.manifests import Content, Descriptor
    from pinner.oci.types import Config, Depth
    from pinner.reference import Platform


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
        there = [safe_text(str(platform)) for platform in dict.fromkeys(self._there)]
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
        child = choose_child(index, self.wanted)
        if child is not None:
            return Resolved(child.digest, child.media_type)
        self._there += platforms_of(index)
        for candidate in children_to_fetch(index, self.wanted):
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
    subject = Digest.try_parse(child.annotations.get(_SUBJECT, ""))
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
    try:
        fetched = await repository.manifest(str(child.digest), child.digest)
    except NotFoundError:
        return PlatformImage(child.platform, child.digest, child.media_type, is_missing=True)
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
