"""One request, one bounded reply: connections, proxies, certificates, and network failures in words.

Requests go to httpx's transports and not through its client: no cookies, no redirects followed, no environment read,
no body decoded behind our back, and half the cost.
"""

from __future__ import annotations

import socket
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import httpx

from pinner import __version__
from pinner.errors import UnavailableError, UnsupportedError
from pinner.registry.failures import Reply, clean
from pinner.registry.hosts import Reach, origin, reach_of
from pinner.registry.lanes import Lane
from pinner.registry.notices import Notices
from pinner.registry.proxies import proxy_for
from pinner.registry.redaction import redacted, secrets_in
from pinner.registry.tls import Contexts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.registry.retry import Patience

_MAX_ERROR_BODY = 64 * 1024
_MAX_PORT = 65535
# Not failures of TLS but of what is under it: more bytes were wanted, or the connection ended.
_TLS_UNFINISHED = (ssl.SSLWantReadError, ssl.SSLWantWriteError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
_PLAIN_HTTP_SIGNS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
_OLD_TLS_SIGNS = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION")
_CLIENT_CERTIFICATE_SIGNS = ("CERTIFICATE_REQUIRED", "PEER_DID_NOT_RETURN_A_CERTIFICATE")
_NAME_THE_AUTHORITY = "name its authority with `ca` in [registries]"
# OpenSSL's verification codes (x509_vfy.h): what no authority that is trusted could mend.
_CERTIFICATE_FAULTS: Mapping[int, tuple[str, str]] = {
    9: ("that is not valid yet", "is this machine's clock right?"),
    10: ("that has expired", "it needs a new one; or is this machine's clock wrong?"),
    18: ("that nobody but itself vouches for", _NAME_THE_AUTHORITY),
    62: ("for another name", "is the registry's name right?"),
    64: ("for another address", "is the registry's name right?"),
}


class UnreachedError(UnavailableError):
    """No reply came; ``passing`` says whether another attempt may help."""

    passing = True


class HopelessError(UnreachedError):
    """No reply came, and none will: an unknown host, a wrong certificate, a refused address."""

    passing = False


class Wire:
    """Sends requests, each origin with connections of its own: at most ``connections`` at once."""

    def __init__(
        self,
        environment: Mapping[str, str],
        patience: Patience,
        connections: int,
        transport: httpx.AsyncBaseTransport | None = None,
        notices: Notices | None = None,
    ) -> None:
        self._environment = environment
        self._notices = notices or Notices()
        self._timeout = {"connect": patience.connect, "read": patience.read, "write": patience.read, "pool": None}
        self._connections = connections
        self._transport = transport
        self._lanes: dict[tuple[str, str | None], Lane] = {}
        self._contexts = Contexts(environment, self._notices.warn)
        self._peers: dict[str, Reach] = {}

    async def aclose(self) -> None:
        """Close every connection."""
        made = [transport for lane in self._lanes.values() for transport in lane.made]
        for transport in (*made, *filter(None, (self._transport,))):
            await transport.aclose()

    def reach(self, url: httpx.URL) -> Reach:
        """Return how far away ``url`` is: as its name claims, or nearer if we were connected to a nearer address."""
        return min(reach_of(url.host), self._peers.get(origin(url), Reach.PUBLIC))

    async def send(
        self,
        method: str,
        url: httpx.URL,
        headers: Mapping[str, str],
        *,
        limit: int,
        floor: Reach = Reach.LINK_LOCAL,
        ca: str | None = None,
        form: tuple[tuple[str, str], ...] | None = None,
    ) -> Reply:
        """Return the reply to one request, a success's body whole or not at all.

        ``limit`` is the most bytes a success may have; of a failure the first 64 KB are read. ``floor`` is the nearest
        address that may be connected to. Raises `UnreachedError` where no reply came, `UnsupportedError` for one
        that is too long or encoded.
        """
        if (url.port or 0) > _MAX_PORT:
            # The grammars of references and addresses let it pass; the socket would raise an OverflowError.
            raise HopelessError(f"`{clean(url.netloc.decode('ascii'))}` is no address of a host")
        if self.reach(url) < floor:
            raise _too_near(url)
        self._notices.check(method, url)
        request = httpx.Request(
            method,
            url,
            headers={"User-Agent": f"pinner/{__version__}", "Accept-Encoding": "identity", **headers},
            data=None if form is None else dict(form),
            extensions={"timeout": self._timeout, "trace": self._guard(url, floor)},
        )
        response = None
        try:
            async with self._lane(url, ca).connection() as transport:
                response = await transport.handle_async_request(request)
                try:
                    _check_framing(response, url.host)
                    body = await _read(response, method, limit, url.host)
                    await _drop_if_poisoned(response)
                finally:
                    await response.aclose()
        except httpx.TransportError as error:
            is_proxied = self._transport is None and proxy_for(url, self._environment) is not None
            host = url.netloc.decode("ascii")
            failure = unreached(error, f"{host} (through a proxy)" if is_proxied else host)
            if response is None and url.scheme == "http" and _is_hung_up(error):
                # What a server that expects TLS does with a request that is none.
                failure.hint = failure.hint or f'if it speaks HTTPS, set endpoint = "https://{host}" for it'
            raise failure from None
        secrets = secrets_in(request.headers.get("authorization"), form)
        reply = redacted(Reply(response.status_code, response.headers, body, url), secrets)
        self._notices.observe(reply)
        return reply

    def _guard(self, url: httpx.URL, floor: Reach) -> Any:  # noqa: ANN401 - httpcore's trace hook has no public type
        """Return a hook that looks at the address behind a name, before a byte is sent to it (DNS rebinding)."""
        place, is_proxied = origin(url), proxy_for(url, self._environment) is not None

        async def look(event: str, details: Mapping[str, Any]) -> None:
            if event != "connection.connect_tcp.complete" or is_proxied:
                return
            stream = details["return_value"]
            address = stream.get_extra_info("server_addr")
            reach = reach_of(str(address[0]))
            self._peers[place] = min(reach, self._peers.get(place, reach))
            if reach < floor:
                await stream.aclose()
                raise _too_near(url)

        return look

    def _lane(self, url: httpx.URL, ca: str | None) -> Lane:
        key = (origin(url), ca)
        if key not in self._lanes:
            given = self._transport
            make = partial(self._connect, url, ca) if given is None else lambda: given
            self._lanes[key] = Lane(self._connections, make)
        return self._lanes[key]

    def _connect(self, url: httpx.URL, ca: str | None) -> httpx.AsyncBaseTransport:
        proxy = proxy_for(url, self._environment)
        try:
            return httpx.AsyncHTTPTransport(
                verify=self._context(url, ca), trust_env=False, limits=httpx.Limits(max_connections=1), proxy=proxy
            )
        except (ImportError, ValueError, httpx.InvalidURL):
            # The address may hold a password: it is not repeated.
            raise HopelessError(
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


async def _drop_if_poisoned(response: httpx.Response) -> None:
    """Close the connection if more has come than the answer: the rest would be taken for the next question's.

    httpcore keeps such bytes and says nothing; what has not been read yet it notices itself, by a readable socket.
    """
    rest: Any = response.stream
    for name in ("_httpcore_stream", "_stream", "_connection", "_h11_state", "trailing_data"):
        rest = getattr(rest, name, None)
    if rest and rest[0]:
        await response.extensions["network_stream"].aclose()


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


def _too_long(host: str, limit: int) -> UnsupportedError:
    return UnsupportedError(f"{host} sent more than {limit >> 10} KB where so much is never needed")


def _too_near(url: httpx.URL) -> HopelessError:
    return HopelessError(f"the registry sends us to `{clean(url.host)}`, an address of a private network")


def unreached(error: httpx.TransportError, host: str) -> UnreachedError:
    """Return the clause for a request to ``host`` without a reply."""
    if isinstance(error, httpx.TimeoutException):
        return UnreachedError(f"{host} does not answer in time")
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, _TLS_UNFINISHED):
            return _tls_failure(cause, host)
        if isinstance(cause, socket.gaierror):
            return HopelessError(
                f"the host {host} is not known", hint="is the registry's name right, and the network there?"
            )
        if isinstance(cause, ConnectionRefusedError):
            return UnreachedError(f"{host} refuses connections")
    if isinstance(error, httpx.ProxyError):
        return HopelessError(f"{host} is not let through: {clean(str(error))}")
    return UnreachedError(
        f"{host} cannot be reached" if isinstance(error, httpx.ConnectError) else f"the connection to {host} broke"
    )


def _tls_failure(error: ssl.SSLError, host: str) -> HopelessError:
    if isinstance(error, ssl.SSLCertVerificationError):
        clause, hint = _CERTIFICATE_FAULTS.get(error.verify_code, ("that is not trusted", _NAME_THE_AUTHORITY))
        return HopelessError(f"{host} has a certificate {clause}: {clean(error.verify_message)}", hint=hint)
    reason = getattr(error, "reason", None) or "no reason given"
    if any(sign in reason for sign in _PLAIN_HTTP_SIGNS):
        return HopelessError(
            f"{host} answered plain HTTP where HTTPS was spoken",
            hint="if that is meant, set plain-http = true for it, or write its endpoint with http://",
        )
    if any(sign in reason for sign in _OLD_TLS_SIGNS):
        return HopelessError(f"{host} speaks only a TLS that is too old ({clean(reason)})", hint="it needs TLS 1.2")
    if any(sign in reason for sign in _CLIENT_CERTIFICATE_SIGNS):
        return HopelessError(
            f"{host} wants a client certificate ({clean(reason)})",
            hint=f"put NAME.cert and NAME.key into /etc/docker/certs.d/{host}",
        )
    return HopelessError(f"{host} could not be spoken to in TLS ({clean(reason)})")


def _causes(error: BaseException) -> list[BaseException]:
    """Return the error and everything under it, groups (Happy Eyeballs makes them) opened."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or current in found:
            continue
        found.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
    return found
