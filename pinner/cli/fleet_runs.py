"""Fleet runs from the command line: what they work with, and what they say."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections import Counter
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from pinner.bot.batch import Registries, tally
from pinner.bot.decide import COUNTED
from pinner.bot.report import report_lines, summary_lines
from pinner.bot.workspace import remove_abandoned
from pinner.cli.context import exit_status
from pinner.cli.pull_requests import PublishOptions, bot_context
from pinner.cli.settings import settings_for
from pinner.config.table import TIMEOUT_UNITS, parse_duration
from pinner.errors import ConfigError
from pinner.fleet.images import PassingRegistry, StoredRegistry
from pinner.fleet.local import run_for, run_once
from pinner.fleet.sources import Fleet, SourceEnvironment, connect_sources
from pinner.fleet.store import open_store
from pinner.http.retry import Clock
from pinner.oci.resolver import Listener
from pinner.report.as_text import render_error
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from pinner.bot.batch import Report
    from pinner.bot.context import BotContext
    from pinner.bot.forges.base import Forge
    from pinner.bot.git.program import Login
    from pinner.cli.context import Context, Options
    from pinner.cli.fleet import FleetOptions
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.fleet.config import FleetSettings
    from pinner.fleet.planner import TickResult
    from pinner.fleet.store import Store
    from pinner.oci.resolver import Registry

LISTEN = "127.0.0.1:8080"
"""Where pages are, by default."""
_MOST_CONNECTIONS = 200
"""At a time: who holds more open is refused, instead of keeping everybody else out."""
_LAST_ANSWERS = 2
"""Seconds for those who are being answered when the end is asked for."""


class Teller:
    """Says what becomes of each repository."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.counts = Counter(dict.fromkeys(COUNTED, 0))
        """What came of them: a worker lives for weeks, and keeps no more of it than that."""
        self.number = 0
        self.is_untold = False

    def tick(self, ticked: TickResult) -> None:
        """Say what a tick has done."""
        self.is_untold = self.is_untold or bool(ticked.errors)
        self.terminal.error(f"{self.terminal.talk_style.severity('error')}: {printable(one)}" for one in ticked.errors)
        listed = ticked.listed
        self.terminal.detail(
            f"listed {listed.new} new, {listed.pushed} pushed to, {listed.gone} gone; "
            f"asked about {ticked.asked} images: {ticked.moved} moved, {ticked.due} repositories due"
        )

    def report(self, report: Report) -> None:
        """Say what became of one repository."""
        terminal = self.terminal
        self.is_untold = self.is_untold or not (report.is_complete or (report.published is None and not report.error))
        terminal.output(report_lines(report, terminal.style))
        errors = [] if report.published is None else [step.error for step in report.published.steps]
        for error in filter(None, [report.error, *errors]):
            terminal.error(render_error(error, terminal.talk_style, printable(report.name)))
        if report.published is not None or report.error is not None:
            self.counts.update(tally([report]))
            self.number += 1

    def say(self, text: str) -> None:
        """Say something on the way."""
        self.terminal.info(printable(text))


async def run(context: Context, asked: FleetOptions, settings: FleetSettings, terminal: Terminal) -> int:
    """Do what `run` asks for; return the exit status."""
    teller = Teller(terminal)
    remove_abandoned()
    async with open_fleet(context, asked, settings, teller) as there:
        if asked.deed == "worker":
            await _work(there, teller)
        elif asked.deed == "serve":
            await _serve(context, asked, there, teller)
        elif asked.duration is None:
            await run_once(there, teller.tick, teller.report)
        else:
            await run_for(there, _seconds(asked.duration), teller.tick, teller.report)
    counts = {outcome: number for outcome, number in teller.counts.items() if number}
    terminal.info(*summary_lines(counts, teller.number, terminal.talk_style))
    return exit_status(found=False, untold=teller.is_untold)


async def _work(there: Fleet, teller: Teller) -> None:
    """Be a worker until a signal asks for the end."""
    from pinner.fleet.queue import Engine, run_worker  # noqa: PLC0415 - an extra

    settings, stop = there.settings, asyncio.Event()
    if there.store.database.is_local:
        raise ConfigError(
            "a worker needs a store on PostgreSQL", hint="`pinner fleet run` does it all on one machine, on SQLite"
        )
    _when_asked_to_end(stop.set, teller)
    await run_worker(Engine(there, teller.tick, teller.report, settings.stalled), settings.store, stop)


async def _serve(context: Context, asked: FleetOptions, there: Fleet, teller: Teller) -> None:
    """Show pages and take hooks until a signal asks for the end; on PostgreSQL tick, too."""
    from pinner.fleet.serve import Site, keep_serving, listen_at, uvicorn  # noqa: PLC0415 - only here

    module, (host, port) = uvicorn(), listen_at(asked.listen or LISTEN, there.settings)
    servers: dict[str, tuple[str, ...]] = {}
    for source in there.sources:
        servers[source.forge.name] = (*servers.get(source.forge.name, ()), source.server)
    site = Site(there.store, there.settings, context.environment, context.clock, servers)
    # Its log of requests would have the secrets that stand in addresses.
    options = module.Config(
        site,
        log_level="error",
        access_log=False,
        lifespan="off",
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_LAST_ANSWERS,
    )
    server = module.Server(options)
    # Its own way with signals ends in raising them once more, when everything is put away.
    server.capture_signals = nullcontext
    _when_asked_to_end(partial(setattr, server, "should_exit", True), teller)
    with _listening(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        teller.say(f"serving at http://{shown}:{listening.getsockname()[1]}")
        await keep_serving(there, server.serve([listening]), teller.tick)


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; raises `ConfigError` where that may not be, or somebody else does."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, OverflowError) as error:
        why = (getattr(error, "strerror", None) or str(error)).lower()
        raise ConfigError(f"--listen: cannot listen at {host}:{port}: {why}") from error


def _when_asked_to_end(end: Callable[[], object], teller: Teller) -> None:
    """Have a signal that asks for the end call ``end``, instead of what it does otherwise; Ctrl-C after that just ends.

    SIGTERM may come as often as it likes: whoever sends it to a group of processes may send it twice.
    """
    loop = asyncio.get_running_loop()

    def ask() -> None:
        with suppress(NotImplementedError):  # on Windows
            loop.remove_signal_handler(signal.SIGINT)
        if signal.signal(signal.SIGINT, signal.SIG_DFL) is not signal.SIG_DFL:
            teller.say("asked to end: what is begun is finished first; Ctrl-C ends it at once")
        end()

    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, ask)
        except NotImplementedError:  # on Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(ask))


def _seconds(text: str) -> float:
    seconds = parse_duration(text)
    if seconds is None:
        raise ConfigError(f"--for: not a duration: `{text}`", hint=f"write a whole number and {TIMEOUT_UNITS}")
    return seconds


@asynccontextmanager
async def open_fleet(
    context: Context, asked: FleetOptions, settings: FleetSettings, teller: Teller
) -> AsyncIterator[Fleet]:
    """Open what the fleet works with, and close it."""
    own = asked.options._replace(config=None)
    plain = settings_for(context, own, None)._replace(registries={}, root=None)
    clock = Clock(wall=context.clock)

    def connected(chosen: Settings) -> AbstractAsyncContextManager[Registry]:
        return context.connect(chosen, context.environment, Listener(teller.say, lambda _: None))

    store = open_store(settings.store, settings.folder)
    assert store is not None  # noqa: S101 - it is made where there is none
    with store:
        async with connected(plain) as registry, Registries(connected) as registries:
            registries.share = partial(_shared, store=store, settings=settings, clock=clock)
            sources = await connect_sources(SourceEnvironment(settings, store, context.environment, teller.say, clock))
            try:
                world = partial(_world, context=context, options=own, registries=registries)
                yield Fleet(settings, store, sources, registry, world, clock)
            finally:
                for source in sources:
                    await source.forge.aclose()


def _shared(
    registry: Registry, chosen: Settings, *, store: Store, settings: FleetSettings, clock: Clock
) -> PassingRegistry:
    """Return what a repository asks. What its own settings lead to is its own answer, and nobody else's."""
    return PassingRegistry(registry) if chosen.registries else StoredRegistry(registry, store, settings, clock)


def _world(
    forge: Forge, login: Login | None, *, context: Context, options: Options, registries: Registries
) -> BotContext:
    # A process lives for weeks: the day is that of now.
    today = datetime.fromtimestamp(context.clock()).date()  # noqa: DTZ006 - a day where the user is
    asked = PublishOptions(options)
    return bot_context(forge, login, context=context._replace(today=today), asked=asked, registries=registries)
