"""Events of the fleet: hooks taken in once each, and forgotten after a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.fleet.store import schedule, storable

if TYPE_CHECKING:
    from collections.abc import Collection

    from pinner.fleet.database import Session
    from pinner.fleet.store import Store
    from pinner.fleet.webhooks import Hints

_WEEK = 7 * 24 * 3600.0


def record_event(store: Store, sender: str, servers: Collection[str], hints: Hints, now: float) -> bool:
    """Have what ``hints`` speak of be asked about, or be due, in one transaction; tell whether anything is news.

    What the index does not know is ignored, and so is a hook that has come before.
    """

    def work(session: Session) -> bool:
        what = ", ".join((*hints.repositories, *hints.images))
        is_new = session.execute(
            """insert into event (at, source, delivery, what) values (?, ?, ?, ?)
                on conflict (source, delivery) do nothing returning id""",
            (now, sender, storable(hints.delivery or f"at {now}"), storable(what)[:1000]),
        )
        if not is_new:
            return False
        touched = 0
        for name in hints.images:
            sql = "update image set ask_at = ? where name = ? and ask_at > ? returning id"
            touched += len(session.execute(sql, (now, storable(name), now)))
        for name in hints.repositories:
            for server in servers:
                condition = "forge = ? and name = ? and gone_at is null"
                touched += schedule(session, condition, (server, storable(name)), "hook", now)
        return touched > 0

    if not hints.images and not hints.repositories:
        return False
    return store.run(work)


def forget_events(store: Store, now: float) -> None:
    """Forget the events of more than a week ago."""
    store.run(lambda session: session.execute("delete from event where at < ?", (now - _WEEK,)))
