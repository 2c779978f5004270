"""``pinner report``: all images of a repository on one HTML page, or as CSV or JSON."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner import __version__
from pinner.checks import run
from pinner.cli.commands import PATHS, pinner_command
from pinner.cli.context import DEFAULTS, Invocation, Options, exit_status
from pinner.cli.registry_answers import with_registry
from pinner.cli.report_destinations import refuse_impossible, save_lines
from pinner.cli.scan import discover_files, refuse_unknown, report_scan, report_unreadable, surrounding_files
from pinner.cli.settings import settings_for
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, ResolveError, attempt
from pinner.files import repository_around
from pinner.lockfile.file import current_lock
from pinner.model import Occurrence
from pinner.reference import Platform
from pinner.report.escapes import escaped, form_of, printable
from pinner.report.overview import Known, Run, count_by_state, overview
from pinner.report.overview_data import FORMATS, render_data
from pinner.report.overview_page import render_page
from pinner.report.summary_sentences import count
from pinner.scan.scan import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.findings.pin_status import PinStatuses
    from pinner.lockfile.model import Lock
    from pinner.oci.resolver import Registry
    from pinner.reference import ImageReference
    from pinner.report.overview import Overview

_STDOUT = "-"
_USUAL = Platform("linux", "amd64")
"""Whose config says when an image was built, unless the settings name another."""


class ReportOptions(NamedTuple):
    """What ``report`` was asked."""

    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    html: str | None = None
    """The file of the page."""
    format: str | None = None
    """How the data are to be written."""
    output: str = _STDOUT
    """The file of the data."""
    online: bool = False


def report(context: Context, asked: ReportOptions) -> int:
    """Write what was asked for; return the exit status."""
    if asked.html is None and asked.format is None:
        raise ConfigError("nothing is asked for", hint="--html FILE makes a page, --format csv or json data")
    if asked.html == _STDOUT:
        raise ConfigError("--html: a page goes into a file", hint="give the name of one")
    if asked.output != _STDOUT and asked.format is None:
        raise ConfigError("--output is the file of --format", hint="--html FILE names the page's own")
    for option, file in (("--html", asked.html), ("--output", asked.output)):
        if file is not None:
            refuse_impossible(file, context.folder, option)
    terminal = Terminal(context, asked.options)
    settings = settings_for(context, asked.options, asked.paths)
    shown, is_complete = _overview(context, settings, asked, terminal)
    unwritten = [*_written(shown, asked, context, terminal)]
    report_unreadable(unwritten, terminal)
    terminal.info(_sentence(shown))
    return exit_status(found=False, untold=bool(shown.unreadable or unwritten) or not is_complete)


def _overview(context: Context, settings: Settings, asked: ReportOptions, terminal: Terminal) -> tuple[Overview, bool]:
    """Return all that is known of the images, and whether every question that was asked has an answer."""
    looked = discover_files(context, settings, asked.paths, terminal)
    targets, around = looked.targets, surrounding_files(context, settings, asked.paths, looked)
    checked = run.check(targets, settings, context.folder, today=context.today, around=around, keeps="sources")
    refuse_unknown(targets, {one.path for one in checked.examined} | {one.path for one in checked.unreadable})
    report_scan(((one.path, one.problems) for one in checked.examined), checked.unreadable, terminal)
    sources = [one.source for one in checked.examined if one.source is not None]
    found = Run(sources, checked.findings, checked.unreadable, context.today)
    known = Known(current_lock(settings, context.folder))
    if not asked.online:
        return overview(found, known), True
    from pinner.cli.online_check import judge_online  # noqa: PLC0415 - brings asyncio

    judged = judge_online(context, settings, sources, checked.findings, terminal)
    findings = run.severities_by_path(judged.findings, settings, context.folder)
    refusals = {str(place.reference): error.message for _, place, error in judged.untold}
    built = _built(context, settings, judged.statuses, known.lock, found, terminal)
    known = known._replace(statuses=judged.statuses, refusals=refusals, built=built)
    return overview(found._replace(findings=findings), known), not judged.untold


def _built(
    context: Context,
    settings: Settings,
    statuses: PinStatuses,
    lock: Lock | None,
    found: Run,
    terminal: Terminal,
) -> Mapping[str, str]:
    """Return when the images were built that are served and of which the lock knows nothing, as registries say."""
    held = {} if lock is None else lock.images
    wanted: dict[str, ImageReference] = {}
    for source in found.sources:
        for candidate in source.candidates:
            place = candidate.place
            if not isinstance(place, Occurrence) or place.reference.digest is None:
                continue
            status = statuses.of(place)
            if status is not None and status.error is None and place.reference.canonical not in held:
                wanted[f"{place.reference.repository}@{place.reference.digest}"] = place.reference
    if not wanted:
        return {}
    platform = settings.platform or next(iter(settings.platforms), _USUAL)
    return with_registry(context, settings, terminal, partial(_ask_built, wanted, platform))


async def _ask_built(
    wanted: Mapping[str, ImageReference],
    platform: Platform,
    registry: Registry,
    _: Callable[[int, int], None],
) -> Mapping[str, str]:
    import asyncio  # noqa: PLC0415 - costs start-up time, needed only to ask

    async def ask(reference: ImageReference) -> str | None:
        try:
            image = await registry.describe(reference, "configs", (platform,))
        except ResolveError:  # an age less
            return None
        return image.platforms[0].created if image.platforms else None

    answers = await asyncio.gather(*map(ask, wanted.values()))
    return {name: answer for name, answer in zip(wanted, answers, strict=True) if answer is not None}


def _written(shown: Overview, asked: ReportOptions, context: Context, terminal: Terminal) -> list[Unreadable]:
    """Write the page and the data; return the files that could not be written."""
    made: list[tuple[str, list[str]]] = []
    if asked.html is not None:
        name = os.path.basename(repository_around(context.folder) or context.folder) or "a repository"
        made.append((asked.html, render_page(shown, name, __version__).removesuffix("\n").split("\n")))
    if asked.format is not None:
        form = form_of(asked.format)
        lines = [*escaped(render_data(shown, asked.format).split("\n"), form)]
        if asked.output == _STDOUT:
            terminal.output(lines, form)
        else:
            made.append((asked.output, lines))
    tried = ((file, attempt(save_lines, file, lines, context.folder)) for file, lines in made)
    return [Unreadable(printable(file), error) for file, error in tried if error is not None]


def _sentence(shown: Overview) -> str:
    counts = count_by_state(shown.images)
    told = ", ".join(f"{number} {state}" for state, number in counts.items() if number)
    return f"{count(len(shown.images), 'image')} in {count(shown.files, 'file')}" + (f": {told}" if told else "")


_EPILOG = """\b
Examples:
  pinner report --html images.html                 the repository on one page
  pinner report --html images.html --online        and what registries know
  pinner report --format csv --output images.csv   a row for each place
  pinner report --format json | jq .summary        for other programs

\b
The page needs nothing but a browser: no network, no other file. Without
--online it knows what the files and pinner.lock say.
"""


@pinner_command("report", _EPILOG)
@PATHS
@click.option("--html", metavar="FILE", help="Write the page to this file.")
@click.option("--format", type=click.Choice(FORMATS), help="Write the data: a row a place, or an object an image.")
@click.option("-o", "--output", metavar="FILE", default="-", help="The file of --format; by default stdout.")
@click.option("--online", is_flag=True, help="Ask the registries too: what tags mean now, and when images were built.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show all images of a repository: how many are pinned, how old they are, where they stand, who signed them.

    The page can be sorted, searched and printed. Nothing is judged: the exit status is 0 whatever is found, and 3 where
    a file could not be read or a registry did not answer.
    """
    return Invocation(ctx.obj, partial(report, asked=ReportOptions(ctx.obj, **values)))
