"""``--format json``: one object with ``version``, ``mentions`` or ``findings``, ``unreadable``, ``summary``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pinner.report.records import VERSION, finding_record, occurrence_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.report.base import Listing, Verdict
    from pinner.report.style import Style


def render_listing(listing: Listing, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the object of ``list``."""
    yield _object("mentions", [occurrence_record(shown.path, shown.place) for shown in listing.places], listing)


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield the object of ``check``."""
    believed = verdict.believed
    more: dict[str, Any] = {"verify": "off"} if verdict.is_unverified else {}
    if believed is not None:
        more["believed"] = [occurrence_record(path, place) for path, place in believed]
    yield _object("findings", [finding_record(finding) for finding in verdict.findings], verdict, **more)


def _object(name: str, records: list[dict[str, Any]], report: Listing | Verdict, **more: Any) -> str:  # noqa: ANN401 - JSON
    unreadable = [
        {"path": file.path, "message": file.error.message, "hint": file.error.hint} for file in report.unreadable
    ]
    parts = {"version": VERSION, name: records, **more, "unreadable": unreadable, "summary": report.summary._asdict()}
    return json.dumps(parts, indent=2)
