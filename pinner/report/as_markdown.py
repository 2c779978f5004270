"""``--format markdown``: a table for pull request comments and GitHub's job summary."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.report.escapes import printable
from pinner.report.machine_text import sentence, troubles, valid_unicode
from pinner.report.summary_sentences import NotTold, check_sentence, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.findings import Finding
    from pinner.report.base import Verdict
    from pinner.report.machine_text import Trouble
    from pinner.report.style import Style

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 characters of a comment."""
_HEAD = "| place | severity | rule | what |\n|---|---|---|---|"
# What starts anything in CommonMark or GFM inside a line, and mentions of people and issues.
_ACTIVE = re.compile(r"([\\`*_\[\]<>|~&#@!$])")
_SPAN = re.compile(r"`([^`]+)`")


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield a heading, a table with a row a finding as far as a comment takes them, and the counts."""
    closing = check_sentence(verdict.summary, NotTold(len(verdict.unreadable)))
    yield "### pinner"
    yield ""
    rows = [_trouble(trouble) for trouble in troubles(verdict)] + [_row(finding) for finding in verdict.findings]
    if rows:
        shown = _fitting(rows)
        yield from _HEAD.splitlines()
        yield from rows[:shown]
        yield ""
        if shown < len(rows):
            yield f"… and {count(len(rows) - shown, 'row')} more."
            yield ""
    yield f"{closing[0].upper()}{closing[1:]}."


def _fitting(rows: list[str]) -> int:
    room = MOST_CHARACTERS
    for number, row in enumerate(rows):
        room -= len(row) + 1
        if room < 0:
            return number
    return len(rows)


def _row(finding: Finding) -> str:
    place = _code(f"{finding.path}:{finding.place.line}")
    what = _lines(sentence(finding))
    return f"| {place} | {finding.severity} | [{finding.rule.id}]({finding.rule.page}) {finding.rule.name} | {what} |"


def _trouble(trouble: Trouble) -> str:
    place = trouble.path if trouble.place is None else f"{trouble.path}:{trouble.place.line}"
    return f"| {_code(place)} | error | | {_lines(trouble.message)} |"


def _lines(text: str) -> str:
    return "<br>".join(_prose(line) for line in text.split("\n"))


def _code(text: str) -> str:
    """Return ``text`` as a code span in a table: fenced by more backticks than it has, pipes escaped."""
    shown = valid_unicode(printable(text)).replace("|", "\\|")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    if not longest:
        return f"`{shown}`"
    fence = "`" * (longest + 1)
    return f"{fence} {shown} {fence}"


def _prose(text: str) -> str:
    """Return ``text`` with its code spans, and everything else of it without effect."""
    if text.count("`") % 2 or "``" in text:
        return _inert(text)
    parts = _SPAN.split(text)
    return "".join(_code(part) if number % 2 else _inert(part) for number, part in enumerate(parts))


def _inert(text: str) -> str:
    # A mention is made of the rendered text: only a character between @ and the name keeps people out of it.
    return _ACTIVE.sub(r"\\\1", text).replace("\\@", "\\@\u200b").replace("://", ":\u200b//")
