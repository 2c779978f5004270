"""What the bot leaves behind to know its own work by: a hidden marker in the body, trailers in the commit."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.bot.model import ImageChange

TRAILER = "Pinner-Fingerprint"
"""Of every commit that the bot makes; a commit without it is somebody else's."""
_MARKER = re.compile(r"<!-- pinner: (\{[^\n]{0,4000}?\}) -->")
_TRAILER = re.compile(rf"^{TRAILER}: ([0-9a-f]{{16}})[ \t]*$", re.MULTILINE)
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


class Marker(NamedTuple):
    """What a pull request's body says of itself."""

    group: str
    fingerprint: str


def fingerprint(changes: Iterable[ImageChange]) -> str:
    """Return 16 hex digits that tell one set of changes from another: names, digests and files, not lines.

    A reference that moves within its file is no other change: a closed pull request stays closed for it.
    """
    parts = sorted(
        [change.name, change.canonical, str(change.old or ""), str(change.new), *_files(change)] for change in changes
    )
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _files(change: ImageChange) -> list[str]:
    return sorted({place.rpartition(":")[0] for place in change.places})


def render_marker(marker: Marker) -> str:
    """Return the comment that hides ``marker`` in Markdown."""
    # `>` could end the comment, and group names are the user's.
    text = json.dumps(marker._asdict(), sort_keys=True).replace("<", "\\u003c").replace(">", "\\u003e")
    return f"<!-- pinner: {text} -->"


def read_marker(body: str) -> Marker | None:
    """Return what a body says of itself, the last where several do; None where nothing does, or what no bot wrote."""
    for text in reversed(_MARKER.findall(body)):
        try:
            values = json.loads(text)
        except ValueError:
            continue
        group, mark = values.get("group"), values.get("fingerprint")
        if isinstance(group, str) and isinstance(mark, str) and _FINGERPRINT.fullmatch(mark):
            return Marker(group, mark)
    return None


def without_marker(body: str) -> str:
    """Return ``body`` without what it says of itself."""
    return _MARKER.sub("", body).rstrip()


def read_trailer(message: str) -> str | None:
    """Return the fingerprint that a commit's message carries in its last paragraph, or None."""
    last = message.replace("\r\n", "\n").strip().rpartition("\n\n")[2]
    found = _TRAILER.search(last)
    return found[1] if found else None
