"""Locks, entries and images for tests, by short words."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pinner.lockfile.model import Entry, Lock, LockedDigest, LockedPlatform
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
NGINX = "docker.io/library/nginx:1.27"
REDIS = "docker.io/library/redis:latest"


def digest(word: str) -> Digest:
    return Digest("sha256", hashlib.sha256(word.encode()).hexdigest())


def days(number: float) -> timedelta:
    return timedelta(days=number)


def image(
    word: str,
    platforms: Sequence[str] = ("linux/amd64", "linux/arm64/v8"),
    annotations: Mapping[str, str] | None = None,
) -> Image:
    """Return an index named ``word`` over an image for each of ``platforms``."""
    children = tuple(
        PlatformImage(
            Platform.parse(platform),
            digest(f"{word} {platform}"),
            MANIFEST,
            config=digest(f"{word} {platform} config"),
            size=100,
        )
        for platform in platforms
    )
    return Image(digest(word), INDEX, children, annotations or {})


def record(word: str, seen: datetime = NOON, platforms: Sequence[str] = ("linux/amd64",)) -> LockedDigest:
    """Return what a lock says of `image` ``word``."""
    return LockedDigest(
        digest(word),
        INDEX,
        seen,
        {
            Platform.parse(platform): LockedPlatform(
                digest(f"{word} {platform}"), digest(f"{word} {platform} config"), 100
            )
            for platform in platforms
        },
    )


def entry(word: str, *candidates: LockedDigest, seen: datetime = NOON) -> Entry:
    return Entry(record(word, seen), candidates)


def lock(images: Mapping[str, Entry], sources: Mapping[str, tuple[str, ...]] | None = None) -> Lock:
    """Return a lock; all ``images`` are of one Dockerfile unless ``sources`` says otherwise."""
    return Lock(images, {"Dockerfile": tuple(sorted(images))} if sources is None else sources)


def reference(text: str) -> ImageReference:
    return ImageReference.parse(text)
