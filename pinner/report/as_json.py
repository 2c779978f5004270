"""``--format json``: one object with ``version``, ``mentions`` or ``findings``, ``unreadable``, ``summary``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pinner.report.records import VERSION, finding_record, occurrence_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.report.base import Listing, Verdict
    from pinner.report.style import Style
    from pinner.schema.records import ListingRecord, SummaryRecord, UnreadableRecord, VerdictRecord


def render_listing(listing: Listing, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the object of ``list``."""
    record: ListingRecord = {
        "version": VERSION,
        "mentions": [occurrence_record(shown.path, shown.place) for shown in listing.places],
        "unreadable": _unreadable(listing),
        "summary": _summary(listing),
    }
    yield json.dumps(record, indent=2)


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the object of ``check``."""
    record: VerdictRecord = {
        "version": VERSION,
        "findings": [finding_record(finding) for finding in verdict.findings],
        "unreadable": _unreadable(verdict),
        "summary": _summary(verdict),
    }
    if verdict.is_unverified:
        record["verify"] = "off"
    if verdict.believed is not None:
        record["believed"] = [occurrence_record(path, place) for path, place in verdict.believed]
    yield json.dumps(record, indent=2)


def _unreadable(report: Listing | Verdict) -> list[UnreadableRecord]:
    return [{"path": file.path, "message": file.error.message, "hint": file.error.hint} for file in report.unreadable]


def _summary(report: Listing | Verdict) -> SummaryRecord:
    files, mentions, pinned, unpinned, skipped, unknown, error, warning, note = report.summary
    return {
        "files": files,
        "mentions": mentions,
        "pinned": pinned,
        "unpinned": unpinned,
        "skipped": skipped,
        "unknown": unknown,
        "error": error,
        "warning": warning,
        "note": note,
    }
