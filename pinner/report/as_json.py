"""``--format json``: one object with ``version``, ``mentions`` or ``findings``, ``unreadable``, ``summary``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pinner.report.records import VERSION, finding_record, occurrence_record, summary_record, unreadable_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.report.base import Listing, Verdict
    from pinner.report.style import Style
    from pinner.schema.records import ListingRecord, VerdictRecord


def render_listing(listing: Listing, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the object of ``list``."""
    record: ListingRecord = {
        "version": VERSION,
        "mentions": [occurrence_record(shown.path, shown.place) for shown in listing.places],
        "unreadable": [unreadable_record(file) for file in listing.unreadable],
        "summary": summary_record(listing.summary),
    }
    yield json.dumps(record, indent=2)


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the object of ``check``."""
    record: VerdictRecord = {
        "version": VERSION,
        "findings": [finding_record(finding) for finding in verdict.findings],
        "unreadable": [unreadable_record(file) for file in verdict.unreadable],
        "summary": summary_record(verdict.summary),
    }
    if verdict.is_unverified:
        record["verify"] = "off"
    if verdict.believed is not None:
        record["believed"] = [occurrence_record(path, place) for path, place in verdict.believed]
    yield json.dumps(record, indent=2)
