"""``--format github``: workflow commands that GitHub shows as annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.report.escapes import printable
from pinner.report.machine_text import Regions, sentence, troubles, valid_unicode
from pinner.report.summary_sentences import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.findings import Finding
    from pinner.report.base import Verdict
    from pinner.report.machine_text import Trouble
    from pinner.report.style import Style

MOST = 10
"""Annotations of a kind that GitHub takes from a step (actions/toolkit, docs/problem-matchers.md)."""
_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


class _Entry(NamedTuple):
    kind: str
    command: str
    line: str
    """The same for people, where the annotations are used up."""


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the commands that GitHub takes, a line of text for each finding beyond those, and how many these are."""
    entries = tuple(_entries(verdict))
    shown, rest = _limited(entries)
    yield from (entry.command for entry in shown)
    yield from (entry.line for entry in rest)
    yield from _left_off(rest)


def annotation_lines(verdict: Verdict) -> Iterator[str]:
    """Yield the commands that GitHub takes and how many it would not: for runs that say all in text anyway."""
    shown, rest = _limited(tuple(_entries(verdict)))
    yield from (entry.command for entry in shown)
    yield from _left_off(rest)


def _limited(entries: tuple[_Entry, ...]) -> tuple[list[_Entry], list[_Entry]]:
    numbers = dict.fromkeys(_COMMANDS.values(), 0)
    shown: list[_Entry] = []
    rest: list[_Entry] = []
    for entry in entries:
        numbers[entry.kind] += 1
        (shown if numbers[entry.kind] <= MOST else rest).append(entry)
    return shown, rest


def _left_off(rest: list[_Entry]) -> Iterator[str]:
    kinds = [(sum(entry.kind == kind for entry in rest), kind) for kind in _COMMANDS.values()]
    named = ", ".join(count(number, kind) for number, kind in kinds if number)
    if named:
        yield f"pinner: {named} more than GitHub annotates in a step ({MOST} of a kind); the summary has all"


def _entries(verdict: Verdict) -> Iterator[_Entry]:
    for trouble in troubles(verdict):
        yield _trouble(trouble)
    regions = Regions(verdict.documents)
    for finding in verdict.findings:
        yield _entry(finding, regions)


def _trouble(trouble: Trouble) -> _Entry:
    path = valid_unicode(printable(trouble.path))
    line = "" if trouble.place is None else f",line={trouble.place.line},col={trouble.place.column}"
    command = f"::error file={_property(path)}{line},title=pinner::{_data(f'{path}: {trouble.message}')}"
    return _Entry("error", command, _text(f"{path}: error: {trouble.message.partition(chr(10))[0]}"))


def _entry(finding: Finding, regions: Regions) -> _Entry:
    kind = _COMMANDS[finding.severity]
    path = valid_unicode(printable(finding.path))
    spot = regions.spot(finding)
    properties = {"file": path, "line": str(spot.start.line), "col": str(spot.start.column)}
    if spot.end is not None and spot.end.line == spot.start.line and spot.end.column > spot.start.column:
        properties["endColumn"] = str(spot.end.column)
    properties["title"] = f"{finding.rule.id} {finding.rule.name}"
    given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    place = f"{path}:{spot.start.line}:{spot.start.column}"
    line = f"{place}: {finding.severity}: {sentence(finding).partition(chr(10))[0]} [{finding.rule.id}]"
    return _Entry(kind, f"::{kind} {given}::{_data(sentence(finding))}", _text(line))


def _data(text: str) -> str:
    """Return ``text`` as the message of a command (actions/toolkit, ``escapeData``)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Return ``text`` as a property of a command (actions/toolkit, ``escapeProperty``)."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _text(line: str) -> str:
    """Return ``line`` such that the runner takes it for no command, which begin with ``::name``."""
    return "also " + printable(line)
