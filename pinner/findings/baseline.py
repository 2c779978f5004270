"""Baseline of ``check``: the findings that were there before, counted and no longer told.

A finding is known by its file, its rule and the image that it is about, not by its line: lines move with every edit.
The file is JSON and sorted, so that it is reviewed and merged line by line.
"""

from __future__ import annotations

import json
from collections import Counter

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import ConfigError
from pinner.model import Occurrence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.findings import Finding
    from pinner.schema.records import KnownRecord

VERSION = 1
_FIELDS = {"path": str, "rule": str, "image": str, "count": int}


class Known(NamedTuple):
    """What tells that a finding is one of those that were there before."""

    path: str
    """Relative to the root of the repository."""
    rule: str
    """Its id."""
    image: str
    """As the file says it; empty where the finding is about none."""


class Compared(NamedTuple):
    """The findings of a run beside a baseline."""

    new: tuple[Finding, ...]
    held_back: int
    """How many of the findings are in the baseline."""
    gone: int
    """How many findings of the baseline were not found any more."""


def known_of(finding: Finding, path: str) -> Known:
    """Return what ``finding`` is known by; ``path`` is that of its file, relative to the root of the repository."""
    place = finding.place
    return Known(path, finding.rule.id, str(place.reference) if isinstance(place, Occurrence) else place.text)


def compare(findings: Iterable[Finding], known: Sequence[Known], baseline: Counter[Known]) -> Compared:
    """Return what ``findings`` are beside ``baseline``; ``known`` says of each, in order, what it is known by.

    Where more findings are known by the same than the baseline counts, the last of them are new.
    """
    left = baseline.copy()
    new = []
    for finding, one in zip(findings, known, strict=True):
        if left[one] > 0:
            left[one] -= 1
        else:
            new.append(finding)
    return Compared(tuple(new), len(known) - len(new), left.total())


def render_baseline(known: Iterable[Known]) -> str:
    """Return the text of the baseline that holds ``known``."""
    rows: list[KnownRecord] = [
        {"path": one.path, "rule": one.rule, "image": one.image, "count": count}
        for one, count in sorted(Counter(known).items())
    ]
    # A finding a line: a merge meets conflicts where two people changed the same one.
    lines = ",\n".join(f"    {json.dumps(row, ensure_ascii=False)}" for row in rows)
    return f'{{\n  "version": {VERSION},\n  "findings": [{lines and f"{chr(10)}{lines}{chr(10)}  "}]\n}}\n'


def parse_baseline(data: bytes, name: str) -> Counter[Known]:
    """Return what is known by the baseline ``data``; raises `ConfigError`, which names the file, where it is none."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise _broken(name, "is no JSON") from None
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise _broken(name, f"is no baseline of version {VERSION}")
    rows = content.get("findings")
    if not isinstance(rows, list) or not all(map(_is_row, rows)):
        raise _broken(name, "has findings that are none")
    return Counter({Known(row["path"], row["rule"], row["image"]): row["count"] for row in rows})


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict)
        and set(row) == set(_FIELDS)
        and all(type(row[key]) is kind for key, kind in _FIELDS.items())
        and row["count"] > 0
    )


def _broken(name: str, what: str) -> ConfigError:
    return ConfigError(f"--baseline: `{name}` {what}", hint="write it with `pinner check --write-baseline FILE`")
