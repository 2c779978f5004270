"""Index of the fleet: which repositories there are, which images they name, and what the tags of these mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.fleet.store import PRIORITIES, facts_of, mark_gone, schedule, storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.bot.model import Repository
    from pinner.fleet.database import Session
    from pinner.fleet.store import Store

LEAST_BACKOFF, MOST_BACKOFF = 60.0, 6 * 3600.0
"""Seconds of the first pause after a failure, which doubles each time, and of the longest."""
_MOST_MOVES = 3
"""How often a tag that moves again begins its time of settling again."""


class Listed(NamedTuple):
    """What a list of repositories has brought."""

    new: int = 0
    pushed: int = 0
    gone: int = 0


class Asked(NamedTuple):
    """An image that is to be asked about."""

    name: str
    digest: str | None
    """What its tag meant last."""
    failures: int


class Answered(NamedTuple):
    """What a registry says of an image."""

    name: str
    digest: str | None
    """None where there is no answer."""
    media_type: str = ""
    ask_at: float = 0.0
    """When to ask again."""
    settle: float = 0.0
    """Seconds after a move until its users are due."""
    note: str = ""
    """Why there is no answer."""


def backoff(failures: int, chance: float) -> float:
    """Return the seconds until the next try after so many ``failures``; ``chance`` in [0, 1) spreads by a tenth."""
    return min(MOST_BACKOFF, LEAST_BACKOFF * 2.0 ** min(failures, 20)) * (0.9 + 0.2 * chance)


def list_repositories(
    store: Store, forge: str, owner: str, repositories: Sequence[Repository], now: float, *, is_all: bool
) -> Listed:
    """Take in the repositories of an owner: what is new or pushed to is due.

    ``is_all`` of them are listed: what is missing is gone.
    """
    # No forge has a name that a terminal or a database would not take.
    found = {one.name: one for one in repositories if storable(one.name) == one.name}

    def work(session: Session) -> Listed:
        known = _known(session, forge, owner)
        _keep_listed(session, forge, found.values(), now)
        new = [name for name in found if name not in known]
        pushed = [name for name, one in found.items() if name in known and known[name] != (one.pushed_at, None)]
        for name in pushed:
            schedule(session, "forge = ? and name = ?", (forge, name), "pushed", now)
        there = {name for name, (_, gone_at) in known.items() if gone_at is None}
        gone = sorted(there - found.keys()) if is_all else []
        for name in gone:
            mark_gone(session, "forge = ? and name = ?", (forge, name), now)
        return Listed(len(new), len(pushed), len(gone))

    return store.run(work)


def has_repositories(store: Store, forge: str, owner: str) -> bool:
    """Tell whether repositories of an owner are known that are not gone."""
    known = store.run(lambda session: _known(session, forge, owner))
    return any(gone_at is None for _, gone_at in known.values())


def _keep_listed(session: Session, forge: str, repositories: Iterable[Repository], now: float) -> None:
    session.many(
        """insert into repository (forge, name, pushed_at, facts, due_at, reason, priority)
            values (?, ?, ?, ?, ?, 'new', ?) on conflict (forge, name) do update
            set pushed_at = excluded.pushed_at, facts = excluded.facts, gone_at = null
            where repository.pushed_at is distinct from excluded.pushed_at
            or repository.facts is distinct from excluded.facts or repository.gone_at is not null""",
        [(forge, one.name, one.pushed_at, facts_of(one), now, PRIORITIES["new"]) for one in repositories],
    )


def _known(session: Session, forge: str, owner: str) -> dict[str, tuple[float | None, float | None]]:
    """Return the repositories of an owner that are known: the last push, and when it vanished."""
    lead = f"{owner}/"
    rows = session.execute(
        "select name, pushed_at, gone_at from repository where forge = ? and substr(name, 1, ?) = ?",
        (forge, len(lead), lead),
    )
    return {name: (pushed_at, gone_at) for name, pushed_at, gone_at in rows}


def schedule_stale(store: Store, before: float, now: float) -> int:
    """Have what was seen to last before that time be due, whatever the index says; return how many that is."""
    condition = "gone_at is null and due_at is null and seen_to_at < ?"
    return store.run(lambda session: schedule(session, condition, (before,), "old", now))


def images_to_ask(store: Store, before: float) -> list[Asked]:
    """Return the images whose time to be asked about has come by ``before``, that a repository still names."""
    sql = """select name, digest, failures from image where ask_at <= ?
        and exists (select 1 from mention where mention.image = image.name) order by name"""
    return [Asked(*row) for row in store.run(lambda session: session.execute(sql, (before,)))]


def keep_answers(store: Store, answers: Iterable[Answered], now: float) -> int:
    """Keep what registries say; return how many tags have moved.

    The first answer is no move, unless repositories were seen to without one.
    """
    return store.run(lambda session: sum([_keep_answer(session, one, now) for one in answers]))


def _keep_answer(session: Session, one: Answered, now: float) -> int:
    rows = session.execute(
        "select digest, moves, settled_at, pending, failures from image where name = ?", (storable(one.name),)
    )
    digest, moves, settled_at, pending, failures = rows[0] if rows else (None, 0, None, 0, 0)
    if one.digest is None:
        _keep_failure(session, one)
        return 0
    moved = int(bool(rows) and digest != one.digest and (digest is not None or failures > 0))
    if moved:
        is_settling = bool(pending) and settled_at > now
        moves = moves + 1 if is_settling else 1
        settled_at = settled_at if is_settling and moves > _MOST_MOVES else now + one.settle
    session.execute(
        """insert into image (name, digest, media_type, ask_at, moves, settled_at, pending, changed_at)
            values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (name) do update
            set digest = excluded.digest, media_type = excluded.media_type, ask_at = excluded.ask_at, failures = 0,
            note = null, moves = excluded.moves, settled_at = excluded.settled_at, pending = excluded.pending,
            signed = case when ? = 1 then null else image.signed end,
            changed_at = case when ? = 1 then excluded.changed_at else image.changed_at end""",
        (
            *(storable(one.name), one.digest, one.media_type, one.ask_at, moves, settled_at),
            *(1 if moved else pending, now if moved else None, int(digest != one.digest), moved),
        ),
    )
    return moved


def _keep_failure(session: Session, one: Answered) -> None:
    session.execute(
        """insert into image (name, ask_at, failures, note) values (?, ?, 1, ?) on conflict (name) do update
            set ask_at = excluded.ask_at, failures = image.failures + 1, note = excluded.note""",
        (storable(one.name), one.ask_at, storable(one.note)),
    )


def schedule_users(store: Store, now: float, wide: int) -> int:
    """Have the users of every tag that has moved and settled be due, once a move; return how many that is.

    Those that were seen to after the move are left alone: they were told what it means now. Where there are more than
    ``wide``, everybody else comes before them.
    """

    def work(session: Session) -> int:
        # One statement: what moves again at this moment stays pending.
        sql = "update image set pending = 0 where pending = 1 and settled_at <= ? returning name, digest, changed_at"
        return sum(_wish_for_users_of(session, move, now, wide) for move in session.execute(sql, (now,)))

    return store.run(work)


def _wish_for_users_of(session: Session, move: Sequence[Any], now: float, wide: int) -> int:
    name, digest, changed_at = move
    condition = """gone_at is null and coalesce(seen_to_at, 0) < ? and id in (
        select repository from mention where image = ? and digest is distinct from ?)"""
    values = (changed_at, name, digest)
    count = session.execute(f"select count(*) from repository where {condition}", values)[0][0]  # noqa: S608 - own words
    return schedule(session, condition, values, "base" if count > wide else "moved", now)
