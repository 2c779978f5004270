"""What an archive or a layout holds, told from its files' hashes: its form, its images, and what contradicts what.

Four programs write four forms: ``docker save`` before 25 (legacy: a folder a layer), podman and skopeo (docker-archive:
``<diff_id>.tar``), ``docker save`` since 25 (an OCI layout with manifest.json beside it; layers plain from the classic
store, as pulled from the containerd store), podman and skopeo again (oci-archive: the layout alone). The image ID is
always recomputed from the config's bytes; a file's name is a claim, and checked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pinner.identity.documents import parse, read_config, texts
from pinner.identity.layout import read_images
from pinner.identity.model import ConfigDigest, Form, Holding, LayerDigest, LocalImage, LocalLayer
from pinner.identity.trouble import Trouble, check_layers, no_config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.identity.contents import Contents, Member
    from pinner.identity.documents import ConfigFacts

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
        layers.append(_layer(path, layer))
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


def _layer(path: str, member: Member | None) -> LocalLayer:
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
