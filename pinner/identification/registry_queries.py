"""Registry queries that identify a hash or a local image."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import NotFoundError, ResolveError, UnavailableError, UnsupportedError
from pinner.identification.compare import compare, is_broken, known_digests
from pinner.identification.hash_kinds import in_image
from pinner.identification.model import Comparison, Sighting, Unanswered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from pinner.identification.model import Form, LocalImage, Query
    from pinner.oci.resolver import Registry
    from pinner.oci.types import Depth, Image
    from pinner.reference import Digest, ImageReference

_DEPTHS: tuple[Depth, ...] = ("index", "manifests", "configs")


class Found(NamedTuple):
    """What registries said about a hash."""

    sightings: tuple[Sighting, ...]
    unanswered: tuple[Unanswered, ...]


async def look_up(query: Query, references: Sequence[ImageReference], registry: Registry) -> Found:
    """Return as what ``query`` is known under ``references``: in what their tags mean, else in their repositories.

    First in every index, then in every manifest, then in every config, and no deeper than it takes: manifests count
    as pulls with some registries.
    """
    errors: dict[ImageReference, ResolveError] = {}
    tags = [without_digest(reference) for reference in references]
    found: tuple[Sighting, ...] = ()
    for depth in _DEPTHS:
        there = [tag for tag in tags if tag not in errors]
        found = await _everywhere(there, errors, partial(_look_in_tag, query, depth, registry))
        if found:
            return Found(found, _unanswered(errors))
    if (digest := query.digest) is not None:
        # A tag that is gone says nothing of what its repository still has.
        there = [tag for tag in tags if isinstance(errors.get(tag), NotFoundError | None)]
        found = await _everywhere(there, {}, partial(_look_in_repository, query, digest, registry))
    # Who asks for a digest beside a name without a tag need not hear that there is no `latest`.
    known = {sighting.reference for sighting in found}
    return Found(found, _unanswered({tag: error for tag, error in errors.items() if tag not in known}))


def _unanswered(errors: Mapping[ImageReference, ResolveError]) -> tuple[Unanswered, ...]:
    return tuple(Unanswered(reference, error) for reference, error in errors.items())


async def _everywhere(
    tags: Sequence[ImageReference],
    errors: dict[ImageReference, ResolveError],
    look: Callable[[ImageReference], Awaitable[tuple[Sighting, ...]]],
) -> tuple[Sighting, ...]:
    """Return what ``look`` finds under all of ``tags``, at the same time; a failure goes to ``errors``."""

    async def one(tag: ImageReference) -> tuple[Sighting, ...]:
        try:
            return await look(tag)
        except ResolveError as error:
            errors[tag] = error
            return ()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(tag)) for tag in tags]
    return tuple(sighting for task in tasks for sighting in task.result())


async def _look_in_tag(query: Query, depth: Depth, registry: Registry, tag: ImageReference) -> tuple[Sighting, ...]:
    """Return the sightings in what the tag means, looked at down to ``depth``."""
    found = [sighting for image in await _described(tag, depth, registry) for sighting in in_image(query, image, tag)]
    return tuple([await _with_config(sighting, query, registry) for sighting in found])


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
    query: Query, digest: Digest, registry: Registry, tag: ImageReference
) -> tuple[Sighting, ...]:
    """Return what the repository has under ``digest`` itself, where the tag has moved on: a manifest, or a config."""
    pinned = tag._replace(written=f"{tag.written}@{digest}", digest=digest)
    try:
        image = await registry.describe(pinned, "manifests")
    except (NotFoundError, UnavailableError, UnsupportedError):
        # Distribution before version 3 fails with 500 where a digest names a blob and no manifest.
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
        if result.outcome == "different" and not is_broken(image) and await _is_older(image, tag, registry):
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
