"""Ask what names mean, as deep as it takes to tell a hash or a local image; failures are answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import NotFoundError, ResolveError
from pinner.identity.compare import compare, known_digests
from pinner.identity.hashes import in_image
from pinner.identity.model import Comparison, Sighting, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.identity.model import Form, LocalImage, Query
    from pinner.image import Depth, Image
    from pinner.reference import Digest, ImageReference
    from pinner.resolve import Registry

_DEPTHS: tuple[Depth, ...] = ("index", "manifests", "configs")


class Found(NamedTuple):
    """What registries said about a hash."""

    sightings: tuple[Sighting, ...]
    unanswered: tuple[Unanswered, ...]


async def look_up(query: Query, references: Sequence[ImageReference], registry: Registry) -> Found:
    """Return as what ``query`` is known under ``references``, all asked at the same time."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_look_under(query, reference, registry)) for reference in references]
    results = [task.result() for task in tasks]
    return Found(
        tuple(sighting for result in results for sighting in result if isinstance(sighting, Sighting)),
        tuple(one for result in results for one in result if isinstance(one, Unanswered)),
    )


async def _look_under(
    query: Query, reference: ImageReference, registry: Registry
) -> tuple[Sighting, ...] | tuple[Unanswered]:
    """Return where ``query`` is under one name: in what the tag means, else in the rest of the repository."""
    tag = without_digest(reference)
    try:
        failure: ResolveError | None = None
        try:
            found = await _look_in_tag(query, tag, registry)
        except NotFoundError as error:
            found, failure = (), error
        if not found and query.digest is not None:
            found = await _look_in_repository(query.digest, query, tag, registry)
    except ResolveError as error:
        return (Unanswered(reference, error),)
    return (Unanswered(reference, failure),) if failure is not None and not found else found


async def _look_in_tag(query: Query, tag: ImageReference, registry: Registry) -> tuple[Sighting, ...]:
    """Return the sightings in what the tag means: first the index, then the manifests, then the configs."""
    for depth in _DEPTHS:
        for image in await _described(tag, depth, registry):
            if sightings := tuple(in_image(query, image, tag)):
                return tuple([await _with_config(sighting, query, registry) for sighting in sightings])
    return ()


async def _described(tag: ImageReference, depth: Depth, registry: Registry) -> tuple[Image, ...]:
    """Return what ``tag`` means; platform by platform where some are not there, as in a layout of one platform."""
    try:
        return (await registry.describe(tag, depth),)
    except NotFoundError:
        whole = await registry.describe(tag)
    images = []
    for one in whole.platforms:
        if one.platform is not None:
            try:
                images.append(await registry.describe(tag, depth, [one.platform]))
            except NotFoundError:
                continue
    return tuple(images)


async def _with_config(sighting: Sighting, query: Query, registry: Registry) -> Sighting:
    """Return ``sighting`` with its platform's manifest and config fetched and hashed; as it was where that fails."""
    reference, platform = sighting.reference, sighting.platform
    if reference is None or platform is None or (sighting.member is not None and sighting.member.diff_ids):
        return sighting
    try:
        image = await registry.describe(reference, "configs", [platform])
    except ResolveError:
        return sighting._replace(proof="named")
    again = [one for one in in_image(query, image, reference) if one.role == sighting.role]
    return again[0] if again else sighting


async def _look_in_repository(
    digest: Digest, query: Query, tag: ImageReference, registry: Registry
) -> tuple[Sighting, ...]:
    """Return what the repository has under ``digest`` itself, where the tag has moved on: a manifest, or a config."""
    pinned = tag._replace(written=f"{tag.written}@{digest}", digest=digest)
    try:
        image = await registry.describe(pinned, "manifests")
    except NotFoundError:
        config = await registry.config(pinned)
        if config is None:
            return ()
        return (Sighting("config", digest, tag.repository, "hashed", config.platform, reference=tag, current=False),)
    return tuple(in_image(query, image, tag, current=False))


async def compare_with(
    image: LocalImage, references: Iterable[ImageReference], form: Form, registry: Registry, *, asked: bool
) -> tuple[Comparison, ...]:
    """Return how ``image`` stands to what each of ``references`` means, all asked at the same time."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_compare(image, reference, form, registry, asked=asked)) for reference in references]
    return tuple(task.result() for task in tasks)


async def _compare(
    image: LocalImage, reference: ImageReference, form: Form, registry: Registry, *, asked: bool
) -> Comparison:
    tag = without_digest(reference)
    try:
        served = await registry.describe(tag, "configs", None if image.platform is None else [image.platform])
        if not served.platforms:
            # For its list of platforms: that is what the user will want to see.
            served = await registry.describe(tag)
        result = compare(image, tag, served, form, asked=asked)
        if result.outcome == "different" and await _is_older(image, tag, registry):
            return result._replace(outcome="stale")
    except NotFoundError as error:
        return Comparison(tag, "absent", asked, error=error)
    except ResolveError as error:
        return Comparison(tag, "unknown", asked, error=error)
    return result


async def _is_older(image: LocalImage, tag: ImageReference, registry: Registry) -> bool:
    """Tell whether the repository still has what ``image`` is, though the tag means something else."""
    for digest in known_digests(image, tag):
        try:
            await registry.describe(tag._replace(written=f"{tag.written}@{digest}", digest=digest), "kind")
        except NotFoundError:
            continue
        return True
    if image.config is None:
        return False
    config = await registry.config(tag._replace(written=f"{tag.written}@{image.config}", digest=image.config))
    return config is not None


def without_digest(reference: ImageReference) -> ImageReference:
    """Return ``reference`` as one to its tag."""
    return reference._replace(written=reference.familiar, digest=None)
