"""Workspace of the language server: the files of a repository kept by content, and open texts in their place.

A file is located again only when its stamp differs. Of a closed file is kept what decides about others: its facts, and
of Dockerfiles and compose files, which are read anew with the values that others give, all of it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from pinner.config.by_path import found_levels, with_levels_by_path
from pinner.errors import ConfigError, InputError, PinnerError, attempt
from pinner.findings import check_source
from pinner.findings.lock_agreement import LockView, findings_beside_lock
from pinner.formats import claims, configured, locate
from pinner.link.paths import Paths
from pinner.lockfile.file import lock_file, read_lock
from pinner.model import Document
from pinner.pipeline import survey
from pinner.scan.discover import Target, discover
from pinner.scan.linking import File, Links, known_files, link_files
from pinner.scan.scan import read_all
from pinner.scan.suppressions import Source, apply_suppressions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.findings.pin_status import PinStatuses
    from pinner.lsp.buffer import Buffer
    from pinner.model import FormatChoice, Place
    from pinner.pipeline import Survey

_READ_ANEW = ("dockerfile", "compose")


class StoredFile(NamedTuple):
    """What is known of a file on disk."""

    stamp: tuple[int, int, int]
    file: File | None
    """None for one that decides about no other."""


class CheckedDocument(NamedTuple):
    """What is known of one open document."""

    buffer: Buffer
    source: Source | None
    """None where no format knows it."""
    findings: tuple[Finding, ...] = ()
    trouble: PinnerError | None = None
    """Why it cannot be looked into."""


class Alone(NamedTuple):
    """What an open text says by itself: the same until it is edited, or formats are configured anew."""

    buffer: Buffer
    choice: FormatChoice
    found: File | InputError | None
    """None where no format knows it."""


class Workspace:
    """One repository, or the folder that an editor has open."""

    def __init__(self, folder: str, settings_of: Callable[[str], Settings], environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.is_whole = True
        """Whether what is below the folder belongs to it; else its own files do, as around a file in a home folder."""
        self.trouble: PinnerError | None = None
        """What is wrong with the configuration or the lock."""
        self.open: dict[str, Buffer] = {}
        """By the path as findings have it."""
        self.statuses: dict[str, PinStatuses] = {}
        """What registries said of the pins of a document, where they were asked."""
        self._settings_of = settings_of
        self._environment = environment
        self._kept: dict[str, StoredFile] = {}
        self._alone: dict[str, Alone] = {}
        self.is_outdated = False
        """Whether files have changed since they were last read."""
        self.view: LockView | None = None
        self.settings = self._configured()
        self._read_lock()

    def _configured(self) -> Settings:
        """Return the settings of the folder; broken ones are told, and those before count on."""
        self.trouble = None
        try:
            return self._settings_of(self.folder)
        except ConfigError as error:
            self.trouble = error
            # From the start: what the command line says counts, as in a folder without a file.
            return getattr(self, "settings", None) or self._settings_of(os.sep)

    def _read_lock(self) -> None:
        """Read the lock; a broken one is told, and the one before counts on."""
        try:
            place = lock_file(self.settings, self.folder)
            stored = read_lock(place)
        except ConfigError as error:
            self.trouble = self.trouble or error
        else:
            self.view = None if stored is None else LockView(stored.lock, stored.data, place)

    def path_of(self, file: str) -> str:
        """Return ``file`` (absolute) as findings name it."""
        return os.path.relpath(file, self.folder).replace(os.sep, "/")

    def reload(self) -> None:
        """Read the configuration and the lock again, and every file that has changed since."""
        self.settings = self._configured()
        self._read_lock()
        formats = configured(self.settings.formats)
        targets = self._targets()
        kept: dict[str, StoredFile] = {}
        for target in targets:
            stamp = _stamp(target.file)
            before = self._kept.get(target.path)
            if before is not None and before.stamp == stamp:
                kept[target.path] = before
            else:
                [reading] = read_all([target], formats)
                kept[target.path] = StoredFile(stamp, next(map(_deciding, known_files([reading])), None))
        # In one step: another thread may look on.
        self._kept = kept

    def _targets(self) -> list[Target]:
        """Return the files that count beside those that are open."""
        if self.is_whole:
            return list(discover((), self.settings, self.folder, self._environment))
        names = [name for name in sorted(os.listdir(self.folder)) if claims(name)] if os.path.isdir(self.folder) else []
        files = [name for name in names if os.path.isfile(os.path.join(self.folder, name))]
        return list(discover(files, self.settings, self.folder, self._environment)) if files else []

    def check(self, today: date) -> dict[str, CheckedDocument]:
        """Return what is to be said of every open document."""
        choice = self.settings.formats
        before = self._alone
        self._alone = {path: _located(path, buffer, choice, before.get(path)) for path, buffer in self.open.items()}
        checked: dict[str, CheckedDocument] = {}
        files: dict[str, File] = {}
        for path, (buffer, _, found) in self._alone.items():
            if isinstance(found, File):
                files[path] = found
            else:
                checked[path] = CheckedDocument(buffer, None, trouble=found)
        links = self._linked(files)
        for path, file in files.items():
            checked[path] = self._checked(path, file, links.changed.get(path), today)
        return checked

    def _linked(self, opened: Mapping[str, File]) -> Links:
        others = [one.file for path, one in self._kept.items() if one.file is not None and path not in self.open]
        if not opened:
            return Links()
        links = attempt(link_files, [*opened.values(), *others], Paths(self.folder.replace(os.sep, "/")))
        return Links() if isinstance(links, InputError) else links

    def _checked(self, path: str, file: File, places: tuple[Place, ...] | None, today: date) -> CheckedDocument:
        buffer = self.open[path]
        try:
            source = apply_suppressions(*file, today=today, places=places, images_exclude=self.settings.images_exclude)
            return CheckedDocument(buffer, source, self._findings(source))
        except PinnerError as error:
            return CheckedDocument(buffer, None, trouble=error)

    def _findings(self, source: Source) -> tuple[Finding, ...]:
        path, rules = source.document.path, found_levels(self.settings)
        findings = tuple(check_source(source, rules))
        if self.view is not None:
            inner = self.view.place.inner_path(os.path.join(self.folder, path))
            findings = findings_beside_lock(findings, source, inner, self.view, rules)
        if path in self.statuses:
            from pinner.findings.online_rules import check_standing, with_proposals  # noqa: PLC0415 - where somebody asked

            findings = tuple(with_proposals(one, self.statuses[path]) for one in findings)
            findings += tuple(check_standing(source, self.statuses[path], self.settings))
        return with_levels_by_path(findings, self.settings, self.folder)

    def surveyed(self, today: date) -> tuple[list[Target], Survey]:
        """Return the open documents as a run of ``pinner pin`` over them sees them, for edits to be made."""
        texts = {
            path: Target(os.path.join(self.folder, path), path, named=True, text=buffer.data)
            for path, buffer in self.open.items()
        }

        def around() -> list[Target]:
            found = self._targets()
            return [texts.get(target.path, target) for target in found]

        targets = list(texts.values())
        return targets, survey(targets, self.settings, today=today, around=around)

    def wants(self, file: str) -> bool:
        """Tell whether ``file`` (absolute) is to be looked into: what the configuration excludes is not."""
        if not os.path.isfile(file):
            return not os.path.exists(file)
        try:
            return bool(discover((self.path_of(file),), self.settings, self.folder, self._environment))
        except PinnerError:
            return False


def _located(path: str, buffer: Buffer, choice: FormatChoice, before: Alone | None) -> Alone:
    if before is not None and before.buffer is buffer and before.choice == choice:
        return before
    document = Document(path, buffer.data)
    found = attempt(locate, document, configured(choice)) if claims(path) else None
    return Alone(buffer, choice, File(document, *found) if isinstance(found, tuple) else found)


def _stamp(file: str) -> tuple[int, int, int]:
    try:
        status = os.stat(file)
    except OSError:
        return 0, 0, 0
    return status.st_mtime_ns, status.st_size, status.st_ino


def _deciding(file: File) -> File | None:
    """Return what of ``file`` may decide about others; None for nothing."""
    document, format_, located = file
    if format_.name in _READ_ANEW:
        return File(document, format_, located._replace(outline=()))
    if not located.facts:
        return None
    return File(Document(document.path, b""), format_, located._replace(places=(), outline=()))
