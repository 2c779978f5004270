"""The budget of a token: never over the limit, whoever takes, and the whole of it when it is there."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, TypeVar

import pytest

from pinner.bot.forges.limits import GITHUB_CONTENT
from pinner.bot.model import Repository
from pinner.fleet.catalog import list_repositories
from pinner.fleet.config import FleetSettings, SourceSettings
from pinner.fleet.content_budget import StoredBudget
from pinner.fleet.database import SqliteDatabase, StoreError
from pinner.fleet.migrations import migrate
from pinner.fleet.overview import budgets
from pinner.fleet.planner import due_repositories
from pinner.fleet.sources import Fleet, Source
from pinner.fleet.store import RunResult, Store, open_store
from pinner.http.retry import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pinner.fleet.database import Session

T = TypeVar("T")


class Wall:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.now)


def budget(
    store: Store, wall: Wall, windows: Iterable[tuple[int, float]] = GITHUB_CONTENT, name: str = "a"
) -> StoredBudget:
    return StoredBudget(store, "github.com", f"env:{name}", windows, wall.clock())


def most_in(times: list[float], span: float) -> int:
    """Return how many of ``times`` lie in any stretch of so many seconds."""
    first = most = 0
    for last, at in enumerate(times):
        while at - times[first] > span:
            first += 1
        most = max(most, last - first + 1)
    return most


def test_three_workers_never_make_more_than_the_forge_allows(store: Store) -> None:
    """Bar 5: ≤ 80 in any minute and ≤ 500 in any hour, of all together."""
    wall = Wall()
    workers = [budget(store, wall) for _ in range(3)]
    made: list[float] = []

    async def work() -> None:
        for number in range(1200):
            seconds = await workers[number % 3].take(float("inf"))
            made.append(wall.now + seconds)
            # Each waits for its turn; the next one may already ask.
            wall.now = max(wall.now, made[-1] - 0.5)

    asyncio.run(work())
    made.sort()
    assert most_in(made, 60.0) <= 80
    assert most_in(made, 3600.0) <= 500
    # The limit is used: 80 at once, 500 in little more than the time that it takes, and an hour later the next.
    assert made[79] - made[0] < 1.0
    assert made[499] - made[0] < 7 * 63.5
    assert made[999] - made[499] < 3600 * 1.06


def test_a_turn_that_is_too_far_away_is_not_taken(store: Store) -> None:
    wall = Wall()
    one = budget(store, wall, [(2, 60.0)])

    async def story() -> None:
        assert await one.delay() == 0.0
        assert [await one.take(5.0) for _ in range(3)] == [0.0, 0.0, pytest.approx(63.0)]
        assert await one.delay() == pytest.approx(63.0)
        assert one.free(0.0) == 0
        assert one.free(64.0) == 2
        assert one.free(64.0, 0.5) == 1
        assert one.free(0.0, 0.5) == 0
        assert one.free(120.0) == 4
        # Another token is another's.
        assert await budget(store, wall, [(2, 60.0)], "b").take(5.0) == 0.0
        wall.now += 64.0
        assert await one.take(5.0) == 0.0
        await one.pause(100.0)
        await one.pause(50.0)
        assert await one.delay() == pytest.approx(100.0)
        assert await one.take(5.0) == pytest.approx(100.0)
        assert one.free(99.0) == 0
        wall.now += 100.0
        assert await one.take(5.0) == 0.0

    asyncio.run(story())


def test_users_of_a_base_image_leave_a_part_to_whatever_moves_meanwhile(store: Store) -> None:
    names = [f"acme/app{number}" for number in range(12)]
    found = [Repository(name, "main", f"https://f/{name}.git", f"https://f/{name}") for name in names]
    wall, forge = Wall(), None
    list_repositories(store, "https://f", "acme", found, wall.now, is_all=True)
    for row in store.due(wall.now):
        store.finish(row, RunResult("later", due_at=wall.now, reason="base"), wall.now + 1.0)
    mine = budget(store, wall, [(10, 3600.0)])
    source = Source(SourceSettings("https://f/acme"), "https://f", "acme", forge, None, mine)  # type: ignore[arg-type]
    # Twelve wait: more than three hours of 3, and no more than three of 4.
    settings = FleetSettings("", "/", (), openings_per_hour=3)
    fleet = Fleet(settings, store, (source,), forge, forge, wall.clock())  # type: ignore[arg-type]
    few = fleet._replace(settings=settings._replace(openings_per_hour=4))
    assert [row.name for row in due_repositories(few, wall.now)] == names[:9]
    assert [row.name for row in due_repositories(fleet, wall.now)] == names[:8]
    for _ in range(8):
        asyncio.run(mine.take(0.0))
    assert due_repositories(fleet, wall.now) == []
    # Two turns are left; what seldom needs one is looked at whatever is left.
    for name, reason in zip(names[3:8], ("moved", "moved", "moved", "hook", "open"), strict=True):
        store.schedule("https://f", name, reason, wall.now)
        store.read("update repository set reason = ?, priority = 0 where name = ? returning 1", reason, name)
    assert [row.reason for row in due_repositories(fleet, wall.now)] == ["moved", "moved", "hook", "open"]


def test_without_windows_nothing_limits_but_a_pause(store: Store) -> None:
    wall = Wall()
    one = budget(store, wall, ())

    async def story() -> None:
        assert one.free(900.0) is None
        assert await one.take(0.0) == 0.0
        await one.pause(10.0)
        assert await one.take(0.0) == pytest.approx(10.0)

    asyncio.run(story())


class Losing(SqliteDatabase):
    """A database whose first transaction is lost when all its work is done."""

    is_lost = False

    def transaction(self, work: Callable[[Session], T]) -> T:
        def lost(session: Session) -> T:
            result = work(session)
            if not self.is_lost:
                self.is_lost = True
                raise StoreError("lost")
            return result

        return super().transaction(lost)


def test_a_transaction_that_is_lost_has_made_no_budget() -> None:
    database = SqliteDatabase(None)
    database.transaction(migrate)
    database.__class__ = Losing
    one = budget(Store(database), Wall(), [(2, 60.0)])
    with pytest.raises(StoreError, match="lost"):
        asyncio.run(one.take(5.0))
    assert [asyncio.run(one.take(5.0)) for _ in range(3)] == [0.0, 0.0, pytest.approx(63.0)]
    database.close()


def test_what_is_taken_can_be_looked_at(store: Store) -> None:
    wall = Wall()
    one = budget(store, wall, [(3, 60.0)])
    asyncio.run(one.take(0.0))
    asyncio.run(one.pause(5.0))
    taken = {"host": "github.com", "token": "env:a", "window": "3/60s", "taken": 1, "of": 3}
    assert budgets(store, wall.now) == [taken]


def test_those_who_take_at_the_same_moment_get_different_turns(address: str, tmp_path: Path) -> None:
    wall = Wall()
    taken: list[float] = []

    def work() -> None:
        opened = open_store(address, str(tmp_path))
        assert opened is not None
        with opened as own:
            mine = budget(own, wall, [(10, 60.0)])
            taken.extend(asyncio.run(mine.take(1e9)) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [round(seconds) for seconds in sorted(taken)] == [0] * 10 + [63] * 10 + [126] * 10 + [189] * 10
