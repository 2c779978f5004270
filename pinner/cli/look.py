"""The first half of every command: find the files, locate the references, say what is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner import pipeline
from pinner.discover import discover
from pinner.report.as_text import render_error
from pinner.report.style import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.discover import Target
    from pinner.pipeline import Survey, Unreadable
    from pinner.report.style import Style
    from pinner.screen import Source


def look(context: Context, settings: Settings, paths: Sequence[str], terminal: Terminal) -> tuple[list[Target], Survey]:
    """Return the files that ``paths`` stand for and what is in them; pragmas and files in trouble are named."""
    if settings.source is not None:
        terminal.detail(f"settings are those of {printable(settings.source)}")
    targets = discover(paths, settings, context.folder, context.environment)
    survey = pipeline.survey(targets, settings, today=context.today)
    terminal.detail(*(f"looked into {printable(source.document.path)}" for source in survey.sources))
    terminal.say(*_problems(survey.sources, terminal.talk_style))
    complain_about(survey.unreadable, terminal)
    return targets, survey


def complain_about(files: Iterable[Unreadable], terminal: Terminal) -> None:
    """Say which ``files`` could not be read or written, and why."""
    for file in files:
        terminal.complain(render_error(file.error, terminal.talk_style, file.path))


def _problems(sources: Iterable[Source], style: Style) -> Iterator[str]:
    for source in sources:
        for problem in source.problems:
            where = style.where(f"{printable(source.document.path)}:{problem.line}:1")
            yield f"{where}: {style.severity('warning')}: {printable(problem.message)}"
