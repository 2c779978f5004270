"""Facts about an image that a candidate is judged by: digest, platforms, date of creation."""

from __future__ import annotations

import re
from datetime import date

from pinner._typing import TYPE_CHECKING
from pinner.errors import NotFoundError, UnsupportedError
from pinner.oci.platforms import matches
from pinner.reference import Platform
from pinner.tags.proof import USUAL, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pinner.oci.resolver import Registry
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import ImageReference

_CREATED = "org.opencontainers.image.created"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
_FIRST_CHOICE = Platform("linux", "amd64")


async def facts_of(reference: ImageReference, registry: Registry, needed: Iterable[str]) -> Facts | None:
    """Return what is known of the image under the digest of ``reference``; None where nothing is served there.

    A platform of ``needed``, or a usual one, is named as it is there whatever the index calls it. Raises
    `ResolveError`.
    """
    digest = str(reference.digest)
    try:
        image = await registry.describe(reference, "index")
    except NotFoundError:
        return None
    except UnsupportedError as error:
        return Facts(digest, objection=f"it cannot be read: {error.message}")
    image, created = await _made(image, reference, registry)
    platforms = [one.platform for one in image.platforms if one.platform is not None]
    return Facts(digest, frozenset(_names(platforms, {*needed, *USUAL})), created)


def _names(platforms: Iterable[Platform], known: Iterable[str]) -> Iterator[str]:
    """Yield the names of ``platforms``: those of ``known`` that they suit, or their own."""
    wanted = [Platform.parse(name) for name in known]
    for platform in platforms:
        suited = [str(one) for one in wanted if matches(platform, one)]
        yield from suited or [str(platform)]


async def _made(image: Image, reference: ImageReference, registry: Registry) -> tuple[Image, date | None]:
    """Return ``image``, with its platform if it is a single one, and the day on which it was made.

    That is as annotations say, or the config of one platform; None where neither is to be had.
    """
    usual = _usual(image)
    day = next(filter(None, (parse_day(said.get(_CREATED)) for said in _annotations(image, usual))), None)
    if image.is_index and (day is not None or usual is None or usual.platform is None):
        return image, day
    platforms = None if usual is None or usual.platform is None else (usual.platform,)
    try:
        configured = await registry.describe(reference, "configs", platforms)
    except (NotFoundError, UnsupportedError):
        return image, day
    inner = next(iter(configured.platforms), None)
    days = [parse_day(said.get(_CREATED)) for said in _annotations(configured, inner)]
    made = day or next(filter(None, days), None) or parse_day(None if inner is None else inner.created)
    return (image if image.is_index else configured), made


def _annotations(image: Image, one: PlatformImage | None) -> tuple[Mapping[str, str], ...]:
    return (image.annotations, {} if one is None else one.annotations)


def _usual(image: Image) -> PlatformImage | None:
    """Return the platform that speaks for the others: linux/amd64, else the first."""
    platforms = [one for one in image.platforms if one.platform is not None]
    chosen = (one for one in platforms if one.platform is not None and matches(one.platform, _FIRST_CHOICE))
    return next(chosen, next(iter(platforms), None))


def parse_day(text: str | None) -> date | None:
    """Return the day of a time in RFC 3339; None for anything else."""
    match = _DATE.match(text or "")
    try:
        return None if match is None else date.fromisoformat(match[0])
    except ValueError:
        return None
