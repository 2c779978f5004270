"""A registry for tags: lists them, and serves an index for each, of given platforms, digests and days."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from images import make_image, make_index, to_json
from scripted_registry import digest_of

from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from pinner.config import Settings
    from pinner.oci.resolver import Listener, Registry

USUAL = ("linux/amd64", "linux/arm64")
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class TagRegistry:
    """Serves every repository of ``tags``, at whatever host; ``asked`` remembers the requests."""

    tags: dict[str, Sequence[str]]
    """By the path at the registry: ``library/python``."""
    platforms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By tag; the usual ones where there is nothing."""
    created: Mapping[str, str] = field(default_factory=dict)
    """The day on which a tag was made, by tag."""
    same: Mapping[str, str] = field(default_factory=dict)
    """What a tag is: tags with the same text are one image. Its own name where there is nothing."""
    listed_alone: frozenset[str] = frozenset()
    """Tags that are listed and not there."""
    unlisted: frozenset[str] = frozenset()
    """Tags that are there and not listed."""
    asked: list[str] = field(default_factory=list)
    bodies: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """By digest: media type and content."""

    def digest(self, path: str, tag: str) -> str:
        """Return what ``tag`` means."""
        return digest_of(self._index(path, tag))

    def _index(self, path: str, tag: str) -> bytes:
        text = f"{path} {self.same.get(tag, f'tag {tag}')}"
        children = [make_image(text, platform) for platform in self.platforms.get(tag, USUAL)]
        index = make_index(children)
        for child in children:
            for blob in (child.top, *child.parts()):
                self.bodies[blob.digest] = (blob.media_type, blob.data)
        document = json.loads(index.top.data)
        if tag in self.created:
            document["annotations"] = {"org.opencontainers.image.created": f"{self.created[tag]}T10:00:00Z"}
        body = to_json(document)
        self.bodies[digest_of(body)] = (INDEX, body)
        return body

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        path, _, rest = request.url.path.removeprefix("/v2/").rpartition("/manifests/")
        if not path:
            path, _, rest = request.url.path.removeprefix("/v2/").rpartition("/blobs/")
        if request.url.path.endswith("/tags/list"):
            path = request.url.path.removeprefix("/v2/").removesuffix("/tags/list")
            return self._list(path)
        if ":" not in rest:
            if rest in self.listed_alone or (rest not in self.tags.get(path, ()) and rest not in self.unlisted):
                return httpx.Response(404, json={"errors": [{"code": "MANIFEST_UNKNOWN"}]})
            rest = digest_of(self._index(path, rest))
        if rest not in self.bodies:
            return httpx.Response(404, json={"errors": [{"code": "MANIFEST_UNKNOWN"}]})
        media_type, body = self.bodies[rest]
        headers = {"Content-Type": media_type, "Docker-Content-Digest": rest, "Content-Length": str(len(body))}
        return httpx.Response(200, headers=headers, content=b"" if request.method == "HEAD" else body)

    def _list(self, path: str) -> httpx.Response:
        if path not in self.tags:
            return httpx.Response(404, json={"errors": [{"code": "NAME_UNKNOWN"}]})
        return httpx.Response(200, json={"name": path, "tags": list(self.tags[path])})

    @property
    def connect(self) -> Callable[[Settings, Mapping[str, str], Listener], AbstractAsyncContextManager[Registry]]:
        """How a run reaches it."""

        @contextlib.asynccontextmanager
        async def connected(
            settings: Settings, environment: Mapping[str, str], listener: Listener
        ) -> AsyncIterator[Registry]:
            transport = httpx.MockTransport(self)
            opened = RegistryResolver(settings, environment=environment, transport=transport, listener=listener)
            async with opened as registry:
                yield registry

        return connected


def path_of(image: str) -> str:
    """Return the path at its registry of an image's name as users write it."""
    first, slash, rest = image.partition("/")
    if not slash:
        return f"library/{image}"
    return rest if "." in first or ":" in first else image
