"""The rules of ``check``: one line each. Ids, names and default severities are a contract (see docs and README)."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]
Level: TypeAlias = Literal["error", "warning", "note", "off"]

SEVERITIES: tuple[Severity, ...] = ("note", "warning", "error")
"""From the mildest to the gravest."""


class Rule(NamedTuple):
    """One thing that can be wrong with a reference."""

    id: str
    name: str
    severity: Severity
    summary: str


UNPINNED = Rule("PIN001", "unpinned", "error", "the reference has no digest")
NO_TAG = Rule("PIN002", "no-tag-beside-digest", "note", "a digest without the tag it was taken from")
CANNOT_PIN = Rule("PIN003", "cannot-pin", "warning", "a reference that cannot be pinned where it stands")
PARSE_ERROR = Rule("PIN005", "parse-error", "warning", "a file, or a part of it, that cannot be read as its format")

RULES = (UNPINNED, NO_TAG, CANNOT_PIN, PARSE_ERROR)
BY_ID = {rule.id: rule for rule in RULES}
RESERVED = ("PIN004", "PIN101", "PIN102", "PIN103", "PIN104", "PIN105")
"""Ids that belong to the lockfile and to ``check --online``: accepted in configuration and pragmas."""

IDS = tuple(sorted((*BY_ID, *RESERVED)))
