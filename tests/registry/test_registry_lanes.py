"""Connections to one origin: bounded, the warmest first, given back whatever happens."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from pinner.http.connections import ConnectionPool


class Closing(httpx.AsyncBaseTransport):
    """Does nothing but tell when it is closed."""

    def __init__(self, closed: list[httpx.AsyncBaseTransport]) -> None:
        self._closed = closed

    async def aclose(self) -> None:
        self._closed.append(self)


class Made:
    """Makes transports that do nothing, and counts them."""

    def __init__(self) -> None:
        self.count = 0
        self.closed: list[httpx.AsyncBaseTransport] = []

    def __call__(self) -> httpx.AsyncBaseTransport:
        self.count += 1
        return Closing(self.closed)


def test_no_more_are_open_than_are_used_at_once() -> None:
    made, at_once = Made(), [0, 0]

    async def use(pool: ConnectionPool, *, fresh: bool) -> None:
        async with pool.connection(fresh=fresh):
            at_once[0] += 1
            at_once[1] = max(at_once)
            await asyncio.sleep(0.001)
            at_once[0] -= 1

    async def main() -> ConnectionPool:
        pool = ConnectionPool(3, made)
        await use(pool, fresh=False)
        assert made.count == 1
        await asyncio.gather(*(use(pool, fresh=False) for _ in range(20)))
        assert made.count == 3
        await asyncio.gather(*(use(pool, fresh=True) for _ in range(20)))
        return pool

    assert len(asyncio.run(main()).made) == at_once[1] == 3
    assert made.count == 23


def test_the_warmest_is_given_first() -> None:
    async def main() -> None:
        pool = ConnectionPool(2, Made())
        async with pool.connection(fresh=False) as first, pool.connection(fresh=False) as second:
            assert first.transport is not second.transport
        async with pool.connection(fresh=False) as again:
            assert again == (first.transport, True)

    asyncio.run(main())


def test_a_fresh_one_has_carried_nothing_and_the_oldest_is_closed_for_it() -> None:
    made = Made()

    async def main() -> None:
        pool = ConnectionPool(2, made)
        async with pool.connection(fresh=True) as first, pool.connection(fresh=True) as second:
            assert not first.is_used
            assert not second.is_used
        async with pool.connection(fresh=True) as third:
            assert third.transport not in (first.transport, second.transport)
            assert not third.is_used
        assert made.closed == [second.transport]
        assert pool.made == [first.transport, third.transport]

    asyncio.run(main())


@pytest.mark.parametrize("end", [ValueError, asyncio.CancelledError])
def test_a_connection_is_given_back_whatever_happens(end: type[BaseException]) -> None:
    made = Made()

    async def main() -> None:
        pool = ConnectionPool(1, made)
        with pytest.raises(end):
            async with pool.connection(fresh=False):
                raise end
        async with asyncio.timeout(300), pool.connection(fresh=False):
            pass

    asyncio.run(main())
    assert made.count == 1


def test_one_that_cannot_be_made_takes_nobodys_turn() -> None:
    def make() -> httpx.AsyncBaseTransport:
        raise ValueError

    async def main() -> None:
        pool = ConnectionPool(1, make)
        for _ in range(2):
            with pytest.raises(ValueError, match=r"\A\Z"):
                async with asyncio.timeout(300), pool.connection(fresh=True):
                    pass

    asyncio.run(main())
