"""Image types: an index or a manifest, and the image of each platform in it."""

from __future__ import annotations

from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    from pinner.reference import Digest, Platform

# As text: nobody needs what typing would make of it.
Depth: TypeAlias = "Literal['kind', 'index', 'manifests', 'configs']"
"""How much is asked: the digest and the media type; the index; each platform's manifest too (image IDs, sizes); each
config too (labels, dates)."""

INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
"""The media types of an index, OCI's and Docker's (image-spec, media-types.md)."""

_NOTHING: Mapping[str, str] = MappingProxyType({})


class PlatformImage(NamedTuple):
    """One platform's image, as far as was asked."""

    platform: Platform | None
    """None where neither the index nor the config says."""
    digest: Digest
    """Of the manifest."""
    media_type: str
    config: Digest | None = None
    """The config's digest: the image ID of Docker's classic store. None where only the index was read."""
    size: int | None = None
    """What a pull transfers, in bytes: the config and the layers as stored (compressed)."""
    layers: tuple[Digest, ...] = ()
    """The layers' digests as stored (compressed), the lowest first."""
    annotations: Mapping[str, str] = _NOTHING
    """The manifest's."""
    created: str | None = None
    """As the config has it, RFC 3339."""
    labels: Mapping[str, str] = _NOTHING
    """The config's."""
    diff_ids: tuple[str, ...] = ()
    """The layers' digests uncompressed, from the config, the lowest first."""
    artifact: str | None = None
    """The type of what is no container image: a chart, a WebAssembly module. None for an image."""
    is_missing: bool = False
    """Whether the index names it and the registry does not have it."""


class Attachment(NamedTuple):
    """What lies beside the images: an attestation in the index, a signature, an SBOM."""

    digest: Digest
    """Of its own manifest."""
    kind: str
    """``attestation``, or the artifact type or the tag's suffix that it was found by."""
    subject: Digest | None = None
    """The manifest or index it speaks of."""


class Signature(NamedTuple):
    """Who signed a digest, as the lock keeps it: verified by a policy when it was written down."""

    by: str
    """``key``, ``keyless``, ``notation`` or ``dct``."""
    signer: str
    """The key's file, the certificate's identity, or its subject."""
    subject: str
    """The digest that is signed: the image's own, or its index's."""
    place: str
    """The digest of the manifest that holds the signature, or the notary server."""
    issuer: str | None = None
    key_id: str | None = None
    signed_at: str | None = None
    """RFC 3339, UTC, whole seconds, where somebody trusted says."""
    log: tuple[str, int] | None = None
    """The transparency log's address, and the entry's index."""
    policy: str = ""
    """The policy's name, and what tells it from what it said before."""


class Image(NamedTuple):
    """What a registry serves under one digest."""

    digest: Digest
    media_type: str
    platforms: tuple[PlatformImage, ...]
    """In the index's order, nested indexes opened; one where a name means a single manifest. No attestations."""
    annotations: Mapping[str, str] = _NOTHING
    """The index's, or the single manifest's."""
    attachments: tuple[Attachment, ...] = ()
    is_hashed: bool = True
    """Whether it has been hashed by us; False for what a registry's header says alone."""

    @property
    def is_index(self) -> bool:
        """Tell an index, which covers every platform, from one platform's manifest."""
        return self.media_type in INDEX_TYPES


class Config(NamedTuple):
    """An image's config: the file whose digest Docker's classic store calls the image ID."""

    digest: Digest
    platform: Platform | None
    created: str | None
    labels: Mapping[str, str]
    diff_ids: tuple[str, ...]
