"""Store of the fleet: repositories, the images they name, their pull requests, and what is due when.

The same SQL on SQLite and on PostgreSQL (`pinner.fleet.database`); whoever calls brings the time.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar
from urllib.parse import urlsplit

from pinner.bot.model import Repository
from pinner.errors import ConfigError
from pinner.fleet.database import SqliteDatabase
from pinner.fleet.migrations import check_version, migrate, version_of
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pinner.bot.model import PullRequest, Use
    from pinner.fleet.database import Database, Row, Session

T = TypeVar("T")

_ORDER = (("hook",), ("pushed",), ("moved", "new"), ("open", "retry", "old"), ("base",))
PRIORITIES = {reason: priority for priority, reasons in enumerate(_ORDER) for reason in reasons}
"""By the reason for which a repository is due; the smallest is seen to first, and nobody waits for a base image's."""
_DUE = "id, forge, name, reason, priority, failures, due_at, read_head, read_by, seen_to_at, facts, outcome"


class Due(NamedTuple):
    """A repository that is due, as it was when it was looked up."""

    id: int
    forge: str
    """The server's address."""
    name: str
    reason: str
    priority: int
    failures: int
    due_at: float
    read_head: str | None
    """The commit that was read last."""
    read_by: str | None
    """The version of pinner that read it."""
    seen_to_at: float | None
    facts: str | None = None
    """What a list said of it last: see `facts_of`."""
    outcome: str | None = None
    """What came of it last."""


class RunResult(NamedTuple):
    """What came of seeing to a repository."""

    outcome: str
    told: str = ""
    """Why, or what is wrong: no secret is in it."""
    failures: int = 0
    due_at: float | None = None
    """When it is to be seen to again; None for when something happens."""
    reason: str = "open"
    """Of that."""
    read: tuple[str, str] | None = None
    """The commit that was read, and the version of pinner that did; None where none was."""
    uses: tuple[Use, ...] = ()
    pulls: tuple[PullRequest, ...] = ()
    is_gone: bool = False


def facts_of(repository: Repository) -> str:
    """Return what a list says of a repository, as it is stored: it need not be asked for again."""
    return json.dumps({**repository._asdict(), "details": dict(repository.details)})


def repository_of(facts: str | None) -> Repository | None:
    """Return what `facts_of` was made of; None where there is nothing, or another pinner has written what it knows."""
    try:
        value = json.loads(facts or "null")
        return Repository(**{**value, "merge_methods": tuple(value["merge_methods"])})
    except (ValueError, TypeError, KeyError):
        return None


def storable(text: str) -> str:
    """Return foreign ``text`` as it is stored: nothing in it speaks to a terminal, and every database takes it."""
    return printable(text).encode("utf-8", "backslashreplace").decode("utf-8")


class Store:
    """The operations on a database. Each is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    async def aside(self, work: Callable[[], T]) -> T:
        """Return what ``work`` (an operation of this store) returns; a server is waited for in a thread."""
        return work() if self.database.is_local else await asyncio.to_thread(work)

    def run(self, work: Callable[[Session], T]) -> T:
        """Return what ``work`` returns of a transaction of its own."""
        return self.database.transaction(work)

    def read(self, sql: str, *values: object) -> list[Row]:
        """Return the rows of a query."""
        return self.run(lambda session: session.execute(sql, values))

    def records(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows of a query, each by the names of its columns."""
        return self.run(lambda session: session.records(sql, values))

    # Marks: when something was done last

    def mark(self, name: str) -> float | None:
        """Return when ``name`` was done last."""
        rows = self.read("select at from mark where name = ?", name)
        return float(rows[0][0]) if rows else None

    def set_mark(self, name: str, at: float) -> None:
        """Note that ``name`` is done."""
        sql = "insert into mark (name, at) values (?, ?) on conflict (name) do update set at = excluded.at"
        self.run(lambda session: session.execute(sql, (name, at)))

    # What is due

    def due(self, now: float) -> list[Due]:
        """Return what is due, the most urgent first."""
        sql = f"select {_DUE} from repository where due_at <= ? order by priority, due_at, id"  # noqa: S608 - own words
        return [Due(*row) for row in self.read(sql, now)]

    def repository(self, forge: str, name: str, now: float) -> Due | None:
        """Return a repository where it is due; None where it is not, or unknown."""
        sql = f"select {_DUE} from repository where forge = ? and name = ? and due_at <= ?"  # noqa: S608 - own words
        rows = self.read(sql, forge, name, now)
        return Due(*rows[0]) if rows else None

    def schedule(self, forge: str, name: str, reason: str, now: float) -> bool:
        """Have a repository be due now; tell whether it is known."""
        condition = "forge = ? and name = ? and gone_at is null"
        return self.run(lambda session: schedule(session, condition, (forge, name), reason, now)) > 0

    def finish(self, row: Due, seen: RunResult, began: float) -> None:
        """Keep what came of ``row``, which was begun at ``began``: all of it, or nothing.

        What was wished for meanwhile stays due. It counts as seen to where its files were read.
        """
        self.run(lambda session: _finish(session, row, seen, began))

    def is_news(self, row: Due, now: float) -> bool:
        """Tell whether an image that ``row`` names has moved, and settled by now, since that was read."""
        sql = """select 1 from mention join image on image.name = mention.image
            where mention.repository = ? and mention.digest is distinct from image.digest
            and image.changed_at > ? and image.settled_at <= ? limit 1"""
        return bool(self.read(sql, row.id, row.seen_to_at or 0.0, now))

    def has_pulls(self, row: Due) -> bool:
        """Tell whether a pull request of the bot is open there."""
        return bool(self.read("select 1 from pull where repository = ? and state = 'open' limit 1", row.id))


def schedule(session: Session, condition: str, values: Sequence[object], reason: str, now: float) -> int:
    """Have the repositories of a ``condition`` be due now for ``reason``; return how many there are.

    What failed is left to its pause, unless something was pushed or a hook speaks of it: that may mend it.
    """
    priority = PRIORITIES[reason]
    held = "failures > 0 and due_at is not null" if priority > PRIORITIES["pushed"] else "1 = 0"
    sql = f"""update repository set wished_at = ?,
        due_at = case when {held} or due_at <= ? then due_at else ? end,
        reason = case when due_at <= ? and priority <= ? then reason else ? end,
        priority = case when due_at <= ? and priority <= ? then priority else ? end
        where {condition} returning id"""  # noqa: S608 - own words
    rank = (now, priority)
    return len(session.execute(sql, (now, now, now, *rank, reason, *rank, priority, *values)))


def mark_gone(session: Session, condition: str, values: Sequence[object], now: float) -> None:
    """Have the repositories of a ``condition`` be gone, and what they named with them: nobody asks for it any more."""
    sql = f"update repository set gone_at = ?, due_at = null, read_head = null where {condition} returning id"  # noqa: S608 - own words
    gone = session.execute(sql, (now, *values))
    session.many("delete from mention where repository = ?", gone)
    session.many("delete from pull where repository = ?", gone)


def _finish(session: Session, row: Due, seen: RunResult, began: float) -> None:
    session.execute(
        """update repository set outcome = ?, told = ?, failures = ?,
            reason = case when wished_at > ? then reason else ? end,
            priority = case when wished_at > ? then priority else ? end,
            due_at = case when wished_at > ? then due_at else ? end
            where id = ?""",
        (
            *(seen.outcome, storable(seen.told), seen.failures),
            *(began, seen.reason, began, PRIORITIES[seen.reason], began, seen.due_at, row.id),
        ),
    )
    if seen.is_gone:
        mark_gone(session, "id = ?", (row.id,), began)
    if seen.read is None:
        return
    session.execute(
        "update repository set read_head = ?, read_by = ?, seen_to_at = ? where id = ?",
        (*seen.read, began, row.id),
    )
    _keep_uses(session, row.id, seen.uses, began)
    _keep_pulls(session, row.id, seen.pulls, began)


def _keep_uses(session: Session, repository: int, uses: Iterable[Use], now: float) -> None:
    wanted = {(storable(use.path), use.line, storable(use.image), use.digest) for use in uses}
    sql = "select path, line, image, digest from mention where repository = ?"
    there = {tuple(row) for row in session.execute(sql, (repository,))}
    gone, new = sorted(there - wanted, key=repr), sorted(wanted - there, key=repr)
    session.many(
        "delete from mention where repository = ? and path = ? and line = ? and image = ?",
        [(repository, path, line, image) for path, line, image, _ in gone],
    )
    session.many(
        """insert into mention (repository, path, line, image, digest) values (?, ?, ?, ?, ?)
            on conflict (repository, path, line, image) do nothing""",
        [(repository, *one) for one in new],
    )
    names = sorted({image for _, _, image, _ in new if ":" in image.rpartition("/")[2]})
    session.many(
        "insert into image (name, ask_at) values (?, ?) on conflict (name) do nothing", [(name, now) for name in names]
    )


def _keep_pulls(session: Session, repository: int, pulls: Iterable[PullRequest], now: float) -> None:
    session.execute("update pull set state = 'closed' where repository = ? and state = 'open'", (repository,))
    session.many(
        """insert into pull (repository, branch, number, state, url, opened_at)
            values (?, ?, ?, ?, ?, ?) on conflict (repository, branch) do update
            set state = excluded.state, url = excluded.url,
            opened_at = case when pull.number = excluded.number then pull.opened_at else excluded.opened_at end,
            number = excluded.number""",
        [(repository, storable(pull.branch), pull.number, pull.state, storable(pull.url), now) for pull in pulls],
    )


def open_database(url: str, folder: str, *, read_only: bool = False) -> Database | None:
    """Return the database at ``url``: ``sqlite:///PATH``, ``sqlite:PATH`` from ``folder``, or ``postgresql://…``.

    None where it is to be read only and there is none yet. Raises `ConfigError` for another address, `StoreError`.
    """
    if re.match(r"postgres(?:ql)?://", url):
        if urlsplit(url).password is not None:
            raise ConfigError("`store` holds a password", hint="write it to the file that PGPASSFILE names")
        from pinner.fleet.postgres import PostgresDatabase  # noqa: PLC0415 - only where there is a server

        return PostgresDatabase(url, read_only=read_only, patience=5.0 if read_only else 60.0)
    match = re.fullmatch(r"sqlite:(?://)?(.+)", url)
    if match is None:
        raise ConfigError(f"`store` is no address: `{url}`", hint="write sqlite:///PATH or postgresql://HOST/NAME")
    path = re.sub(r"^/+(?=[A-Za-z]:)", "", match[1])
    file = Path(folder, re.sub(r"^//+", "/", path))
    if read_only and not file.exists():
        return None
    return SqliteDatabase(file, read_only=read_only)


def open_store(url: str, folder: str, *, read_only: bool = False) -> Store | None:
    """Return the store at ``url`` (see `open_database`), of the newest schema; None where there is none to be read.

    Raises `ConfigError`, `StoreError`, `SchemaError`.
    """
    database = open_database(url, folder, read_only=read_only)
    if database is None:
        return None
    store = Store(database)
    try:
        if not read_only:
            store.run(migrate)
            return store
        version = store.run(version_of)
        check_version(version)
    except BaseException:
        database.close()
        raise
    if version == 0:
        database.close()
        return None
    return store


def open_empty() -> Store:
    """Return a store in memory, in which nothing is yet."""
    store = Store(SqliteDatabase(None))
    store.run(migrate)
    return store
