"""JSON record fields of occurrences and findings (a contract)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from pinner.model import Occurrence
from pinner.reference import ImageReference
from pinner.report.base import status_of

if TYPE_CHECKING:
    from pinner.findings import Finding
    from pinner.model import Place
    from pinner.reference import Digest
    from pinner.report.base import Summary, Unread
    from pinner.schema.records import FindingRecord, OccurrenceRecord, SummaryRecord, UnreadableRecord

VERSION: Final = 1
"""Of the shape of the JSON: a field more keeps it, anything else raises it."""


def occurrence_record(path: str, place: Place) -> OccurrenceRecord:
    """Return the JSON object of an occurrence or a skip."""
    if isinstance(place, Occurrence):
        reference, digest, reason, detail = str(place.reference), place.reference.digest, None, None
    else:
        reference, digest, reason, detail = place.text, _digest_in(place.text), place.reason, place.detail or None
    return {
        "path": path,
        "line": place.line,
        "column": place.column,
        "span": [place.span.start, place.span.end],
        "format": place.format,
        "kind": place.kind,
        "reference": reference,
        "digest": _text(digest),
        "platform": place.platform,
        "status": status_of(place),
        "reason": reason,
        "detail": detail,
        "via": list(place.via),
        "owner": place.owner or None,
        "decidedBy": list(place.decided_by),
    }


def unreadable_record(file: Unread) -> UnreadableRecord:
    """Return the JSON object of a file that nothing can be said of."""
    return {"path": file.path, "message": file.error.message, "hint": file.error.hint}


def summary_record(summary: Summary) -> SummaryRecord:
    """Return the JSON object of the counts that close a report: its members are those of the counts."""
    return cast("SummaryRecord", summary._asdict())


def finding_record(finding: Finding) -> FindingRecord:
    """Return the JSON object of a finding."""
    return {
        "rule": finding.rule.id,
        "name": finding.rule.name,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "mention": occurrence_record(finding.path, finding.place),
        "proposed": finding.proposed,
        "current": _text(finding.current),
    }


def _digest_in(text: str) -> Digest | None:
    """Return the digest of what was skipped, where it is a reference at all: an ignored one may well be pinned."""
    reference = ImageReference.try_parse(text)
    return None if reference is None else reference.digest


def _text(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)
