"""Overview of the fleet: totals, what is due and stuck, an image's users, a repository's places, budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pinner.fleet.store import Due, Store

OPENED = (5, 12)
UNCHANGED = (1, 5)
"""Requests that seeing to a repository takes, of the forge's API and of git, where a pull request is opened and where
nothing changes: as counted on GitHub's double, where they are most."""


class Totals(NamedTuple):
    """The whole fleet in numbers."""

    repositories: int
    gone: int
    due: int
    stuck: int
    images: int
    unanswered: int
    """Images that no registry gives an answer for now."""
    mentions: int
    """Places that name an image."""
    pinned: int
    behind: int
    """Those of them whose digest is not what the tag means now."""
    signed: int
    """Images whose digest of now has a signature beside it."""
    pulls: int
    """Open pull requests of the bot."""


def totals(store: Store, now: float) -> Totals:
    """Return the fleet in numbers."""
    sql = """select
        (select count(*) from repository where gone_at is null),
        (select count(*) from repository where gone_at is not null),
        (select count(*) from repository where due_at <= ?),
        (select count(*) from repository where outcome = 'stuck'),
        (select count(*) from image),
        (select count(*) from image where failures > 0),
        (select count(*) from mention),
        (select count(*) from mention where digest is not null),
        (select count(*) from mention join image on image.name = mention.image
            where mention.digest is distinct from image.digest and image.digest is not null
            and mention.digest is not null),
        (select count(*) from image where signed = 1),
        (select count(*) from pull where state = 'open')"""
    return Totals(*store.read(sql, now)[0])


def keep_totals(store: Store, now: float) -> None:
    """Keep the numbers of this moment for the course of time."""
    one = totals(store, now)
    store.run(
        lambda session: session.execute(
            """insert into total (at, repositories, mentions, pinned, behind, signed, pulls)
                values (?, ?, ?, ?, ?, ?, ?) on conflict (at) do nothing""",
            (now, one.repositories, one.mentions, one.pinned, one.behind, one.signed, one.pulls),
        )
    )


def failing(store: Store) -> list[dict[str, Any]]:
    """Return the repositories that failed last, the worst first."""
    return store.records(
        """select forge, name, failures, told, due_at from repository
            where failures > 0 and gone_at is null order by failures desc, name"""
    )


def budgets(store: Store, now: float) -> list[dict[str, Any]]:
    """Return how much of each token's windows is taken at this moment."""
    taken: dict[tuple[str, str, str], list[int]] = {}
    for host, token, window, at in store.read('select host, token_id, "window", at from pace'):
        name, _, number = window.partition("#")
        if not number:
            continue
        span = float(name.partition("/")[2].removesuffix("s"))
        counts = taken.setdefault((host, token, name), [0, 0])
        counts[0] += at > now - span
        counts[1] += 1
    return [
        {"host": host, "token": token, "window": window, "taken": counts[0], "of": counts[1]}
        for (host, token, window), counts in sorted(taken.items())
    ]


def request_cost(row: Due) -> tuple[int, int]:
    """Return how many requests seeing to ``row`` takes: of the forge's API, and of git."""
    return OPENED if row.reason in ("moved", "base", "retry") else UNCHANGED
