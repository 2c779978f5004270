"""HTTP client: one request, one bounded reply, network failures in words.

Requests go to httpx's transports and not through its client: no cookies, no redirects followed, no environment read,
no body decoded behind our back, and half the cost.
"""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pinner import __version__
from pinner.errors import UnsupportedError
from pinner.http.addresses import NetworkZone, origin, zone_of
from pinner.http.connections import ConnectionPool, Contexts
from pinner.http.errors import OversizeError, Reply, safe_text
from pinner.http.library import httpx
from pinner.http.network_failures import PermanentError, network_error
from pinner.http.proxies import proxy_for
from pinner.http.rate_limit_headers import Notices
from pinner.http.redaction import redacted, secrets_in
from pinner.http.retry import PASSING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.http.retry import RetryPolicy
    from pinner.reference import Digest

_OK, _UNAUTHORIZED = 200, 401
_REDIRECTS = range(300, 400)
_MAX_ERROR_BODY = 64 * 1024
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of whichever host."""

    method: str
    headers: Mapping[str, str] = field(repr=False)
    limit: int
    floor: NetworkZone = NetworkZone.LINK_LOCAL
    """The nearest address that may be connected to."""
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    expected: Digest | None = None
    """What the body of a success hashes to, where that is known."""
    content: bytes | None = None
    """What is sent, where that is no form."""


class HttpClient:
    """Sends requests, each origin with connections of its own: at most ``connections`` at once."""

    def __init__(
        self,
        environment: Mapping[str, str],
        retry_policy: RetryPolicy,
        connections: int,
        transport: httpx.AsyncBaseTransport | None = None,
        notices: Notices | None = None,
    ) -> None:
        self._environment = environment
        self.notices = notices or Notices()
        """What hosts said beside their answers."""
        self._timeout = {
            "connect": retry_policy.connect,
            "read": retry_policy.read,
            "write": retry_policy.read,
            "pool": None,
        }
        self._connections = connections
        self._transport = transport
        self._pools: dict[tuple[str, str | None], ConnectionPool] = {}
        self._contexts = Contexts(environment, self.notices.warn)
        self._peers: dict[str, NetworkZone] = {}
        self._passwords: dict[str, None] = {}
        """What was sent to be let in, to whichever host, in every spelling."""

    async def aclose(self) -> None:
        """Close every connection."""
        made = [transport for pool in self._pools.values() for transport in pool.made]
        for transport in (*made, *filter(None, (self._transport,))):
            await transport.aclose()

    def zone(self, url: httpx.URL) -> NetworkZone:
        """Return how far away ``url`` is: as its name claims, or nearer if we were connected to a nearer address."""
        return min(zone_of(url.host), self._peers.get(origin(url), NetworkZone.PUBLIC))

    async def send(self, call: Call, url: httpx.URL, ca: str | None = None) -> Reply:
        """Return the reply to one request, a success's body whole or not at all.

        Of a failure the first 64 KB are read; ``ca`` is a PEM file of authorities. Raises `UnreachedError` where no
        reply came, `UnsupportedError` for one that is too long or encoded.

        Nothing in HTTP/1.1 ties an answer to its question but their order, and a connection on which something came
        unasked is out of order from then on. So a question goes over a connection that has carried nothing, unless
        its answer proves itself: by hashing to what was expected.
        """
        if (url.port or 0) > _MAX_PORT:
            # The grammars of references and addresses let it pass; the socket would raise an OverflowError.
            raise PermanentError(f"`{safe_text(url.netloc.decode('ascii'))}` is no address of a host")
        if self.zone(url) < call.floor:
            raise _too_near(url)
        self.notices.check(call.method, url)
        request = httpx.Request(
            call.method,
            url,
            headers={"User-Agent": f"pinner/{__version__}", "Accept-Encoding": "identity", **call.headers},
            content=call.content,
            data=None if call.form is None else dict(call.form),
            extensions={"timeout": self._timeout, "trace": self._guard(url, call.floor)},
        )
        reply = await self._asked(self._pool(url, ca), request, call)
        reply = redacted(reply, self._secrets(request.headers.get("authorization"), call.form))
        self.notices.observe(reply)
        return reply

    def _secrets(self, authorization: str | None, form: tuple[tuple[str, str], ...] | None) -> tuple[str, ...]:
        """Return what is masked in a reply: what was sent with its request, and every password sent before."""
        sent = secrets_in(authorization, form)
        if form is not None or (authorization or "").startswith("Basic "):
            self._passwords |= dict.fromkeys(sent)
        return tuple(sorted({*sent, *self._passwords}, key=len, reverse=True))

    async def _asked(self, pool: ConnectionPool, request: httpx.Request, call: Call) -> Reply:
        """Return the reply, asked for again over a fresh connection where a used one brought what may not be it."""
        is_fresh = call.expected is None or self._transport is not None
        async with pool.connection(fresh=is_fresh) as connection:
            try:
                reply = await self._exchange(connection.transport, request, call.limit)
            except UnsupportedError:
                if not connection.is_used:
                    raise
            else:
                if not connection.is_used or _proves_itself(reply, call.expected):
                    return reply
            await connection.transport.aclose()
        async with pool.connection(fresh=True) as connection:
            return await self._exchange(connection.transport, request, call.limit)

    async def _exchange(self, transport: httpx.AsyncBaseTransport, request: httpx.Request, limit: int) -> Reply:
        url, response = request.url, None
        try:
            response = await transport.handle_async_request(request)
            try:
                _check_framing(response, url.host)
                body = await _read(response, request.method, limit, url.host)
            finally:
                await response.aclose()
        except httpx.TransportError as error:
            is_proxied = self._transport is None and proxy_for(url, self._environment) is not None
            host = url.netloc.decode("ascii")
            failure = network_error(error, f"{host} (through a proxy)" if is_proxied else host)
            if response is None and url.scheme == "http" and _is_hung_up(error):
                # What a server that expects TLS does with a request that is none.
                failure.hint = failure.hint or f'if it speaks HTTPS, set endpoint = "https://{host}" for it'
            raise failure from None
        return Reply(response.status_code, response.headers, body, url)

    def _guard(self, url: httpx.URL, floor: NetworkZone) -> Any:  # noqa: ANN401 - httpcore's trace hook has no public type
        """Return a hook that looks at the address behind a name, before a byte is sent to it (DNS rebinding)."""
        place, is_proxied = origin(url), proxy_for(url, self._environment) is not None

        async def look(event: str, details: Mapping[str, Any]) -> None:
            if event != "connection.connect_tcp.complete" or is_proxied:
                return
            stream = details["return_value"]
            address = stream.get_extra_info("server_addr")
            zone = zone_of(str(address[0]))
            self._peers[place] = min(zone, self._peers.get(place, zone))
            if zone < floor:
                await stream.aclose()
                raise _too_near(url)

        return look

    def _pool(self, url: httpx.URL, ca: str | None) -> ConnectionPool:
        key = (origin(url), ca)
        if key not in self._pools:
            given = self._transport
            make = partial(self._connect, url, ca) if given is None else lambda: given
            self._pools[key] = ConnectionPool(self._connections, make)
        return self._pools[key]

    def _connect(self, url: httpx.URL, ca: str | None) -> httpx.AsyncBaseTransport:
        proxy = proxy_for(url, self._environment)
        try:
            return httpx.AsyncHTTPTransport(
                verify=self._context(url, ca), trust_env=False, limits=httpx.Limits(max_connections=1), proxy=proxy
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            # The address may hold a password: it is not repeated.
            raise PermanentError(
                f"the environment's proxy for {url.scheme} addresses cannot be used",
                hint="SOCKS needs `pip install httpx[socks]`; else write http://host:port",
            ) from None

    def _context(self, url: httpx.URL, ca: str | None) -> ssl.SSLContext:
        if url.scheme == "http":
            # Never used, but httpx would read a bundle of certificates for it: 25 ms.
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return self._contexts.context(url, ca)


def _check_framing(response: httpx.Response, host: str) -> None:
    # Two readers would see two ends of it (RFC 9112 §6.3): the connection is closed, unread.
    if "content-length" in response.headers and "transfer-encoding" in response.headers:
        raise UnsupportedError(f"{host} gives its answer two lengths")


def _proves_itself(reply: Reply, expected: Digest | None) -> bool:
    """Tell whether an answer that may be another question's does no harm: its bytes, or those it leads to, are hashed.

    A refusal that is none of ours would say that something is gone which is not.
    """
    if expected is not None and reply.status == _OK:
        return hashlib.new(expected.algorithm, reply.body).hexdigest() == expected.hex
    return reply.status in PASSING or reply.status == _UNAUTHORIZED or reply.status in _REDIRECTS


async def _read(response: httpx.Response, method: str, limit: int, host: str) -> bytes:
    is_success = response.is_success
    if is_success and method != "HEAD":
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise UnsupportedError(f"{host} sent its answer encoded although it was asked not to")
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length[:18]) > limit:
            raise _too_long(host, limit)
    bound = limit if is_success else _MAX_ERROR_BODY
    body = bytearray()
    # The raw stream: httpx would decode what it is sent, a bomb as well. It is read to its end after a HEAD too, or the
    # connection could not be used again.
    async for chunk in cast("httpx.AsyncByteStream", response.stream):
        body += chunk
        if len(body) > bound:
            if is_success:
                raise _too_long(host, limit)
            break
    return b"" if method == "HEAD" else bytes(body[:bound])


def _is_hung_up(error: httpx.TransportError) -> bool:
    return isinstance(error, httpx.ReadError | httpx.RemoteProtocolError)


def _too_long(host: str, limit: int) -> OversizeError:
    return OversizeError(f"{host} sent more than {limit >> 10} KB where so much is never needed")


def _too_near(url: httpx.URL) -> PermanentError:
    return PermanentError(f"the registry sends us to `{safe_text(url.host)}`, an address of a private network")
