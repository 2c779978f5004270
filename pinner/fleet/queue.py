"""Queue of a fleet on PostgreSQL: Procrastinate delivers to many processes, and the store remembers.

The queue only delivers: a job is a repository's name, and an emptied queue is filled by the next tick. Ticks and
rescues are no jobs: whoever holds the advisory lock ticks. What killing has taught stands where it is heeded.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.errors import ConfigError, PinnerError
from pinner.fleet.database import StoreError
from pinner.fleet.local import TICK
from pinner.fleet.planner import due_repositories, tick
from pinner.fleet.repository_run import process_repository

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pinner.bot.batch import Report
    from pinner.fleet.planner import TickResult
    from pinner.fleet.sources import Fleet

QUEUE = "pinner"
_NAME = "pinner.see_to"
_LAST_TICK = "ticked"
_MOST_LOST = 60.0
"""Seconds for which a server that is gone is waited for."""


class Engine(NamedTuple):
    """What a worker works with."""

    fleet: Fleet
    on_tick: Callable[[TickResult], None]
    on_report: Callable[[Report], None]
    stalled: float
    """Seconds after which a worker that has not been heard of is given up."""
    grace: float = 60.0
    """Seconds in which what is begun may be finished when the worker is asked to end."""


def procrastinate() -> Any:  # noqa: ANN401 - the module, an extra
    """Return Procrastinate; raises `ConfigError` where it is not installed."""
    try:
        import procrastinate as module  # noqa: PLC0415 - an extra, and heavy
    except ImportError as error:
        raise ConfigError("a worker needs what is not installed", hint="pip install 'image-pinner[fleet]'") from error
    # It would write what others say to the terminal.
    logger = logging.getLogger("procrastinate")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return module


def make_app(engine: Engine, url: str) -> Any:  # noqa: ANN401 - Procrastinate's App
    """Return the application whose one task sees to a repository."""
    module = procrastinate()
    app = module.App(connector=module.PsycopgConnector(conninfo=url, min_size=1, max_size=4))

    # No `retry=`: beside a queueing lock a job that is to be retried while a newer wish waits stays `doing` for ever.
    @app.task(name=_NAME, queue=QUEUE)  # type: ignore[untyped-decorator] # of an extra
    async def see(forge: str, name: str) -> None:
        await _see(engine, forge, name)

    return app


async def _see(engine: Engine, forge: str, name: str) -> None:
    """See to a repository that is still due. Never raises: what fails is due again, which the store knows."""
    fleet = engine.fleet
    try:
        row = await fleet.store.aside(lambda: fleet.store.repository(forge, name, fleet.clock.wall()))
        if row is not None:
            engine.on_report(await process_repository(fleet, row))
    except PinnerError as error:
        # Nothing was kept: the next tick hands it out again.
        engine.on_report(_failed(name, error))
    except Exception as error:  # noqa: BLE001 - the queue would swallow it, and nobody hear of it
        what = PinnerError(f"internal error: {type(error).__name__}: {error}", hint="please report it")
        engine.on_report(_failed(name, what))


def _failed(name: str, error: PinnerError) -> Report:
    from pinner.bot.batch import Report  # noqa: PLC0415 - only a failure needs it

    return Report(name, error=error)


async def enqueue_due(engine: Engine, app: Any) -> int:  # noqa: ANN401 - Procrastinate's App
    """Queue what is due and may be begun, each repository once; return how many are new in the queue."""
    from procrastinate.exceptions import AlreadyEnqueued  # noqa: PLC0415 - an extra

    fleet, new = engine.fleet, 0
    for row in await fleet.store.aside(lambda: due_repositories(fleet, fleet.clock.wall())):
        key = f"{row.forge}/{row.name}"
        job = app.configure_task(_NAME, queue=QUEUE, lock=key, queueing_lock=key, priority=-row.priority)
        with suppress(AlreadyEnqueued):
            await job.defer_async(forge=row.forge, name=row.name)
            new += 1
    return new


async def requeue_abandoned(engine: Engine, app: Any) -> int:  # noqa: ANN401 - Procrastinate's App
    """Queue again what workers that are not heard of any more had begun; return how many jobs those were.

    Where a newer wish for the same repository waits, the job is done with: it cannot be queued beside that, and as long
    as it is `doing` its lock would keep the newer one waiting (Procrastinate's issues 1446 and 1543).
    """
    from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation  # noqa: PLC0415 - an extra
    from procrastinate.jobs import Status  # noqa: PLC0415 - as above

    manager = app.job_manager
    stalled = list(await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=engine.stalled))
    for job in stalled:
        try:
            await manager.retry_job(job)
        except (AlreadyEnqueued, UniqueViolation):
            await manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)
    return len(stalled)


async def tick_and_enqueue(engine: Engine, app: Any) -> None:  # noqa: ANN401 - Procrastinate's App
    """Rescue, tick and hand out, unless somebody else does or has just done."""
    fleet = engine.fleet
    await requeue_abandoned(engine, app)
    with fleet.store.database.ticking() as is_ours:
        if not is_ours:
            return
        last = await fleet.store.aside(lambda: fleet.store.mark(_LAST_TICK))
        if last is None or not 0.0 <= fleet.clock.wall() - last < TICK * 0.9:
            engine.on_tick(await tick(fleet))
            await fleet.store.aside(lambda: fleet.store.set_mark(_LAST_TICK, fleet.clock.wall()))
        await enqueue_due(engine, app)


async def run_worker(engine: Engine, url: str, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set; what is begun by then is finished within the grace.

    A server that goes away is waited for: Procrastinate itself would end, without an error. Raises `StoreError` where
    it stays away, `ConfigError` without the extra.
    """
    now = engine.fleet.clock.now

    async def work(app: Any) -> None:  # noqa: ANN401 - Procrastinate's App
        worker = _make_worker(engine, app)
        alive = asyncio.ensure_future(_stay_alive(engine, app, worker))
        try:
            await until_one_ends(worker.run(), _tick_on(engine, app), stop.wait())
        finally:
            alive.cancel()

    lost_at = now()
    while not stop.is_set():
        error, was_there = await _while_there(engine, url, work)
        lost_at = now() if was_there else lost_at
        if now() - lost_at > _MOST_LOST:
            raise StoreError(f"the queue cannot be reached: {error}", hint="is PostgreSQL there?")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), 1.0)


def _make_worker(engine: Engine, app: Any) -> Any:  # noqa: ANN401 - Procrastinate's App and Worker
    from procrastinate.worker import Worker  # noqa: PLC0415 - an extra

    return Worker(
        app,
        queues=[QUEUE],
        concurrency=engine.fleet.settings.concurrency,
        # What came of a repository is in the store; a job that was cut short would stay for good.
        delete_jobs="always",
        install_signal_handlers=False,
        update_heartbeat_interval=engine.stalled / 6,
        stalled_worker_timeout=engine.stalled,
        shutdown_graceful_timeout=engine.grace,
    )


async def _stay_alive(engine: Engine, app: Any, worker: Any) -> None:  # noqa: ANN401 - Procrastinate's App and Worker
    """Have the worker be heard of until it has ended: its own heart stops when it begins to finish what it has begun.

    Others would take it for dead in its grace, and see to the same repositories once more.
    """
    while True:
        await asyncio.sleep(engine.stalled / 6)
        if worker.worker_id is not None:
            await app.job_manager.update_heartbeat(worker.worker_id)


async def run_ticker(engine: Engine, url: str) -> None:
    """Tick and hand out to workers until cancelled; a server that goes away is waited for."""
    while True:
        await _while_there(engine, url, partial(_tick_on, engine))
        await engine.fleet.clock.sleep(1.0)


async def _while_there(engine: Engine, url: str, work: Callable[[Any], Awaitable[None]]) -> tuple[str, bool]:
    """Do ``work`` until it ends or the server goes away; return why it ended, and whether the server was there."""
    from procrastinate.exceptions import ProcrastinateException  # noqa: PLC0415 - an extra

    # One that could not be opened cannot be opened again.
    app, was_there = make_app(engine, url), False
    try:
        async with app.open_async():
            await _prepare(engine, app)
            was_there = True
            await work(app)
    except (ProcrastinateException, StoreError, OSError) as error:
        return str(error), was_there
    except Exception as error:
        # The pool of connections has errors of its own; nothing else is to pass for a server that is gone.
        if type(error).__module__.partition(".")[0] not in ("psycopg", "psycopg_pool"):
            raise
        return str(error), was_there
    return "it ended", was_there


async def until_one_ends(*works: Awaitable[object]) -> None:
    """Wait for the first of ``works`` to end, and end the others; raise what it raises."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _tick_on(engine: Engine, app: Any) -> None:  # noqa: ANN401 - Procrastinate's App
    while True:
        await tick_and_enqueue(engine, app)
        await asyncio.sleep(min(engine.stalled, TICK) / 4)


async def _prepare(engine: Engine, app: Any) -> None:  # noqa: ANN401 - Procrastinate's App
    """Make the queue's own tables where there are none."""
    store = engine.fleet.store
    is_there = await store.aside(lambda: store.run(lambda session: session.has_table("procrastinate_jobs")))
    if not is_there:
        try:
            await app.schema_manager.apply_schema_async()
        except procrastinate().exceptions.ConnectorException:
            # Another worker has begun at the same moment.
            if not await store.aside(lambda: store.run(lambda session: session.has_table("procrastinate_jobs"))):
                raise
