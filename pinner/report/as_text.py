"""``--format text``: a line for each finding or occurrence, for people and for grep."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.model import Occurrence
from pinner.report.base import status_of
from pinner.report.escapes import printable
from pinner.report.style import hint_line
from pinner.report.summary_sentences import count
from pinner.rules import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.model import Place
    from pinner.report.base import Listing, Shown, Verdict
    from pinner.report.style import Style

_MAX_WIDTH = 60
"""No column is padded to more: one long path should not push everything else out of sight."""


def render_listing(listing: Listing, style: Style) -> Iterator[str]:
    """Yield a line for each occurrence: place, kind, status, reference; a skip's reason comes last."""
    yield from lines_with_counts(((row,) for row in _rows(listing, style)), style)


def _rows(listing: Listing, style: Style) -> Iterator[str]:
    rows = [(place_of(*shown), shown.place.kind, status_of(shown.place), shown) for shown in listing.places]
    widths = [min(max((len(row[column]) for row in rows), default=0), _MAX_WIDTH) for column in (0, 1, 2)]
    for where, kind, status, shown in rows:
        yield "  ".join(
            (
                style.where(where.ljust(widths[0])),
                kind.ljust(widths[1]),
                _painted(status.ljust(widths[2]), status, style),
                _reference(shown, style),
            )
        ).rstrip()


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:
    """Yield ``path:line:column: severity: message [rule]`` for each finding, and its hint on a line of its own."""
    told = (finding for finding in verdict.findings if not _is_grouped(finding))
    yield from lines_with_counts((tuple(finding_lines(finding, style)) for finding in told), style)
    groups: dict[str, list[Finding]] = {}
    for finding in filter(_is_grouped, verdict.findings):
        groups.setdefault(_group_of(finding.path), []).append(finding)
    for group, findings in groups.items():
        yield from _group_lines(group, findings, style)


def _is_grouped(finding: Finding) -> bool:
    """Tell whether a finding is told along with its like: a note on what nobody can mend in the repository."""
    return finding.rule is UNKNOWN and finding.severity == "note"


def _group_of(path: str) -> str:
    """Return what a note is told about: its file, or the chart that has the template."""
    chart, templates, _ = path.rpartition("/templates/")
    return f"{chart}{templates}" if templates else path


def _group_lines(group: str, findings: Sequence[Finding], style: Style) -> Iterator[str]:
    if len(findings) == 1:
        yield from finding_lines(findings[0], style)
        return
    images = sum(finding.images for finding in findings)
    files = len({finding.path for finding in findings})
    where = f" in {count(files, 'file')}" if files > 1 else ""
    message = f"{images} images{where} are decided outside of the repository; `pinner list` names them"
    yield f"{style.where(printable(group))}: {style.severity('note')}: {message} {style.faint(f'[{UNKNOWN.id}]')}"
    hint = next((finding.hint for finding in findings if finding.hint), None)
    if hint:
        yield hint_line(hint, style)


def lines_with_counts(entries: Iterable[Sequence[str]], style: Style) -> Iterator[str]:
    """Yield the lines of ``entries``, equal ones once: a place that an anchor or an ARG shares has several uses."""
    uses: dict[tuple[str, ...], int] = {}
    for entry in entries:
        uses[tuple(entry)] = uses.get(tuple(entry), 0) + 1
    for (first, *rest), number in uses.items():
        yield first if number == 1 else f"{first} {style.faint(f'({number} uses)')}"
        yield from rest


def finding_lines(finding: Finding, style: Style) -> Iterator[str]:
    """Yield the line of one finding, and that of its hint."""
    where = style.where(place_of(finding.path, finding.place))
    severity = style.severity(finding.severity)
    yield f"{where}: {severity}: {printable(finding.message)} {style.faint(f'[{finding.rule.id}]')}"
    if finding.hint:
        yield hint_line(finding.hint, style)


def render_error(error: PinnerError, style: Style, where: str = "") -> Iterator[str]:
    """Yield the lines of an error that is not about one reference; ``where`` is the path it is about, if any."""
    place = f"{style.where(printable(where))}: " if where else ""
    yield f"{place}{style.severity('error')}: {printable(error.message)}"
    if error.hint:
        yield hint_line(error.hint, style)


def place_of(path: str, place: Place) -> str:
    """Return ``path:line:column``."""
    return f"{printable(path)}:{place.line}:{place.column}"


def _painted(text: str, status: str, style: Style) -> str:
    if status == "pinned":
        return style.good(text)
    return style.gone(text) if status == "unpinned" else style.faint(text)


def _reference(shown: Shown, style: Style) -> str:
    place = shown.place
    if isinstance(place, Occurrence):
        return printable(str(place.reference))
    why = f"{place.reason}: {printable(place.detail)}" if place.detail else place.reason
    return f"{printable(place.text)} {style.faint(f'({why})')}".lstrip()
