"""``--format junit``: JUnit XML as Jenkins' xunit plug-in defines it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.model import Occurrence
from pinner.report.escapes import printable
from pinner.report.machine_text import sentence, troubles, valid_unicode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.findings import Finding
    from pinner.report.base import Verdict
    from pinner.report.machine_text import Trouble
    from pinner.report.style import Style

# XML 1.0, production 2: everything else may not even be escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the document, in ASCII. A file without a finding is a case that passes; so is one that fails no run."""
    found: dict[str, list[Finding]] = {path: [] for path in verdict.documents}
    for finding in verdict.findings:
        found.setdefault(finding.path, []).append(finding)
    untold: dict[str, list[Trouble]] = {}
    for trouble in troubles(verdict):
        found.setdefault(trouble.path, [])
        untold.setdefault(trouble.path, []).append(trouble)
    suites = [_suite(path, findings, untold.get(path, ()), verdict) for path, findings in found.items()]
    # Who reads reports takes one without a case for a mistake.
    suites = suites or [_lines("pinner", [_passed("pinner", "nothing to look at")], 0, 0)]
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield '<testsuites name="pinner">'
    for suite in suites:
        yield from suite
    yield "</testsuites>"


def _suite(path: str, findings: Sequence[Finding], untold: Sequence[Trouble], verdict: Verdict) -> list[str]:
    cases = [
        _case(finding, name, fails=finding.severity in verdict.failing)
        for finding, name in zip(findings, _names(findings), strict=True)
    ]
    cases += [_errored(trouble, number) for number, trouble in enumerate(untold, 1)]
    failures = sum(finding.severity in verdict.failing for finding in findings)
    return _lines(path, cases or [_passed(path, "pinner check")], failures, len(untold))


def _errored(trouble: Trouble, number: int) -> list[str]:
    name = f"{trouble.kind} {number}: {trouble.reference}".removesuffix(": ")
    return [
        f'    <testcase name="{_quoted(name)}" classname="{_quoted(trouble.path)}" time="0">',
        f'      <error type="{trouble.kind}" message="{_quoted(trouble.message)}"/>',
        "    </testcase>",
    ]


def _lines(name: str, cases: Sequence[Sequence[str]], failures: int, errors: int) -> list[str]:
    numbers = f'tests="{len(cases)}" failures="{failures}" errors="{errors}" skipped="0" time="0"'
    return [
        f'  <testsuite name="{_quoted(name)}" {numbers}>',
        *(line for case in cases for line in case),
        "  </testsuite>",
    ]


def _passed(path: str, name: str) -> list[str]:
    return [f'    <testcase name="{_quoted(name)}" classname="{_quoted(path)}" time="0"/>']


def _names(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the name of each case. Histories go by names: they do not hold lines, and no two are alike."""
    seen: dict[str, int] = {}
    for finding in findings:
        place = finding.place
        reference = place.reference.familiar if isinstance(place, Occurrence) else place.text
        name = f"{finding.rule.id} {finding.rule.name}: {reference}".removesuffix(": ")
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name} ({seen[name]})"


def _case(finding: Finding, name: str, *, fails: bool) -> list[str]:
    place = finding.place
    said = sentence(finding)
    where = f"{finding.path}:{place.line}:{place.column}: {finding.severity}: {said}\n{finding.rule.page}"
    body = (
        f'<failure type="{finding.severity}" message="{_quoted(said)}">{_quoted(where)}</failure>'
        if fails
        else f"<system-out>{_quoted(where)}</system-out>"
    )
    return [
        f'    <testcase name="{_quoted(printable(name))}" classname="{_quoted(finding.path)}" time="0">',
        f"      {body}",
        "    </testcase>",
    ]


def _quoted(text: str) -> str:
    """Return ``text`` as it may stand in an attribute or element, in ASCII."""
    legal = _ILLEGAL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), valid_unicode(text))
    escaped = "".join(_ENTITIES.get(character, character) for character in legal)
    return escaped.encode("ascii", "xmlcharrefreplace").decode("ascii")
