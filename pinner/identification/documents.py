"""Lenient reader of manifests and configs in archives, with a list of what is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.identification.model import MAX_DOCUMENT, DiffId
from pinner.reference import Digest, Platform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pinner.identification.model import ConfigDigest, Member


_MAX = 20


@dataclass(slots=True)
class Trouble:
    """Sentences about contradictions, and about what could not be looked at; the first twenty of each are kept."""

    _tampered: dict[str, None] = field(default_factory=dict)
    _unchecked: dict[str, None] = field(default_factory=dict)

    def tampered(self, sentence: str) -> None:
        """Note a contradiction."""
        self._tampered[sentence] = None

    def unchecked(self, sentence: str) -> None:
        """Note something that could not be looked at."""
        self._unchecked[sentence] = None

    @property
    def tampered_once(self) -> tuple[str, ...]:
        """Every contradiction, once."""
        return _few(list(self._tampered))

    @property
    def unchecked_once(self) -> tuple[str, ...]:
        """Everything that could not be looked at, once."""
        return _few(list(self._unchecked))


def no_config(trouble: Trouble, name: str, member: Member) -> None:
    """Say why the config ``name`` says nothing: it is none, or it is too large to be read."""
    if member.data is None and member.size > MAX_DOCUMENT:
        trouble.unchecked(f"the config {name} has over {MAX_DOCUMENT >> 20} MB: it was not read")
    else:
        trouble.tampered(f"the config {name} is no config of an image")


def _few(sentences: Sequence[str]) -> tuple[str, ...]:
    more = len(sentences) - _MAX
    return (*sentences[:_MAX], f"and {more} more") if more > 0 else tuple(sentences)


def check_layers(
    config: ConfigDigest, diff_ids: Sequence[DiffId], members: Sequence[Member | None], trouble: Trouble
) -> None:
    """Say where the layers at hand (None: not here) are not those that the config ``config`` lists."""
    if len(diff_ids) != len(members):
        trouble.tampered(f"the config {config} lists {len(diff_ids)} layers, and there are {len(members)}")
        return
    for number, (diff_id, member) in enumerate(zip(diff_ids, members, strict=True), 1):
        if member is None:
            continue
        if member.trouble is not None and "broken" not in member.trouble:
            trouble.unchecked(f"layer {number}: {member.trouble}")
        elif member.trouble is not None:
            trouble.tampered(f"layer {number} cannot be unpacked: {member.trouble}")
        elif member.content != diff_id:
            trouble.tampered(f"layer {number} unpacks to {member.content}, and the config lists {diff_id}")


IMAGE_CONFIGS = frozenset(
    {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"}
)
_ATTESTATION = "vnd.docker.reference.type"
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Descriptor(NamedTuple):
    """What a document says of another file."""

    media_type: str
    digest: Digest
    size: int | None
    platform: Platform | None
    annotations: Mapping[str, str]
    elsewhere: bool
    """Whether its bytes are by design not here: a foreign layer of Windows (image-spec, layer.md)."""

    @property
    def is_image(self) -> bool:
        """Tell an image from what BuildKit puts beside it: attestations for the platform unknown."""
        unknown = self.platform is not None and "unknown" in (self.platform.os, self.platform.architecture)
        return not unknown and _ATTESTATION not in self.annotations


class ConfigFacts(NamedTuple):
    """What a config says."""

    platform: Platform | None
    created: str | None
    labels: Mapping[str, str]
    diff_ids: tuple[DiffId, ...]


def parse(data: bytes | None) -> Any:  # noqa: ANN401 - JSON is anything
    """Return the JSON in ``data``; None where there is none."""
    if data is None:
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def parse_object(data: bytes | None) -> dict[str, Any]:
    """Return the JSON object in ``data``; an empty one where there is none."""
    value = parse(data)
    return value if isinstance(value, dict) else {}


def as_digest(value: object) -> Digest | None:
    """Return the digest that ``value`` spells, or None."""
    return Digest.try_parse(value) if isinstance(value, str) else None


def as_list(value: object) -> list[Any]:
    """Return ``value`` where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def texts(value: object) -> tuple[str, ...]:
    """Return the strings in the list ``value``."""
    return tuple(one for one in as_list(value) if isinstance(one, str))


def text_map(value: object) -> Mapping[str, str]:
    """Return the strings by string in ``value``."""
    if not isinstance(value, dict):
        return _NOTHING
    return {key: text for key, text in value.items() if isinstance(key, str) and isinstance(text, str)}


def read_platform(value: object) -> Platform | None:
    """Return the platform in a descriptor, a config or an engine's answer (which capitalises the fields)."""
    if not isinstance(value, dict):
        return None
    system, architecture, variant = (
        value.get(name) or value.get(name.capitalize()) for name in ("os", "architecture", "variant")
    )
    if not isinstance(system, str) or not isinstance(architecture, str) or not system or not architecture:
        return None
    return Platform(system, architecture, variant if isinstance(variant, str) and variant else None)


def read_descriptor(value: object) -> Descriptor | None:
    """Return the descriptor in ``value``; None where it has no digest."""
    if not isinstance(value, dict) or (digest := as_digest(value.get("digest"))) is None:
        return None
    size, media_type = value.get("size"), value.get("mediaType")
    media_type = media_type if isinstance(media_type, str) else ""
    return Descriptor(
        media_type,
        digest,
        size if isinstance(size, int) else None,
        read_platform(value.get("platform")),
        text_map(value.get("annotations")),
        bool(value.get("urls")) or "foreign" in media_type or "nondistributable" in media_type,
    )


def read_config(data: bytes | None) -> ConfigFacts | None:
    """Return what an image's config says; None where it is none."""
    document = parse_object(data)
    rootfs = document.get("rootfs")
    if not isinstance(rootfs, dict):
        return None
    created, inner = document.get("created"), document.get("config")
    found = (as_digest(one) for one in as_list(rootfs.get("diff_ids")))
    return ConfigFacts(
        read_platform(document),
        created if isinstance(created, str) else None,
        text_map(inner.get("Labels")) if isinstance(inner, dict) else _NOTHING,
        tuple(DiffId(digest) for digest in found if digest is not None),
    )
