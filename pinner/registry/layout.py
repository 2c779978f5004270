"""OCI image layout on disk that answers as a registry.

Source: image-spec v1.1, image-layout.md. An image is found by the full name in one of two annotations of index.json,
``org.opencontainers.image.ref.name`` or ``io.containerd.image.name``: ``docker.io/library/nginx:1.27`` or `nginx:1.27`.
A bare tag, as skopeo writes by default, does not say whose tag it is and names nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pinner.errors import ConfigError, IntegrityError, InvalidReferenceError, NotFoundError, UnsupportedError
from pinner.files.atomic import read_regular
from pinner.http.addresses import endpoint_for, origin
from pinner.http.errors import safe_text
from pinner.http.library import httpx
from pinner.oci.manifests import MANIFEST_TYPES, MAX_MANIFEST, Descriptor, Index, Manifest, known_type, read_manifest
from pinner.reference import Digest, ImageReference
from pinner.registry.mirrors import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.config import Settings

_NAME_ANNOTATIONS = ("org.opencontainers.image.ref.name", "io.containerd.image.name")
_BARE_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_QUESTION = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>manifests|blobs)/(?P<selector>[^/]+)")
_LIST = re.compile(r"/v2/(?P<repository>.+)/tags/list")
_MAX_BLOB = 64 * 1024 * 1024
_MAX_NAMES = 3
_MISSING = (
    "a layout names its images in full by the annotation org.opencontainers.image.ref.name: "
    "`skopeo copy --all docker://nginx:1.27 oci:FOLDER:docker.io/library/nginx:1.27`"
)
_HINT = "make one with `skopeo copy --all docker://nginx:1.27 oci:FOLDER:docker.io/library/nginx:1.27`"


@dataclass(frozen=True, slots=True)
class _Name:
    """A tag at a registry: what a question asks for."""

    origin: str
    repository: str
    tag: str


class LayoutTransport(httpx.AsyncBaseTransport):
    """Answers the distribution API's questions about manifests and blobs, for every registry, from one folder."""

    def __init__(self, folder: str | Path) -> None:
        """Read what the layout names. Raises `ConfigError` where ``folder`` is no layout."""
        self._folder = Path(folder)
        self._names = self._read_names()
        self._reachable: dict[tuple[str, str], Mapping[Digest, Descriptor]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer ``request``. Raises `IntegrityError` for a blob that is not what its name says."""
        url = request.url
        if url.path == "/v2/":
            return httpx.Response(200, json={})
        listing = _LIST.fullmatch(url.path)
        if listing is not None and request.method == "GET":
            return self._list(origin(url), listing["repository"])
        question = _QUESTION.fullmatch(url.path)
        if question is None or request.method not in ("GET", "HEAD"):
            return _refusal(405 if question else 404, "UNSUPPORTED", "an OCI layout answers no such question")
        descriptor = self._find(origin(url), question["repository"], question["kind"], question["selector"])
        if descriptor is None:
            return _refusal(404, "MANIFEST_UNKNOWN", self._what_there_is())
        is_manifest = question["kind"] == "manifests"
        body = self._blob(descriptor.digest, MAX_MANIFEST if is_manifest else _MAX_BLOB)
        headers = {
            "Content-Type": descriptor.media_type if is_manifest else "application/octet-stream",
            "Content-Length": str(len(body)),
            "Docker-Content-Digest": str(descriptor.digest),
        }
        return httpx.Response(200, headers=headers, content=b"" if request.method == "HEAD" else body)

    def _list(self, place: str, repository: str) -> httpx.Response:
        """Answer with all tags of a repository on one page: what is here costs nobody anything."""
        tags = sorted(name.tag for name in self._names if (name.origin, name.repository) == (place, repository))
        if not tags:
            return _refusal(404, "NAME_UNKNOWN", self._what_there_is())
        return httpx.Response(200, json={"name": repository, "tags": tags})

    def _find(self, place: str, repository: str, kind: str, selector: str) -> Descriptor | None:
        if kind == "manifests" and ":" not in selector:
            return self._names.get(_Name(place, repository, selector))
        digest = Digest.try_parse(selector)
        if digest is None:
            return None
        descriptor = self._reachable_in(place, repository).get(digest)
        if kind == "manifests" and descriptor is not None and descriptor.media_type not in MANIFEST_TYPES:
            # A config: a registry has it among the blobs alone.
            return None
        return descriptor

    def _reachable_in(self, place: str, repository: str) -> Mapping[Digest, Descriptor]:
        """Return every descriptor under the repository's tags: nothing else in the folder is served for it."""
        if (place, repository) not in self._reachable:
            found: dict[Digest, Descriptor] = {}
            waiting = [
                descriptor
                for name, descriptor in self._names.items()
                if (name.origin, name.repository) == (place, repository)
            ]
            while waiting:
                descriptor = waiting.pop()
                if descriptor.digest not in found:
                    found[descriptor.digest] = descriptor
                    waiting += self._children(descriptor)
            self._reachable[place, repository] = found
        return self._reachable[place, repository]

    def _children(self, descriptor: Descriptor) -> tuple[Descriptor, ...]:
        if descriptor.media_type not in MANIFEST_TYPES:
            return ()
        try:
            content = read_manifest(self._blob(descriptor.digest, MAX_MANIFEST), descriptor.media_type)
        except (NotFoundError, UnsupportedError, IntegrityError):
            # A layout copied for one platform keeps the whole index: its other children are simply not here. What
            # cannot be read is said where it is asked for: the images beside it are none the worse.
            return ()
        match content:
            case Index(children=children):
                return children
            case Manifest(config=config, layers=layers):
                return (config, *layers)

    def _blob(self, digest: Digest, limit: int) -> bytes:
        path = self._folder / "blobs" / digest.algorithm / digest.hex
        try:
            data = read_regular(path, limit)
        except OSError:
            raise NotFoundError(f"the OCI layout {self._folder} lacks the blob {digest}") from None
        if len(data) > limit:
            raise UnsupportedError(f"the OCI layout {self._folder} has a blob of over {limit >> 20} MB: {digest}")
        if hashlib.new(digest.algorithm, data).hexdigest() != digest.hex:
            raise IntegrityError(f"the OCI layout {self._folder} has something else under {digest}")
        return data

    def _read_names(self) -> dict[_Name, Descriptor]:
        version = self._read_file("oci-layout").get("imageLayoutVersion")
        if version != "1.0.0":
            raise ConfigError(f"{self._folder} is an OCI layout of an unknown version", hint="pinner reads 1.0.0")
        entries = self._read_file("index.json").get("manifests")
        if not isinstance(entries, list):
            raise ConfigError(f"{self._folder} is not an OCI layout: its index.json lists no manifests", hint=_HINT)
        names: dict[_Name, Descriptor] = {}
        for entry in entries:
            descriptor = self._read_entry(entry)
            if descriptor is None:
                continue
            for name in _names_of(entry):
                if names.setdefault(name, descriptor) != descriptor:
                    raise ConfigError(
                        f"the OCI layout {self._folder} has two images named {name.repository}:{name.tag}",
                        hint="put their platforms into one index, or take one away",
                    )
        return names

    def _read_file(self, name: str) -> dict[str, object]:
        try:
            document = json.loads(read_regular(self._folder / name, _MAX_BLOB))
        except OSError:
            raise ConfigError(f"{self._folder} is not an OCI layout: it has no {name}", hint=_HINT) from None
        except (ValueError, RecursionError):
            raise ConfigError(f"{self._folder} is not an OCI layout: {name} is not JSON", hint=_HINT) from None
        if not isinstance(document, dict):
            raise ConfigError(f"{self._folder} is not an OCI layout: {name} is no JSON object", hint=_HINT)
        return document

    def _read_entry(self, entry: object) -> Descriptor | None:
        """Return what an entry of index.json points to; None where it is nothing that pinner knows."""
        try:
            if not isinstance(entry, dict) or (media_type := known_type(str(entry.get("mediaType")))) is None:
                return None
            return Descriptor(media_type, Digest.parse(str(entry.get("digest"))))
        except UnsupportedError:
            return None
        except InvalidReferenceError as error:
            raise ConfigError(f"the OCI layout {self._folder} is broken: {safe_text(error.message)}") from None

    def _what_there_is(self) -> str:
        names = [f"{name.repository}:{name.tag}" for name in self._names]
        there = ", ".join(names[:_MAX_NAMES]) + (" …" if len(names) > _MAX_NAMES else "")
        return safe_text(f"it has {there or 'no image with a full name'}")


def _names_of(entry: Mapping[str, object]) -> Iterator[_Name]:
    annotations = entry.get("annotations")
    if not isinstance(annotations, dict):
        return
    for key in _NAME_ANNOTATIONS:
        text = annotations.get(key)
        if not isinstance(text, str) or _BARE_TAG.fullmatch(text) is not None:
            continue
        try:
            reference = ImageReference.parse(text)
            if reference.domain and (reference.tag or reference.digest is None):
                yield _Name(origin(endpoint_for(reference.domain, {}).base), reference.path, reference.tag or "latest")
        except (InvalidReferenceError, NotFoundError):
            continue


def _refusal(status: int, code: str, message: str) -> httpx.Response:
    return httpx.Response(status, json={"errors": [{"code": code, "message": message}]})


def layout_of(settings: Settings) -> httpx.AsyncBaseTransport | None:
    """Return what answers from the layout of ``settings``; None where there is none."""
    if settings.layout is None:
        return None
    return LayoutTransport(settings.layout)


def layout_source(layout: str, reference: ImageReference) -> Source:
    """Return the only place to ask where an OCI layout answers."""
    label = f"the OCI layout {layout}"
    endpoint = replace(endpoint_for(reference.domain, {}), label=label, missing=_MISSING, is_docker_hub=False)
    return Source(endpoint, reference.path)
