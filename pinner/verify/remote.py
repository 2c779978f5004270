"""Requests of signature verification beside the registry: a notary server, lists of revoked certificates."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from pinner.errors import ResolveError, UnavailableError
from pinner.files.atomic import read_regular
from pinner.http.client import Call, HttpClient
from pinner.http.errors import reply_error
from pinner.http.library import httpx
from pinner.http.retry import RetryPolicy
from pinner.verify.docker_content_trust import ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping

_OK = 200
_MAX_METADATA = 4 * 1024 * 1024
_MAX_REVOKED = 16 * 1024 * 1024
_DEADLINE = 30.0


class Remote:
    """Asks servers that are no registries, by plain requests: what they answer is signed."""

    def __init__(self, environment: Mapping[str, str], *, offline: bool = False) -> None:
        self._offline = offline
        self._client = HttpClient(environment, RetryPolicy(), 8)
        self._known: dict[tuple[str, bytes | None], bytes] = {}

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def get(self, url: str, body: bytes | None = None) -> bytes:
        """Return what ``url`` answers: to a GET, or to a POST of an OCSP request. Raises `ResolveError`."""
        if (url, body) not in self._known:
            if not url.lower().startswith(("http://", "https://")):
                raise UnavailableError("it is no web address")
            status, data = await self._ask(url, body, _MAX_REVOKED)
            if status != _OK:
                raise UnavailableError(f"it answers with status {status}")
            self._known[url, body] = data
        return self._known[url, body]

    async def _ask(self, url: str, body: bytes | None, limit: int) -> tuple[int, bytes]:
        if self._offline:
            raise UnavailableError("--offline forbids to ask")
        headers = {} if body is None else {"Content-Type": "application/ocsp-request"}
        try:
            address = httpx.URL(url)
            async with asyncio.timeout(_DEADLINE):
                call = Call("GET" if body is None else "POST", headers, limit, content=body)
                reply = await self._client.send(call, address)
        except TimeoutError:
            raise UnavailableError(f"it gave no answer within {_DEADLINE:g} seconds") from None
        except httpx.InvalidURL:
            raise UnavailableError("it is no web address") from None
        if reply.status >= 500 or reply.status in (401, 403, 429):  # noqa: PLR2004 - not told
            raise reply_error(reply, address.host)
        return reply.status, reply.body

    async def metadata(self, server: str, name: str) -> dict[str, bytes | None]:
        """Return the metadata of the collection ``name`` by role, None for what is not there. Raises `ResolveError`.

        ``server`` is an address, or a folder that holds copies: ``root.json``, ``targets_releases.json``.
        """
        if "://" not in server:
            return {role: _copy(server, role) for role in ROLES}
        base = f"{server.rstrip('/')}/v2/{name}/_trust/tuf"
        found = await asyncio.gather(*(self._ask(f"{base}/{role}.json", None, _MAX_METADATA) for role in ROLES))
        return {role: data if status == _OK else None for role, (status, data) in zip(ROLES, found, strict=True)}


def _copy(folder: str, role: str) -> bytes | None:
    try:
        data = read_regular(os.path.join(folder, f"{role.replace('/', '_')}.json"), _MAX_METADATA)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnavailableError(f"{folder}: {(error.strerror or str(error)).lower()}") from None
    if len(data) > _MAX_METADATA:
        raise ResolveError(f"{folder}: the {role} metadata is larger than {_MAX_METADATA >> 20} MB")
    return data
