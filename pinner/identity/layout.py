"""The images that a layout's index.json leads to: every step compared with what the step before said of it.

Source: image-spec v1.1, image-layout.md, image-index.md, manifest.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinner.identity.documents import (
    IMAGE_CONFIGS,
    Descriptor,
    as_list,
    parse_object,
    read_config,
    read_descriptor,
)
from pinner.identity.model import ConfigDigest, IndexDigest, LayerDigest, LocalImage, LocalLayer, ManifestDigest
from pinner.identity.trouble import check_layers, no_config
from pinner.image import INDEX_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.identity.contents import Contents, Member
    from pinner.identity.trouble import Trouble

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_MAX_DEPTH = 4
_MAX_IMAGES = 1000


def read_images(contents: Contents, trouble: Trouble) -> Iterator[LocalImage]:
    """Yield the images, in the order of index.json; what contradicts what goes to ``trouble``."""
    top = contents.find("index.json")
    walk = _Walk(contents, trouble)
    for value in as_list(parse_object(top.data if top else None).get("manifests")):
        descriptor = read_descriptor(value)
        if descriptor is None:
            trouble.tampered("index.json has an entry without a digest")
            continue
        yield from walk.below(descriptor, _names(descriptor), None, 0)


def _names(descriptor: Descriptor) -> tuple[str, ...]:
    """Return what index.json calls it; a bare tag stands behind the full name and says nothing more."""
    names = [descriptor.annotations[key] for key in _NAMES if key in descriptor.annotations]
    full = [name for name in names if not any(other.endswith(f":{name}") for other in names)]
    return tuple(dict.fromkeys(full))


class _Walk:
    """From a descriptor down to the images under it."""

    def __init__(self, contents: Contents, trouble: Trouble) -> None:
        self._contents = contents
        self._trouble = trouble
        self._images = 0

    def below(
        self, descriptor: Descriptor, names: tuple[str, ...], index: IndexDigest | None, depth: int
    ) -> Iterator[LocalImage]:
        """Yield the images under ``descriptor``; ``index`` is the outermost index on the way."""
        member = self._contents.blob(descriptor.digest)
        if member is None:
            # An archive of one platform keeps the whole index: its other children are simply not here.
            if index is None:
                self._trouble.tampered(f"index.json names {descriptor.digest}, which is missing")
            return
        if descriptor.size not in (None, member.size):
            self._trouble.tampered(f"{descriptor.digest} has {member.size} bytes and is said to have {descriptor.size}")
        document = parse_object(member.data)
        is_index = isinstance(document.get("manifests"), list)
        if (descriptor.media_type in INDEX_TYPES) != is_index:
            self._trouble.tampered(f"{descriptor.digest} is said to be {descriptor.media_type} and is something else")
        if not descriptor.is_image or depth > _MAX_DEPTH or self._images > _MAX_IMAGES:
            return
        if is_index:
            for child in map(read_descriptor, document["manifests"]):
                if child is not None:
                    yield from self.below(child, names, index or IndexDigest(descriptor.digest), depth + 1)
        elif isinstance(document.get("config"), dict):
            self._images += 1
            yield from self._image(descriptor, document, names, index)

    def _image(
        self, descriptor: Descriptor, document: dict[str, Any], names: tuple[str, ...], index: IndexDigest | None
    ) -> Iterator[LocalImage]:
        config = read_descriptor(document["config"])
        layers = [read_descriptor(value) for value in as_list(document.get("layers"))]
        if config is None or config.media_type not in IMAGE_CONFIGS:
            return  # a chart, a signature: no image
        parts = [self._part(config), *(None if one is None else self._part(one) for one in layers)]
        if index is not None and not any(parts):
            return  # the manifest of another platform, kept without its content
        self._say_what_is_missing(descriptor, [config, *layers], parts)
        member = parts[0]
        facts = read_config(member.data) if member is not None else None
        if member is not None and facts is None:
            no_config(self._trouble, str(config.digest), member)
        digest = ConfigDigest(member.digest if member is not None else config.digest)
        if facts is not None:
            check_layers(digest, facts.diff_ids, parts[1:], self._trouble)
        yield LocalImage(
            names,
            descriptor.platform or (facts.platform if facts else None),
            digest,
            ManifestDigest(descriptor.digest),
            index,
            facts.diff_ids if facts else (),
            tuple(_layer(one, part) for one, part in zip(layers, parts[1:], strict=True)),
            facts.created if facts else None,
            facts.labels if facts else {},
        )

    def _part(self, descriptor: Descriptor) -> Member | None:
        member = self._contents.blob(descriptor.digest)
        if member is not None and descriptor.size not in (None, member.size):
            self._trouble.tampered(f"{descriptor.digest} has {member.size} bytes and is said to have {descriptor.size}")
        return member

    def _say_what_is_missing(
        self, manifest: Descriptor, wanted: list[Descriptor | None], parts: list[Member | None]
    ) -> None:
        for descriptor, part in zip(wanted, parts, strict=True):
            if descriptor is None:
                self._trouble.tampered(f"the manifest {manifest.digest} has a layer without a digest")
            elif part is None and not descriptor.elsewhere:
                self._trouble.tampered(f"the manifest {manifest.digest} names {descriptor.digest}, which is missing")


def _layer(descriptor: Descriptor | None, part: Member | None) -> LocalLayer:
    stored = None if descriptor is None else LayerDigest(descriptor.digest)
    return LocalLayer(None, stored) if part is None else LocalLayer(part.content, stored, part.compression)
