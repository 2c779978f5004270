"""A registry double: a table of requests and their answers, in order. A request not in the table fails the test."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from virtual_time import run_virtually

from pinner.config import Settings
from pinner.errors import ResolveError
from pinner.http.retry import Clock, RetryPolicy
from pinner.oci.resolver import NOBODY, Listener
from pinner.reference import ImageReference, Platform
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from pinner.model import Resolved

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
HUB = "https://registry-1.docker.io/v2/"


class _Stream(httpx.AsyncByteStream):
    """Hands bytes over as they are: httpx's own streams would decode them."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._data), 64 * 1024):
            yield self._data[start : start + 64 * 1024]


@dataclass(frozen=True)
class Answer:
    """One reply. Content-Length is sent unless ``undelimited``."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    undelimited: bool = False

    def response(self) -> httpx.Response:
        headers = list(self.headers)
        if not self.undelimited:
            headers.append(("Content-Length", str(len(self.body))))
        return httpx.Response(self.status, headers=headers, stream=_Stream(self.body))


@dataclass
class _Row:
    answers: list[Answer | httpx.TransportError]
    forever: bool


def digest_of(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def manifest_answer(body: bytes, media_type: str = OCI_INDEX, **more: str) -> Answer:
    headers = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(body), **more}
    return Answer(200, tuple(headers.items()), body)


def _body(name: str) -> bytes:
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "annotations": {"name": name}}
    return json.dumps(document).encode()


BODIES = {digest_of(body): body for body in map(_body, "AB")}
A, B = BODIES
"""The digests of two indexes that `tag_answer` has the bytes of."""


def tag_answer(digest: str, media_type: str = OCI_INDEX) -> Answer:
    """Return an answer that says in its headers that it is ``digest``; its body is that of `A` or `B`, or empty."""
    headers = (("Content-Type", media_type), ("Docker-Content-Digest", digest))
    return Answer(200, headers, BODIES.get(digest, b""))


def tag_method(url: str) -> str:
    """Return how a tag is asked for: by HEAD where a GET is a pull."""
    return "HEAD" if url.startswith(HUB) else "GET"


def challenge(*values: str, body: bytes = b"") -> Answer:
    return Answer(401, tuple(("WWW-Authenticate", value) for value in values), body)


def bearer(repository: str, realm: str = "https://auth.docker.io/token", service: str = "registry.docker.io") -> Answer:
    return challenge(f'Bearer realm="{realm}",service="{service}",scope="repository:{repository}:pull"')


def token(text: str, **more: object) -> Answer:
    return Answer(200, (("Content-Type", "application/json"),), json.dumps({"token": text, **more}).encode())


def refusal(status: int, code: str = "", message: str = "", **headers: str) -> Answer:
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode() if code else b""
    return Answer(status, tuple((name.replace("_", "-"), value) for name, value in headers.items()), body)


@dataclass
class ScriptedRegistry:
    """Answers what its table says, in order; ``asked`` remembers everything."""

    asked: list[tuple[str, str, str | None]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    pause: float = 0.0
    """Seconds each answer takes, so that questions overlap."""
    most_at_once: int = 0
    _rows: dict[tuple[str, str, str | None], _Row] = field(default_factory=dict)
    _at_once: int = 0

    def on(
        self,
        method: str,
        url: str,
        *answers: Answer | httpx.TransportError,
        authorization: str | None = None,
        forever: bool = False,
    ) -> None:
        """Answer this request, with exactly this Authorization, in turn; the last one for ever if ``forever``.

        The method ``TAG`` is the one that a tag is asked for by; ``MIRROR`` is both, for who stands in Docker Hub's
        place may be asked by HEAD first.
        """
        if method == "MIRROR":
            self._rows["HEAD", url, authorization] = _Row(list(answers), forever=True)
            method = "GET"
        method = tag_method(url) if method == "TAG" else method
        self._rows[method, url, authorization] = _Row(list(answers), forever)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def count(self, method: str, url: str) -> int:
        method = tag_method(url) if method == "TAG" else method
        return sum(entry[:2] == (method, url) for entry in self.asked)

    def assert_used_up(self) -> None:
        left = [key for key, row in self._rows.items() if row.answers and not row.forever]
        assert not left, f"never asked: {left}"

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        key = (request.method, str(request.url), request.headers.get("authorization"))
        self.asked.append(key)
        self.requests.append(request)
        row = self._rows.get(key)
        assert row is not None, f"unexpected request {key}"
        assert row.answers, f"asked too often: {key}"
        answer = row.answers[0] if row.forever and len(row.answers) == 1 else row.answers.pop(0)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        await asyncio.sleep(self.pause)
        self._at_once -= 1
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer.response()


@dataclass
class FakeClock:
    """Time that passes only when somebody sleeps."""

    time: float = 1000.0
    slept: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(sleep=self._sleep, now=lambda: self.time, wall=lambda: self.time, chance=lambda: 1.0)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


def resolver(
    registry: ScriptedRegistry,
    *,
    settings: Settings | None = None,
    environment: Mapping[str, str] | None = None,
    retry_policy: RetryPolicy | None = None,
    clock: FakeClock | None = None,
    listener: Listener = NOBODY,
    own_places: bool = False,
) -> RegistryResolver:
    """Return a resolver whose network is ``registry``; with ``own_places``, ``environment`` is all that it has."""
    return RegistryResolver(
        settings or Settings(),
        # The machine's own registries.conf is no part of a test.
        environment={**({} if own_places else {"CONTAINERS_REGISTRIES_CONF": os.devnull}), **(environment or {})},
        transport=registry.transport,
        listener=listener,
        retry_policy=retry_policy,
        clock=(clock or FakeClock()).clock,
    )


def ask(asked: RegistryResolver, *names: str, platform: str | None = None) -> list[Resolved | ResolveError]:
    """Return the answers to all of ``names``, asked at the same time; whether they are hashed is not told."""

    async def one(name: str) -> Resolved | ResolveError:
        try:
            wanted = None if platform is None else Platform.parse(platform)
            return (await asked.resolve(ImageReference.parse(name), wanted))._replace(is_hashed=True, is_mirrored=False)
        except ResolveError as error:
            return error

    async def everything() -> list[Resolved | ResolveError]:
        async with asked:
            return await asyncio.gather(*map(one, names))

    return run_virtually(everything())
