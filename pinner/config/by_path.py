"""Severities by path: tests and examples, ``[[override]]`` tables, ``pinner.toml`` files of folders below.

What is told last wins: what is in folders of tests, examples, fixtures and foreign code is a note; the configuration's
``[rules]``, its ``[[override]]`` tables in their order, then those of each ``pinner.toml`` on the way down to the file.
Such a file's other settings count where a run is started in its folder.
"""

from __future__ import annotations

import os
from types import MappingProxyType

from pinner._typing import TYPE_CHECKING
from pinner.config.load import OWN_FILE, nested_settings
from pinner.config.propose import class_of
from pinner.files import repository_around
from pinner.patterns.globs import read_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.rules import Level

# The folders are those that Renovate leaves alone by default (its preset `:ignoreModulesAndTests`), and fixtures.
_RUNS_NOWHERE = ("PIN001", "PIN003")
_IS_READ_AS_IT_IS = (*_RUNS_NOWHERE, "PIN005", "PIN007", "PIN009", "PIN010")
_NOTED = {
    "tests": _RUNS_NOWHERE,
    "examples": _RUNS_NOWHERE,
    "fixtures": _IS_READ_AS_IT_IS,
    "vendored": _IS_READ_AS_IT_IS,
}
_NONE: Mapping[str, Level] = MappingProxyType({})


class Severities:
    """Which severities the tree gives the rules in which file, beyond what `Settings.rules` say."""

    def __init__(self, settings: Settings, folder: str) -> None:
        """``folder`` is that of the run, absolute."""
        self._settings = settings
        self._folder = folder
        self._top = settings.root or repository_around(folder) or folder
        self._start = os.path.join(self._top, "")
        self._nested: dict[str, tuple[Settings, ...]] = {}

    def of(self, file: str) -> Mapping[str, Level]:
        """Return the levels by rule id that are given for ``file``, absolute; raises `ConfigError`."""
        folder = os.path.dirname(file)
        levels = self._noted(file)
        if self._settings.overrides:
            levels = {**levels, **_overridden(self._settings, file)}
        for settings in self._below(folder):
            levels = {**levels, **settings.rules, **_overridden(settings, file)}
        return levels

    def _noted(self, file: str) -> Mapping[str, Level]:
        """Return the levels of rules that no ``[rules]`` has, where ``file`` runs nowhere that matters."""
        if not file.startswith(self._start):
            return _NONE
        known = class_of(file[len(self._start) :].replace(os.sep, "/"))
        if known is None:
            return _NONE
        rules = _NOTED.get(known[0], ())
        return {rule: "note" for rule in rules if rule not in self._settings.rules}

    def _below(self, folder: str) -> tuple[Settings, ...]:
        """Return the settings of the ``pinner.toml`` files from below the configuration down to ``folder``."""
        if folder not in self._nested:
            top = self._top
            own: tuple[Settings, ...] = ()
            if folder != top and folder.startswith(self._start):
                own = self._below(os.path.dirname(folder))
                if os.path.isfile(os.path.join(folder, OWN_FILE)):
                    own = (*own, nested_settings(folder, self._folder))
            self._nested[folder] = own
        return self._nested[folder]


def _overridden(settings: Settings, file: str) -> Mapping[str, Level]:
    """Return what the ``[[override]]`` tables of ``settings`` give for ``file``."""
    if not settings.overrides or settings.root is None or not file.startswith(os.path.join(settings.root, "")):
        return _NONE
    path = os.path.relpath(file, settings.root).replace(os.sep, "/")
    levels: dict[str, Level] = {}
    for override in settings.overrides:
        if read_patterns(override.paths)[0].match(path):
            levels |= override.rules
    return levels


def found_levels(settings: Settings) -> Mapping[str, Level]:
    """Return the levels with which rules are looked at: what is off, and on for some paths, must be found first."""
    raised = {rule for override in settings.overrides for rule, level in override.rules.items() if level != "off"}
    return {rule: level for rule, level in settings.rules.items() if level != "off" or rule not in raised}


def with_levels_by_path(findings: Iterable[Finding], settings: Settings, folder: str) -> tuple[Finding, ...]:
    """Return ``findings`` of a run in ``folder``, those of rules that are off for their path left out.

    Raises `ConfigError` where a ``pinner.toml`` on the way to a file is broken.
    """
    severities = Severities(settings, folder)
    by_path: dict[str, Mapping[str, Level]] = {}
    kept = []
    for finding in findings:
        levels = by_path.get(finding.path)
        if levels is None:
            file = os.path.normpath(os.path.join(folder, finding.path))
            levels = by_path[finding.path] = _NONE if settings.is_strict else severities.of(file)
        level = levels.get(finding.rule.id)
        if level is None and settings.rules.get(finding.rule.id) == "off":
            continue
        if level is None:
            kept.append(finding)
        elif level != "off":
            kept.append(finding._replace(severity=level))
    return tuple(kept)
