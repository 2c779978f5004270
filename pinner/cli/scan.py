"""Scan step of every command, and its warnings."""

from __future__ import annotations

from functools import partial

from pinner import pipeline
from pinner._typing import TYPE_CHECKING
from pinner.report.as_text import render_error
from pinner.report.escapes import printable
from pinner.scan.discover import discover

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.formats.pragmas import PragmaProblem
    from pinner.pipeline import Survey, Unreadable
    from pinner.report.style import Style
    from pinner.scan.deciding import Around
    from pinner.scan.discover import Target


def look(context: Context, settings: Settings, paths: Sequence[str], terminal: Terminal) -> tuple[list[Target], Survey]:
    """Return the files that ``paths`` stand for and what is in them; pragmas and files in trouble are named."""
    targets = look_for(context, settings, paths, terminal)
    around = around_of(context, settings, paths)
    survey = pipeline.survey(targets, settings, today=context.today, around=around)
    tell(((source.document.path, source.problems) for source in survey.sources), survey.unreadable, terminal)
    return targets, survey


def look_for(context: Context, settings: Settings, paths: Sequence[str], terminal: Terminal) -> list[Target]:
    """Return the files that ``paths`` stand for."""
    if settings.source is not None:
        terminal.detail(f"settings are those of {printable(settings.source)}")
    return discover(paths, settings, context.folder, context.environment)


def around_of(context: Context, settings: Settings, paths: Sequence[str]) -> Around:
    """Return what finds the files of the repository that a run over ``paths`` does not look at; none without any."""
    return partial(discover, (), settings, context.folder, context.environment) if paths else None


def tell(
    looked_into: Iterable[tuple[str, Sequence[PragmaProblem]]], unreadable: Iterable[Unreadable], terminal: Terminal
) -> None:
    """Say which files were looked into and what is wrong with the pragmas of each, and which could not be read."""
    looked_into = list(looked_into)
    terminal.detail(*(f"looked into {printable(path)}" for path, _ in looked_into))
    terminal.info(*_problems(looked_into, terminal.talk_style))
    complain_about(unreadable, terminal)


def complain_about(files: Iterable[Unreadable], terminal: Terminal) -> None:
    """Say which ``files`` could not be read or written, and why."""
    for file in files:
        if terminal.debug:
            terminal.error(getattr(file.error, "trace", "").splitlines())
        terminal.error(render_error(file.error, terminal.talk_style, file.path))


def _problems(looked_into: Iterable[tuple[str, Sequence[PragmaProblem]]], style: Style) -> Iterator[str]:
    for path, problems in looked_into:
        for problem in problems:
            where = style.where(f"{printable(path)}:{problem.line}:1")
            yield f"{where}: {style.severity('warning')}: {printable(problem.message)}"
