"""Server of the fleet's pages and hooks: an ASGI application without a framework, read-only but for hints."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from contextlib import suppress
from functools import cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from pinner.errors import ConfigError, PinnerError
from pinner.fleet import pages
from pinner.fleet.config import read_secret
from pinner.fleet.events import record_event
from pinner.fleet.images import look_for_signatures
from pinner.fleet.local import TICK
from pinner.fleet.queue import Engine, run_ticker, until_one_ends
from pinner.fleet.store import storable
from pinner.fleet.webhooks import MOST_BYTES, ForgedError, Hook, NonsenseError, read_hook
from pinner.http.addresses import NetworkZone, zone_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from pinner.fleet.config import FleetSettings
    from pinner.fleet.planner import TickResult
    from pinner.fleet.sources import Fleet
    from pinner.fleet.store import Store

    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

_HEADERS = (
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
)
_STYLE = b"""
main { margin-top: 1.25rem; }
td { white-space: nowrap; }
.long { white-space: normal; min-width: 13rem; }
figure { margin: 0; }
figure svg { display: block; width: 100%; height: 9rem; }
figcaption { margin-top: .6rem; }
polyline { fill: none; stroke-width: 2px; vector-effect: non-scaling-stroke; }
polyline.quiet { stroke: var(--quiet); } polyline.good { stroke: var(--good); } polyline.bad { stroke: var(--bad); }
"""
"""What these pages have beside the style of a report."""
_LOOKED_BESIDE = 20
"""Digests that are looked beside in a minute."""
_PATIENCE = 20.0
"""Seconds in which a hook has to have come whole: senders give up after ten."""
_HTML, _TEXT, _CSS = "text/html; charset=utf-8", "text/plain; charset=utf-8", "text/css; charset=utf-8"


class Answer(NamedTuple):
    """What is sent."""

    status: int
    body: bytes = b""
    kind: str = _TEXT
    more: tuple[tuple[str, str], ...] = ()


class Site:
    """The application. ``servers`` are the forges' addresses by what kind of host they are."""

    def __init__(
        self,
        store: Store,
        settings: FleetSettings,
        environment: Mapping[str, str],
        now: Callable[[], float],
        servers: Mapping[str, tuple[str, ...]],
        patience: float = _PATIENCE,
    ) -> None:
        """Raise `ConfigError` where a secret that the settings name is not there."""
        self._store = store
        self._now = now
        self._servers = servers
        self._patience = patience
        self._hooks = {
            sender: read_secret(where, environment, settings.folder) for sender, where in settings.hooks.items()
        }
        token = settings.serve.get("token")
        self._token = None if token is None else read_secret(token, environment, settings.folder)
        self._user_header = settings.serve.get("user-header", "").lower()

    @cached_property
    def _style(self) -> bytes:
        return files("pinner.report.html").joinpath("page.css").read_bytes() + _STYLE

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            answer = await self._answer(scope, headers, receive)
        except PinnerError as error:
            answer = Answer(503, f"{error.message}\n".encode())
        lines = [("content-type", answer.kind), ("content-length", str(len(answer.body))), *_HEADERS, *answer.more]
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Mapping[str, Any], headers: Mapping[str, str], receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        if path.startswith("/hooks/"):
            return await self._hook(path, headers, receive) if method == "POST" else Answer(405, b"POST it\n")
        if method not in ("GET", "HEAD"):
            return Answer(405, b"there is nothing to write here\n")
        if path == "/healthz":
            await self._store.aside(lambda: self._store.mark("alive"))
            return Answer(200, b"ok\n")
        if not self._may_look(headers):
            return Answer(401, b"who is there?\n", more=(("www-authenticate", 'Basic realm="pinner fleet"'),))
        query = {name: storable(value) for name, value in parse_qsl(scope["query_string"].decode("latin-1"))}
        return await self._store.aside(lambda: self._page(path, query))

    def _may_look(self, headers: Mapping[str, str]) -> bool:
        """Tell whether whoever asks may look: by the token, by a proxy's header, or on this machine by its name."""
        if self._user_header and headers.get(self._user_header):
            return True
        if self._token is not None:
            return hmac.compare_digest(_given(headers).encode("utf-8", "replace"), self._token.encode())
        # A page elsewhere may have its name lead here: only this machine's own names are answered.
        host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
        return not self._user_header and zone_of(host.strip("[]")) is NetworkZone.LOOPBACK

    def _page(self, path: str, query: Mapping[str, str]) -> Answer:
        store, now = self._store, self._now()
        made: dict[str, Callable[[], bytes | None]] = {
            "/": lambda: pages.overview_page(store, now),
            "/images": lambda: pages.images_page(store),
            "/image": lambda: pages.image_page(store, query.get("name", "")),
            "/digest": lambda: pages.digest_page(store, query.get("digest", "")),
            "/repositories": lambda: pages.repositories_page(store),
            "/repository": lambda: pages.repository_page(store, query.get("forge", ""), query.get("name", "")),
            "/failing": lambda: pages.failing_page(store),
        }
        if path == "/metrics":
            return Answer(200, pages.metrics(store, now), "text/plain; version=0.0.4; charset=utf-8")
        if path == "/style.css":
            return Answer(200, self._style, _CSS)
        body = made[path]() if path in made else None
        return Answer(404, pages.page("Not here"), _HTML) if body is None else Answer(200, body, _HTML)

    async def _hook(self, path: str, headers: Mapping[str, str], receive: Receive) -> Answer:
        sender, _, path_secret = path.removeprefix("/hooks/").partition("/")
        secret = self._hooks.get(sender)
        if secret is None:
            return Answer(404, b"nobody expects that\n")
        try:
            async with asyncio.timeout(self._patience):
                body = await _read(receive)
        except TimeoutError:
            return Answer(408, b"that takes too long\n")
        except asyncio.CancelledError:
            # The server ends, and waits no longer: a cancellation would be told as a mistake of our own.
            return Answer(503, b"the server ends\n")
        if body is None:
            return Answer(413, b"that is too much\n")
        try:
            hints = read_hook(Hook(sender, headers, body, path_secret), secret)
        except ForgedError:
            return Answer(403, b"the signature is not right\n")
        except NonsenseError:
            return Answer(400, b"that is no such hook\n")
        store, servers = self._store, self._servers.get(sender, ())
        await store.aside(lambda: record_event(store, sender, servers, hints, self._now()))
        return Answer(202)


def _given(headers: Mapping[str, str]) -> str:
    """Return the token that a request brings: as a bearer's, or as the password of whatever user."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace").partition(":")[2]
    except binascii.Error:
        return ""


async def _read(receive: Receive) -> bytes | None:
    """Return the body of a request; None where it is too large, of which no more is read."""
    data = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            # Half a body is none.
            return None
        data += message.get("body", b"")
        if len(data) > MOST_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(data)


def listen_at(text: str, settings: FleetSettings) -> tuple[str, int]:
    """Return the host and the port of ``text``, ``HOST:PORT``; raises `ConfigError` where anybody could look then."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    if not port.isdecimal():
        raise ConfigError(f"--listen: `{text}` is no address", hint="write HOST:PORT, as in 127.0.0.1:8080")
    if not settings.serve and zone_of(host) is not NetworkZone.LOOPBACK:
        raise ConfigError(
            f"--listen: everybody who reaches {host} could look",
            hint='fleet.toml: [serve] token = "env:NAME", or user-header = "X-Forwarded-User" behind a proxy',
        )
    return host, int(port)


async def keep_serving(fleet: Fleet, serving: Coroutine[Any, Any, None], on_tick: Callable[[TickResult], None]) -> None:
    """Serve until that ends. On PostgreSQL tick beside it and hand out to workers; on SQLite a run does all that."""
    works = [serving, _look_beside(fleet)]
    if not fleet.store.database.is_local:
        works.append(run_ticker(Engine(fleet, on_tick, lambda _: None, fleet.settings.stalled), fleet.settings.store))
    await until_one_ends(*works)


async def _look_beside(fleet: Fleet) -> None:
    """Look whether new digests are signed, some each minute: pages show it, and nothing else needs it."""
    while True:
        with suppress(PinnerError):
            await look_for_signatures(fleet, _LOOKED_BESIDE)
        await fleet.clock.sleep(TICK)


def uvicorn() -> Any:  # noqa: ANN401 - the module, an extra
    """Return uvicorn; raises `ConfigError` where it is not installed."""
    try:
        import uvicorn as module  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError("serving needs what is not installed", hint="pip install 'image-pinner[serve]'") from error
    return module
