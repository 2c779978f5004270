"""Findings and verdicts made by hand, for outputs that must hold whatever a name or a message holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import InputError, PinnerError, UnavailableError
from pinner.findings import Finding
from pinner.model import Occurrence, SkippedOccurrence, Span
from pinner.reference import ImageReference
from pinner.report import renderer
from pinner.report.base import Verdict, summarise
from pinner.report.style import PLAIN
from pinner.rules import CANNOT_PIN, UNPINNED, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.model import Place

EVIL = "a\x00b\x01\x1b[31m]]>&<\"'\ud83d\udce9\ufffe|`x``y`@me%\r\n::error::x,y: ##[add-mask]z\u202e"
"""What no output may be taken in by. The lone surrogates are how Python spells bytes that are not UTF-8."""


class Unread(NamedTuple):
    path: str
    error: PinnerError


def unpinned(path: str = "Dockerfile", text: str = "nginx:1.27", line: int = 1, column: int = 6) -> Finding:
    place = Occurrence(
        "dockerfile", "from", ImageReference.parse(text), line, column, Span(5, 5 + len(text)), 5 + len(text)
    )
    return found(place, path)


def skipped(path: str, text: str, message: str) -> Finding:
    place = SkippedOccurrence("dockerfile", "from", text, 1, 6, Span(5, 6), "computed", "why")
    return found(place, path, CANNOT_PIN, message=message)


def found(  # the arguments are those of a finding
    place: Place,
    path: str = "Dockerfile",
    rule: Rule = UNPINNED,
    severity: Severity | None = None,
    message: str = "`it` has no digest",
    hint: str | None = None,
) -> Finding:
    return Finding(rule, severity or rule.severity, message, hint, path, place)


def verdict(
    *findings: Finding,
    documents: Mapping[str, bytes] | None = None,
    unreadable: tuple[str, ...] = (),
    unanswered: tuple[str, ...] = (),
) -> Verdict:
    files = documents if documents is not None else {finding.path: b"FROM nginx:1.27\n" for finding in findings}
    unread = tuple(Unread(path, InputError(f"is odd: {EVIL}", hint="mend it")) for path in unreadable)
    place = unpinned().place
    assert isinstance(place, Occurrence)
    untold = tuple((path, place, UnavailableError(f"is away: {EVIL}", hint="try again")) for path in unanswered)
    return Verdict(findings, summarise(len(files), (), findings), unread, files, untold=untold)


def rendered(format_: str, shown: Verdict) -> str:
    """Return what ``format_`` says of ``shown``."""
    return "".join(f"{line}\n" for line in renderer(format_).render_verdict(shown, PLAIN))
