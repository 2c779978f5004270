"""The store: the same on SQLite and on PostgreSQL, step by step of a fleet's life."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
from locks import image

from pinner.bot.model import PullRequest, Repository, Use
from pinner.errors import ConfigError
from pinner.fleet.catalog import (
    Answered,
    Listed,
    backoff,
    images_to_ask,
    keep_answers,
    list_repositories,
    schedule_stale,
    schedule_users,
)
from pinner.fleet.content_budget import StoredBudget
from pinner.fleet.database import SqliteDatabase, StoreError, write_ahead
from pinner.fleet.events import record_event
from pinner.fleet.migrations import MIGRATIONS, SchemaError, migrate, version_of
from pinner.fleet.overview import keep_totals, totals
from pinner.fleet.postgres import PostgresDatabase
from pinner.fleet.shared_answers import Answers
from pinner.fleet.store import Due, RunResult, Store, open_database, open_store, repository_of
from pinner.fleet.webhooks import Hints
from pinner.http.retry import Clock

if TYPE_CHECKING:
    from pathlib import Path

    from postgres_server import PostgresServer

    from pinner.fleet.database import Session

FORGE = "https://forge.example"
APP, LIB = "acme/app", "acme/lib"
NGINX, OWN = "docker.io/library/nginx:1", "ghcr.io/acme/base:2"
OLD, NEW, NEWER = (f"sha256:{digit * 64}" for digit in "123")
TABLES = {
    "repository": "forge, name, read_head, read_by, pushed_at, due_at, wished_at, reason, priority, failures, "
    "outcome, told, seen_to_at, gone_at",
    "image": "name, digest, media_type, changed_at, settled_at, moves, pending, ask_at, failures, note",
    "mention": "(select name from repository where id = repository), path, line, image, digest",
    "pull": "(select name from repository where id = repository), branch, number, state, url, opened_at",
    "mark": "name, at",
    "event": "at, source, delivery, what",
    "total": "at, repositories, mentions, pinned, behind, signed, pulls",
    "pace": 'host, token_id, "window", at',
    "answer": "key, body, at",
}


def pull(number: int, state: str = "open") -> PullRequest:
    return PullRequest(number, state, "pinner/digests", "main", "f" * 40, "T", "", f"{FORGE}/{number}")  # type: ignore[arg-type]


def listed(*found: tuple[str, float | None]) -> list[Repository]:
    return [Repository(name, "main", f"{FORGE}/{name}.git", f"{FORGE}/{name}", pushed_at=at) for name, at in found]


def one(store: Store, name: str, now: float) -> Due:
    found = store.repository(FORGE, name, now)
    assert found is not None
    return found


def seen(*uses: tuple[str, str | None], pulls: tuple[PullRequest, ...] = (), **more: object) -> RunResult:
    places = tuple(Use("Dockerfile", number, name, held) for number, (name, held) in enumerate(uses, 1))
    return RunResult("nothing", read=("a" * 40, "1.0"), uses=places, pulls=pulls, **more)  # type: ignore[arg-type]


def life(store: Store) -> None:
    """Have a fleet live for some days."""
    list_repositories(
        store, FORGE, "acme", listed((APP, 5.0), (LIB, None), ("acme/\x1b[1mü\udcff", 1.5)), 10.0, is_all=True
    )
    list_repositories(store, FORGE, "other", listed(("other/x", 5.0)), 10.0, is_all=True)
    store.finish(one(store, APP, 10.0), seen((NGINX, OLD), (OWN, None), pulls=(pull(1),), due_at=99.0), 11.0)
    store.finish(one(store, LIB, 10.0), seen((NGINX, OLD), ("ghcr.io/a/b", OLD)), 12.0)
    keep_answers(store, [Answered(NGINX, OLD, "t", 50.0), Answered(OWN, None, ask_at=20.0, note="down\x1b")], 13.0)
    keep_answers(store, [Answered(NGINX, NEW, "t", 60.0, 5.0), Answered(OWN, NEW, "t", 80.0)], 14.0)
    schedule_users(store, 14.0, 50)
    keep_answers(store, [Answered(NGINX, NEWER, "t", 70.0, 5.0)], 16.0)
    schedule_users(store, 22.0, 50)
    store.finish(one(store, APP, 22.0), RunResult("failed", "no\nway", failures=1, due_at=82.0, reason="retry"), 22.0)
    list_repositories(store, FORGE, "acme", listed((APP, 30.0), ("acme/new", None)), 31.0, is_all=True)
    store.finish(one(store, APP, 31.0), seen((NGINX, NEWER), pulls=(pull(2, "open"),), due_at=99.0), 32.0)
    store.set_mark("listed", 31.0)
    store.set_mark("listed", 32.0)
    record_event(store, "github", [FORGE], Hints("1", (APP,), (NGINX,)), 33.0)
    schedule_stale(store, 40.0, 34.0)
    keep_totals(store, 35.0)
    budget = StoredBudget(store, "forge.example", "env:T", [(2, 60.0)], Clock(wall=lambda: 36.0))
    asyncio.run(budget.take(0.0))
    asyncio.run(budget.pause(5.0))
    answers = Answers(store, Clock(wall=lambda: 37.0), 60.0)
    asyncio.run(answers.image("key", lambda: asyncio.sleep(0, image("app"))))


def tables(store: Store) -> dict[str, list[str]]:
    """Return all that is in the store, in an order that no database has a say in."""
    return {
        table: sorted(repr(tuple(row)) for row in store.read(f"select {columns} from {table}"))  # noqa: S608 - own words
        for table, columns in TABLES.items()
    }


def test_sqlite_and_postgresql_come_to_equal_stores(tmp_path: Path, postgres: str) -> None:
    found = []
    for address in (f"sqlite://{tmp_path}/fleet.db", postgres):
        opened = open_store(address, str(tmp_path))
        assert opened is not None
        with opened as store:
            life(store)
            found.append(tables(store))
    assert found[0] == found[1]
    assert all(found[0].values())


def test_what_is_listed_is_due_once_and_what_vanishes_is_gone(store: Store) -> None:
    both = listed((APP, 5.0), (LIB, 6.0))
    assert list_repositories(store, FORGE, "acme", both, 10.0, is_all=True) == Listed(2, 0, 0)
    facts = one(store, APP, 10.0).facts
    assert repository_of(facts) == both[0]
    # What another pinner has written is asked for anew.
    assert facts is not None
    for other in (
        None,
        "{",
        "[]",
        "{}",
        facts.replace("web_url", "page"),
        facts.replace('"merge_methods": []', '"m": []'),
    ):
        assert repository_of(other) is None
    assert [(row.name, row.reason) for row in store.due(10.0)] == [(APP, "new"), (LIB, "new")]
    for row in store.due(10.0):
        mine = seen((NGINX, OLD), pulls=(pull(1),)) if row.name == APP else seen((OWN, OLD))
        store.finish(row, mine, 11.0)
    assert store.due(1e9) == []
    # The same again brings nothing; a push, a part of the list, and the whole of it without one do.
    assert list_repositories(store, FORGE, "acme", listed((APP, 5.0), (LIB, 6.0)), 12.0, is_all=True) == Listed()
    assert list_repositories(store, FORGE, "acme", listed((APP, 7.0)), 13.0, is_all=False) == Listed(0, 1, 0)
    assert [(row.name, row.reason) for row in store.due(13.0)] == [(APP, "pushed")]
    assert list_repositories(store, FORGE, "acme", listed((LIB, 6.0)), 14.0, is_all=True) == Listed(0, 0, 1)
    assert store.due(1e9) == []
    assert not store.schedule(FORGE, APP, "hook", 15.0)
    # What it named is nobody's any more: it is not counted, and no registry is asked about it.
    assert totals(store, 15.0)[:2] == (1, 1)
    assert store.read("select repository.name, image from mention join repository on repository = id") == [(LIB, OWN)]
    assert store.read("select * from pull") == []
    assert [asked.name for asked in images_to_ask(store, 1e9)] == [OWN]
    # It comes back, and is read again whatever its head is.
    assert list_repositories(store, FORGE, "acme", listed((APP, 7.0)), 16.0, is_all=False) == Listed(0, 1, 0)
    assert one(store, APP, 16.0).read_head is None


def test_what_is_wished_for_while_it_is_seen_to_stays_due(store: Store) -> None:
    list_repositories(store, FORGE, "acme", listed((APP, 5.0)), 10.0, is_all=True)
    row = one(store, APP, 10.0)
    assert store.schedule(FORGE, APP, "hook", 12.0)
    store.finish(row, seen(), 11.0)
    assert [(again.reason, again.due_at) for again in store.due(12.0)] == [("hook", 10.0)]
    store.finish(one(store, APP, 12.0), seen(), 12.5)
    assert store.due(1e9) == []


def test_users_of_a_tag_are_due_once_a_move_when_it_has_settled(store: Store) -> None:
    list_repositories(store, FORGE, "acme", listed((APP, 5.0), (LIB, 5.0)), 10.0, is_all=True)
    store.finish(one(store, APP, 10.0), seen((NGINX, OLD)), 10.0)
    store.finish(one(store, LIB, 10.0), seen((OWN, OLD)), 10.0)
    # The first answer is no move; and what is held to another digest is not due for it.
    assert keep_answers(store, [Answered(NGINX, OLD), Answered(OWN, NEW)], 11.0) == 0
    assert schedule_users(store, 1e9, 50) == 0
    moves = [(20.0, NEW), (25.0, NEWER), (30.0, NEW), (35.0, NEWER), (36.0, NEW)]
    for at, digest in moves:
        assert keep_answers(store, [Answered(NGINX, digest, settle=10.0)], at) == 1
        assert schedule_users(store, at, 50) == 0
    # Each begins the time again, thrice at most.
    assert schedule_users(store, 39.9, 50) == 0
    assert schedule_users(store, 40.0, 50) == 1
    assert [(row.name, row.reason) for row in store.due(40.0)] == [(APP, "moved")]
    assert schedule_users(store, 41.0, 50) == 0
    row = one(store, APP, 41.0)
    assert store.is_news(row, 40.0)
    assert not store.is_news(row, 39.0)
    store.finish(row, seen((NGINX, OLD), pulls=(pull(1),)), 41.0)
    assert store.has_pulls(row)
    assert schedule_users(store, 1e9, 50) == 0
    # Who was seen to between the move and its settling has been told already.
    assert keep_answers(store, [Answered(NGINX, NEWER, settle=10.0)], 50.0) == 1
    store.schedule(FORGE, APP, "hook", 51.0)
    store.finish(one(store, APP, 51.0), seen((NGINX, OLD)), 51.0)
    assert schedule_users(store, 60.0, 50) == 0


def test_users_of_a_base_image_are_due_after_everybody_else(store: Store) -> None:
    """They take what may be opened in hours: a tag that moves meanwhile is not to wait for them."""
    names = [f"acme/app{number}" for number in range(4)]
    list_repositories(store, FORGE, "acme", listed(*((name, 5.0) for name in names)), 10.0, is_all=True)
    for name in names:
        store.finish(one(store, name, 10.0), seen((NGINX, OLD), *([(OWN, OLD)] if name == names[3] else [])), 10.0)
    keep_answers(store, [Answered(NGINX, OLD), Answered(OWN, OLD)], 11.0)
    keep_answers(store, [Answered(NGINX, NEW)], 12.0)
    assert schedule_users(store, 12.0, 3) == 4
    assert {row.reason for row in store.due(12.0)} == {"base"}
    keep_answers(store, [Answered(OWN, NEW)], 13.0)
    assert schedule_users(store, 13.0, 3) == 1
    store.schedule(FORGE, names[2], "open", 14.0)
    due = [(row.name, row.reason) for row in store.due(14.0)]
    assert due == [(names[3], "moved"), (names[2], "open"), (names[0], "base"), (names[1], "base")]


def test_users_are_left_alone_where_nobody_answers_and_told_when_somebody_does(store: Store) -> None:
    list_repositories(store, FORGE, "acme", listed((APP, 5.0)), 10.0, is_all=True)
    store.finish(one(store, APP, 10.0), seen((NGINX, OLD)), 10.0)
    assert [asked.name for asked in images_to_ask(store, 10.0)] == [NGINX]
    keep_answers(store, [Answered(NGINX, None, ask_at=70.0, note="down")], 11.0)
    keep_answers(store, [Answered(NGINX, None, ask_at=90.0, note="down")], 71.0)
    assert images_to_ask(store, 89.0) == []
    assert [asked.failures for asked in images_to_ask(store, 90.0)] == [2]
    assert schedule_users(store, 90.0, 50) == 0
    assert keep_answers(store, [Answered(NGINX, NEW)], 90.0) == 1
    assert schedule_users(store, 90.0, 50) == 1
    # A hint has a known image be asked about at once.
    keep_answers(store, [Answered(NGINX, NEW, ask_at=900.0)], 91.0)
    assert not record_event(store, "dockerhub", [], Hints("1", images=("docker.io/library/none:1",)), 92.0)
    assert record_event(store, "dockerhub", [], Hints("2", images=(NGINX,)), 92.0)
    assert [asked.name for asked in images_to_ask(store, 92.0)] == [NGINX]
    # What its sender says of every push alike is no replay.
    for at in (93.0, 94.0):
        keep_answers(store, [Answered(NGINX, NEW, ask_at=900.0)], at)
        assert record_event(store, "quay", [], Hints("", images=(NGINX,)), at)


def test_a_tag_that_moves_again_at_the_same_moment_is_not_forgotten(postgres: str, tmp_path: Path) -> None:
    """Another process keeps a newer move just when the users of the one before it are wished for."""
    opened, other = open_store(postgres, str(tmp_path)), open_store(postgres, str(tmp_path))
    assert opened is not None
    assert other is not None
    with opened as store, other:
        list_repositories(store, FORGE, "acme", listed((APP, 5.0)), 10.0, is_all=True)
        store.finish(one(store, APP, 10.0), seen((NGINX, OLD)), 10.0)
        for at, digest in ((11.0, OLD), (12.0, NEW)):
            keep_answers(store, [Answered(NGINX, digest)], at)
        wished: list[int] = []
        ticking = threading.Thread(target=lambda: wished.append(schedule_users(other, 13.0, 50)))
        waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"

        def move(session: Session) -> None:
            session.execute(
                "update image set digest = ?, changed_at = 13, settled_at = 20 where name = ?", (NEWER, NGINX)
            )
            ticking.start()
            while ticking.is_alive() and not session.execute(waiting):
                pass

        store.run(move)
        ticking.join()
        assert wished == [0]
        assert schedule_users(store, 20.0, 50) == 1


def test_what_failed_is_left_to_its_pause_but_for_a_push(store: Store) -> None:
    list_repositories(store, FORGE, "acme", listed((APP, 5.0)), 10.0, is_all=True)
    keep_answers(store, [Answered(NGINX, OLD)], 10.0)
    store.finish(one(store, APP, 10.0), seen((NGINX, OLD)), 10.0)
    store.schedule(FORGE, APP, "hook", 11.0)
    failed = RunResult("failed", "x", failures=1, due_at=100.0, reason="retry")
    store.finish(one(store, APP, 11.0), failed, 11.5)
    keep_answers(store, [Answered(NGINX, NEW)], 12.0)
    assert schedule_users(store, 12.0, 50) == 1
    assert store.due(99.0) == []
    assert [row.failures for row in store.due(100.0)] == [1]
    list_repositories(store, FORGE, "acme", listed((APP, 13.0)), 13.0, is_all=False)
    assert [row.reason for row in store.due(13.0)] == ["pushed"]
    # A less urgent reason does not take its place.
    assert schedule_stale(store, 1e9, 14.0) == 0
    store.schedule(FORGE, APP, "open", 14.0)
    assert [row.reason for row in store.due(14.0)] == ["pushed"]


def test_pull_requests_keep_when_they_were_opened(store: Store) -> None:
    list_repositories(store, FORGE, "acme", listed((APP, 5.0)), 10.0, is_all=True)
    row = one(store, APP, 10.0)
    for at, pulls in ((10.0, (pull(1),)), (20.0, (pull(1),)), (30.0, ()), (40.0, (pull(2),))):
        store.finish(row, seen(pulls=pulls), at)
        rows = store.read("select number, state, opened_at from pull")
        opened = 40.0 if at == 40.0 else 10.0
        number = 2 if at == 40.0 else 1
        assert rows == [(number, "open" if pulls else "closed", opened)]


def test_half_a_transaction_is_none(store: Store) -> None:
    def broken(session: object) -> None:
        store_session = session
        store_session.execute("insert into mark (name, at) values ('half', 1)")  # type: ignore[attr-defined]
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        store.run(broken)
    assert store.mark("half") is None
    with pytest.raises(StoreError, match="cannot be used"):
        store.read("select nothing from nowhere")
    store.set_mark("whole", 1.0)
    assert store.mark("whole") == 1.0


def test_only_one_process_ticks(store: Store, address: str, tmp_path: Path) -> None:
    other = open_store(address, str(tmp_path))
    assert other is not None
    with other:
        with store.database.ticking() as ours:
            assert ours
            found: list[bool] = []

            def look() -> None:
                with other.database.ticking() as theirs:
                    found.append(theirs)

            thread = threading.Thread(target=look)
            thread.start()
            thread.join()
            assert found == [False]
        with other.database.ticking() as theirs:
            assert theirs


def test_a_schema_is_made_once_and_a_newer_one_is_refused(address: str, tmp_path: Path) -> None:
    assert open_store(address, str(tmp_path), read_only=True) is None
    for before in (0, len(MIGRATIONS)):
        database = open_database(address, str(tmp_path))
        assert database is not None
        assert database.transaction(version_of) == before
        assert database.transaction(migrate) == before
        database.close()
    looked = open_store(address, str(tmp_path), read_only=True)
    assert looked is not None
    with looked, pytest.raises(StoreError):
        looked.set_mark("x", 1.0)
    made = open_store(address, str(tmp_path))
    assert made is not None
    with made as store:
        store.read("insert into schema_version (version) values (999) returning version")
    for read_only in (True, False):
        with pytest.raises(SchemaError, match="version 999"):
            open_store(address, str(tmp_path), read_only=read_only)


def test_a_schema_is_brought_up_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"sqlite:{tmp_path}/fleet.db"
    first = open_store(address, str(tmp_path))
    assert first is not None
    with first:
        first.set_mark("kept", 5.0)
    more = (*MIGRATIONS, ("alter table mark add column why text",), ("update mark set why = 'so'",))
    monkeypatch.setattr("pinner.fleet.migrations.MIGRATIONS", more)
    second = open_store(address, str(tmp_path))
    assert second is not None
    with second:
        assert second.read("select name, at, why from mark") == [("kept", 5.0, "so")]
        assert second.run(version_of) == len(more)


def test_a_store_in_memory_is_nobody_elses() -> None:
    database = SqliteDatabase(None)
    with database.ticking() as ours:
        assert ours
    assert database.transaction(migrate) == 0
    database.close()


def test_a_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    made = open_store(f"sqlite:///{tmp_path}/deep/fleet.db", str(tmp_path))
    assert made is not None
    made.database.close()
    assert (tmp_path / "deep/fleet.db").stat().st_mode & 0o077 == 0
    relative = open_store("sqlite:fleet.db", str(tmp_path))
    assert relative is not None
    relative.database.close()
    assert (tmp_path / "fleet.db").exists()


def test_a_new_store_that_another_writes_to_is_waited_for(tmp_path: Path) -> None:
    # As where two workers are started at once: SQLite refuses at once, without waiting.
    other = sqlite3.connect(tmp_path / "fleet.db", isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    mine = sqlite3.connect(tmp_path / "fleet.db", isolation_level=None, timeout=0)
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            other.execute("commit")

    write_ahead(mine, pause)
    assert len(pauses) == 2
    assert mine.execute("pragma journal_mode").fetchone() == ("wal",)
    other.close()
    mine.close()


def test_a_store_that_is_locked_for_long_is_given_up(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "fleet.db", isolation_level=None)
    other.execute("begin immediate")
    mine = sqlite3.connect(tmp_path / "fleet.db", isolation_level=None, timeout=0)
    pauses: list[float] = []
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(mine, pauses.append)
    assert sum(pauses) == pytest.approx(30, abs=1)
    other.close()
    mine.close()


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, and long enough to be none" * 20)
    with pytest.raises(StoreError, match="the store"):
        open_store(f"sqlite://{tmp_path}/text.db", str(tmp_path))
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite://{tmp_path}/text.db/inner.db", str(tmp_path))
    with pytest.raises(ConfigError, match="no address"):
        open_database("mysql://x", str(tmp_path))
    with pytest.raises(ConfigError, match="holds a password"):
        open_database("postgresql://a:secret@host/db", str(tmp_path))


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(ConfigError, match="PostgreSQL needs") as caught:
        open_database("postgresql://host/db", "/")
    assert caught.value.hint == "pip install 'image-pinner[fleet]'"


def test_a_server_that_is_killed_is_waited_for(server: PostgresServer) -> None:
    address = server.database()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            server.start()

    database = PostgresDatabase(address, sleep=sleep)
    store = Store(database)
    store.run(migrate)
    store.set_mark("before", 1.0)
    server.kill()
    store.set_mark("after", 2.0)
    assert waited[:3] == [0.1, 0.2, 0.4]
    assert store.mark("before") == 1.0
    assert store.mark("after") == 2.0
    database.close()


def test_a_server_that_does_not_come_back_is_told(postgres: str) -> None:
    gone = postgres.rpartition("/")[0] + "/nowhere"
    waited: list[float] = []
    database = PostgresDatabase(gone, patience=5.0, sleep=waited.append)
    with pytest.raises(StoreError, match="cannot be reached"):
        database.transaction(version_of)
    assert 5.0 <= sum(waited) < 8.0
    nobody = PostgresDatabase("postgresql://pinner@127.0.0.1:1/none", patience=0.0)
    with nobody.ticking() as ours:
        assert not ours
    database.close()


@pytest.mark.parametrize(("failures", "seconds"), [(0, 60), (1, 120), (3, 480), (9, 21600), (500, 21600)])
def test_pauses_double_up_to_six_hours(failures: int, seconds: float) -> None:
    assert backoff(failures, 0.5) == pytest.approx(seconds)
    assert backoff(failures, 0.0) == pytest.approx(0.9 * seconds)


def test_sqlite_that_is_older_is_spoken_to_in_its_own_words() -> None:
    """`is distinct from` came with 3.39."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    said: list[str] = []
    connection.set_trace_callback(said.append)

    class Watched(SqliteDatabase):
        def __init__(self) -> None:
            super().__init__(None)
            self.close()
            self._connection = connection

    with Store(Watched()) as store:
        store.run(migrate)
        life(store)
    assert any(" is not " in sql for sql in said)
    assert not any("distinct from" in sql for sql in said)
