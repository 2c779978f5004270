"""Registry queries of ``inspect``, all names concurrently."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pinner.errors import (
    InvalidReferenceError,
    NotFoundError,
    PinnerError,
    ResolveError,
    UnavailableError,
    UnsupportedError,
)
from pinner.inspection.model import Failure, ImageId, Inspection, platform_name
from pinner.oci.platforms import matches
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from pinner.inspection.model import Entry
    from pinner.oci.resolver import Allowance, Registry
    from pinner.oci.types import Attachment, Config, Image
    from pinner.reference import Platform

T = TypeVar("T")

_OFFLINE = "not looked for: --offline forbids to ask"


async def inspect_all(
    texts: Sequence[str],
    registry: Registry,
    platform: Platform | None,
    *,
    offline: bool,
    on_answer: Callable[[int, int], None],
) -> tuple[Entry, ...]:
    """Return what each of ``texts`` means, in their order; one that fails stops no other."""

    async def inspected(text: str) -> Inspection | ImageId:
        return await _inspect(ImageReference.parse(text), registry, platform, offline=offline)

    return await _each(texts, inspected, on_answer)


async def _each(
    texts: Sequence[str], ask: Callable[[str], Awaitable[T]], on_answer: Callable[[int, int], None]
) -> tuple[T | Failure, ...]:
    """Return what ``ask`` returns for each of ``texts``, all at once, in their order; one that fails stops no other."""
    answered = 0

    async def one(text: str) -> T | Failure:
        nonlocal answered
        try:
            return await ask(text)
        except (InvalidReferenceError, ResolveError) as error:
            return Failure(text, error)
        finally:
            answered += 1
            on_answer(answered, len(texts))

    return tuple(await asyncio.gather(*map(one, texts)))


async def _inspect(
    reference: ImageReference, registry: Registry, platform: Platform | None, *, offline: bool
) -> Inspection | ImageId:
    try:
        image = await registry.describe(reference, "configs", None if platform is None else (platform,))
    except (NotFoundError, UnavailableError, UnsupportedError) as error:
        # Distribution before version 3 fails with 500 where a digest names a blob and no manifest.
        config = None if reference.digest is None else await _config(reference, registry)
        if config is None:
            # It was the digest that was asked for, and not the tag beside it.
            message = error.message.replace(f"`{reference.familiar}`", f"`{reference}`", 1)
            raise type(error)(message, hint=error.hint) from None
        return ImageId(reference, config, await _tagged(reference, registry))
    if platform is not None:
        _check_platform(reference, image, platform)
    today = await _today(reference, image, registry)
    shown = {one.digest for one in image.platforms}
    inside = tuple(one for one in image.attachments if one.subject is None or one.subject in shown)
    if offline:
        return Inspection(reference, image, inside, _OFFLINE, *today[:2], platform, today.is_gone)
    outside, unsought = await _beside(reference, image, registry)
    beside = tuple(dict.fromkeys((*outside, *inside)))
    return Inspection(reference, image, beside, unsought, *today[:2], platform, today.is_gone)


def _check_platform(reference: ImageReference, image: Image, platform: Platform) -> None:
    """Raise `NotFoundError` where nothing of ``image`` is for ``platform``."""
    there = [one.platform for one in image.platforms if one.platform is not None]
    if any(matches(one, platform) for one in there) or any(one.artifact for one in image.platforms):
        return
    hint = "without --platform all of them are shown"
    if not image.is_index:
        hint = f"there is no index, and {' '.join(map(platform_name, image.platforms))} is all there is"
    raise NotFoundError(f"`{reference}` is not there for {platform}", hint=hint)


async def _config(reference: ImageReference, registry: Registry) -> Config | None:
    try:
        return await registry.config(reference)
    except ResolveError:
        # What was wrong in the first place is what the user should hear.
        return None


async def _tagged(reference: ImageReference, registry: Registry) -> Image | None:
    """Return what the tag beside an image ID means now, down to the image IDs; None where that cannot be told."""
    try:
        return await registry.describe(ImageReference.parse(reference.familiar), "manifests")
    except ResolveError:
        return None


class _Today(NamedTuple):
    """What the tag means that stands beside a digest, or why that is not known."""

    image: Image | None = None
    unknown: str | None = None
    is_gone: bool = False


async def _today(reference: ImageReference, image: Image, registry: Registry) -> _Today:
    if reference.digest is None or reference.tag is None:
        return _Today()
    tag = ImageReference.parse(reference.familiar)
    try:
        today = await registry.describe(tag, "kind")
        if today.digest != image.digest and today.is_index and not image.is_index:
            today = await registry.describe(tag, "index")
    except NotFoundError:
        return _Today(is_gone=True)
    except ResolveError as error:
        return _Today(unknown=error.message)
    return _Today(today)


async def _beside(
    reference: ImageReference, image: Image, registry: Registry
) -> tuple[tuple[Attachment, ...], str | None]:
    """Return what lies beside the index and each manifest, and why that may not be all."""
    name = reference.repository
    digests = dict.fromkeys((image.digest, *(one.digest for one in image.platforms)))
    first, *others = (ImageReference.parse(f"{name}@{digest}") for digest in digests)
    try:
        # The first alone: it teaches how the registry wants to be asked.
        found = [await registry.attachments(first)]
    except ResolveError as error:
        return (), f"could not be looked for: {error.message}"
    rest = await asyncio.gather(*map(registry.attachments, others), return_exceptions=True)
    unsought = None
    for one in rest:
        if isinstance(one, PinnerError):
            unsought = f"could not all be looked for: {one.message}"
        elif isinstance(one, BaseException):
            raise one
        else:
            found.append(one)
    return tuple(attachment for part in found for attachment in part), unsought


async def allowances(
    texts: Sequence[str], registry: Registry, on_answer: Callable[[int, int], None]
) -> tuple[Allowance | Failure, ...]:
    """Return what each of ``texts``, a registry or an image, says of its limit, in their order."""

    async def allowance(text: str) -> Allowance:
        if is_registry(text):
            return await registry.allowance(_registry_name(text))
        reference = ImageReference.parse(text)
        return await registry.allowance(reference.domain, reference)

    return await _each(texts, allowance, on_answer)


def is_registry(text: str) -> bool:
    """Tell ``ghcr.io`` and ``registry:5000/`` from an image's name, as ``splitDockerDomain`` would before a slash."""
    host, slash, rest = text.partition("/")
    if slash:
        return not rest
    name, _, port = host.partition(":")
    return name == "localhost" or ("." in name and (not port or port.isdecimal()))


def _registry_name(text: str) -> str:
    host = text.rstrip("/").lower()
    return "docker.io" if host in ("index.docker.io", "registry-1.docker.io") else host
