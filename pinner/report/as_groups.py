"""Grouped text of ``check``: findings by image, rule or file, and their number by rule."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.model import Occurrence
from pinner.report.as_text import place_of
from pinner.report.escapes import printable
from pinner.report.style import hint_line
from pinner.report.summary_sentences import count
from pinner.rules import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinner.findings import Finding
    from pinner.report.style import Style
    from pinner.rules import Severity

GROUPS = ("image", "rule", "file")


def render_groups(findings: Iterable[Finding], by: str, style: Style) -> Iterator[str]:
    """Yield a heading for each image, rule or file (``by``) that has findings, the greatest group first, and those."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_KEYS[by](finding), []).append(finding)
    for name, found in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"{style.where(printable(name))}: {_numbers(found, by)}"
        yield from _members(found, by, style)


def _image(finding: Finding) -> str:
    place = finding.place
    if isinstance(place, Occurrence):
        return str(place.reference)
    return place.text or "no image"


def _rule(finding: Finding) -> str:
    return f"{finding.rule.id} {finding.rule.name}"


def _file(finding: Finding) -> str:
    return finding.path


_KEYS = {"image": _image, "rule": _rule, "file": _file}


def _numbers(findings: Sequence[Finding], by: str) -> str:
    """Return how many of which severity there are, in how many files, and by what rules where that is not said."""
    severities = [finding.severity for finding in findings]
    kinds = ", ".join(count(severities.count(one), one) for one in reversed(SEVERITIES) if one in severities)
    files = len({finding.path for finding in findings})
    where = "" if by == "file" else f" in {count(files, 'file')}"
    rules = "" if by != "image" else f" [{', '.join(sorted({finding.rule.id for finding in findings}))}]"
    return kinds + where + rules


def _members(findings: Sequence[Finding], by: str, style: Style) -> Iterator[str]:
    lines: dict[tuple[str, str | None], int] = {}
    for finding in findings:
        line = (_member(finding, by, style), finding.hint if by == "file" else None)
        lines[line] = lines.get(line, 0) + 1
    for (text, hint), number in lines.items():
        yield f"  {text}" if number == 1 else f"  {text} {style.faint(f'({number} uses)')}"
        if hint:
            yield f"  {hint_line(hint, style)}"


def _member(finding: Finding, by: str, style: Style) -> str:
    if by == "image":
        return place_of(finding.path, finding.place)
    if by == "rule":
        return f"{place_of(finding.path, finding.place)}: {printable(finding.message)}"
    where = f"{finding.place.line}:{finding.place.column}"
    return f"{where}: {style.severity(finding.severity)}: {printable(finding.message)} [{finding.rule.id}]"


def render_statistics(findings: Iterable[Finding], style: Style) -> Iterator[str]:
    """Yield a line for each rule that has findings: how many, its severity, id and name; the most frequent first."""
    numbers: dict[tuple[str, str, Severity], int] = {}
    for finding in findings:
        row = (finding.rule.id, finding.rule.name, finding.severity)
        numbers[row] = numbers.get(row, 0) + 1
    yield from _rows(numbers, style)


def _rows(numbers: Mapping[tuple[str, str, Severity], int], style: Style) -> Iterator[str]:
    width = len(str(max(numbers.values(), default=0)))
    for (rule, name, severity), number in sorted(numbers.items(), key=lambda item: (-item[1], item[0])):
        yield f"{number:>{width}}  {rule}  {name}  {style.severity(severity)}"
