"""Planner of the fleet: a tick lists repositories, asks about images, and says who is due."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.forges.base import BusyError, ForgeError
from pinner.errors import PinnerError
from pinner.fleet.catalog import Listed, has_repositories, list_repositories, schedule_stale, schedule_users
from pinner.fleet.events import forget_events
from pinner.fleet.images import ask_images
from pinner.fleet.overview import keep_totals
from pinner.fleet.shared_answers import forget_answers

if TYPE_CHECKING:
    from pinner.bot.model import Repository
    from pinner.fleet.sources import Fleet, Source
    from pinner.fleet.store import Due, Store

_OVERLAP = 600.0
"""Seconds before the last look from which pushes are listed again: clocks differ, and lists lag."""
_AGAIN = "list again"
"""When to list a source that could not be listed last; 0 where it could."""
_COUNTED, _HOUR = "counted", 3600.0
AHEAD = 90.0
"""Seconds of the budget that is handed out at once: for no longer is a turn waited for, once a repository is cloned."""
_OPENING = frozenset({"moved", "new", "retry", "base"})
"""Reasons for which something is likely to be opened: a push, or a pull request that is open, seldom leads to that."""
_WIDE = 0.25
"""A move with more users than may be opened for in so many hours is that of a base image."""
_SPARED, _SPARED_LONG, _LONG = 0.1, 0.25, 3.0
"""Of a limit, what a base image's users leave to whatever moves meanwhile; and where more of them wait than so many
hours bring. Simulated (`bench/fleet_week.py`): 99 of 100 of a base image's users hear of it up to two fifths sooner
than with a quarter always; and at 100,000 repositories, where some always wait, a tenth keeps others over an hour."""
_OLD = 7
"""After so many full listings a repository is seen to whatever the index says."""


class TickResult(NamedTuple):
    """What a tick has done."""

    listed: Listed = Listed()
    asked: int = 0
    moved: int = 0
    due: int = 0
    """Repositories that a move has made due."""
    errors: tuple[str, ...] = ()
    """Why a source could not be listed."""


async def tick(fleet: Fleet, *, everything: bool = False) -> TickResult:
    """List what is to be listed, ask about what is to be asked about, and have the users of what moved be due.

    ``everything``: somebody asks now; nothing waits for its next hour.
    """
    store, settings = fleet.store, fleet.settings
    listed, errors = Listed(), []
    for source in fleet.sources:
        try:
            more = await _list(fleet, source, everything=everything)
        except PinnerError as error:
            errors.append(f"{source.settings.org}: {error.message}")
            again = fleet.clock.wall() + (error.retry_after if isinstance(error, BusyError) else 0.0)
            await store.aside(partial(store.set_mark, f"{_AGAIN} {source.settings.org}", again))
        else:
            listed = Listed(*map(sum, zip(listed, more, strict=True)))
    asked, moved = await ask_images(fleet, fleet.clock.wall() + (2 * settings.every if everything else 0.0))
    wide = int(settings.openings_per_hour * _WIDE)
    due = await store.aside(lambda: schedule_users(store, fleet.clock.wall(), wide))
    await store.aside(lambda: _keep_house(store, fleet.clock.wall()))
    return TickResult(listed, asked, moved, due, tuple(errors))


def _keep_house(store: Store, now: float) -> None:
    """Count once an hour, and forget what is not needed any more."""
    last = store.mark(_COUNTED)
    if last is None or not 0.0 <= now - last < _HOUR:
        keep_totals(store, now)
        forget_events(store, now)
        forget_answers(store, now)
        store.set_mark(_COUNTED, now)


async def _list(fleet: Fleet, source: Source, *, everything: bool) -> Listed:
    """List what a source has: all of it from time to time, and what was pushed to since in between."""
    store, settings, now = fleet.store, fleet.settings, fleet.clock.wall()
    newest, whole = f"listed {source.settings.org}", f"listed all of {source.settings.org}"
    again = await store.aside(lambda: store.mark(f"{_AGAIN} {source.settings.org}")) or 0.0
    last = await store.aside(lambda: store.mark(newest))
    last_whole = await store.aside(lambda: store.mark(whole))
    is_all = last is None or last_whole is None or now - last_whole >= settings.full_every
    is_early = not is_all and last is not None and now - last < settings.every
    # A forge that asks for a pause is left alone for that long, every minute's tick or not.
    if not everything and (is_early or now < again):
        return Listed()
    since = None if is_all or last is None else last - _OVERLAP
    found = await _found(store, source, since)

    def keep() -> Listed:
        change = list_repositories(store, source.server, source.owner, found, now, is_all=is_all)
        if is_all:
            store.set_mark(whole, now)
            schedule_stale(store, now - _OLD * settings.full_every, now)
        store.set_mark(newest, now)
        store.set_mark(f"{_AGAIN} {source.settings.org}", 0.0)
        return change

    return await store.aside(keep)


async def _found(store: Store, source: Source, since: float | None) -> list[Repository]:
    """Return the repositories of a source that are the fleet's; raises `ForgeError` where all of them vanish."""
    listed = [one async for one in source.forge.repositories(source.owner, since)]
    if since is None and not listed and await store.aside(lambda: has_repositories(store, source.server, source.owner)):
        # To a token that may not see them any more, some forges say that there are none.
        raise ForgeError("lists no repository any more: may its token still see them?")
    return [
        one
        for one in listed
        if source.has(source.server, one.name) and not (one.is_archived or one.is_fork or one.closed_to_all)
    ]


def due_repositories(fleet: Fleet, now: float) -> list[Due]:
    """Return what is due and may be begun, the most urgent first.

    No more of a token's than pull requests may be opened with it soon: what is begun is not to wait, and a branch
    without its pull request is of use to nobody. A base image's users leave a part of that to whatever moves meanwhile.
    """
    # A forge that is down, or takes the token no more, would have everything fail until it is stuck.
    refused = [source for source in fleet.sources if fleet.store.mark(f"{_AGAIN} {source.settings.org}")]
    due = [row for row in fleet.store.due(now) if not any(source.has(row.forge, row.name) for source in refused)]
    budgets = {source.budget.key: source.budget for source in fleet.sources if due}
    waiting = sum(row.reason == "base" for row in due)
    spared = _SPARED if waiting <= _LONG * fleet.settings.openings_per_hour else _SPARED_LONG
    free = {key: (budget.free(AHEAD), budget.free(AHEAD, spared)) for key, budget in budgets.items()}
    taken: Counter[tuple[str, str]] = Counter()
    rows = []
    for row in due:
        source = fleet.source_of(row.forge, row.name)
        key = ("", "") if source is None else source.budget.key
        most = free.get(key, (None, None))[row.reason == "base"]
        if most is None or row.reason not in _OPENING or taken[key] < most:
            taken[key] += row.reason in _OPENING
            rows.append(row)
    return rows
