"""Docker Engine API client for local images.

Only questions are asked. Source: docker.com/reference/api/engine (1.24 to 1.5x).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from pinner.errors import InputError
from pinner.http.library import httpx
from pinner.identification.docker_engine_sockets import find_address, transport_for
from pinner.identification.documents import as_digest, as_list, read_descriptor, read_platform, text_map, texts
from pinner.identification.model import (
    ConfigDigest,
    DiffId,
    Holding,
    IndexDigest,
    LocalImage,
    LocalLayer,
    ManifestDigest,
    Store,
)
from pinner.oci.types import INDEX_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.reference import Digest

_MAX_BODY = 64 * 1024 * 1024
_MAX_INSPECTED = 200
_NOT_FOUND = 404
_TIMEOUT = httpx.Timeout(10, read=60)
"""Seconds: an engine with many images takes its time to list them."""
_SNAPSHOTTER = "io.containerd.snapshotter"


class Engine:
    """One engine, asked over ``transport``; close it, or use it as a context manager."""

    def __init__(self, transport: httpx.BaseTransport, name: str) -> None:
        """``name`` is what messages call it: the socket's path, or the address that is asked."""
        self.name = name
        url = name if name.startswith("http") else "http://engine"
        self._client = httpx.Client(transport=transport, base_url=url, timeout=_TIMEOUT, trust_env=False)
        self._store: Store | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def store(self) -> Store:
        """What the engine keeps its images in. Raises `InputError` where it does not answer."""
        if self._store is None:
            self._store = self._ask_for_store()
        return self._store

    def find(self, what: str) -> Holding | None:
        """Return the image that the engine knows by ``what`` (a name, an ID, its first digits), or None."""
        document = self._get(f"/images/{quote(what, safe='/:@')}/json", {"manifests": "1"})
        if document is None:
            return None
        return Holding("engine", tuple(self._images(document)), store=self.store)

    def all_images(self) -> Iterator[LocalImage]:
        """Yield the engine's images, each looked at: at most two hundred, those it lists first."""
        listed = self._get("/images/json", {})
        for entry in as_list(listed)[:_MAX_INSPECTED]:
            identifier = entry.get("Id") if isinstance(entry, dict) else None
            document = self._get(f"/images/{quote(identifier, safe=':')}/json", {}) if identifier else None
            if document is not None:
                yield from self._images(document)

    def _ask_for_store(self) -> Store:
        version, info = self._get("/version", {}), self._get("/info", {})
        components = as_list(version.get("Components")) if isinstance(version, dict) else []
        if any("podman" in str(part.get("Name", "")).lower() for part in components if isinstance(part, dict)):
            return "podman"
        status = as_list(info.get("DriverStatus")) if isinstance(info, dict) else []
        return "containerd" if any(_SNAPSHOTTER in str(pair) for pair in status) else "classic"

    def _images(self, document: Any) -> Iterator[LocalImage]:  # noqa: ANN401 - JSON is anything
        """Yield the image of an answer of ``inspect``; one for each platform that is here, where the engine says so."""
        if not isinstance(document, dict):
            return
        image = _read_image(document)
        if self.store != "containerd":
            identity = image.engine_id
            yield image._replace(config=None if identity is None else ConfigDigest(identity))
            return
        target = read_descriptor(document.get("Descriptor"))
        is_index = target is None or target.media_type in INDEX_TYPES
        digest = target.digest if target is not None else image.engine_id
        here = tuple(_manifests_here(document))
        if digest is None:
            return
        if target is not None and not is_index:
            yield image._replace(manifest=ManifestDigest(digest))
        elif not here:
            # Engines before API 1.48 do not say of what kind their ID is: an index nearly always.
            yield image._replace(index_digest=IndexDigest(digest) if target is not None else None)
        for manifest, platform in here if is_index else ():
            found = image._replace(index_digest=IndexDigest(digest), manifest=ManifestDigest(manifest))
            if image.platform != platform:
                # The answer's layers and labels are those of one platform, this machine's.
                found = found._replace(
                    platform=platform or image.platform, diff_ids=(), layers=(), created=None, labels={}
                )
            yield found

    def _get(self, path: str, parameters: dict[str, str]) -> Any:  # noqa: ANN401 - JSON is anything
        """Return the JSON that the engine answers with; None for 404. Raises `InputError`."""
        try:
            with self._client.stream("GET", path, params=parameters) as response:
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _MAX_BODY:
                        raise InputError(f"the engine at {self.name} sends more than {_MAX_BODY >> 20} MB")
        except httpx.HTTPError as error:
            raise InputError(
                f"cannot ask the engine at {self.name}: {str(error) or type(error).__name__}",
                hint="is it running, and may you use its socket?",
            ) from None
        if response.status_code == _NOT_FOUND:
            return None
        if not response.is_success:
            raise InputError(f"the engine at {self.name} answers {response.status_code}: {_message(bytes(body))}")
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise InputError(f"the engine at {self.name} sends no JSON: is it an engine?") from None


def open_engine(environment: Mapping[str, str], *, windows: bool) -> Engine | None:
    """Return the engine to ask; None where there seems to be none. Raises `ConfigError` for an address that is none."""
    address = find_address(environment, windows=windows)
    return None if address is None else Engine(transport_for(address), address.where)


def _read_image(document: dict[str, Any]) -> LocalImage:
    rootfs, config = document.get("RootFS"), document.get("Config")
    found = (as_digest(one) for one in as_list(rootfs.get("Layers") if isinstance(rootfs, dict) else None))
    diff_ids = tuple(DiffId(digest) for digest in found if digest is not None)
    created = document.get("Created")
    return LocalImage(
        names=texts(document.get("RepoTags")),
        platform=read_platform(document),
        diff_ids=diff_ids,
        layers=tuple(LocalLayer(diff_id) for diff_id in diff_ids),
        created=created if isinstance(created, str) else None,
        labels=text_map(config.get("Labels")) if isinstance(config, dict) else {},
        engine_id=_engine_id(document.get("Id")),
        repo_digests=texts(document.get("RepoDigests")),
    )


def _engine_id(value: object) -> Digest | None:
    # Podman's own API leaves the algorithm out.
    return as_digest(value) or as_digest(f"sha256:{value}")


def _manifests_here(document: dict[str, Any]) -> Iterator[tuple[Digest, Any]]:
    """Yield the manifests that the containerd store has the content of (API 1.48), each with its platform."""
    for entry in as_list(document.get("Manifests")):
        if not isinstance(entry, dict) or entry.get("Kind") != "image" or not entry.get("Available"):
            continue
        descriptor, data = read_descriptor(entry.get("Descriptor")), entry.get("ImageData")
        digest = as_digest(entry.get("ID")) or (descriptor.digest if descriptor else None)
        platform = read_platform(data.get("Platform")) if isinstance(data, dict) else None
        if digest is not None:
            yield digest, platform or (descriptor.platform if descriptor else None)


def _message(body: bytes) -> str:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "no reason given"
    message = document.get("message") if isinstance(document, dict) else None
    return message[:200] if isinstance(message, str) else "no reason given"
