"""Ticks with a forge that refuses, or says that there is nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pinner.bot.forges.base import BusyError
from pinner.bot.model import Repository
from pinner.fleet.config import FleetSettings, SourceSettings
from pinner.fleet.content_budget import StoredBudget
from pinner.fleet.overview import totals
from pinner.fleet.planner import TickResult, due_repositories, tick
from pinner.fleet.sources import Fleet, Source
from pinner.fleet.store import open_empty
from pinner.http.retry import Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FORGE, DAY = "https://f", 86_400.0


class Listing:
    """A forge that lists, and the fleet that it is listed for."""

    name = "github"

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.asked = 0
        self.names = ["acme/app", "acme/lib"]
        self.busy: float | None = None
        clock, store, forge = Clock(wall=lambda: self.now), open_empty(), self
        sources = (SourceSettings(f"{FORGE}/acme"),)
        budget = StoredBudget(store, "f", "nobody", (), clock)
        source = Source(sources[0], FORGE, "acme", forge, None, budget)  # type: ignore[arg-type] # it only lists
        self.fleet = Fleet(FleetSettings("", "/", sources), store, (source,), forge, forge, clock)  # type: ignore[arg-type] # as above

    async def repositories(self, owner: str, since: float | None = None) -> AsyncIterator[Repository]:
        del owner, since
        self.asked += 1
        if self.busy is not None:
            raise BusyError("asks for a pause", retry_after=self.busy)
        for name in self.names:
            yield Repository(name, "main", f"{FORGE}/{name}.git", f"{FORGE}/{name}")

    def tick(self, **how: Any) -> TickResult:
        return asyncio.run(tick(self.fleet, **how))


@pytest.fixture
def forge() -> Any:
    made = Listing()
    with made.fleet.store:
        yield made


def test_a_forge_that_asks_for_a_pause_is_left_alone_for_that_long(forge: Listing) -> None:
    forge.busy = 3600.0
    assert forge.tick().errors == ("https://f/acme: asks for a pause",)
    for _ in range(5):
        forge.now += 60.0
        assert forge.tick().errors == ()
    assert forge.asked == 1
    # Who asks himself knows what he does.
    assert forge.tick(everything=True).errors != ()
    forge.busy = None
    forge.now += 3600.0
    assert forge.tick().listed.new == 2


def test_a_forge_that_refuses_is_not_worked_at_until_it_lists_again(forge: Listing) -> None:
    """A token that has ended would have each repository fail until it is stuck."""
    forge.tick()
    assert len(due_repositories(forge.fleet, forge.now)) == 2
    forge.now += 3600.0
    forge.busy = 0.0
    assert forge.tick().errors != ()
    assert due_repositories(forge.fleet, forge.now) == []
    forge.busy = None
    forge.now += 60.0
    assert forge.tick().errors == ()
    assert len(due_repositories(forge.fleet, forge.now)) == 2


def test_an_owner_who_lists_nothing_any_more_is_an_error_and_nobody_is_gone(forge: Listing) -> None:
    forge.names, names = [], forge.names
    assert forge.tick().errors == ()
    forge.names = names
    forge.now += 2 * DAY
    assert forge.tick().listed.new == 2
    forge.names = []
    forge.now += 2 * DAY
    assert forge.tick().errors == ("https://f/acme: lists no repository any more: may its token still see them?",)
    assert totals(forge.fleet.store, forge.now).repositories == 2
    # One that is left shows that there is nothing wrong with the token.
    forge.names = names[:1]
    assert forge.tick().listed.gone == 1
    forge.names = []
    forge.fleet.store.read("update repository set gone_at = 1 returning 1")
    forge.now += 2 * DAY
    assert forge.tick().errors == ()
