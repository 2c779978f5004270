"""``pinner update --pr``, ``--repo``, ``--repos`` and ``--org``: updates by pull requests."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.batch import AT_ONCE, Registries, parse_shard, run_all, tally
from pinner.bot.context import BotContext, Scope
from pinner.bot.report import render_json, render_markdown, report_lines, summary_lines
from pinner.cache import cache_folder
from pinner.cache.first_seen import open_first_seen
from pinner.cli.context import DEFAULTS, INTERRUPTED, Options, exit_status
from pinner.cli.registry_answers import with_progress
from pinner.cli.repositories import Asked, Forges, jobs_for, paths_from_root
from pinner.cli.settings import select, settings_for, with_update
from pinner.cli.terminal import Terminal
from pinner.config import Settings
from pinner.errors import ConfigError
from pinner.oci.resolver import Listener
from pinner.report.as_text import render_error
from pinner.report.changes import render_failures
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from pinner.bot.batch import Job, Report, UnreachableRepository
    from pinner.bot.forges.base import Forge
    from pinner.bot.git.program import Login
    from pinner.cli.context import Context
    from pinner.config import TagLevel
    from pinner.oci.resolver import Registry

FORMATS = ("text", "markdown", "json")
_CLEAR = 60
"""More than the line of progress has."""


class PublishOptions(NamedTuple):
    """What ``update`` was asked to propose."""

    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    pr: bool = False
    repo: tuple[str, ...] = ()
    repos: str | None = None
    org: str | None = None
    shard: str | None = None
    forge: str | None = None
    dry_run: bool = False
    concurrency: int = AT_ONCE
    format: str | None = None
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    to_index: bool = False
    min_age: str | None = None
    tags: TagLevel | None = None
    variant: str | None = None
    allow: tuple[str, ...] = ()


def publish(context: Context, asked: PublishOptions) -> int:
    """Bring the pull requests of every repository that was asked for to what they should be; return the status."""
    where, scope = _understood(context, asked)
    _refuse_wrong(context, asked)
    terminal = Terminal(context, asked.options)
    teller = _Teller(terminal, asked, many=where.is_fleet)
    try:
        reports = asyncio.run(_run(context, asked, where, scope, teller))
    except KeyboardInterrupt:
        terminal.error(["interrupted; nothing is half done: run it again, and it goes on from there"])
        return INTERRUPTED
    if len(reports) == 1 and isinstance(error := reports[0].error, ConfigError) and not where.is_fleet:
        raise error
    teller.finish(reports)
    return exit_status(
        found=any(report.is_refused for report in reports), untold=not all(report.is_complete for report in reports)
    )


def _understood(context: Context, asked: PublishOptions) -> tuple[Asked, Scope]:
    """Return which repositories and what of them; raises `ConfigError` for what makes no sense together."""
    elsewhere = bool(asked.repo or asked.repos or asked.org)
    if asked.pr and elsewhere:
        raise ConfigError("--pr is about the repository here", hint="leave it out with --repo, --repos or --org")
    if asked.paths and elsewhere:
        raise ConfigError("a PATH goes with --pr", hint="leave it out with --repo, --repos or --org")
    if not asked.pr and not elsewhere:
        raise ConfigError(
            "--dry-run, --forge, --shard and --concurrency go with pull requests",
            hint="add --pr, or name repositories with --repo, --repos or --org",
        )
    if asked.format not in (None, *FORMATS):
        raise ConfigError(f"--format {asked.format} goes with --diff", hint=f"here it is {', '.join(FORMATS)}")
    shard = None if asked.shard is None else parse_shard(asked.shard)
    where = Asked(asked.pr, asked.repo, asked.repos, asked.org, asked.forge, shard)
    scope = Scope(
        paths_from_root(asked.paths, context.folder) if asked.paths else (),
        partial(select, only=asked.only, exclude=asked.exclude),
        asked.to_index,
        not (asked.paths or asked.only or asked.exclude),
    )
    return where, scope


def _refuse_wrong(context: Context, asked: PublishOptions) -> None:
    """Raise `ConfigError` for what is wrong with the options: that is wrong in every repository.

    What settings the current folder has is of no concern: those of each repository's base branch count.
    """
    if asked.options.config is not None:
        _settings_in(context.folder, context, asked)
    else:
        with_update(Settings(), asked.tags, asked.variant, asked.allow, asked.min_age)


def _settings_in(folder: str, context: Context, asked: PublishOptions) -> Settings:
    """Return the settings that govern ``folder``, with what the command line says on top; raises `ConfigError`."""
    options = asked.options
    if options.layout is not None:
        options = options._replace(layout=os.path.join(context.folder, options.layout))
    if options.config is None:
        settings = settings_for(context._replace(folder=folder), options)
    else:
        # One file for every repository: its patterns are about their roots.
        settings = settings_for(context, options, asked.paths if asked.pr else None)
        shown = folder.replace(os.sep, "/")
        formats = settings.formats._replace(root=shown if settings.formats.places else "", folder=shown)
        settings = settings._replace(root=folder, formats=formats)
    return with_update(settings, asked.tags, asked.variant, asked.allow, asked.min_age)


class _Teller:
    """Says what becomes of each repository, in order, and clears the line of progress before it speaks."""

    def __init__(self, terminal: Terminal, asked: PublishOptions, *, many: bool) -> None:
        self.terminal = terminal
        self._asked = asked
        self._many = many
        self._streams = asked.format in (None, "text") and not (asked.dry_run and asked.format is None)
        self._said: set[str] = set()

    def report(self, report: Report) -> None:
        """Say what became of one repository."""
        terminal = self.terminal
        self._clear()
        lines = report_lines(report, terminal.style, dry_run=self._asked.dry_run)
        if self._streams:
            terminal.output(lines)
        else:
            terminal.info(*report_lines(report, terminal.talk_style, dry_run=self._asked.dry_run))
        self._complain(report)

    def _complain(self, report: Report) -> None:
        terminal, style = self.terminal, self.terminal.talk_style
        name = printable(report.name)
        if report.error is not None and (self._many or not isinstance(report.error, ConfigError)):
            terminal.error(render_error(report.error, style, name))
        done = report.published
        if done is None:
            return
        below = f"{report.name}/" if self._many else ""
        for step in done.steps:
            if step.error is not None:
                terminal.error(render_error(step.error, style, f"{name} {printable(step.proposal.branch)}"))
        failures = [
            plan._replace(document=plan.document._replace(path=below + plan.document.path)) for plan in done.failures
        ]
        terminal.error(render_failures(failures, style))
        for file in done.unreadable:
            terminal.error(render_error(file.error, style, below + file.path))
        for note in done.notes:
            terminal.info(f"{name}: {style.severity('note')}: {printable(note)}")

    def warn(self, warning: str) -> None:
        """Say ``warning``, once."""
        if warning not in self._said:
            self._said.add(warning)
            self._clear()
            self.terminal.info(f"{self.terminal.talk_style.severity('warning')}: {printable(warning)}")

    def wait(self, why: str) -> None:
        """Say that the forge asks for patience."""
        self._clear()
        self.terminal.info(printable(why))

    def _clear(self) -> None:
        if self.terminal.interactive:
            self.terminal.status(f"\r{' ' * _CLEAR}\r")

    def finish(self, reports: list[Report]) -> None:
        """Say what is to be said of all together."""
        terminal, asked = self.terminal, self._asked
        if asked.format == "json":
            terminal.output(render_json(reports, dry_run=asked.dry_run).split("\n"), "json")
        elif not self._streams:
            terminal.output(render_markdown(reports))
        if self._many:
            terminal.info(*summary_lines(tally(reports), len(reports), terminal.talk_style, dry_run=asked.dry_run))


async def _run(context: Context, asked: PublishOptions, where: Asked, scope: Scope, teller: _Teller) -> list[Report]:
    environment = context.environment

    def connected(settings: Settings) -> AbstractAsyncContextManager[Registry]:
        return context.connect(settings, environment, Listener(teller.warn, lambda _: None))

    async with Registries(connected) as registries:
        world = partial(bot_context, context=context, asked=asked, registries=registries)
        runs = 1 if where.shard is None else where.shard.of
        forges = Forges(environment, where.forge, world, teller.wait, may_be_anybody=asked.dry_run, runs=runs)
        try:
            jobs = await jobs_for(where, forges, context.folder, environment)
            for sentence in await forges.advice():
                teller.warn(sentence)
            return await _tended(jobs, scope, teller, asked.concurrency)
        finally:
            await forges.aclose()


def bot_context(
    forge: Forge, login: Login | None, *, context: Context, asked: PublishOptions, registries: Registries
) -> BotContext:
    """Return what the repositories of ``forge`` are worked on with."""
    folder = cache_folder(context.environment) if asked.options.cache else None
    return BotContext(
        forge,
        login,
        context.environment,
        context.today,
        datetime.fromtimestamp(int(context.clock()), UTC),
        open_first_seen(context.environment, folder, context.clock()),
        partial(_settings_in, context=context, asked=asked),
        registries.registry,
        asked.dry_run,
    )


async def _tended(jobs: list[Job | UnreachableRepository], scope: Scope, teller: _Teller, at_once: int) -> list[Report]:
    reports: list[Report] = []

    async def work(on_report: Callable[[int, int], None]) -> None:
        def tell(report: Report) -> None:
            reports.append(report)
            on_report(len(reports), len(jobs))
            teller.report(report)

        on_report(0, len(jobs))
        await run_all(jobs, scope, tell, at_once)

    await with_progress(teller.terminal, work, words=lambda done, of: f"{done} of {of} repositories")
    return reports
