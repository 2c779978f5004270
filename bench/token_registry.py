"""A registry behind token authentication that answers after a fixed time, on a port of its own; for measurements.

Every repository has an index of eight platforms, each with an attestation. A token opens what it was asked for.
``GET /count`` tells and forgets how many requests there were, how many bytes were sent, and how many pulls Docker Hub
would have counted: a GET of a manifest is one, a HEAD is none (Docker's "Pull usage and limits"). With ``--hub`` the
answers say what is left, as Docker Hub's do. With ``--certificate`` it is a proxy too, and is itself every host that is
asked for through it: Docker Hub, by its certificate. Prints its port; ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import functools
import hashlib
import json
import ssl
import sys
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


_INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_PLATFORMS = ("amd64", "arm", "arm64", "386", "mips64le", "ppc64le", "riscv64", "s390x")
_LAYERS = 7


def _descriptor(media_type: str, data: bytes, **more: object) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(data), "size": len(data), **more}


@functools.cache
def _contents(repository: str) -> tuple[bytes, dict[str, tuple[str, bytes]]]:
    """Return the index of ``repository``, and everything that it leads to by digest: media type and bytes."""
    known: dict[str, tuple[str, bytes]] = {}
    children: list[dict[str, object]] = []
    for name in _PLATFORMS:
        layers = [f"{name}{number}".encode() for number in range(_LAYERS)]
        system = {"architecture": name, "os": "linux"}
        roots = {"type": "layers", "diff_ids": [_digest(layer + b"d") for layer in layers]}
        config = json.dumps({**system, "author": repository, "config": {}, "rootfs": roots}).encode()
        tars = [_descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer) for layer in layers]
        document = {"schemaVersion": 2, "mediaType": _TYPE, "config": _descriptor(_CONFIG_TYPE, config), "layers": tars}
        manifest = json.dumps(document, indent=2).encode()
        known[_digest(config)], known[_digest(manifest)] = (_CONFIG_TYPE, config), (_TYPE, manifest)
        children.append(_descriptor(_TYPE, manifest, platform=system))
        about = {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": _digest(manifest)}
        unknown = {"architecture": "unknown", "os": "unknown"}
        children.append(_descriptor(_TYPE, b"a" + manifest, platform=unknown, annotations=about))
    index = json.dumps({"schemaVersion": 2, "mediaType": _INDEX_TYPE, "manifests": children}, indent=2).encode()
    known[_digest(index)] = _INDEX_TYPE, index
    return index, known


_LIMITS = "RateLimit-Limit: 100;w=21600\r\nRateLimit-Remaining: 90;w=21600\r\n"


class _Connection(asyncio.Protocol):
    latency = 0.0
    limits = ""
    realm = ""
    context: ssl.SSLContext | None = None
    requests = 0
    pulls = 0
    sent = 0

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None
        self._tunnel: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._transport is not None and self._received[:1] == b"\x16":
            # A client that tries TLS first, as skopeo does, would wait for an answer.
            self._transport.close()
            return
        if self._received.startswith(b"CONNECT "):
            self._received = b""
            self._tunnel = asyncio.ensure_future(self._open_tunnel())
            return
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
            lines = (line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            fields = {name.lower(): value for name, value in lines}
            authorization = fields.get("authorization", "")
            is_measured = target != "/count"
            _Connection.requests += is_measured
            response = self._answer(method, target, authorization, fields)
            _Connection.sent += len(response) * is_measured
            asyncio.get_running_loop().call_later(self.latency * is_measured, self._send, response)

    async def _open_tunnel(self) -> None:
        """Be the host that a client of the proxy wants: its certificate is valid for all that are asked for."""
        if self._transport is None or self.context is None:
            return
        self._transport.write(b"HTTP/1.1 200 OK\r\n\r\n")
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self._transport, self, self.context, server_side=True)
        self._transport = cast("asyncio.WriteTransport", transport)

    def _send(self, response: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(response)

    def _answer(self, method: str, target: str, authorization: str, fields: Mapping[str, str]) -> bytes:
        url = urlsplit(target)
        if url.path == "/count":
            counted = {"requests": self.requests, "pulls": self.pulls, "bytes": self.sent}
            _Connection.requests = _Connection.pulls = _Connection.sent = 0
            return _response("200 OK", json.dumps(counted).encode())
        if url.path == "/token":
            return _token(parse_qs(url.query).get("scope", []))
        name, _, rest = url.path.removeprefix("/v2/").partition("/manifests/")
        name, _, blob = name.partition("/blobs/")
        name = name.partition("/referrers/")[0]
        if not _opens(authorization, name):
            return self._refusal(name)
        index, known = _contents(name)
        media_type, body = (_INDEX_TYPE, index) if rest == "1" else known.get(rest or blob, ("", b""))
        if not body:
            return _response("404 Not Found", b"")
        tag = f'"{_digest(body)}"'
        more = f"Content-Type: {media_type}\r\nDocker-Content-Digest: {_digest(body)}\r\nEtag: {tag}\r\n{self.limits}"
        _Connection.pulls += bool(rest) and method == "GET"
        if fields.get("if-none-match") == tag:
            return _response("304 Not Modified", body, more, is_head=True)
        return _response("200 OK", body, more, is_head=method == "HEAD")

    def _refusal(self, name: str) -> bytes:
        scope = f',scope="repository:{name}:pull"' if name else ""
        challenge = f'Bearer realm="{self.realm}",service="bench"{scope}'
        return _response("401 Unauthorized", b"", f"WWW-Authenticate: {challenge}\r\n")


def _token(scopes: Sequence[str]) -> bytes:
    access = [{"type": "repository", "name": scope.split(":")[1], "actions": ["pull"]} for scope in scopes]
    claims = base64.urlsafe_b64encode(json.dumps({"access": access}).encode()).decode().rstrip("=")
    return _response("200 OK", json.dumps({"token": f"e30.{claims}.e30", "expires_in": 300}).encode())


def _opens(authorization: str, name: str) -> bool:
    if not authorization:
        return False
    claims = authorization.split(".")[1]
    access = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["access"]
    return not name or name in {entry["name"] for entry in access}


def _response(status: str, body: bytes, more: str = "", *, is_head: bool = False) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode()
    return head if is_head else head + body


async def main(latency: float, limits: str, certificate: str | None) -> None:
    """Serve until standard input ends."""
    _Connection.limits = limits
    if certificate is not None:
        _Connection.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        _Connection.context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    _Connection.latency = latency
    port = server.sockets[0].getsockname()[1]
    plain = f"http://127.0.0.1:{port}/token"
    _Connection.realm = "https://auth.docker.io/token" if certificate else plain
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("latency", type=float, help="seconds")
    parser.add_argument("--hub", action="store_true")
    parser.add_argument("--certificate", help="file with a certificate and its key: be a proxy for the hosts it names")
    options = parser.parse_args()
    asyncio.run(main(options.latency, _LIMITS if options.hub else "", options.certificate))
