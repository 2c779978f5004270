"""Forge HTTP transport: JSON calls with retries and bounded replies.

Source: GitHub's "Best practices for using the REST API" and "Rate limits", GitLab's "Rate limits" headers, RFC 9110.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from pinner import __version__
from pinner.bot.forges.base import BusyError, ForgeError, Reply, UnreachableError, check, clean, told
from pinner.bot.forges.limits import LocalBudget, pause_asked_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping

    from pinner.bot.forges.base import Access
    from pinner.bot.forges.limits import Budget
    from pinner.http.library import httpx
    from pinner.http.retry import Clock

_ATTEMPTS = 5
_LONGEST_WAIT = 900.0
"""Seconds that a forge may have one call wait, all its pauses together."""
_LONGEST_TURN = 90.0
"""Seconds that a pull request waits to be opened: a minute's limit passes meanwhile, an hour's does not."""
_TIMEOUT = {"connect": 10.0, "read": 60.0, "write": 60.0, "pool": None}
_BODY_LIMIT = 16 << 20
_ERROR_LIMIT = 64 << 10
_MAX_PAGES = 1000
_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 307, 308})
_NEXT = re.compile(r'<([^<>]*)>\s*;[^<]*\brel="?next"?', re.IGNORECASE)
_OK, _BAD, _SERVER_ERROR = 200, 400, 500


@dataclass(slots=True)
class _Tries:
    """How often a call was tried, and how long it waited."""

    waited: float = 0.0
    """Seconds."""
    pauses: int = 0
    failures: int = 0


class Api:
    """One forge's API. ``base`` ends without a slash; ``authorization`` is the header's value, a secret."""

    def __init__(
        self, base: str, access: Access, authorization: str | None, content: Iterable[tuple[int, float]] = ()
    ) -> None:
        """``content`` is how much may be made in how many seconds, unless ``access`` has a budget."""
        from pinner.http.library import httpx  # noqa: PLC0415 - heavy, and only a bot needs it
        from pinner.http.retry import Clock  # noqa: PLC0415 - with asyncio

        self.base = base
        self._access = access
        self._authorization = authorization
        self._clock: Clock = access.clock or Clock()
        self._budget: Budget = access.budget or LocalBudget(content, self._clock.now, access.runs)
        self._closed_until = self._clock.now()
        self._url = httpx.URL(base)
        self._transport: httpx.AsyncBaseTransport | None = None
        if self._url.scheme != "https" and authorization is not None:
            _refuse_plain(self._url)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        expect: Collection[int] = (),
        done: Callable[[], Awaitable[bool]] | None = None,
    ) -> Reply:
        """Return the answer to one request; failures other than the statuses of ``expect`` are raised.

        ``path`` follows the base, or is a whole address of ours. ``done`` is asked before a write is repeated, as its
        answer may only have been lost: where it is true, an empty answer is returned.
        """
        url = self._address(path, query)
        tries = _Tries()
        if (pause := self._closed_until - self._clock.now()) > _LONGEST_WAIT:
            # Whoever is told to wait and goes on asking is shut out for longer.
            raise self._busy(pause, "its rate limit")
        while True:
            if tries.pauses + tries.failures and done is not None and await done():
                return Reply(_OK, {}, b"")
            reply = await self._try(method, url, body, tries, expect)
            if reply is not None:
                check(reply, method, url, expect)
                return reply

    async def _try(
        self, method: str, url: httpx.URL, body: Mapping[str, Any] | None, tries: _Tries, expect: Collection[int]
    ) -> Reply | None:
        """Return the answer to one try; None where there is to be another, after the wait that it takes."""
        try:
            reply = await self._follow(method, url, body)
        except UnreachableError:
            if tries.failures + 1 == _ATTEMPTS:
                raise
        else:
            pause = pause_asked_for(reply, self._clock.wall(), tries.pauses + 1)
            if pause is not None:
                tries.pauses += 1
                self._closed_until = max(self._closed_until, self._clock.now() + pause)
                await self._budget.pause(pause)
                tries.waited += await self._wait(pause, tries.waited, "its rate limit")
                return None
            if reply.status < _SERVER_ERROR or reply.status in expect:
                return reply
            if tries.failures + 1 == _ATTEMPTS:
                message = f"{self._url.host} does not work: {told(reply)}"
                raise UnreachableError(message, hint="a later run goes on where this one stopped")
        tries.failures += 1
        await self._clock.sleep(min(20.0, 0.5 * 2.0 ** (tries.failures - 1)) * (0.5 + self._clock.chance() / 2))
        return None

    async def content_delay(self) -> float:
        """Return 0 where new content may be made within the time that it waits; else the seconds until then."""
        seconds = await self._budget.delay()
        return seconds if seconds > _LONGEST_TURN else 0.0

    async def take_content(self) -> float:
        """Wait for the turn to make new content, and take it: 0. Where that is too far away, return the seconds."""
        seconds = await self._budget.take(_LONGEST_TURN)
        if seconds > _LONGEST_TURN:
            return seconds
        await self._wait(seconds, 0.0, "its limit on new content")
        return 0.0

    async def pages(self, path: str, query: Mapping[str, str | int] | None = None) -> AsyncIterator[Any]:
        """Yield the items of a list, page by page as ``Link: …; rel="next"`` leads.

        Only its query is followed: behind a proxy a forge may take itself to be at another address.
        """
        for _ in range(_MAX_PAGES):
            reply = await self.call("GET", path, query=query)
            items = reply.json()
            if items is None and reply.body.strip() == b"null":
                # Gitea is written in Go, where a list of nothing is null.
                return
            if not isinstance(items, list):
                raise ForgeError(f"{self._url.host} answers no list for {path}")
            for item in items:
                yield item
            following = _NEXT.search(reply.headers.get("link", ""))
            if following is None or not items:
                return
            query = dict(parse_qsl(urlsplit(following[1]).query, keep_blank_values=True))
        raise ForgeError(f"{self._url.host} has more than {_MAX_PAGES} pages for {path}")

    def _address(self, path: str, query: Mapping[str, str | int] | None) -> httpx.URL:
        # Whole paths: GraphQL's on Enterprise Server is not below REST's.
        if not path.startswith("/"):
            return self._url.join(path)
        asked = f"?{urlencode(query)}" if query else ""
        return self._url.copy_with(raw_path=self._url.raw_path.rstrip(b"/") + f"{path}{asked}".encode())

    def _check_origin(self, url: httpx.URL) -> None:
        if (url.scheme, url.host, url.port) != (self._url.scheme, self._url.host, self._url.port):
            raise ForgeError(
                f"{self._url.host} sends us on to another host, {clean(url.host)}: the token is not sent there",
                hint="give the forge's own address",
            )

    async def _follow(self, method: str, url: httpx.URL, body: Mapping[str, Any] | None) -> Reply:
        """Send a request, and a reading one again where it is sent on within the same origin (a renamed repository)."""
        for _ in range(_MAX_REDIRECTS):
            reply = await self._send(method, url, body)
            target = reply.headers.get("location")
            if reply.status not in _REDIRECTS or target is None:
                return reply
            url = url.join(target)
            self._check_origin(url)
            if method != "GET":
                raise ForgeError(f"{self._url.host} has moved what was to be changed", hint="has it a new name?")
        raise ForgeError(f"{self._url.host} sends us in circles")

    async def _send(self, method: str, url: httpx.URL, body: Mapping[str, Any] | None) -> Reply:
        from pinner.http.library import httpx  # noqa: PLC0415 - heavy, and only a bot needs it
        from pinner.http.network_failures import network_error  # noqa: PLC0415 - with httpx
        from pinner.http.redaction import mask_in_json, secrets_in  # noqa: PLC0415 - with httpx

        headers = {"User-Agent": f"pinner/{__version__}", "Accept": "application/json", "Accept-Encoding": "identity"}
        authorization = await self._authorized()
        if authorization is not None:
            headers["Authorization"] = authorization
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body).encode()
        request = httpx.Request(method, url, headers=headers, content=content, extensions={"timeout": _TIMEOUT})
        try:
            response = await self._connected().handle_async_request(request)
            try:
                data = await self._read(response)
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            told = network_error(error, self._url.netloc.decode("ascii"))
            kind = UnreachableError if told.passing else ForgeError
            raise kind(told.message, hint="is its address right, and the network up?") from None
        if response.status_code >= _BAD or b'"errors"' in data:  # GraphQL refuses with status 200
            data = mask_in_json(secrets_in(authorization, None), data)
        return Reply(response.status_code, {key.lower(): value for key, value in response.headers.items()}, data)

    async def _authorized(self) -> str | None:
        renewed = self._access.renewed
        if renewed is None or self._authorization is None:
            return self._authorization
        return f"{self._authorization.partition(' ')[0]} {await renewed()}"

    async def _read(self, response: httpx.Response) -> bytes:
        data = bytearray()
        limit = _BODY_LIMIT if response.status_code < _BAD else _ERROR_LIMIT
        async for chunk in response.stream:  # type: ignore[union-attr] # an asynchronous transport's is asynchronous
            data += chunk
            if len(data) > limit:
                if limit == _BODY_LIMIT:
                    raise ForgeError(f"{self._url.host} sent more than {limit >> 20} MB where so much is never needed")
                break
        return bytes(data[:limit])

    def _connected(self) -> httpx.AsyncBaseTransport:
        if self._transport is None:
            self._transport = _connect(self._url, self._access)
        return self._transport

    async def _wait(self, seconds: float, waited: float, what: str) -> float:
        if seconds <= 0:
            return 0.0
        if waited + seconds > _LONGEST_WAIT:
            raise self._busy(seconds, what)
        self._access.on_wait(f"{self._url.host} asks for a pause of {round(seconds)} s: {what}")
        await self._clock.sleep(seconds)
        return seconds

    def _busy(self, seconds: float, what: str) -> BusyError:
        return BusyError(
            f"{self._url.host} asks for a pause of {round(seconds)} s: {what}",
            hint="a later run goes on where this one stopped",
            retry_after=seconds,
        )


def _refuse_plain(url: httpx.URL) -> None:
    from pinner.http.addresses import NetworkZone, zone_of  # noqa: PLC0415 - only where it is needed

    if zone_of(url.host) is not NetworkZone.LOOPBACK:
        raise ForgeError(f"the token would go to {url.host} readable for everybody on the way", hint="use https://")


def _connect(url: httpx.URL, access: Access) -> httpx.AsyncBaseTransport:
    from pinner.http.connections import Certificates, make_context  # noqa: PLC0415 - with ssl
    from pinner.http.library import httpx  # noqa: PLC0415 - heavy, and only a bot needs it
    from pinner.http.proxies import proxy_for  # noqa: PLC0415 - with httpx

    context = make_context(None, Certificates(), access.environment, access.on_wait)
    try:
        return httpx.AsyncHTTPTransport(verify=context, trust_env=False, proxy=proxy_for(url, access.environment))
    except (ImportError, ValueError, httpx.InvalidURL):
        # The address may hold a password: it is not repeated.
        raise ForgeError(
            f"the environment's proxy for {url.scheme} addresses cannot be used",
            hint="SOCKS needs `pip install httpx[socks]`; else write http://host:port",
        ) from None
