"""Data of a repository's images: CSV with a row for each place, JSON with an object for each image.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` (OWASP, CSV injection): such a text of a file
stands behind an apostrophe in CSV, and as it is in JSON.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from pinner.model import Occurrence
from pinner.report.escapes import printable
from pinner.report.overview import count_by_state
from pinner.report.records import VERSION, occurrence_record, unreadable_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pinner.oci.types import Signature
    from pinner.report.overview import Meaning, Overview, Seen, UsedImage

FORMATS = ("csv", "json")
CSV_COLUMNS = (
    *("path", "line", "column", "format", "kind", "owner", "reference", "state", "reason", "rules"),
    *("image", "registry", "tag", "digest", "stale", "current", "built", "firstSeen", "ageDays"),
    *("platforms", "signedBy", "signer"),
)
"""The first row of CSV: a contract, to which columns may be added at the end."""
_RUN = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def render_data(shown: Overview, format_: str) -> str:
    """Return ``shown`` as one of `FORMATS`, without the end of the last line."""
    return render_csv(shown) if format_ == "csv" else render_json(shown)


def render_csv(shown: Overview) -> str:
    """Return a row for each place, below a row of names (RFC 4180 but for line ends, which are those of Unix)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for image in shown.images:
        for seen in image.places:
            writer.writerow([_cell(value) for value in _row(image, seen, shown.today)])
    return text.getvalue().removesuffix("\n")


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    shown = printable(value)
    return f"'{shown}" if shown.startswith(_RUN) else shown


def _row(image: UsedImage, seen: Seen, today: date) -> Iterator[object]:
    place = seen.place
    written = str(place.reference) if isinstance(place, Occurrence) else place.text
    yield from (seen.path, place.line, place.column, place.format, place.kind, place.owner, written)
    yield from (seen.state, image.reason or "", " ".join(seen.rules))
    yield from (image.name, image.registry, image.tag or "", str(image.digest or ""))
    yield {True: "yes", False: "no", None: ""}[image.is_stale]
    yield from (str(image.current or ""), _day(image.built) or "", _day(image.seen) or "")
    yield "" if image.dated is None else (today - image.dated).days
    yield " ".join(image.platforms)
    yield from ("", "") if image.signature is None else (image.signature.by, image.signature.signer)


def render_json(shown: Overview) -> str:
    """Return one object with ``version``, ``date``, ``online``, ``images``, ``rules``, ``unreadable``, ``summary``."""
    rules = Counter(finding.rule.id for finding in shown.findings)
    return json.dumps(
        {
            "version": VERSION,
            "date": shown.today.isoformat(),
            "online": shown.is_online,
            "images": [_record(image, shown.today) for image in shown.images],
            "rules": dict(sorted(rules.items())),
            "unreadable": [unreadable_record(file) for file in shown.unreadable],
            "summary": {
                "files": shown.files,
                "images": len(shown.images),
                "places": sum(len(image.places) for image in shown.images),
                "states": count_by_state(shown.images),
                "stale": sum(image.is_stale is True for image in shown.images),
            },
        },
        indent=2,
    )


def _record(image: UsedImage, today: date) -> dict[str, Any]:
    return {
        "image": image.name,
        "registry": image.registry or None,
        "tag": image.tag,
        "digest": _text(image.digest),
        "state": image.state,
        "reason": image.reason,
        "stale": image.is_stale,
        "current": _text(image.current),
        "built": _day(image.built),
        "firstSeen": _day(image.seen),
        "ageDays": None if image.dated is None else (today - image.dated).days,
        "platforms": list(image.platforms),
        "signature": _signature(image.signature),
        "history": [_meaning(one) for one in image.history],
        "noAnswer": image.refusal,
        "mentions": [
            {**occurrence_record(seen.path, seen.place), "state": seen.state, "rules": list(seen.rules)}
            for seen in image.places
        ],
    }


def _meaning(one: Meaning) -> dict[str, Any]:
    return {
        "digest": str(one.digest),
        "firstSeen": one.since.isoformat(),
        "built": _day(one.built),
        "held": one.is_held,
        "source": one.source,
        "revision": one.revision,
        "version": one.version,
    }


def _signature(one: Signature | None) -> dict[str, Any] | None:
    if one is None:
        return None
    log = None if one.log is None else {"url": one.log[0], "index": one.log[1]}
    return {
        "by": one.by,
        "signer": one.signer,
        "issuer": one.issuer,
        "subject": one.subject,
        "signedAt": one.signed_at,
        "log": log,
    }


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _text(digest: object) -> str | None:
    return None if digest is None else str(digest)
