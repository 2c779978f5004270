"""The connections to one origin: as many as are allowed, fresh ones for answers that nothing else vouches for."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx


class Connection(NamedTuple):
    """One connection, and whether it has carried something before."""

    transport: httpx.AsyncBaseTransport
    is_used: bool


class Lane:
    """The way to one origin: so many connections at once, each in a pool of its own.

    httpcore looks at every connection of a pool at the begin and the end of each request: a third of its time.
    """

    def __init__(self, connections: int, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._make = make
        self._connections = connections
        self._turns = asyncio.Semaphore(connections)
        self._used: list[httpx.AsyncBaseTransport] = []
        self.made: list[httpx.AsyncBaseTransport] = []
        """Those that are open, or may be."""

    @asynccontextmanager
    async def connection(self, *, fresh: bool) -> AsyncIterator[Connection]:
        """Give one that has carried nothing, or, unless it has to be ``fresh``, the one that was used last."""
        async with self._turns:
            is_used = bool(self._used) and not fresh
            transport = self._used.pop() if is_used else await self._opened()
            try:
                yield Connection(transport, is_used)
            finally:
                self._used.append(transport)

    async def _opened(self) -> httpx.AsyncBaseTransport:
        """Return a new one; of too many, the one that was idle longest is closed."""
        transport = self._make()
        self.made.append(transport)
        if len(self.made) > self._connections and self._used:
            oldest = self._used.pop(0)
            self.made.remove(oldest)
            await oldest.aclose()
        return transport
