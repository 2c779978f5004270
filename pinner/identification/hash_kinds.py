"""Kind of a hash: as what it is known in a registry, an engine or the lock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.identification.model import Query, Sighting
from pinner.reference import Digest, ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.identification.model import LocalImage, Proof, Role
    from pinner.lockfile.model import Lock, LockedDigest
    from pinner.oci.types import Image, PlatformImage
    from pinner.reference import Platform

_SHORT = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")
_WHOLE = 64


def read_query(text: str) -> Query | None:
    """Return the hash that ``text`` spells: whole, bare, or its first 12 digits or more; None for anything else.

    Fewer digits than ``docker images`` shows are refused: they fit too much.
    """
    # A whole one may be in capitals, as some pages show it: nothing else looks like that.
    match = _SHORT.fullmatch(text.lower() if len(text) >= _WHOLE else text)
    if match is None:
        digest = Digest.try_parse(text)
        return None if digest is None else Query(digest.hex, digest)
    return Query(match[1], Digest("sha256", match[1]) if len(match[1]) == _WHOLE else None)


def in_image(query: Query, image: Image, reference: ImageReference, *, current: bool = True) -> Iterator[Sighting]:
    """Yield as what ``query`` is known in what a registry serves for ``reference``; ``current`` says: under its tag."""
    where = reference.canonical if current else reference.repository

    def sighting(role: Role, digest: Digest, member: PlatformImage | None = None, layer: int | None = None) -> Sighting:
        is_hashed = role in ("index", "manifest", "config") and not (member is not None and member.is_missing)
        proof: Proof = "hashed" if is_hashed else "named"
        platform = None if member is None else member.platform
        return Sighting(role, digest, where, proof, platform, layer, reference, image, member, current=current)

    if image.is_index and query.fits(image.digest):
        yield sighting("index", image.digest)
    for member in image.platforms:
        for role, digest, layer in _parts(member):
            if query.fits(digest):
                yield sighting(role, digest, member, layer)
    for attachment in image.attachments:
        if query.fits(attachment.digest):
            yield sighting("attachment", attachment.digest)


def _parts(member: PlatformImage) -> Iterator[tuple[Role, Digest, int | None]]:
    """Yield every digest of one platform's image, and for those of layers which layer it is."""
    yield "manifest", member.digest, None
    if member.config is not None:
        yield "config", member.config, None
    for number, layer in enumerate(member.layers, 1):
        yield "layer", layer, number
    for number, text in enumerate(member.diff_ids, 1):
        if (digest := Digest.try_parse(text)) is not None:
            yield "diff-id", digest, number


def in_store(query: Query, images: Iterable[LocalImage], engine: str) -> Iterator[Sighting]:
    """Yield as what ``query`` is known in an engine's store."""
    for image in images:
        seen = set()
        for role, digest in _digests(image):
            if query.fits(digest) and digest not in seen:
                seen.add(digest)
                yield Sighting(role, digest, engine, "engine", image.platform, local=image)
        for position, diff_id in enumerate(image.diff_ids, 1):
            if query.fits(diff_id):
                yield Sighting("diff-id", diff_id, engine, "engine", image.platform, position, local=image)


def _digests(image: LocalImage) -> Iterator[tuple[Role, Digest]]:
    if image.config is not None:
        yield "config", image.config
    if image.manifest is not None:
        yield "manifest", image.manifest
    if image.index_digest is not None:
        yield "index", image.index_digest
    for digest in dict.fromkeys(digest for _, digest in repo_digests(image)):
        yield "index-or-manifest", digest


def repo_digests(image: LocalImage) -> Iterator[tuple[ImageReference, Digest]]:
    """Yield the digests that an engine remembers ``image`` by, each with its repository, once."""
    for text in dict.fromkeys(image.repo_digests):
        reference = parsed_name(text)
        if reference is not None and reference.digest is not None:
            yield reference, reference.digest


def in_lock(query: Query, lock: Lock) -> Iterator[Sighting]:
    """Yield as what ``query`` is known in the lockfile."""
    for canonical, entry in lock.images.items():
        for locked in (entry.selected, *entry.candidates):
            yield from _in_locked(query, ImageReference.parse(canonical), locked)


def _in_locked(query: Query, reference: ImageReference, locked: LockedDigest) -> Iterator[Sighting]:
    def sighting(role: Role, digest: Digest, platform: Platform | None = None) -> Sighting:
        return Sighting(role, digest, reference.canonical, "lock", platform, reference=reference)

    manifests = {one.digest for one in locked.platforms.values()}
    if query.fits(locked.digest) and locked.digest not in manifests:
        yield sighting("index" if len(manifests) > 1 else "index-or-manifest", locked.digest)
    for platform, one in locked.platforms.items():
        if query.fits(one.digest):
            yield sighting("manifest", one.digest, platform)
        if one.config is not None and query.fits(one.config):
            yield sighting("config", one.config, platform)


def parsed_name(text: str) -> ImageReference | None:
    """Return the reference that ``text`` spells; None where it is none (``<none>:<none>``), or a bare tag."""
    reference = ImageReference.try_parse(text)
    return reference if reference is not None and reference.domain else None
