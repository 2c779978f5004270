"""``--format sarif``: a SARIF 2.1.0 log (OASIS) for code scanning and editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pinner import __version__
from pinner.model import Occurrence
from pinner.report.escapes import printable
from pinner.report.machine_text import Regions, fingerprints, sentence, troubles, uri, valid_unicode
from pinner.rules import PAGES, RULES
from pinner.rules.pages import help_text, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.findings import Finding
    from pinner.report.base import Verdict
    from pinner.report.machine_text import Position, Region, Trouble
    from pinner.report.style import Style
    from pinner.rules import Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "ROOT"
"""What every path is relative to. Where that is on this machine is nobody's business, and is not said."""
_FINGERPRINT = "pinnerReference/v1"
"""Not `primaryLocationLineHash`: GitHub's upload makes that itself, and warns of each that another tool has made."""
_INDEX = {rule.id: number for number, rule in enumerate(RULES)}
# GitHub's own scale: https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning
_PROBLEM = {"error": "error", "warning": "warning", "note": "recommendation"}


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the log, in ASCII: what stands outside is escaped, so that it survives any terminal's encoding."""
    yield json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(verdict)]}, indent=2)


def _run(verdict: Verdict) -> dict[str, Any]:
    regions = Regions(verdict.documents)
    identities = fingerprints(verdict.findings)
    return {
        "tool": {
            "driver": {
                "name": "pinner",
                "semanticVersion": __version__,
                "version": __version__,
                "informationUri": PAGES.partition("/blob/")[0],
                "rules": [_rule(rule) for rule in RULES],
            }
        },
        "invocations": [_invocation(verdict)],
        "originalUriBaseIds": {_BASE: {"description": {"text": "The root of the repository that was checked."}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, identity, regions) for finding, identity in zip(verdict.findings, identities, strict=True)
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    text = help_text(rule)
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.summary[0].upper()}{rule.summary[1:]}."},
        "fullDescription": {"text": " ".join(plain(text.split("\n\n")[1]))},
        "help": {"text": "\n".join(plain(text)), "markdown": text},
        "helpUri": rule.page,
        "defaultConfiguration": {"level": rule.severity},
        "properties": {
            "precision": "very-high",
            "problem.severity": _PROBLEM[rule.severity],
            "tags": ["security", "supply-chain", "container-image"],
        },
    }


def _invocation(verdict: Verdict) -> dict[str, Any]:
    notifications = [_notification(trouble) for trouble in troubles(verdict)]
    return {
        "executionSuccessful": not notifications,
        "exitCode": verdict.status,
        "toolExecutionNotifications": notifications,
    }


def _notification(trouble: Trouble) -> dict[str, Any]:
    where: dict[str, Any] = {"artifactLocation": _artifact(trouble.path)}
    if trouble.place is not None:
        where["region"] = {"startLine": trouble.place.line, "startColumn": trouble.place.column}
    return {
        "level": "error",
        "message": {"text": f"{valid_unicode(printable(trouble.path))}: {trouble.message}"},
        "locations": [{"physicalLocation": where}],
    }


def _result(finding: Finding, identity: str, regions: Regions) -> dict[str, Any]:
    spot = regions.spot(finding)
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": _INDEX[finding.rule.id],
        "level": finding.severity,
        "message": {"text": sentence(finding)},
        "locations": [_location(finding.path, _region(spot.start, spot.end))],
        "partialFingerprints": {_FINGERPRINT: identity},
        "properties": _properties(finding),
    }
    if spot.elsewhere is not None:
        where = _location(finding.path, _region(*spot.elsewhere))
        said = ", ".join(finding.place.via) or "where the reference is written"
        result["relatedLocations"] = [{"id": 1, **where, "message": {"text": valid_unicode(printable(said))}}]
    edit = regions.edit(finding)
    if edit is not None:
        region = regions.region(finding.path, edit.start, edit.end)
        result["fixes"] = [_fix(finding, region, edit.replacement.decode())]
    return result


def _properties(finding: Finding) -> dict[str, Any]:
    place = finding.place
    text = str(place.reference) if isinstance(place, Occurrence) else place.text
    known = {
        "reference": valid_unicode(text),
        "format": place.format,
        "kind": place.kind,
        "reason": None if isinstance(place, Occurrence) else place.reason,
        "proposed": finding.proposed,
        "current": None if finding.current is None else str(finding.current),
    }
    return {name: value for name, value in known.items() if value}


def _fix(finding: Finding, region: Region, text: str) -> dict[str, Any]:
    return {
        "description": {"text": f"Write `{finding.proposed}`."},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(finding.path),
                "replacements": [{"deletedRegion": _region(*region), "insertedContent": {"text": text}}],
            }
        ],
    }


def _location(path: str, region: dict[str, int]) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": uri(path), "uriBaseId": _BASE}


def _region(start: Position, end: Position | None) -> dict[str, int]:
    region = {"startLine": start.line, "startColumn": start.column}
    if end is None:
        return region
    return region | {
        "endLine": end.line,
        "endColumn": end.column,
        "byteOffset": start.offset,
        "byteLength": end.offset - start.offset,
    }
