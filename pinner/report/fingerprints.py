"""What tells one finding from another, in this run and the next, wherever its line has moved to meanwhile."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pinner.model import Mention
from pinner.report.plain import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.findings import Finding
    from pinner.report.troubles import Trouble


def fingerprints(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield 32 hex digits for each of ``findings``, in their order, no two alike.

    They depend on the rule, the path, the reference without its digest, and how many of the same came before: neither
    on lines nor on the folder of the run.
    """
    return _numbered((finding.rule.id, finding.path, _reference(finding)) for finding in findings)


def trouble_fingerprints(found: Iterable[Trouble]) -> Iterator[str]:
    """Yield the same for what could not be told."""
    return _numbered((trouble.kind, trouble.path, trouble.reference) for trouble in found)


def _numbered(keys: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    seen: dict[tuple[str, str, str], int] = {}
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        yield _hash(*key, str(seen[key]))


def _reference(finding: Finding) -> str:
    place = finding.place
    return place.reference.familiar if isinstance(place, Mention) else place.text


def _hash(*parts: str) -> str:
    # No part holds a NUL: neither paths nor references can.
    return hashlib.sha256("\0".join(whole(part) for part in parts).encode()).hexdigest()[:32]
