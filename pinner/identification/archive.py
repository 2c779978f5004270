"""Images in a docker-save archive or OCI layout, judged by the hashes of its files.

Source: image-spec v1.1, image-layout.md, image-index.md, manifest.md.

Four programs write four forms: ``docker save`` before 25 (legacy: a folder a layer), podman and skopeo (docker-archive:
``<diff_id>.tar``), ``docker save`` since 25 (an OCI layout with manifest.json beside it; layers plain from the classic
store, as pulled from the containerd store), podman and skopeo again (oci-archive: the layout alone). The image ID is
always recomputed from the config's bytes; a file's name is a claim, and checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pinner.identification.documents import (
    IMAGE_CONFIGS,
    Descriptor,
    Trouble,
    as_list,
    check_layers,
    no_config,
    parse,
    parse_object,
    read_config,
    read_descriptor,
    texts,
)
from pinner.identification.model import (
    ConfigDigest,
    Form,
    Holding,
    IndexDigest,
    LayerDigest,
    LocalImage,
    LocalLayer,
    ManifestDigest,
)
from pinner.oci.types import INDEX_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.identification.documents import ConfigFacts
    from pinner.identification.model import Contents, Member


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


_HEXADECIMAL = re.compile(r"(?:.*/)?(?P<hex>[0-9a-f]{64})(?:\.json)?")
_BLOB = re.compile(r"blobs/(?P<algorithm>[a-z0-9]+)/(?P<hex>[0-9a-f]+)")


def interpret(contents: Contents) -> Holding | None:
    """Return what ``contents`` holds; None where it is neither a layout nor what ``docker load`` reads."""
    has_index, saved = contents.find("index.json") is not None, _saved(contents)
    has_layout = has_index and contents.find("oci-layout") is not None
    if not has_layout and saved is None:
        return None
    trouble = Trouble()
    _check_names(contents, trouble)
    images = tuple(read_images(contents, trouble)) if has_layout else ()
    if saved is not None:
        images = _merged(images, tuple(_saved_images(contents, saved, trouble)), trouble, has_layout=has_layout)
    form = _form(contents, saved, has_layout=has_layout)
    return Holding(form, images, trouble.tampered_once, trouble.unchecked_once)


def is_outdated(contents: Contents) -> bool:
    """Tell an archive of Docker before 1.10: it has no config, and so nothing that an image could be told by."""
    return contents.find("manifest.json") is None and contents.find("repositories") is not None


def _saved(contents: Contents) -> list[dict[str, Any]] | None:
    member = contents.find("manifest.json")
    document = parse(member.data) if member is not None else None
    if not isinstance(document, list):
        return None
    return [entry for entry in document if isinstance(entry, dict) and isinstance(entry.get("Config"), str)]


def _form(contents: Contents, saved: list[dict[str, Any]] | None, *, has_layout: bool) -> Form:
    if has_layout:
        if contents.folder:
            return "oci-layout"
        return "oci-archive" if saved is None else "docker-oci"
    layers = (path for entry in saved or () for path in texts(entry.get("Layers")))
    return "legacy" if any(path.endswith("/layer.tar") for path in layers) else "docker-archive"


def _check_names(contents: Contents, trouble: Trouble) -> None:
    """Say where a blob is not what its name says, and where the archive itself plays tricks."""
    for path, member in contents.members.items():
        blob = _BLOB.fullmatch(path)
        if blob is None or blob["algorithm"] not in ("sha256", "sha384", "sha512"):
            continue
        if (member.digest.algorithm, member.digest.hex) != (blob["algorithm"], blob["hex"]):
            trouble.tampered(f"the blob {blob['algorithm']}:{blob['hex']} hashes to {member.digest}")
    for path in contents.clashes:
        trouble.tampered(f"there are several different files named {path}: each program takes another one")
    for path in contents.escaping:
        trouble.tampered(f"the name {path} leads out of the archive: unpacking it would write elsewhere")


def _saved_images(contents: Contents, saved: list[dict[str, Any]], trouble: Trouble) -> Iterator[LocalImage]:
    """Yield the images of manifest.json, as ``docker load`` reads it."""
    for entry in saved:
        path = entry["Config"]
        member = contents.find(path)
        if member is None:
            trouble.tampered(f"manifest.json names the config {path}, which is missing")
            continue
        named = _HEXADECIMAL.fullmatch(path)
        if named is not None and named["hex"] != member.digest.hex:
            trouble.tampered(f"the config {path} hashes to {member.digest}")
        facts = read_config(member.data)
        if facts is None:
            no_config(trouble, path, member)
            continue
        yield _saved_image(contents, entry, member, facts, trouble)


def _saved_image(
    contents: Contents, entry: dict[str, Any], member: Member, facts: ConfigFacts, trouble: Trouble
) -> LocalImage:
    paths = texts(entry.get("Layers"))
    foreign = entry.get("LayerSources")
    layers = []
    for number, path in enumerate(paths, 1):
        layer = contents.find(path)
        if layer is None and not foreign:
            trouble.tampered(f"layer {number} ({path}) is missing")
        layers.append(_saved_layer(path, layer))
    config = ConfigDigest(member.digest)
    check_layers(config, facts.diff_ids, [contents.find(path) for path in paths], trouble)
    return LocalImage(
        texts(entry.get("RepoTags")),
        facts.platform,
        config,
        diff_ids=facts.diff_ids,
        layers=tuple(layers),
        created=facts.created,
        labels=facts.labels,
    )


def _saved_layer(path: str, member: Member | None) -> LocalLayer:
    if member is None:
        return LocalLayer(None)
    stored = LayerDigest(member.digest) if path.startswith("blobs/") else None
    return LocalLayer(member.content, stored, member.compression)


def _merged(
    images: tuple[LocalImage, ...], saved: tuple[LocalImage, ...], trouble: Trouble, *, has_layout: bool
) -> tuple[LocalImage, ...]:
    """Return the layout's images with the names that manifest.json gives them.

    ``docker load`` reads one of the two, podman the other: where they lead to different images, that is said.
    """
    if not has_layout:
        return saved
    names: dict[ConfigDigest | None, tuple[str, ...]] = {one.config: one.names for one in saved}
    configs = {image.config for image in images}
    others = tuple(one for one in saved if one.config not in configs)
    for one in others:
        trouble.tampered(f"manifest.json names the image {one.config}, which index.json does not lead to")
    merged = tuple(
        image._replace(names=tuple(dict.fromkeys((*names.get(image.config, ()), *image.names)))) for image in images
    )
    return merged + others
