"""Workers on a real PostgreSQL: killed, and the server killed under them, nothing is lost and nothing done twice."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg
import psycopg_pool
import pytest
from botforge import Site, held
from botforge import state as seen_by_people
from fakes import FakeRegistry
from fleetsite import FleetSite
from forkserver import program

from pinner.bot.batch import Report
from pinner.errors import ConfigError
from pinner.fleet.database import StoreError
from pinner.fleet.queue import (
    Engine,
    enqueue_due,
    make_app,
    procrastinate,
    requeue_abandoned,
    run_ticker,
    run_worker,
    until_one_ends,
)
from pinner.fleet.store import open_store
from pinner.http.retry import Clock

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from forge_double import ForgeDouble
    from postgres_server import PostgresServer

    from pinner.fleet.store import Due, Store

PATIENCE = 600.0
"""Seconds for what takes some on an idle machine."""
REPOSITORIES = int(os.environ.get("PINNER_FLEET_REPOSITORIES", "12"))
IS_LARGE = REPOSITORIES > 12
"""Killed and away by the clock: as the world does it, and not where it tells most."""


class Crew:
    """A forge with repositories to update, and workers for them, each a process."""

    def __init__(self, folder: Path, forge: ForgeDouble, address: str, repositories: int) -> None:
        self.folder, self.forge, self.address = folder, forge, address
        self.site = Site(folder, forge)
        self.names = [f"acme/app{number:02}" for number in range(repositories)]
        for name in self.names:
            forge.add_repository(name, {"Dockerfile": f"FROM {held('nginx', 'old')}\n"})
        self.site.means(nginx="new")
        self.write(stalled=3)
        self.workers: list[subprocess.Popen[bytes]] = []
        self.killed = 0
        self.began = time.monotonic()

    def write(self, stalled: int) -> None:
        """Write ``fleet.toml``: after so many seconds a worker is missed."""
        (self.folder / "fleet.toml").write_text(
            f'store = "{self.address}"\nsettle = "0s"\nstalled = "{stalled}s"\nconcurrency = 2\n'
            f'openings-per-hour = 5000\n[[source]]\norg = "{self.forge.url}/acme"\nforge = "github"\n'
            'token = "env:PINNER_TOKEN"\n'
        )

    def start(self) -> None:
        """Start a worker more."""
        command = ("fleet", "worker", "--layout", str(self.site.layout))
        environment = {**self.site.environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        environment = {**environment, "TMPDIR": str(self.folder), "XDG_CACHE_HOME": str(self.folder / "cache")}
        with (self.folder / "log").open("ab") as log:
            self.workers.append(program(*command, cwd=self.folder, env=environment, stdout=log, stderr=log))

    def stop(self, how: int = signal.SIGTERM) -> list[int]:
        """Send a signal to every worker; return their statuses."""
        for worker in self.workers:
            worker.send_signal(how)
        statuses = [worker.wait(PATIENCE) for worker in self.workers]
        self.workers.clear()
        return statuses

    def kill_one(self) -> None:
        """End the oldest worker as a power cut would."""
        worker = self.workers.pop(0)
        worker.kill()
        worker.wait(PATIENCE)
        self.killed += 1

    @property
    def pulls(self) -> list[int]:
        return [len(self.forge.repository(name).pulls) for name in self.names]

    def jobs(self) -> dict[str, int]:
        """How many jobs there are of each status."""
        with psycopg.connect(self.address) as connection:
            rows = connection.execute("select status::text, count(*) from procrastinate_jobs group by status")
            return {str(status): int(count) for status, count in rows.fetchall()}

    def due(self) -> int:
        """How many repositories are still due now, or have never been read."""
        with psycopg.connect(self.address) as connection:
            sql = "select count(*) from repository where read_head is null or due_at <= extract(epoch from now())"
            return int((connection.execute(sql).fetchone() or (0,))[0])

    def wait(self, until: Callable[[], bool], keep: int = 0) -> None:
        """Wait until something is so; have so many workers be there meanwhile."""
        end = time.monotonic() + PATIENCE
        while not until():
            assert time.monotonic() < end, self.said[-4000:]
            for worker in [worker for worker in self.workers if worker.poll() is not None]:
                self.workers.remove(worker)
            while len(self.workers) < keep:
                self.start()
            time.sleep(0.05)

    @property
    def said(self) -> str:
        """What all workers have said."""
        return (self.folder / "log").read_text()

    def tell(self, what: str) -> None:
        """Print what it took."""
        seconds = time.monotonic() - self.began
        api, git = len(self.forge.requests), len(self.forge.git_requests)
        print(  # noqa: T201 - figures, for `pytest -s`
            f"\n{what}: {len(self.names)} repositories, {self.killed} workers killed, {sum(self.pulls)} pull requests, "
            f"{api} requests, {git} of git, {seconds:.1f} s"
        )

    def is_done(self) -> bool:
        return sum(self.pulls) >= len(self.names) and self.due() == 0 and not self.jobs()

    def wish_all(self) -> None:
        """Wish for every repository again, as hooks do."""
        store = open_store(self.address, str(self.folder))
        assert store is not None
        with store:
            for name in self.names:
                store.schedule(self.forge.url, name, "hook", time.time())


@pytest.fixture
def crew(tmp_path: Path, forge: ForgeDouble, postgres: str) -> Any:
    made = Crew(tmp_path, forge, postgres, REPOSITORIES)
    yield made
    made.stop(signal.SIGKILL)


def kill_and_wish_again(crew: Crew) -> None:
    """Kill worker after worker in the middle of work, and wish for everything again each time."""
    if not IS_LARGE:
        for more in (2, 5, 8):
            crew.wait(lambda more=more: sum(crew.pulls) >= more, keep=2)  # type: ignore[misc] # its default is an int
            crew.kill_one()
            crew.wish_all()
        return
    crew.wait(lambda: sum(crew.pulls) >= 1, keep=2)
    while sum(crew.pulls) < REPOSITORIES:
        crew.kill_one()
        crew.wish_all()
        # On a busy machine a worker takes longer than that to start.
        more, until = sum(crew.pulls) + 1, time.monotonic() + 2.5
        crew.wait(lambda until=until: time.monotonic() >= until, keep=2)  # type: ignore[misc] # as above, a float
        crew.wait(lambda more=more: sum(crew.pulls) >= min(more, REPOSITORIES), keep=2)  # type: ignore[misc] # as above


def test_workers_are_killed_again_and_again_and_nothing_is_lost_or_done_twice(crew: Crew) -> None:
    """Bars 1 and 3: kill -9 while they work, wishes doubled; each repository has one pull request, no job is left."""
    kill_and_wish_again(crew)
    crew.wait(crew.is_done, keep=2)
    crew.tell("killed again and again")
    assert crew.pulls == [1] * REPOSITORIES
    assert {len(seen_by_people(crew.forge, name)["branches"]) for name in crew.names} == {2}  # type: ignore[arg-type] # a list
    crew.forge.forget()
    crew.wish_all()
    crew.wait(lambda: crew.due() == 0 and not crew.jobs(), keep=2)
    crew.tell("wished for once more")
    assert crew.forge.writes == []
    assert set(crew.stop()) == {0}
    assert crew.jobs() == {}


def test_a_server_that_is_killed_under_its_workers_costs_nothing(crew: Crew, server: PostgresServer) -> None:
    """Bar 2: kill -9 of PostgreSQL in the middle, some time away: all is done, nothing stuck."""
    crew.wait(lambda: sum(crew.pulls) >= REPOSITORIES // 4, keep=2)
    server.kill()
    time.sleep(3.0 if IS_LARGE else 1.0)
    server.start()
    crew.wait(crew.is_done, keep=2)
    crew.tell("the server killed")
    assert crew.pulls == [1] * REPOSITORIES
    # Whoever could not write down what came of a repository has said so, and ends with 3; the next tick saw to it.
    statuses = set(crew.stop())
    assert statuses <= {0, 3}
    assert 3 not in statuses or re.search(r"^(?:\S+: )?error: ", crew.said, re.MULTILINE)
    assert "the queue cannot be reached" not in crew.said
    assert crew.jobs() == {}


def test_workers_that_are_asked_to_end_finish_what_they_have_begun_and_nobody_does_it_again(crew: Crew) -> None:
    """Bar 4: SIGTERM in the middle of a pull request, while another worker comes and does all the rest."""
    held, go_on = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        held.release()
        assert go_on.wait(PATIENCE)

    fault = crew.forge.inject("before", method="POST", path="/pulls$", times=4, action=hold)
    # Nobody is missed on a machine that is busy.
    crew.write(stalled=300)
    # Two workers, each with two at once: nobody is idle.
    crew.start()
    crew.start()
    for _ in range(4):
        assert held.acquire(timeout=PATIENCE), crew.said
    ending, crew.workers = crew.workers, []
    for worker in ending:
        worker.send_signal(signal.SIGTERM)
    crew.wait(lambda: crew.said.count("asked to end") == 2)
    crew.wait(lambda: crew.due() == 4 and crew.jobs()["doing"] == 4, keep=1)
    assert (sum(crew.pulls), fault.done) == (REPOSITORIES - 4, 4)
    go_on.set()
    assert [worker.wait(PATIENCE) for worker in ending] == [0, 0]
    crew.wait(crew.is_done, keep=1)
    assert crew.stop() == [0]
    assert crew.jobs() == {}
    assert crew.pulls == [1] * REPOSITORIES
    for ending_in in ("/git-upload-pack", "/git-receive-pack"):
        asked = Counter(seen.path for seen in crew.forge.git_requests if seen.path.endswith(ending_in))
        assert len(asked) == REPOSITORIES
        assert len(set(asked.values())) == 1, asked
    assert all(crew.said.count(f"{name}: opened") == 1 for name in crew.names), crew.said


# In this process


class Told:
    """What a worker in this process says."""

    def __init__(self) -> None:
        self.ticks: list[object] = []
        self.reports: list[Any] = []
        self.stop = asyncio.Event()
        self.after = 1

    def tick(self, ticked: object) -> None:
        self.ticks.append(ticked)

    def report(self, report: object) -> None:
        self.reports.append(report)
        if len(self.reports) >= self.after:
            self.stop.set()


@pytest.fixture
def store(postgres: str, tmp_path: Path) -> Any:
    made = open_store(postgres, str(tmp_path))
    assert made is not None
    with made:
        yield made


def engine_for(store: Store, told: Told) -> Engine:
    from pinner.fleet.config import FleetSettings  # noqa: PLC0415 - beside its use
    from pinner.fleet.sources import Fleet  # noqa: PLC0415 - beside its use

    def world(*_: object) -> Any:
        raise AssertionError("nobody is worked on")

    settings = FleetSettings("", "/", ())
    fleet = Fleet(settings, store, (), FakeRegistry(), world, Clock())
    return Engine(fleet, told.tick, told.report, stalled=0.5, grace=5.0)


def wished(store: Store, name: str = "acme/app") -> None:
    columns = "forge, name, due_at, reason, priority"
    sql = f"insert into repository ({columns}) values ('https://f', ?, 1, 'hook', 0) returning 1"  # noqa: S608 - own words
    store.read(sql, name)


def test_a_worker_sees_to_what_is_due_and_ends_when_it_is_asked_to(store: Store, postgres: str) -> None:
    async def story() -> None:
        told = Told()
        engine = engine_for(store, told)
        wished(store)
        await run_worker(engine, postgres, told.stop)
        assert [report.name for report in told.reports] == ["acme/app"]
        assert str(told.reports[0].error) == "no source of the fleet has it any more"
        assert len(told.ticks) == 1
        # Started again within the minute it does not tick again; what is not due any more is not seen to.
        app = make_app(engine, postgres)
        async with app.open_async():
            await app.configure_task("pinner.see_to", queue="pinner").defer_async(forge="https://f", name="acme/app")
        wished(store, "acme/other")
        told.stop.clear()
        told.after = 2
        await run_worker(engine, postgres, told.stop)
        assert [report.name for report in told.reports] == ["acme/app", "acme/other"]
        assert len(told.ticks) == 1

    asyncio.run(story())


def test_a_wish_is_queued_once_and_a_stalled_job_gives_way_to_a_newer_one(store: Store, postgres: str) -> None:
    async def story() -> None:
        engine = engine_for(store, Told())
        app = make_app(engine, postgres)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            wished(store)
            assert [await enqueue_due(engine, app), await enqueue_due(engine, app)] == [1, 0]
            jobs = "select status::text, worker_id from procrastinate_jobs order by id"

            def begun_by_somebody_gone() -> None:
                store.read(
                    "update procrastinate_jobs set status = 'doing', worker_id = null where status = 'todo' returning 1"
                )

            begun_by_somebody_gone()
            assert await requeue_abandoned(engine, app) == 1
            assert store.read(jobs) == [("todo", None)]
            begun_by_somebody_gone()
            assert await enqueue_due(engine, app) == 1
            assert await requeue_abandoned(engine, app) == 1
            assert store.read(jobs) == [("todo", None)]
            assert await requeue_abandoned(engine, app) == 0

    asyncio.run(story())


def test_a_store_that_fails_meanwhile_leaves_the_repository_due(store: Store, postgres: str) -> None:
    async def story() -> None:
        told = Told()
        engine = engine_for(store, told)
        app = make_app(engine, postgres)
        wished(store)
        store.run(lambda session: session.execute("alter table repository rename column told to was_told"))
        await app.tasks["pinner.see_to"].func("https://f", "acme/app")
        assert "the store cannot be used" in str(told.reports[0].error)
        store.run(lambda session: session.execute("alter table repository rename column was_told to told"))
        assert [row.name for row in store.due(5.0)] == ["acme/app"]

    asyncio.run(story())


def test_what_outlasts_the_grace_is_cut_short_and_stays_due(
    store: Store, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        told = Told()
        engine = engine_for(store, told)._replace(grace=0.1)
        wished(store)

        async def endless(*_: object) -> None:
            told.stop.set()
            await asyncio.Event().wait()

        monkeypatch.setattr("pinner.fleet.queue.process_repository", endless)
        await run_worker(engine, postgres, told.stop)
        assert store.read("select status::text from procrastinate_jobs") == []
        assert [row.name for row in store.due(5.0)] == ["acme/app"]

    asyncio.run(story())


def test_a_worker_that_finishes_what_it_has_begun_is_heard_of_meanwhile(
    store: Store, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or another would take it for dead within its grace, and do the same once more."""

    async def story() -> None:
        told = Told()
        wished(store)

        async def heard_of() -> Any:
            return (await store.aside(lambda: store.read("select last_heartbeat from procrastinate_workers")))[0][0]

        async def until_heard_of(_: object, row: Due) -> Report:
            told.stop.set()
            await asyncio.sleep(0.0)
            for _again in range(3):
                last = await heard_of()
                end = time.monotonic() + PATIENCE
                while await heard_of() == last:
                    assert time.monotonic() < end
                    await asyncio.sleep(0.01)
            return Report(row.name)

        monkeypatch.setattr("pinner.fleet.queue.process_repository", until_heard_of)
        await run_worker(engine_for(store, told)._replace(grace=PATIENCE), postgres, told.stop)
        assert [report.error for report in told.reports] == [None]

    asyncio.run(story())


def test_a_mistake_of_our_own_is_told_and_no_job_is_left(
    store: Store, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        told = Told()
        wished(store)

        async def wrong(*_: object) -> None:
            raise ValueError("wrong")

        monkeypatch.setattr("pinner.fleet.queue.process_repository", wrong)
        await run_worker(engine_for(store, told), postgres, told.stop)
        assert str(told.reports[0].error) == "internal error: ValueError: wrong"
        assert store.read("select status::text from procrastinate_jobs") == []

    asyncio.run(story())


@pytest.mark.parametrize("is_there", [False, True])
def test_a_queue_that_stays_away_ends_the_worker_and_one_that_comes_and_goes_does_not(
    store: Store, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    async def story() -> None:
        told, at = Told(), [0.0]
        engine = engine_for(store, told)
        clock = Clock(now=lambda: at[0])
        tries: list[float] = []

        async def gone(*_: object) -> tuple[str, bool]:
            at[0] += 31.0
            tries.append(at[0])
            if len(tries) == 4:
                told.stop.set()
            return "refused", is_there

        monkeypatch.setattr("pinner.fleet.queue._while_there", gone)
        work = run_worker(engine._replace(fleet=engine.fleet._replace(clock=clock)), "", told.stop)
        if is_there:
            await work
        else:
            with pytest.raises(StoreError, match="the queue cannot be reached: refused"):
                await work
        assert tries == ([31.0, 62.0, 93.0, 124.0] if is_there else [31.0, 62.0])

    asyncio.run(story())


def test_a_ticker_goes_on_when_a_server_is_back(
    store: Store, postgres: str, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pool has errors of its own, which are no error of the queue's."""

    async def story() -> None:
        ticked, refused = asyncio.Event(), list[float]()

        async def sleep(seconds: float) -> None:
            refused.append(seconds)
            if len(refused) == 2:
                server.start()

        clock = Clock(sleep=sleep)
        engine = engine_for(store, Told())._replace(on_tick=lambda _: ticked.set())
        engine = engine._replace(fleet=engine.fleet._replace(clock=clock))
        opened = psycopg_pool.AsyncConnectionPool.open

        async def soon(pool: Any, *, wait: bool) -> None:
            await opened(pool, wait=wait, timeout=2.0 if len(refused) < 2 else PATIENCE)

        monkeypatch.setattr(psycopg_pool.AsyncConnectionPool, "open", soon)
        server.kill()
        await until_one_ends(run_ticker(engine, postgres), ticked.wait())
        assert ticked.is_set()
        assert len(refused) >= 2

    asyncio.run(story())


def test_a_worker_is_nothing_for_one_machine(tmp_path: Path, forge: ForgeDouble) -> None:
    ran = FleetSite(tmp_path, forge).run("worker")
    assert ran.status == 2
    assert "a worker needs a store on PostgreSQL" in ran.stderr


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    with pytest.raises(ConfigError, match="a worker needs"):
        procrastinate()
