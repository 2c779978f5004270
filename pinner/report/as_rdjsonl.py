"""``--format rdjsonl``: reviewdog's diagnostics (reviewdog, proto/rdf/reviewdog.proto)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pinner.report.machine_text import Regions, sentence, troubles, valid_unicode
from pinner.rules import PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.findings import Finding
    from pinner.report.base import Verdict
    from pinner.report.machine_text import Position, Trouble
    from pinner.report.style import Style

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}
_SOURCE = {"name": "pinner", "url": PAGES.partition("/blob/")[0]}


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield a line for each finding and for each thing that could not be determined."""
    regions = Regions(verdict.documents)
    for trouble in troubles(verdict):
        yield json.dumps(_trouble(trouble))
    for finding in verdict.findings:
        yield json.dumps(_diagnostic(finding, regions))


def _trouble(trouble: Trouble) -> dict[str, Any]:
    location: dict[str, Any] = {"path": valid_unicode(trouble.path)}
    if trouble.place is not None:
        location["range"] = {"start": {"line": trouble.place.line}}
    return {"message": trouble.message, "location": location, "severity": "ERROR", "source": _SOURCE}


def _diagnostic(finding: Finding, regions: Regions) -> dict[str, Any]:
    spot = regions.spot(finding)
    diagnostic: dict[str, Any] = {
        "message": sentence(finding),
        "location": {"path": valid_unicode(finding.path), "range": _range(spot.start, spot.end)},
        "severity": _SEVERITIES[finding.severity],
        "source": _SOURCE,
        "code": {"value": finding.rule.id, "url": finding.rule.page},
    }
    edit = regions.edit(finding)
    if edit is not None:
        region = regions.region(finding.path, edit.start, edit.end)
        diagnostic["suggestions"] = [{"range": _range(*region), "text": edit.replacement.decode()}]
    return diagnostic


def _range(start: Position, end: Position | None) -> dict[str, Any]:
    found = {"start": _position(start)}
    if end is not None:
        found["end"] = _position(end)
    return found


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.byte_column}
