"""Text for other programs: valid Unicode, URIs, fingerprints of findings, and what could not be determined."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote

from pinner.model import Occurrence
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.errors import PinnerError
    from pinner.findings import Finding
    from pinner.report.base import Verdict


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


class Trouble(NamedTuple):
    """One thing that could not be determined."""

    kind: Literal["unreadable", "unanswered"]
    path: str
    place: Occurrence | None
    """The reference that it is about; None where it is the whole file."""
    message: str
    """One line, or two where there is a hint; valid Unicode."""

    @property
    def reference(self) -> str:
        """The reference that it is about, without its digest; empty where there is none."""
        return "" if self.place is None else self.place.reference.familiar


def troubles(verdict: Verdict) -> Iterator[Trouble]:
    """Yield what ``verdict`` could not tell: files first."""
    for file in verdict.unreadable:
        yield Trouble("unreadable", file.path, None, _said(file.error))
    for path, place, error in verdict.untold:
        yield Trouble("unanswered", path, place, _said(error))


def _said(error: PinnerError) -> str:
    lines = (error.message,) if error.hint is None else (error.message, f"hint: {error.hint}")
    return "\n".join(whole(printable(line)) for line in lines)


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield 32 hex digits for each of ``findings``, in their order, no two alike.

    They depend on the rule, the path, the reference without its digest, and how many of the same came before: neither
    on lines nor on the folder of the run.
    """
    return _numbered((finding.rule.id, finding.path, _reference(finding)) for finding in findings)


def trouble_fingerprints(found: Iterable[Trouble]) -> Iterator[str]:
    """Yield the same for what could not be determined."""
    return _numbered((trouble.kind, trouble.path, trouble.reference) for trouble in found)


def _numbered(keys: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    seen: dict[tuple[str, str, str], int] = {}
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        yield _hash(*key, str(seen[key]))


def _reference(finding: Finding) -> str:
    place = finding.place
    return place.reference.familiar if isinstance(place, Occurrence) else place.text


def _hash(*parts: str) -> str:
    # No part holds a NUL: neither paths nor references can.
    return hashlib.sha256("\0".join(whole(part) for part in parts).encode()).hexdigest()[:32]
