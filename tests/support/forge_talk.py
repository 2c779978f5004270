"""Speaking to a forge double as the bot does, with a clock that does not wait."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pinner.bot.forges import connect
from pinner.bot.forges.base import Access
from pinner.http.retry import Clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from forge_double import ForgeDouble

    from pinner.bot.forges.base import Forge

T = TypeVar("T")
PREFIX = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}


@dataclass
class Waits:
    """What was waited for: nothing, really."""

    seconds: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    elapsed: float = 0.0

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.elapsed += seconds
        # Others get their turn, as in a real pause.
        await asyncio.sleep(0)

    def clock(self) -> Clock:
        return Clock(
            sleep=self.sleep, now=lambda: self.elapsed, wall=lambda: time.time() + self.elapsed, chance=lambda: 0.5
        )


def access(
    forge: ForgeDouble,
    waits: Waits | None = None,
    *,
    token: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Access:
    """Return how to speak to a double: with its own token, unless another is given."""
    waits = waits or Waits()
    return Access(forge.url, token or forge.token, environment or {}, waits.told.append, waits.clock())


def talk(
    forge: ForgeDouble,
    story: Callable[[Forge], Awaitable[T]],
    waits: Waits | None = None,
    *,
    token: str | None = None,
) -> T:
    """Return what ``story`` returns of its talk with the forge."""

    async def tell() -> T:
        client = connect(forge.face, access(forge, waits, token=token))
        try:
            return await story(client)
        finally:
            await client.aclose()

    return asyncio.run(tell())


def ask(forge: ForgeDouble, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """Return status and value of what a forge answers, as it is."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token or forge.token}", "Content-Type": "application/json"}
    place = path if path.startswith("/api") else PREFIX[forge.face] + path
    request = urllib.request.Request(forge.url + place, data, headers, method=method)  # noqa: S310 - a loopback address
    try:
        with urllib.request.urlopen(request) as reply:  # noqa: S310 - a loopback address
            return reply.status, json.loads(reply.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")
