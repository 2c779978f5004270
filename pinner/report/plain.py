"""Text that other programs take: valid Unicode whatever bytes a file name has, and paths as URIs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from pinner.report.escapes import printable

if TYPE_CHECKING:
    from pinner.findings import Finding


def whole(text: str) -> str:
    """Return ``text`` with U+FFFD in the place of bytes that are not UTF-8: JSON and XML have no word for them."""
    return text if text.isascii() else _bytes(text).decode("utf-8", "replace")


def uri(path: str) -> str:
    """Return the relative URI of ``path`` (RFC 3986): every byte but unreserved ones and ``/`` percent-encoded."""
    return quote(_bytes(path), safe="/")


def sentence(finding: Finding) -> str:
    """Return what a finding says, and on a second line its hint, for outputs that have one field for both."""
    lines = (finding.message,) if finding.hint is None else (finding.message, f"hint: {finding.hint}")
    return "\n".join(whole(printable(line)) for line in lines)


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a pair: a name on Windows may hold any
        return text.encode("utf-8", "surrogatepass")
