"""``pinner fleet``: many repositories, kept up by an index of who names which image."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import CLEAN, DEFAULTS, INTERRUPTED, Invocation, Options
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError
from pinner.report.escapes import printable
from pinner.report.summary_sentences import count, repositories

if TYPE_CHECKING:
    from pinner.cli.context import Context
    from pinner.fleet.config import FleetSettings
    from pinner.fleet.store import Store
    from pinner.schema.fleet import DueRecord, FleetPlanRecord, FleetStatusRecord, RequestsRecord

DEEDS = ("plan", "run", "worker", "serve", "status")


class FleetOptions(NamedTuple):
    """What ``fleet`` was asked."""

    options: Options = DEFAULTS
    deed: str = "status"
    once: bool = False
    duration: str | None = None
    format: str | None = None
    listen: str | None = None


def fleet(context: Context, asked: FleetOptions) -> int:
    """Do what ``asked`` says; return the exit status."""
    from pinner.fleet.config import load_fleet  # noqa: PLC0415 - the bot is heavy

    _refuse_wrong(asked)
    settings = load_fleet(context.folder, asked.options.config)
    terminal = Terminal(context, asked.options)
    if asked.deed in ("plan", "status"):
        return _look(context, asked, settings, terminal)
    try:
        from pinner.cli.fleet_runs import run  # noqa: PLC0415 - the bot is heavy

        return asyncio.run(run(context, asked, settings, terminal))
    except KeyboardInterrupt:
        terminal.error(["interrupted; nothing is half done: what was begun is still due"])
        return INTERRUPTED


def _refuse_wrong(asked: FleetOptions) -> None:
    """Raise `ConfigError` for options that are another deed's."""
    given = {
        "--once": (asked.once, "run"),
        "--for": (asked.duration is not None, "run"),
        "--listen": (asked.listen is not None, "serve"),
    }
    for option, (is_given, deed) in given.items():
        if is_given and asked.deed != deed:
            raise ConfigError(f"{option} goes with `pinner fleet {deed}`")
    if asked.format is not None and asked.deed not in ("plan", "status"):
        raise ConfigError("--format goes with `pinner fleet plan` and `pinner fleet status`")
    if asked.once and asked.duration is not None:
        raise ConfigError("--once and --for cannot both be given")


# Looking


def _look(context: Context, asked: FleetOptions, settings: FleetSettings, terminal: Terminal) -> int:
    from pinner.fleet.store import open_empty, open_store  # noqa: PLC0415 - only who looks

    store = open_store(settings.store, settings.folder, read_only=True)
    if store is None:
        terminal.info("there is no store yet: the first run lists every repository, and sees to each")
        store = open_empty()
    value: FleetPlanRecord | FleetStatusRecord
    with store:
        if asked.deed == "plan":
            value = _plan(store, context.clock(), settings)
            lines = _plan_lines(value)
        else:
            value = _status(store, context.clock(), settings)
            lines = _status_lines(value)
    if asked.format == "json":
        terminal.output(json.dumps(value, indent=2).split("\n"), "json")
    else:
        terminal.output(lines)
    return CLEAN


def _plan(store: Store, now: float, settings: FleetSettings) -> FleetPlanRecord:
    from pinner.fleet.catalog import images_to_ask  # noqa: PLC0415 - only who looks
    from pinner.fleet.overview import request_cost  # noqa: PLC0415 - only who looks

    due: list[DueRecord] = [
        {
            "forge": row.forge,
            "repository": row.name,
            "reason": row.reason,  # type: ignore[typeddict-item] # one of PRIORITIES
            "failures": row.failures,
            "requests": {"api": request_cost(row)[0], "git": request_cost(row)[1]},
        }
        for row in store.due(now)
    ]
    lists = [
        source.org for source in settings.sources if now - (store.mark(f"listed {source.org}") or 0.0) >= settings.every
    ]
    requests: RequestsRecord = {
        "api": sum(one["requests"]["api"] for one in due),
        "git": sum(one["requests"]["git"] for one in due),
    }
    images = len(images_to_ask(store, now))
    return {"version": 1, "due": due, "lists": lists, "images": images, "requests": requests}


def _due_line(one: DueRecord) -> str:
    requests = one["requests"]
    name = printable(one["repository"])
    return f"{name}: {one['reason']}: {count(requests['api'], 'request')} to the forge, {requests['git']} of git"


def _plan_lines(value: FleetPlanRecord) -> list[str]:
    lines = [_due_line(one) for one in value["due"]]
    lists = [f"{printable(org)}: to be listed" for org in value["lists"]]
    counts = value["requests"]
    said = (
        f"{repositories(len(lines))} due: some {count(counts['api'], 'request')} to forges, {counts['git']} of git; "
        f"{count(value['images'], 'image')} to be asked about"
    )
    return [*lists, *lines, said]


def _status(store: Store, now: float, settings: FleetSettings) -> FleetStatusRecord:
    from pinner.fleet.overview import budgets, failing, totals  # noqa: PLC0415 - only who looks

    return {
        "version": 1,
        "totals": totals(store, now)._asdict(),  # type: ignore[typeddict-item] # a test holds them to it
        "failing": failing(store),  # type: ignore[typeddict-item] # as above
        "budgets": budgets(store, now),  # type: ignore[typeddict-item] # as above
        "listed": {source.org: store.mark(f"listed {source.org}") for source in settings.sources},
    }


def _status_lines(value: FleetStatusRecord) -> list[str]:
    lines = [f"{name:<13}{number:>8}" for name, number in value["totals"].items()]
    lines += [
        f"{printable(one['name'])}: failed {count(one['failures'], 'time')}: {printable(one['told'] or '')}"
        for one in value["failing"]
    ]
    for one in value["budgets"]:
        where = f"{printable(one['host'])} {printable(one['token'])}"
        lines.append(f"{where}: {one['taken']} of {one['of']} taken ({one['window']})")
    for org, at in value["listed"].items():
        lines.append(f"{printable(org)}: {'never listed' if at is None else f'listed {_moment(at)}'}")
    return lines


def _moment(at: float) -> str:
    from datetime import UTC  # noqa: PLC0415 - beside its use

    return datetime.fromtimestamp(int(at), UTC).isoformat(" ").removesuffix("+00:00") + " UTC"


_EPILOG = """\b
Examples:
  pinner fleet run --once       list, ask, see to what is due: for cron
  pinner fleet run --for 50m    go on for 50 minutes, a tick a minute
  pinner fleet worker           one of many, on PostgreSQL
  pinner fleet serve            pages and hooks, at http://127.0.0.1:8080
  pinner fleet plan             what is due, and why; writes nothing
  pinner fleet status --format json

\b
fleet.toml:
  store = "sqlite:///var/lib/pinner/fleet.db"
  every = "1h"
  [[source]]
  org = "https://github.com/acme"
  token = "env:PINNER_TOKEN"
  own = ["ghcr.io/acme/*"]
"""


@pinner_command("fleet", _EPILOG)
@click.argument("deed", type=click.Choice(DEEDS), metavar="|".join(DEEDS))
@click.option("--once", is_flag=True, help="With run: do all that there is to do now, and end. That is the default.")
@click.option("--for", "duration", metavar="TIME", help="With run: go on for this time: 50m, 12h.")
@click.option("--listen", metavar="HOST:PORT", help="With serve: where to listen.  [default: 127.0.0.1:8080]")
@click.option("--format", type=click.Choice(["text", "json"]), help="With plan and status: how to say it.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Keep thousands of repositories current: those that name an image whose tag has moved, and no others.

    An index knows which repository names which image. A tick lists what was pushed to, asks registries what tags mean,
    and says which repositories are due and why; each is seen to as by `pinner update --repo`. The file is fleet.toml in
    the current folder, or the one that --config names.

    plan says what is due, why, and how many requests that takes; it writes nothing. run does it on this machine alone;
    a worker together with others that share a store on PostgreSQL, until it is asked to end (SIGTERM, Ctrl-C). serve
    shows pages and takes hooks, on this machine alone unless the file says who else may look. status says how the fleet
    stands.
    """
    return Invocation(ctx.obj, partial(fleet, asked=FleetOptions(ctx.obj, **values)))
