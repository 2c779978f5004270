"""Makes small images: bytes of configs, layers, manifests and indexes, and the places to put them.

Pure but for the three writers at the end: an OCI layout, distribution's storage folder, a registry.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Family: TypeAlias = Literal["oci", "docker"]

INDEX_TYPE: Mapping[Family, str] = {
    "oci": "application/vnd.oci.image.index.v1+json",
    "docker": "application/vnd.docker.distribution.manifest.list.v2+json",
}
MANIFEST_TYPE: Mapping[Family, str] = {
    "oci": "application/vnd.oci.image.manifest.v1+json",
    "docker": "application/vnd.docker.distribution.manifest.v2+json",
}
CONFIG_TYPE: Mapping[Family, str] = {
    "oci": "application/vnd.oci.image.config.v1+json",
    "docker": "application/vnd.docker.container.image.v1+json",
}
LAYER_TYPE: Mapping[Family, str] = {
    "oci": "application/vnd.oci.image.layer.v1.tar+gzip",
    "docker": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def to_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Blob(NamedTuple):
    """Bytes and what they are."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.data)

    def descriptor(self, **more: object) -> dict[str, object]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data), **more}


@dataclass(frozen=True)
class Image:
    """A manifest or an index with everything under it: ``blobs`` first, then ``children``, then ``top``."""

    top: Blob
    blobs: tuple[Blob, ...] = ()
    children: tuple[Image, ...] = ()
    platform: Mapping[str, str] | None = field(default=None, compare=False)

    @property
    def digest(self) -> str:
        return self.top.digest

    @property
    def media_type(self) -> str:
        return self.top.media_type

    def manifests(self) -> Iterator[Blob]:
        """Yield the manifests and indexes, children before their index."""
        for child in self.children:
            yield from child.manifests()
        yield self.top

    def parts(self) -> Iterator[Blob]:
        """Yield the configs and layers."""
        yield from self.blobs
        for child in self.children:
            yield from child.parts()


def platform_fields(platform: str) -> dict[str, str]:
    """Return ``linux/arm/v7`` as the fields of a descriptor."""
    return dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))


def make_layer(files: Mapping[str, bytes], family: Family = "oci") -> tuple[Blob, str]:
    """Return a gzip layer of ``files`` and its diff id; the same bytes for the same files."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    packed = bytearray(gzip.compress(raw.getvalue(), mtime=0))
    packed[9] = 3  # "made on Unix", as Python before 3.13 says and later ones do not: digests stand in documents
    return Blob(LAYER_TYPE[family], bytes(packed)), digest_of(raw.getvalue())


def make_image(text: str, platform: str = "linux/amd64", family: Family = "oci") -> Image:
    """Return a runnable-looking image whose one file holds ``text``."""
    layer, diff_id = make_layer({"etc/motd": text.encode()}, family)
    fields = platform_fields(platform)
    config = Blob(
        CONFIG_TYPE[family],
        to_json({**fields, "config": {"Env": ["A=b"]}, "rootfs": {"type": "layers", "diff_ids": [diff_id]}}),
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE[family],
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    return Image(Blob(MANIFEST_TYPE[family], to_json(manifest)), (config, layer), (), fields)


def make_attestation(subject: Image) -> Image:
    """Return what BuildKit puts beside ``subject``: a manifest for the platform unknown/unknown."""
    statement = Blob("application/vnd.in-toto+json", to_json({"subject": subject.digest}))
    config = Blob(CONFIG_TYPE["oci"], to_json({"os": "unknown", "architecture": "unknown"}))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE["oci"],
        "config": config.descriptor(),
        "layers": [statement.descriptor()],
    }
    top = Blob(MANIFEST_TYPE["oci"], to_json(manifest))
    return Image(top, (config, statement), (), {"os": "unknown", "architecture": "unknown"})


def make_index(children: Sequence[Image], family: Family = "oci") -> Image:
    """Return an index over ``children``; one without a platform, an index say, is listed without."""
    entries = [
        child.top.descriptor(**({} if child.platform is None else {"platform": dict(child.platform)}))
        for child in children
    ]
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE[family], "manifests": entries}
    return Image(Blob(INDEX_TYPE[family], to_json(index)), (), tuple(children))


def make_multi_platform(
    text: str, platforms: Sequence[str] = ("linux/amd64", "linux/arm64/v8"), family: Family = "oci"
) -> Image:
    """Return an index of one image for each of ``platforms``."""
    return make_index([make_image(f"{text} {platform}", platform, family) for platform in platforms], family)


def write_layout(
    folder: Path, images: Mapping[str, Image], annotation: str = "org.opencontainers.image.ref.name"
) -> None:
    """Write an OCI image layout that names each image as its key says."""
    (folder / "oci-layout").parent.mkdir(parents=True, exist_ok=True)
    (folder / "oci-layout").write_bytes(to_json({"imageLayoutVersion": "1.0.0"}))
    for image in images.values():
        for blob in (*image.parts(), *image.manifests()):
            algorithm, _, hexadecimal = blob.digest.partition(":")
            path = folder / "blobs" / algorithm / hexadecimal
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(blob.data)
    entries = [image.top.descriptor(annotations={annotation: name}) for name, image in images.items()]
    (folder / "index.json").write_bytes(to_json({"schemaVersion": 2, "manifests": entries}))


def write_storage(folder: Path, images: Mapping[str, Image]) -> None:
    """Write ``repository:tag`` → image into distribution's storage folder: much faster than pushing."""
    root = folder / "docker" / "registry" / "v2"

    def write(path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    for name, image in images.items():
        repository, _, tag = name.rpartition(":")
        place = root / "repositories" / repository
        for blob in (*image.parts(), *image.manifests()):
            hexadecimal = blob.digest.partition(":")[2]
            write(root / "blobs" / "sha256" / hexadecimal[:2] / hexadecimal / "data", blob.data)
        for blob in image.parts():
            write(place / "_layers" / "sha256" / blob.digest.partition(":")[2] / "link", blob.digest.encode())
        for blob in image.manifests():
            hexadecimal = blob.digest.partition(":")[2]
            write(place / "_manifests" / "revisions" / "sha256" / hexadecimal / "link", blob.digest.encode())
        link = image.digest.encode()
        tags = place / "_manifests" / "tags" / tag
        write(tags / "current" / "link", link)
        write(tags / "index" / "sha256" / image.digest.partition(":")[2] / "link", link)


def push(registry: str, images: Mapping[str, Image]) -> None:
    """PUT ``repository:tag`` → image to the registry at ``registry``, ``http://127.0.0.1:5000``, parts first."""
    for name, image in images.items():
        repository, _, tag = name.rpartition(":")
        for blob in image.parts():
            upload = _send("POST", f"{registry}/v2/{repository}/blobs/uploads/", b"", {})
            _send(
                "PUT",
                f"{upload}{'&' if '?' in upload else '?'}digest={blob.digest}",
                blob.data,
                {"Content-Type": "application/octet-stream"},
            )
        for blob in image.manifests():
            selector = tag if blob is image.top else blob.digest
            url = f"{registry}/v2/{repository}/manifests/{selector}"
            _send("PUT", url, blob.data, {"Content-Type": blob.media_type})


def _send(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> str:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)  # noqa: S310 - loopback
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=300) as response:
        return str(response.headers.get("Location", ""))
