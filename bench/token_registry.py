"""A registry behind token authentication that answers after a fixed time, on a port of its own; for measurements.

Every repository has one image. A token opens what it was asked for. ``GET /count`` tells and forgets how many requests
there were. Prints its port; ends with its standard input.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import sys
from typing import cast
from urllib.parse import parse_qs, urlsplit

_CONFIG = json.dumps(
    {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}}
).encode()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


_TYPE = "application/vnd.oci.image.manifest.v1+json"
_CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
_MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": _TYPE,
        "config": {"mediaType": _CONFIG_TYPE, "digest": _digest(_CONFIG), "size": len(_CONFIG)},
        "layers": [],
    }
).encode()


class _Connection(asyncio.Protocol):
    latency = 0.0
    port = 0
    requests = 0

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._transport is not None and self._received[:1] == b"\x16":
            # A client that tries TLS first, as skopeo does, would wait for an answer.
            self._transport.close()
            return
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            method, target, _ = head.partition(b"\r\n")[0].decode().split(" ")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            authorization = {name.lower(): value for name, value in fields.items()}.get("authorization", "")
            is_measured = target != "/count"
            _Connection.requests += is_measured
            response = self._answer(method, target, authorization)
            asyncio.get_running_loop().call_later(self.latency * is_measured, self._send, response)

    def _send(self, response: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(response)

    def _answer(self, method: str, target: str, authorization: str) -> bytes:
        url = urlsplit(target)
        if url.path == "/count":
            count, _Connection.requests = self.requests, 0
            return _response("200 OK", str(count).encode())
        if url.path == "/token":
            scopes = parse_qs(url.query).get("scope", [])
            access = [{"type": "repository", "name": scope.split(":")[1], "actions": ["pull"]} for scope in scopes]
            claims = base64.urlsafe_b64encode(json.dumps({"access": access}).encode()).decode().rstrip("=")
            return _response("200 OK", json.dumps({"token": f"e30.{claims}.e30", "expires_in": 300}).encode())
        name, _, rest = url.path.removeprefix("/v2/").partition("/manifests/")
        name = name.partition("/blobs/")[0]
        if not _opens(authorization, name):
            return self._refusal(name)
        if rest:
            more = f"Content-Type: {_TYPE}\r\nDocker-Content-Digest: {_digest(_MANIFEST)}\r\n"
            return _response("200 OK", _MANIFEST, more, is_head=method == "HEAD")
        return _response("200 OK", _CONFIG)

    def _refusal(self, name: str) -> bytes:
        scope = f',scope="repository:{name}:pull"' if name else ""
        challenge = f'Bearer realm="http://127.0.0.1:{self.port}/token",service="bench"{scope}'
        return _response("401 Unauthorized", b"", f"WWW-Authenticate: {challenge}\r\n")


def _opens(authorization: str, name: str) -> bool:
    if not authorization:
        return False
    claims = authorization.split(".")[1]
    access = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["access"]
    return not name or name in {entry["name"] for entry in access}


def _response(status: str, body: bytes, more: str = "", *, is_head: bool = False) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode()
    return head if is_head else head + body


async def main(latency: float) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Connection, "127.0.0.1", 0)
    _Connection.latency, _Connection.port = latency, server.sockets[0].getsockname()[1]
    print(_Connection.port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
