"""Writes the archives that programs save images in, from the images of `images`, and spoils them on request."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

from images import Blob, Image, digest_of, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    Files = dict[str, bytes]

LAYOUT = to_json({"imageLayoutVersion": "1.0.0"})


def tar_of(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """Return a tar of ``files`` and of symbolic ``links`` (path → target), in this order."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return raw.getvalue()


def hexadecimal(digest: str) -> str:
    return digest.partition(":")[2]


def parts(image: Image) -> tuple[Blob, Blob, bytes]:
    """Return the config, the layer and the unpacked layer of a single-platform ``image``."""
    config, layer = image.blobs
    return config, layer, gzip.decompress(layer.data)


def of_platform(image: Image, architecture: str = "amd64") -> Image:
    """Return the child of the index ``image`` for ``architecture``."""
    return next(child for child in image.children if (child.platform or {})["architecture"] == architecture)


def legacy(image: Image, *names: str) -> Files:
    """Return the files of ``docker save`` before Docker 25: a folder a layer, everything unpacked."""
    config, _, layer = parts(image)
    folder = hexadecimal(digest_of(b"made up" + layer))
    entry = {
        "Config": f"{hexadecimal(config.digest)}.json",
        "RepoTags": list(names) or None,
        "Layers": [f"{folder}/layer.tar"],
    }
    return {
        f"{folder}/VERSION": b"1.0",
        f"{folder}/json": to_json({"id": folder}),
        f"{folder}/layer.tar": layer,
        entry_name(entry): config.data,
        "manifest.json": to_json([entry]),
        "repositories": to_json({}),
    }


def entry_name(entry: Mapping[str, Any]) -> str:
    return str(entry["Config"])


def docker_archive(image: Image, *names: str) -> tuple[Files, dict[str, str]]:
    """Return the files and links of podman's and skopeo's docker-archive: a layer by its diff_id, old names linked."""
    config, _, layer = parts(image)
    path = f"{hexadecimal(digest_of(layer))}.tar"
    entry = {"Config": f"{hexadecimal(config.digest)}.json", "RepoTags": list(names), "Layers": [path]}
    files = {path: layer, entry_name(entry): config.data, "manifest.json": to_json([entry])}
    return files, {f"{'b' * 64}/layer.tar": f"../{path}"}


def blob_files(blobs: Iterable[Blob]) -> Files:
    return {f"blobs/{blob.digest.replace(':', '/')}": blob.data for blob in blobs}


def oci(image: Image, annotations: Mapping[str, str] | None = None, *, only: Image | None = None) -> Files:
    """Return the files of a layout, as an oci-archive has them: of ``image``, or of its platform ``only``."""
    kept = only or image
    blobs = [*kept.parts(), *kept.manifests(), image.top]
    entry = image.top.descriptor(annotations=dict(annotations or {}))
    index = {"schemaVersion": 2, "manifests": [entry]}
    return {**blob_files(blobs), "index.json": to_json(index), "oci-layout": LAYOUT}


def containerd(image: Image, name: str, only: Image) -> Files:
    """Return the files of ``docker save`` from a containerd store: the index, one platform's parts, manifest.json."""
    config, layer = only.blobs
    entry = {
        "Config": f"blobs/{config.digest.replace(':', '/')}",
        "RepoTags": [name],
        "Layers": [f"blobs/{layer.digest.replace(':', '/')}"],
    }
    annotations = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    return {**oci(image, annotations, only=only), "manifest.json": to_json([entry])}


def repacked(image: Image, layer_type: str, data: bytes) -> Image:
    """Return ``image`` with its layer's bytes replaced by ``data``, another packing of the same files."""
    config, _, _ = parts(image)
    layer = Blob(layer_type, data)
    manifest = json.loads(image.top.data) | {"layers": [layer.descriptor()]}
    return Image(Blob(image.top.media_type, to_json(manifest)), (config, layer), (), image.platform)


def written(path: Path, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> Path:
    """Write a tar at ``path`` and return it."""
    path.write_bytes(tar_of(files, links))
    return path


def spread(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write ``files`` into ``folder`` and return it."""
    for name, data in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder
