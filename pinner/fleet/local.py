"""Embedded run of the fleet: one process on one machine ticks, and sees to what is due."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pinner.errors import PinnerError
from pinner.fleet.planner import due_repositories, tick
from pinner.fleet.repository_run import process_repository

if TYPE_CHECKING:
    from collections.abc import Callable

    from pinner.bot.batch import Report
    from pinner.fleet.planner import TickResult
    from pinner.fleet.sources import Fleet
    from pinner.fleet.store import Due

TICK = 60.0
"""Seconds from one tick to the next."""
_LOOK = 5.0
"""Seconds after which is looked again whether something is due."""


class OccupiedError(PinnerError):
    """Another process ticks on the same store."""


async def run_once(fleet: Fleet, on_tick: Callable[[TickResult], None], on_report: Callable[[Report], None]) -> None:
    """Tick once, asking about everything, and see to what is due until nothing is. Raises `OccupiedError`.

    Whatever is cut short is still due, and another run goes on.
    """
    with fleet.store.database.ticking() as is_ours:
        _refuse(is_ours=is_ours)
        on_tick(await tick(fleet, everything=True))
        await _see_to_due(fleet, on_report)


async def run_for(
    fleet: Fleet, seconds: float, on_tick: Callable[[TickResult], None], on_report: Callable[[Report], None]
) -> None:
    """Tick every minute and see to what is due, for so many seconds; what is begun by then is finished."""
    end = fleet.clock.now() + seconds
    with fleet.store.database.ticking() as is_ours:
        _refuse(is_ours=is_ours)
        async with asyncio.TaskGroup() as group:
            group.create_task(tick_until(fleet, end, on_tick))
            while fleet.clock.now() < end:
                await _see_to_due(fleet, on_report, end)
                await fleet.clock.sleep(max(0.0, min(_LOOK, end - fleet.clock.now())))


async def tick_until(fleet: Fleet, end: float, on_tick: Callable[[TickResult], None]) -> None:
    """Tick every minute until ``end``, as the fleet's clock has it."""
    while (began := fleet.clock.now()) < end:
        on_tick(await tick(fleet))
        await fleet.clock.sleep(max(0.0, min(began + TICK, end) - fleet.clock.now()))


def _refuse(*, is_ours: bool) -> None:
    if not is_ours:
        raise OccupiedError("another process ticks on this store", hint="let it: two would ask everything twice")


async def _see_to_due(fleet: Fleet, on_report: Callable[[Report], None], end: float = float("inf")) -> None:
    slots = asyncio.Semaphore(fleet.settings.concurrency)

    async def one(row: Due) -> None:
        async with slots:
            if fleet.clock.now() < end:
                on_report(await process_repository(fleet, row))

    while (rows := due_repositories(fleet, fleet.clock.wall())) and fleet.clock.now() < end:
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(one(row))
