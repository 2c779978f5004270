"""Hover texts and lens titles: what is known of the image at a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.model import Occurrence
from pinner.report.escapes import printable
from pinner.report.overview import Known, Run, overview

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pinner.findings.pin_status import PinStatus, PinStatuses
    from pinner.lockfile.model import Lock
    from pinner.model import Place
    from pinner.report.overview import UsedImage
    from pinner.scan.suppressions import Source

_MOST_PLATFORMS = 12


def code(text: str) -> str:
    """Return ``text`` as code in Markdown, whatever it holds."""
    return f"`{printable(text).replace('`', chr(0x2BC))}`"


def hover_text(place: Place, source: Source, lock: Lock | None, statuses: PinStatuses | None, today: date) -> str:
    """Return Markdown on the image at ``place``: what its digest is, how old, for what platforms, signed by whom."""
    if not isinstance(place, Occurrence):
        said = f"{code(place.text)}: " if place.text else ""
        return f"{said}not pinned here ({place.reason}){': ' + printable(place.detail) if place.detail else ''}"
    found = overview(Run([source], (), (), today), Known(lock, statuses)).images
    image = next(one for one in found if any(seen.place == place for seen in one.places))
    status = None if statuses is None else statuses.of(place)
    lines = [f"**{code(image.name)}**", *_digest_lines(image, status), *_known_lines(image, today)]
    if place.decided_by:
        lines.append(f"decided by {', '.join(map(code, place.decided_by))}")
    if status is None:
        lines.append("*Ask the registries* (a code action) tells what the tag means now.")
    return "\n\n".join(lines)


def _digest_lines(image: UsedImage, status: PinStatus | None) -> Iterator[str]:
    if image.digest is None:
        yield "held to no digest"
    else:
        kind = _kind(image, status)
        yield f"held to {code(str(image.digest))}" + (f", {kind}" if kind else "")
    if image.current is not None and image.current != image.digest:
        yield f"the tag means now {code(str(image.current))}"
    elif status is not None and image.is_stale is False:
        yield "that is what the tag means now"
    if status is not None and status.error is not None:
        yield f"no answer: {printable(status.error.message)}"


def _kind(image: UsedImage, status: PinStatus | None) -> str:
    """Return what the digest is, as far as it is known."""
    held = None if status is None else status.held
    if held is None:
        return "an index" if len(image.platforms) > 1 else ""
    if held.is_gone:
        return "which is not served any more"
    if held.is_index:
        return "an index"
    if held.config is not None:
        return "an image ID, which nothing can pull"
    return f"one platform's manifest ({held.platform})" if held.platform is not None else "a manifest"


def _known_lines(image: UsedImage, today: date) -> Iterator[str]:
    if image.platforms:
        more = len(image.platforms) - _MOST_PLATFORMS
        shown = ", ".join(map(code, image.platforms[:_MOST_PLATFORMS]))
        yield f"for {shown}" + (f" and {more} more" if more > 0 else "")
    if image.dated is not None:
        verb = "built" if image.built is not None else "first seen"
        yield f"{verb} {image.dated.isoformat()}, {(today - image.dated).days} days ago"
    if image.signature is not None:
        issuer = f" ({code(image.signature.issuer)})" if image.signature.issuer else ""
        yield f"signed ({image.signature.by}) by {code(image.signature.signer)}{issuer}"


def lens_title(place: Occurrence, status: PinStatus) -> str | None:
    """Return what a lens says above a pin that is stale; None for one that is not."""
    current = status.current
    if current is None or place.reference.digest in (None, current) or status.moved_elsewhere:
        return None
    return f"stale: {printable(place.reference.familiar)} is {current.short} by now; update"
