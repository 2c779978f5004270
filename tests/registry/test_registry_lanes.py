"""Connections to one origin: bounded, the warmest first, given back whatever happens."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from pinner.registry.lanes import Lane


class Made:
    """Makes transports that do nothing, and counts them."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> httpx.AsyncBaseTransport:
        self.count += 1
        return httpx.AsyncBaseTransport()


def test_no_more_are_made_than_are_used_at_once() -> None:
    made, at_once = Made(), [0, 0]

    async def use(lane: Lane) -> None:
        async with lane.connection():
            at_once[0] += 1
            at_once[1] = max(at_once)
            await asyncio.sleep(0.001)
            at_once[0] -= 1

    async def main() -> Lane:
        lane = Lane(3, made)
        await use(lane)
        assert made.count == 1
        await asyncio.gather(*(use(lane) for _ in range(20)))
        return lane

    assert len(asyncio.run(main()).made) == made.count == at_once[1] == 3


def test_the_warmest_is_given_first() -> None:
    async def main() -> None:
        lane = Lane(2, Made())
        async with lane.connection() as first, lane.connection() as second:
            assert first is not second
        async with lane.connection() as again:
            assert again is first

    asyncio.run(main())


@pytest.mark.parametrize("end", [ValueError, asyncio.CancelledError])
def test_a_connection_is_given_back_whatever_happens(end: type[BaseException]) -> None:
    made = Made()

    async def main() -> None:
        lane = Lane(1, made)
        with pytest.raises(end):
            async with lane.connection():
                raise end
        async with asyncio.timeout(1), lane.connection():
            pass

    asyncio.run(main())
    assert made.count == 1


def test_one_that_cannot_be_made_takes_nobodys_turn() -> None:
    def make() -> httpx.AsyncBaseTransport:
        raise ValueError

    async def main() -> None:
        lane = Lane(1, make)
        for _ in range(2):
            with pytest.raises(ValueError, match=r"\A\Z"):
                async with asyncio.timeout(1), lane.connection():
                    pass

    asyncio.run(main())
