"""Simulate a fleet for a week on a fake clock: requests an hour, time from a moved tag to its pull requests, budgets.

The store, the planner and the budget are pinner's own; the forge, the registry and the work on a repository are
counted and not done, with the requests that each takes on the forge double (`pinner.fleet.overview`). A day a
tenth of the repositories is pushed to and 3 % of the tags move; users of images are spread by Zipf's law (0.9); a pull
request is merged after a day. A base image is one with more users than may be opened for in a quarter of an hour: how
soon its moves arrive is a matter of the forge's limit, and is told apart.
``python bench/fleet_week.py [--days 7] [REPOSITORIES...]``
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import heapq
import random
import statistics
import time
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.bot.forges.limits import GITHUB_CONTENT
from pinner.bot.model import PullRequest, Repository, Use
from pinner.fleet.catalog import list_repositories
from pinner.fleet.config import FleetSettings, SourceSettings
from pinner.fleet.content_budget import StoredBudget
from pinner.fleet.database import SqliteDatabase
from pinner.fleet.migrations import migrate
from pinner.fleet.overview import OPENED, UNCHANGED, request_cost
from pinner.fleet.planner import due_repositories, tick
from pinner.fleet.sources import Fleet, Source
from pinner.fleet.store import RunResult, Store
from pinner.http.retry import Clock
from pinner.model import Resolved
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pinner.fleet.store import Due
    from pinner.reference import ImageReference, Platform

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
SERVER, ORG = "https://github.com", "acme"
INDEX = "application/vnd.oci.image.index.v1+json"
OPENINGS = 500
BASE = OPENINGS // 4
_PLACES = 5
"""Images that a repository names."""


def digest(name: str, version: int) -> Digest:
    return Digest("sha256", hashlib.sha256(f"{name} {version}".encode()).hexdigest())


class World:
    """The forge and the registries, and what happens there."""

    def __init__(self, repositories: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 1_800_000_000.0
        self.images = [f"registry.example/team/image{number}:1" for number in range(max(20, repositories * 3 // 20))]
        self.version = dict.fromkeys(self.images, 0)
        self.moved: dict[str, float] = {}
        weights = [*accumulate(1 / rank**0.9 for rank in range(1, len(self.images) + 1))]
        self.names = [f"{ORG}/app{number:06}" for number in range(repositories)]
        self.uses = {
            name: sorted(set(self.random.choices(self.images, cum_weights=weights, k=_PLACES))) for name in self.names
        }
        self.held = {name: dict.fromkeys(uses, 0) for name, uses in self.uses.items()}
        self.users = Counter(image for uses in self.uses.values() for image in uses)
        self.pushed = dict.fromkeys(self.names, self.now - DAY)
        self.last_pushed: list[str] = []
        self.open: dict[str, int] = {}
        self.merges: list[tuple[float, str]] = []
        self.requests: Counter[str] = Counter()
        self.openings: list[float] = []
        self.latencies: list[tuple[bool, float]] = []
        """Of each repository that a move reached: whether it was that of a base image, and the seconds it took."""

    name = "github"

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.now, now=lambda: self.now, chance=self.random.random)

    def repository(self, name: str) -> Repository:
        where = f"{SERVER}/{name}"
        return Repository(name, "main", f"{where}.git", where, pushed_at=self.pushed[name])

    async def repositories(self, owner: str, since: float | None = None) -> AsyncIterator[Repository]:
        """List as GitHub does: those pushed to last come first where it is asked for since some time."""
        del owner
        names = self.names if since is None else sorted(set(self.last_pushed), key=lambda one: -self.pushed[one])
        for number, name in enumerate(names):
            if since is not None and self.pushed[name] < since:
                break
            self.requests["REST"] += number % 100 == 0
            yield self.repository(name)
        if since is not None:
            self.requests["REST"] += 1
            self.last_pushed = [name for name in set(self.last_pushed) if self.pushed[name] >= since - HOUR]

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        del platform
        self.requests["HEAD"] += 1
        return Resolved(digest(reference.canonical, self.version[reference.canonical]), INDEX)

    def happen(self) -> None:
        """Let a minute of the world pass."""
        for name in self._some(self.names, 0.10 / (24 * 60)):
            self.push(name)
        for image in self._some(self.images, 0.03 / (24 * 60)):
            self.version[image] += 1
            self.moved[image] = self.now
        while self.merges and self.merges[0][0] <= self.now:
            _, name = heapq.heappop(self.merges)
            if self.open.pop(name, None) is not None:
                self.held[name] = dict(self.proposed(name))
                self.push(name)

    def proposed(self, name: str) -> dict[str, int]:
        return {image: self.version[image] for image in self.uses[name]}

    def push(self, name: str) -> None:
        self.pushed[name] = self.now
        self.last_pushed.append(name)

    def _some(self, of: list[str], chance: float) -> list[str]:
        wanted = len(of) * chance
        count = int(wanted) + (self.random.random() < wanted % 1)
        return self.random.sample(of, min(count, len(of)))


class Week(NamedTuple):
    """What came of it."""

    repositories: int
    hours: float
    requests: Counter[str]
    opened: int
    latencies: list[tuple[bool, float]]
    most_a_minute: int
    most_an_hour: int
    tick: float
    """Median milliseconds of a tick."""


async def see_to(world: World, fleet: Fleet, row: Due, told: dict[str, dict[str, int]]) -> None:
    """Do what the bot would, and count what that takes."""
    budget, name = fleet.sources[0].budget, row.name
    wanted, known = world.proposed(name), told.get(name, {})
    stale = [image for image in wanted if wanted[image] != world.held[name][image]]
    news = [image for image in stale if known.get(image) != wanted[image]]
    due_at, seconds = None, 0.0
    if row.reason == "pushed" and not news:
        world.requests["git"] += 2
    elif news and name not in world.open:
        seconds = await budget.take(90.0)
        if seconds > 90.0:
            reason = row.reason if row.reason in ("moved", "base", "new") else "retry"
            seen = RunResult("later", due_at=world.now + max(MINUTE, await budget.delay()), reason=reason)
            fleet.store.finish(row, seen, world.now)
            world.requests.update({"REST": UNCHANGED[0], "git": UNCHANGED[1]})
            return
        world.openings.append(world.now + seconds)
        world.open[name] = len(world.openings)
        heapq.heappush(world.merges, (world.now + DAY, name))
        world.requests.update({"REST": OPENED[0], "git": OPENED[1]})
        world.push(name)
    else:
        api, git = UNCHANGED if name in world.open else request_cost(row)
        world.requests.update({"REST": api, "git": git})
    world.latencies += [
        (world.users[image] > BASE, world.now + seconds - world.moved[image]) for image in news if image in world.moved
    ]
    told[name] = wanted if name in world.open else {}
    pulls: tuple[PullRequest, ...] = ()
    if name in world.open:
        due_at = world.now + DAY
        pulls = (PullRequest(world.open[name], "open", "pinner/digests", "main", "", "", "", ""),)
    uses = tuple(
        Use("Dockerfile", line, image, str(digest(image, world.held[name][image])))
        for line, image in enumerate(world.uses[name], 1)
    )
    fleet.store.finish(
        row, RunResult("unchanged", due_at=due_at, read=("a" * 40, "1"), uses=uses, pulls=pulls), world.now
    )


async def week(repositories: int, days: float, settle: float, seed: int = 7) -> Week:
    """Return what a fleet of so many repositories comes to, after a first look at all of them."""
    world = World(repositories, seed)
    store = Store(SqliteDatabase(None))
    store.run(migrate)
    org = f"{SERVER}/{ORG}"
    settings = FleetSettings("", "/", (SourceSettings(org),), settle=settle, openings_per_hour=OPENINGS)
    clock = world.clock()
    budget = StoredBudget(store, "github.com", "env:TOKEN", GITHUB_CONTENT, clock)
    forge: Any = world
    fleet = Fleet(
        settings, store, (Source(settings.sources[0], SERVER, ORG, forge, None, budget),), forge, forge, clock
    )
    told: dict[str, dict[str, int]] = {}
    list_repositories(store, SERVER, ORG, [world.repository(name) for name in world.names], world.now, is_all=True)
    for mark in (f"listed {org}", f"listed all of {org}"):
        store.set_mark(mark, world.now)
    for row in store.due(world.now):
        await see_to(world, fleet, row, told)
    world.requests.clear()
    ticks = []
    for _ in range(int(days * 24 * 60)):
        world.now += MINUTE
        world.happen()
        began = time.perf_counter()
        await tick(fleet)
        rows = due_repositories(fleet, world.now)
        ticks.append(1000 * (time.perf_counter() - began))
        for row in rows:
            await see_to(world, fleet, row, told)
    store.database.close()
    world.openings.sort()
    minute, hour = most_in(world.openings, MINUTE), most_in(world.openings, HOUR)
    opened, median = len(world.openings), statistics.median(ticks)
    return Week(repositories, days * 24, world.requests, opened, world.latencies, minute, hour, median)


def most_in(times: list[float], span: float) -> int:
    first = most = 0
    for last, at in enumerate(times):
        while at - times[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most


def quantiles(latencies: list[tuple[bool, float]], *, is_base: bool) -> tuple[float, float]:
    """Return the median and the 99th percentile, in minutes, of those of base images or of the others."""
    found = sorted(seconds / MINUTE for of_base, seconds in latencies if of_base == is_base) or [0.0]
    return statistics.median(found), found[int(len(found) * 0.99)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("repositories", nargs="*", type=int, default=[1000, 5000, 20_000])
    parser.add_argument("--days", type=float, default=7.0)
    parser.add_argument("--settle", type=float, default=0.0, help="hours for which a tag has to stay what it is")
    asked = parser.parse_args()
    print("an hour: requests to the forge, of git, HEADs; pulls opened; minutes from a move to its pull request")
    print(f"{'repositories':>12} {'REST':>6} {'git':>6} {'HEAD':>6} {'opened':>6} {'median':>6} {'p99':>6} "
          f"{'base median':>11} {'p99':>6} {'most/min':>8} {'most/h':>6} {'tick ms':>7}")  # fmt: skip
    for count in asked.repositories:
        came = asyncio.run(week(count, asked.days, asked.settle * HOUR))
        per_hour = [came.requests[kind] / came.hours for kind in ("REST", "git", "HEAD")]
        (median, last), (base, base_last) = (quantiles(came.latencies, is_base=is_base) for is_base in (False, True))
        print(
            f"{count:>12} {per_hour[0]:>6.0f} {per_hour[1]:>6.0f} {per_hour[2]:>6.0f} {came.opened / came.hours:>6.1f} "
            f"{median:>6.0f} {last:>6.0f} {base:>11.0f} {base_last:>6.0f} "
            f"{came.most_a_minute:>8} {came.most_an_hour:>6} {came.tick:>7.1f}",
            flush=True,
        )
        if came.most_a_minute > 80 or came.most_an_hour > 500:
            raise SystemExit("the budget was exceeded")


if __name__ == "__main__":
    main()
