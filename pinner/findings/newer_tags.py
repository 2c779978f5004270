"""Tag rules of ``check``: newer tags, and variants that have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.findings import Finding, with_expiry
from pinner.model import Occurrence
from pinner.rules import NEWER_TAG, TAG_RULES, VARIANT_ENDED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.config import Settings
    from pinner.scan.suppressions import Source
    from pinner.upgrade.newer import Newer


def looks_for_tags(settings: Settings) -> bool:
    """Tell whether lists of tags are read for a check: where a rule about them is set, or tags may be raised."""
    levels = [settings.rules[rule.id] for rule in TAG_RULES if rule.id in settings.rules]
    return any(level != "off" for level in levels) or (settings.update.is_on and not levels)


def check_tags(source: Source, newer: Mapping[str, Newer], settings: Settings) -> Iterator[Finding]:
    """Yield what lists of tags say of ``source``; pragmas in force silence their rules."""
    for candidate in source.candidates:
        place = candidate.place
        found = newer.get(place.reference.canonical) if isinstance(place, Occurrence) else None
        is_held = any(pragma.tags == "none" for pragma in candidate.pragmas)
        if found is None or is_held or not isinstance(place, Occurrence):
            continue
        for finding in _findings(source.document.path, place, found):
            level = settings.rules.get(finding.rule.id, finding.severity)
            if level != "off" and not candidate.silenced(finding.rule.id):
                yield finding._replace(severity=level, hint=with_expiry(candidate, finding.rule, finding.hint))


def _findings(path: str, place: Occurrence, found: Newer) -> Iterator[Finding]:
    name = place.reference.familiar
    if found.tags:
        tags = ", ".join(f"{tag} ({level})" for tag, level in found.tags)
        hint = f"`pinner update --tags {found.tags[-1][1]} --diff` shows what it would change"
        yield Finding(NEWER_TAG, NEWER_TAG.severity, f"`{name}` → {tags}", hint, path, place)
    if found.ended is not None:
        hint = "`pinner update --tags major --variant follow --diff` shows what would follow"
        yield Finding(VARIANT_ENDED, VARIANT_ENDED.severity, f"`{name}`: {found.ended}", hint, path, place)
