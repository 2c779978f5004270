"""``pinner inspect``: what a name means, and with ``--rate-limit`` how much registries let be fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.cli.answers import with_registry
from pinner.cli.inspecting import allowances, inspect_all
from pinner.cli.options import DEFAULTS, Options
from pinner.cli.settings import settings_for
from pinner.cli.status import exit_status
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError
from pinner.report.as_text import render_error
from pinner.report.escapes import form_of
from pinner.report.inspection import Failure, Inspection
from pinner.report.inspections import inspection_renderer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.cli.context import Context
    from pinner.config import Settings
    from pinner.report.inspection import Entry


class InspectOptions(NamedTuple):
    """What ``inspect`` was asked."""

    options: Options = DEFAULTS
    names: tuple[str, ...] = ()
    """Images; registries or images with ``rate_limit``."""
    rate_limit: bool = False
    format: str = "text"


def inspect(context: Context, asked: InspectOptions) -> int:
    """Show what every name means; return the exit status."""
    terminal = Terminal(context, asked.options)
    settings = settings_for(context, asked.options)
    if asked.rate_limit:
        return _limits(context, settings, asked, terminal)
    if not asked.names:
        raise ConfigError("no image is named", hint="`pinner inspect nginx:1.27`")
    names = tuple(dict.fromkeys(asked.names))
    entries = with_registry(
        context,
        settings,
        terminal,
        lambda registry, on_answer: inspect_all(
            names,
            registry,
            settings.platform,
            offline=settings.offline and settings.layout is None,
            on_answer=on_answer,
        ),
    )
    terminal.data(inspection_renderer(asked.format).render_inspections(entries, terminal.style), form_of(asked.format))
    _complain(entries, terminal)
    return exit_status(found=False, untold=any(_is_incomplete(entry, settings) for entry in entries))


def _is_incomplete(entry: Entry, settings: Settings) -> bool:
    if isinstance(entry, Inspection):
        return entry.today_unknown is not None or (entry.unsought is not None and not settings.offline)
    return isinstance(entry, Failure)


def _limits(context: Context, settings: Settings, asked: InspectOptions, terminal: Terminal) -> int:
    names = tuple(dict.fromkeys(asked.names)) or ("docker.io",)
    entries = with_registry(
        context, settings, terminal, lambda registry, on_answer: allowances(names, registry, on_answer)
    )
    told = [entry for entry in entries if not isinstance(entry, Failure)]
    terminal.data(inspection_renderer(asked.format).render_allowances(told, terminal.style), form_of(asked.format))
    _complain(entries, terminal)
    return exit_status(found=False, untold=len(told) < len(entries))


def _complain(entries: Iterable[object], terminal: Terminal) -> None:
    for entry in entries:
        if isinstance(entry, Failure):
            terminal.complain(render_error(entry.error, terminal.talk_style))
