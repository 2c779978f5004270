"""``pinner list``: every occurrence and skipped occurrence."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.cli.context import DEFAULTS, Options, exit_status
from pinner.cli.scan import report_unreadable, scan_files, stdin_for
from pinner.cli.settings import settings_for
from pinner.cli.terminal import Terminal
from pinner.errors import isolate_failures
from pinner.report import listing_renderer
from pinner.report.base import Listing, shown_places, summarise
from pinner.report.escapes import form_of
from pinner.report.summary_sentences import NotTold, list_sentence
from pinner.scan.scan import Unreadable
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Collection

    from pinner.cli.context import Context


class ListOptions(NamedTuple):
    """What ``list`` was asked."""

    options: Options = DEFAULTS
    paths: tuple[str, ...] = ()
    format: str = "text"
    everything: bool = False
    stdin_filename: str | None = None
    """What standard input is called, where it is what is asked about."""


def list_(context: Context, asked: ListOptions) -> int:
    """Show every place; return the exit status."""
    terminal = Terminal(context, asked.options)
    settings = settings_for(context, asked.options, asked.paths)
    typed = stdin_for(context, asked.paths, asked.stdin_filename)
    found, survey = scan_files(context, settings, asked.paths, terminal, typed)
    sources = [(source.document.path, occurrences_for(source, "pin")) for source in survey.sources]
    places = shown_places(sources, everything=asked.everything)
    summary = summarise(len(survey.sources), places)
    render = listing_renderer(asked.format).render_listing

    def listing(paths: Collection[str]) -> list[str]:
        kept = set(paths)
        shown = tuple(place for place in places if place.path in kept)
        return list(render(Listing(shown, summary, survey.unreadable), terminal.style))

    lines, failed = isolate_failures(listing, [path for path, _ in sources])
    terminal.output(lines, form_of(asked.format))
    report_unreadable((Unreadable(path, error) for path, error in failed), terminal)
    terminal.info(list_sentence(summary, NotTold(len(survey.unreadable), found.unread), len(found.targets)))
    return exit_status(found=False, untold=bool(survey.unreadable or failed))
