"""OCI manifest reader: indexes, manifests and configs, read strictly and searched for a platform.

Source: image-spec v1.1 (image-index.md, manifest.md, config.md), Docker's schema 2, CVE-2021-41190 for what is refused.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from pinner.errors import IntegrityError, InvalidReferenceError, UnsupportedError
from pinner.oci.platforms import best, matches
from pinner.oci.types import INDEX_TYPES, Config
from pinner.reference import Digest, Platform

if TYPE_CHECKING:
    from collections.abc import Mapping

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
IMAGE_CONFIGS = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
IMAGE_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
MANIFEST_TYPES = INDEX_TYPES | IMAGE_TYPES
# All four in one header: a registry that sees less converts the image to another one.
ACCEPT = f"{OCI_INDEX}, {DOCKER_LIST}, {OCI_MANIFEST}, {DOCKER_MANIFEST}"
MAX_MANIFEST = 4 * 1024 * 1024
MAX_CONFIG = 8 * 1024 * 1024

_MAX_CHILDREN = 10_000
_MAX_DEPTH = 64
_SCHEMA_1_PREFIX = "application/vnd.docker.distribution.manifest.v1+"
ATTESTATION = "vnd.docker.reference.type"
"""What BuildKit writes beside a manifest that is no image (buildkit: docs/attestations/attestation-storage.md)."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What an index says of a child, or a manifest of its config."""

    media_type: str
    digest: Digest
    platform: Platform | None = None
    size: int | None = None
    """Its bytes, where that is said."""
    is_image: bool = True
    """False for what lies beside the images: BuildKit's attestations."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """Several platforms under one name."""

    media_type: str
    children: tuple[Descriptor, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image, or an artifact."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str | None = None
    subject: Digest | None = None
    """What it speaks of, where it is something beside an image."""

    @property
    def artifact(self) -> str | None:
        """The type of what it is, None for a container image (image-spec, manifest.md: guidelines for artifacts)."""
        if self.artifact_type is None and self.config.media_type in IMAGE_CONFIGS:
            return None
        return self.artifact_type or self.config.media_type


Content: TypeAlias = Index | Manifest


def known_type(content_type: str | None) -> str | None:
    """Return the media type of a Content-Type header if it is one of the four kinds, else None.

    Raises `UnsupportedError` for schema 1, whose digest is not that of its bytes.
    """
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type.startswith(_SCHEMA_1_PREFIX):
        _refuse_schema_1()
    return media_type if media_type in MANIFEST_TYPES else None


def read_manifest(body: bytes, content_type: str | None, sender: str = "the registry") -> Content:
    """Return what ``body`` is, by its Content-Type, its own ``mediaType`` and its structure, which must agree.

    Raises `UnsupportedError` where they do not, and for everything that is no manifest.
    """
    declared = known_type(content_type)
    if body.lstrip()[:1] == b"<":
        raise UnsupportedError(
            f"{sender} sent a web page and no manifest", hint="is its name right, or does the network want a login?"
        )
    document = read_json(body, "manifest")
    if document.get("schemaVersion") == 1 or "fsLayers" in document:
        _refuse_schema_1()
    is_index, is_manifest = "manifests" in document, "layers" in document or "config" in document
    if is_index and is_manifest:
        raise UnsupportedError("the registry sent a manifest that is an index as well (CVE-2021-41190)")
    inside = document.get("mediaType")
    if isinstance(inside, str) and inside in MANIFEST_TYPES:
        if declared not in (None, inside):
            raise UnsupportedError(f"the registry calls a manifest {declared} which calls itself {inside}")
        declared = inside
    elif inside is not None and declared is None:
        raise UnsupportedError("the registry sent a manifest of an unknown type")
    if is_index:
        return _read_index(document, declared or OCI_INDEX)
    if is_manifest:
        return _read_image(document, declared or OCI_MANIFEST)
    raise UnsupportedError("the registry sent a manifest that is neither an index nor an image")


def _read_index(document: Mapping[str, object], media_type: str) -> Index:
    children = document["manifests"]
    if media_type not in INDEX_TYPES or not isinstance(children, list):
        raise UnsupportedError("the registry sent an index that is none")
    if len(children) > _MAX_CHILDREN:
        raise UnsupportedError(f"the registry sent an index of more than {_MAX_CHILDREN} manifests")
    return Index(media_type, tuple(_read_descriptor(child) for child in children), _read_texts(document, "annotations"))


def _read_image(document: Mapping[str, object], media_type: str) -> Manifest:
    if media_type in INDEX_TYPES:
        raise UnsupportedError("the registry sent an image manifest as an index")
    layers = document.get("layers", [])
    if not isinstance(layers, list) or len(layers) > _MAX_CHILDREN:
        raise UnsupportedError("the registry sent an image manifest without a proper list of layers")
    return Manifest(
        media_type,
        _read_descriptor(document.get("config")),
        tuple(_read_descriptor(layer) for layer in layers),
        _read_texts(document, "annotations"),
        _read_type(document),
        _read_subject(document.get("subject")),
    )


def _read_type(document: Mapping[str, object]) -> str | None:
    value = document.get("artifactType")
    return value if isinstance(value, str) and value else None


def _read_subject(value: object) -> Digest | None:
    return Digest.try_parse(str(value.get("digest"))) if isinstance(value, dict) else None


def _read_descriptor(value: object) -> Descriptor:
    if not isinstance(value, dict) or not isinstance(media_type := value.get("mediaType"), str):
        raise UnsupportedError("the registry sent a manifest with a broken descriptor")
    try:
        digest = Digest.parse(str(value.get("digest")))
    except InvalidReferenceError:
        raise IntegrityError("the registry sent a manifest with something that is no digest in it") from None
    size = value.get("size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise UnsupportedError("the registry sent a manifest with a broken descriptor")
    platform = _read_platform(value.get("platform"))
    annotations = _read_texts(value, "annotations")
    is_unknown = platform is not None and "unknown" in (platform.os, platform.architecture)
    is_image = ATTESTATION not in annotations and not is_unknown
    return Descriptor(media_type, digest, platform, size, is_image, annotations, _read_type(value))


def _read_texts(value: Mapping[str, object], key: str) -> dict[str, str]:
    """Return the texts under ``key``, which carry no weight: what is none is left out."""
    texts = value.get(key)
    if not isinstance(texts, dict):
        return {}
    return {name: text for name, text in texts.items() if isinstance(text, str)}


def _read_platform(value: object) -> Platform | None:
    if not isinstance(value, dict):
        return None
    system, architecture, variant = value.get("os"), value.get("architecture"), value.get("variant")
    if not isinstance(system, str) or not isinstance(architecture, str) or not system or not architecture:
        return None
    return Platform(system, architecture, variant if isinstance(variant, str) and variant else None)


def read_config(body: bytes, digest: Digest) -> Config:
    """Return what the config ``body``, which hashes to ``digest``, says; raises `UnsupportedError` if it is no JSON."""
    document = read_json(body, "config")
    created, root, inner = document.get("created"), document.get("rootfs"), document.get("config")
    diff_ids = root.get("diff_ids") if isinstance(root, dict) else None
    return Config(
        digest,
        _read_platform(document),
        created if isinstance(created, str) else None,
        _read_texts(inner, "Labels") if isinstance(inner, dict) else {},
        tuple(one for one in diff_ids if isinstance(one, str)) if isinstance(diff_ids, list) else (),
    )


def choose_child(index: Index, wanted: Platform) -> Descriptor | None:
    """Return the child that suits ``wanted`` best, the first of equals; None where there is none.

    Only children that are images and say their platform; nested indexes are the caller's to open.
    """
    images = (child for child in index.children if child.is_image and child.media_type in IMAGE_TYPES)
    return best(((child.platform, child) for child in images), wanted)


def children_to_fetch(index: Index, wanted: Platform) -> tuple[Descriptor, ...]:
    """Return the children to be fetched to tell: indexes that may hold ``wanted``, images without a platform."""
    return tuple(
        child
        for child in index.children
        if child.is_image
        and child.media_type in MANIFEST_TYPES
        and (child.platform is None or (child.media_type in INDEX_TYPES and matches(child.platform, wanted)))
    )


def platforms_of(index: Index) -> tuple[Platform, ...]:
    """Return the platforms that the index itself names, in its order, each once."""
    return tuple(dict.fromkeys(child.platform for child in index.children if child.is_image and child.platform))


def read_json(body: bytes, what: str) -> dict[str, object]:
    """Return the JSON object in ``body``, as strictly as `strict_json`, or raise `UnsupportedError`."""
    try:
        document = strict_json(body)
    except ValueError:
        raise UnsupportedError(f"the registry sent a {what} that is not proper JSON") from None
    if not isinstance(document, dict):
        raise UnsupportedError(f"the registry sent a {what} that is not a JSON object")
    return document


def strict_json(body: bytes) -> object:
    """Return what the JSON in ``body`` is, or raise `ValueError`.

    Strictly: UTF-8, no byte-order mark, no duplicate key, no NaN, 64 levels: two readers must not see two images.
    """
    try:
        document: object = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError from None
    _check_depth(document)
    return document


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError
    return result


def _check_depth(document: object) -> None:
    level = [document]
    for _ in range(_MAX_DEPTH):
        level = [
            part
            for value in level
            if isinstance(value, dict | list)
            for part in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise ValueError


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError


def _refuse_schema_1() -> NoReturn:
    raise UnsupportedError(
        "the registry has it as a schema 1 manifest, which no digest can hold",
        hint="push the image again with a current client",
    )
