"""Comparison of the old and the new image: platforms, size, version, source, base."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.pull_request_body.markdown import compare_url, is_revision, source_repository

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.bot.model import ImageChange
    from pinner.bot.pull_request_body.markdown import SourceRepository
    from pinner.oci.types import Image, PlatformImage

_PREFIX = "org.opencontainers.image."
"""Of the labels and annotations. Source: image-spec, annotations.md."""
_USUAL = "linux/amd64"
_DATE = re.compile(r"(2[0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))T")
_MOST_BYTES = 10**15


class Origin(NamedTuple):
    """What an image says of itself. Its makers' word: nothing here is checked, all of it is foreign text."""

    version: str | None = None
    source: SourceRepository | None = None
    revision: str | None = None
    """A full commit ID, where ``source`` is known or not."""
    base_name: str | None = None
    base_digest: str | None = None
    built: str | None = None
    """A date, ``2026-11-18``; None for the made-up ones of reproducible builds."""
    size: int | None = None
    """Bytes, for the platform that both images have."""


class Platforms(NamedTuple):
    """The platforms of two images, compared; in the new image's order, then what is gone."""

    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Compared(NamedTuple):
    """An image before and after."""

    before: Origin
    after: Origin
    platforms: Platforms
    compare: str | None
    """The address of the comparison, where both say which commit of one repository they come from."""


def compare(change: ImageChange) -> Compared:
    """Return what is known of the difference that ``change`` makes."""
    old, new = _by_platform(change.before), _by_platform(change.after)
    platform = _common(old, new)
    before, after = _origin(change.before, old, platform), _origin(change.after, new, platform)
    address = None
    if before.source is not None and before.source == after.source and before.revision != after.revision:
        address = compare_url(before.source, before.revision or "", after.revision or "")
    return Compared(before, after, _platforms(old, new), address)


def _by_platform(image: Image | None) -> dict[str, list[PlatformImage]]:
    """Group by platform as text; Windows has one image for each version of the system, under one platform."""
    found: dict[str, list[PlatformImage]] = {}
    for part in () if image is None else image.platforms:
        if part.platform is not None:
            found.setdefault(str(part.platform), []).append(part)
    return found


def _common(old: Mapping[str, object], new: Mapping[str, object]) -> str | None:
    """Return the platform to compare sizes by: one that both have."""
    both = [platform for platform in new if platform in old] or list(new)
    return _USUAL if _USUAL in both else next(iter(both), None)


def _platforms(old: Mapping[str, list[PlatformImage]], new: Mapping[str, list[PlatformImage]]) -> Platforms:
    if not old or not new:
        return Platforms()
    same = {name for name, parts in new.items() if name in old and _digests(parts) == _digests(old[name])}
    return Platforms(
        tuple(name for name in new if name in old and name not in same),
        tuple(name for name in new if name in same),
        tuple(name for name in new if name not in old),
        tuple(name for name in old if name not in new),
    )


def _digests(parts: list[PlatformImage]) -> set[str]:
    return {str(part.digest) for part in parts}


def _origin(image: Image | None, parts: Mapping[str, list[PlatformImage]], platform: str | None) -> Origin:
    if image is None:
        return Origin()
    part = next(iter(parts.get(platform or "", ())), None) or next(iter(image.platforms), None)
    if part is None:
        return Origin(*_said(image.annotations))
    # Labels come last: an image inherits those of its base, and only annotations are surely its own.
    said = _said(image.annotations, part.annotations, part.labels)
    created = next((found for text in (part.created, *_values("created", image, part)) if (found := _date(text))), None)
    size = part.size if part.size is not None and 0 <= part.size < _MOST_BYTES else None
    return Origin(*said)._replace(built=created, size=size)


def _values(key: str, image: Image, part: PlatformImage) -> list[str | None]:
    return [mapping.get(_PREFIX + key) for mapping in (image.annotations, part.annotations, part.labels)]


def _date(text: str | None) -> str | None:
    found = _DATE.match(text or "")
    return found[1] if found else None


def _said(
    *mappings: Mapping[str, str],
) -> tuple[str | None, SourceRepository | None, str | None, str | None, str | None]:
    version = next((mapping[_PREFIX + "version"] for mapping in mappings if mapping.get(_PREFIX + "version")), None)
    source, revision = _commit(*mappings)
    based = next((mapping for mapping in mappings if mapping.get(_PREFIX + "base.name")), {})
    return version, source, revision, based.get(_PREFIX + "base.name"), based.get(_PREFIX + "base.digest")


def _commit(*mappings: Mapping[str, str]) -> tuple[SourceRepository | None, str | None]:
    """Return source and revision from one and the same mapping: an own source with a base's revision is a lie."""
    for mapping in mappings:
        revision = mapping.get(_PREFIX + "revision", "").strip().lower()
        if is_revision(revision):
            return source_repository(mapping.get(_PREFIX + "source", "")), revision
    return None, None
