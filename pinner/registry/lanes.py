"""The connections to one origin: as many as are allowed, the warmest first."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx


class Lane:
    """The way to one origin: so many connections at once, each in a pool of its own.

    httpcore looks at every connection of a pool at the begin and the end of each request: a third of its time.
    """

    def __init__(self, connections: int, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._make = make
        self._turns = asyncio.Semaphore(connections)
        self._free: list[httpx.AsyncBaseTransport] = []
        self.made: list[httpx.AsyncBaseTransport] = []

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[httpx.AsyncBaseTransport]:
        """Give the connection that was used last, or a new one."""
        async with self._turns:
            if not self._free:
                self._free.append(self._make())
                self.made.append(self._free[-1])
            transport = self._free.pop()
            try:
                yield transport
            finally:
                self._free.append(transport)
