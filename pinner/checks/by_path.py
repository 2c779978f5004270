"""Findings with the severities that the tree gives their rules in their files."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING
from pinner.config.by_path import Severities

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.rules import Level


def found_levels(settings: Settings) -> Mapping[str, Level]:
    """Return the levels with which rules are looked at: what is off, and on for some paths, must be found first."""
    raised = {rule for override in settings.overrides for rule, level in override.rules.items() if level != "off"}
    return {rule: level for rule, level in settings.rules.items() if level != "off" or rule not in raised}


def with_levels_by_path(findings: Iterable[Finding], settings: Settings, folder: str) -> tuple[Finding, ...]:
    """Return ``findings`` of a run in ``folder``, those of rules that are off for their path left out.

    Raises `ConfigError` where a ``pinner.toml`` on the way to a file is broken.
    """
    severities = Severities(settings, folder)
    kept = []
    for finding in findings:
        file = os.path.normpath(os.path.join(folder, finding.path))
        level = None if settings.is_strict else severities.of(file).get(finding.rule.id)
        if level is None and settings.rules.get(finding.rule.id) == "off":
            continue
        if level is None:
            kept.append(finding)
        elif level != "off":
            kept.append(finding._replace(severity=level))
    return tuple(kept)
