"""``--format jsonl``: one mention or finding a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pinner.report.records import finding_record, occurrence_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.report.base import Listing, Verdict
    from pinner.report.style import Style


def render_listing(listing: Listing, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield a line for each mention."""
    for shown in listing.places:
        yield json.dumps(occurrence_record(shown.path, shown.place))


def render_verdict(verdict: Verdict, style: Style) -> Iterator[str]:  # noqa: ARG001 - every renderer is asked alike
    """Yield a line for each finding."""
    for finding in verdict.findings:
        yield json.dumps(finding_record(finding))
