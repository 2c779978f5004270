"""Check run: every file checked, in several processes and from the record where that pays."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.checks.linked_files import check_again, deciding_facts
from pinner.checks.one_file import Conditions, Examined, Remembered, conditions_for, examine
from pinner.checks.processes import share_out
from pinner.checks.record_use import Entry, open_memory
from pinner.errors import InputError, attempt
from pinner.lockfile.file import lock_file, read_lock
from pinner.model import Document
from pinner.scan.scan import Unreadable, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from typing import Literal

    from pinner.checks.linked_files import DecidingFacts
    from pinner.checks.record import Record
    from pinner.checks.record_use import Memory
    from pinner.config import Settings
    from pinner.findings import Finding
    from pinner.findings.lock_agreement import LockView
    from pinner.scan.discover import Target
    from pinner.scan.neighbour_files import Around

WORTH_A_PROCESS = 150
"""Files that a process must have to look into: below that, starting it takes longer than it saves."""

_MOST_KEPT = 20_000
"""Files of a run up to which what was found in them is kept until they are linked: some 1 kB for an image."""
_APART = ("helm", "kubernetes", "quadlet", "terraform")
"""Formats of whose files each is judged by what others state, and not with them."""


class Checked(NamedTuple):
    """What a check without registries finds."""

    examined: tuple[Examined, ...]
    """The files of a known format, sorted by path."""
    unreadable: tuple[Unreadable, ...]
    findings: tuple[Finding, ...]
    lock: tuple[Document, ...] = ()
    """The lock that was looked at too; none where there is none."""


def check(
    targets: Sequence[Target],
    settings: Settings,
    folder: str,
    *,
    today: date,
    around: Around = None,
    memory: Memory | None = None,
    keeps: Literal["findings", "bytes", "sources"] = "findings",
) -> Checked:
    """Return what is wrong with ``targets``, by the files and by pinner.lock, where there is one.

    ``around`` are the files of the repository where the run in ``folder`` sees a part of it: only a run that sees all
    (the default) can tell what the lock has too much. What it ``keeps`` of a file is what was found, with the bytes of
    those with findings for an output that counts in them, or every file in detail: then nothing is taken from
    ``memory``. Raises `ConfigError` for a lock that is broken.
    """
    view = _lock_view(settings, folder)
    conditions = conditions_for(_for_all_paths(settings), today, view, keeps_sources=keeps == "sources")
    conditions = conditions._replace(keeps_bytes=keeps == "bytes")
    found = examine_all(targets, conditions, around=around, memory=memory)
    unreadable = tuple(Unreadable(one.path, one.error) for one in found if one.error is not None)
    examined = tuple(one for one in found if one.format is not None)
    findings = severities_by_path((finding for one in examined for finding in one.findings), settings, folder)
    if view is None:
        return Checked(examined, unreadable, findings)
    from pinner.findings.lock_agreement import sort_key, unneeded_entries  # noqa: PLC0415 - only where there is a lock

    if around is None:
        inner = {target.path: view.place.inner_path(target.file) for target in targets}
        named = {inner[one.path]: one.judged.names for one in examined}
        findings += unneeded_entries(named, {inner[file.path] for file in unreadable}, view, settings.rules)
    lock = Document(view.place.shown, view.data)
    return Checked(examined, unreadable, tuple(sorted(findings, key=sort_key)), (lock,))


def _for_all_paths(settings: Settings) -> Settings:
    """Return ``settings`` with the rules on that are on for some paths."""
    if not settings.overrides:
        return settings
    from pinner.config.by_path import found_levels  # noqa: PLC0415 - only where there are overrides

    return settings._replace(rules=found_levels(settings))


def severities_by_path(findings: Iterable[Finding], settings: Settings, folder: str) -> tuple[Finding, ...]:
    """Return ``findings`` of a run in ``folder`` with the severities of their paths; raises `ConfigError`."""
    found = tuple(findings)
    if not found:
        return found
    from pinner.config.by_path import with_levels_by_path  # noqa: PLC0415 - only where there is something to say

    return with_levels_by_path(found, settings, folder)


def _lock_view(settings: Settings, folder: str) -> LockView | None:
    place = lock_file(settings, folder)
    stored = read_lock(place)
    if stored is None:
        return None
    from pinner.findings.lock_agreement import LockView  # noqa: PLC0415 - only where there is a lock

    return LockView(stored.lock, stored.data, place, settings.verify, _key_ids(settings, folder))


def _key_ids(settings: Settings, folder: str) -> dict[str, str]:
    """Return the ids of the keys that policies name, by file."""
    if not settings.verify:
        return {}
    from pinner.files.atomic import read_regular  # noqa: PLC0415 - only where there is a policy
    from pinner.limits import MIB  # noqa: PLC0415 - the same
    from pinner.verify.policy import key_ids  # noqa: PLC0415 - the same

    root = settings.root or folder
    return key_ids(settings.verify, lambda name: read_regular(os.path.join(root, name), MIB))


def examine_all(
    targets: Sequence[Target],
    conditions: Conditions,
    *,
    around: Around = None,
    memory: Memory | None = None,
    processes: int | None = None,
) -> tuple[Examined, ...]:
    """Return what an offline check has to know of ``targets``, sorted by path; ``around`` as for `check`.

    ``memory`` is used where there is enough to do and no source is asked for; ``processes`` as in `share_out`.
    """
    targets = sorted(targets, key=lambda target: target.path)
    record = None if conditions.keeps_sources else open_memory(memory, targets, conditions.criteria)
    conditions = conditions._replace(hashed=record is not None, keeps_places=len(targets) <= _MOST_KEPT)
    run = _Run(conditions, 1 if conditions.keeps_sources else processes)
    if record is None or memory is None:
        return tuple(run.results([Entry(target) for target in targets], around).final)
    return _remembering(run, record, memory, targets, around)


def _remembering(
    run: _Run, record: Record, memory: Memory, targets: Sequence[Target], around: Around
) -> tuple[Examined, ...]:
    """Return what ``run`` comes to, as far as ``record`` tells from there, which is brought up to date."""
    from pinner.checks.outcome import Seen, decode_outcome, encode_outcome  # noqa: PLC0415 - only for large trees
    from pinner.checks.record import note_use, stamp  # noqa: PLC0415 - as above
    from pinner.checks.record_use import recalled_entries, save_results  # noqa: PLC0415 - as above

    seen = Seen(targets, [stamp(target.file, memory.now) for target in targets], memory)
    known = decode_outcome(record.outcome, seen)
    if known is not None:
        note_use(record, memory.now)
        return tuple(run.with_bytes(targets, known))
    record = record.read()
    entries = recalled_entries(record, targets, seen.stamps)
    results = run.results(entries, around)
    outcome = encode_outcome(seen, results.final, results.looked_for) if memory.sees_all else record.outcome
    save_results(record, entries, results.news, outcome, memory)
    return tuple(results.final)


class _Results(NamedTuple):
    final: list[Examined]
    """What came of each file."""
    news: list[Remembered]
    """What there is to be remembered of each."""
    looked_for: Sequence[str] = ()
    """What this depends on beside the files, see `relinked.Light`."""


class _Run(NamedTuple):
    conditions: Conditions
    processes: int | None

    def results(self, entries: Sequence[Entry], around: Around) -> _Results:
        """Return what came of ``entries``."""
        targets = [entry.target for entry in entries]
        alone = self._alone(entries)
        light = attempt(deciding_facts, targets, alone, self.conditions, around)
        if isinstance(light, InputError):
            lost = [Examined(one.path, error=light) if one.facts else one for one in alone]
            return _Results(lost, list(map(Remembered, lost)))
        known = {
            one.path: entry.before
            for entry, one in zip(entries, alone, strict=True)
            if entry.before is not None and entry.before.examined.hash == one.hash
        }
        kept = {one.path: one for one in alone if one.kept is not None}
        new = _unknown(alone, light, known)
        # A `.env` is remembered nowhere: what is said of it comes of its readers, who need not be judged anew for that.
        beside = {reader for path in new for reader in light.readers.get(path, ())}
        looked = [target for target in targets if target.path in new | beside]
        seen = check_again(looked, light, self.conditions, kept, self.processes)
        seen = {path: one for path, one in seen.items() if path in new}
        alone = [one if one.kept is None else one._replace(kept=None) for one in alone]
        news = [_news(one, light, known.get(one.path), seen.get(one.path)) for one in alone]
        results = [seen.get(target.path) or _final(new) for target, new in zip(targets, news, strict=True)]
        return _Results(self.with_bytes(targets, results), news, light.looked_for)

    def with_bytes(self, targets: Iterable[Target], results: list[Examined]) -> list[Examined]:
        """Return ``results``, of ``targets``, with the bytes that are asked for."""
        if not self.conditions.keeps_bytes:
            return results
        return [_with_bytes(target, one) for target, one in zip(targets, results, strict=True)]

    def _alone(self, entries: Sequence[Entry]) -> list[Examined]:
        """Return what comes of each of ``entries`` by itself."""
        jobs = [entry for entry in entries if not entry.is_same]

        def look(entry: Entry) -> Examined:
            return examine(entry.target, self.conditions, entry.before and entry.before.examined)

        found = iter(share_out(look, jobs, WORTH_A_PROCESS, self.processes))
        return [
            entry.before.examined if entry.is_same and entry.before is not None else next(found) for entry in entries
        ]


def _unknown(alone: Sequence[Examined], light: DecidingFacts, known: Mapping[str, Remembered]) -> set[str]:
    """Return the paths of those that are to be looked at in ``light``.

    Compose files and Dockerfiles make images together: where one of them is, so are all.
    """
    concerned = [one for one in alone if one.path in light.concerned]
    new = {one.path for one in concerned if not (light.key and _has_seen(known.get(one.path), light))}
    if any(one.format not in (*_APART, "dotenv") for one in concerned if one.path in new):
        new |= {one.path for one in concerned if one.format not in _APART}
    return new


def _has_seen(before: Remembered | None, light: DecidingFacts) -> bool:
    return before is not None and before.light == light.key


def _news(alone: Examined, light: DecidingFacts, before: Remembered | None, seen: Examined | None) -> Remembered:
    """Return what there is to be remembered of a file."""
    if not light.key or alone.path not in light.concerned:
        return Remembered(alone)
    if seen is None:
        return Remembered(alone, light.key, before and before.again)
    # A file that was changed between two looks is in no light yet.
    is_settled = bool(seen.hash) and seen.hash == alone.hash
    return Remembered(alone, light.key, seen.judged) if is_settled else Remembered(alone)


def _final(new: Remembered) -> Examined:
    return new.examined if new.again is None else new.examined._replace(judged=new.again)


def _with_bytes(target: Target, one: Examined) -> Examined:
    """Return ``one`` with the bytes that its findings are counted in: what is remembered has none."""
    if one.data or not one.findings:
        return one
    data = attempt(read_text, target)
    if isinstance(data, InputError):
        return Examined(target.path, error=data)
    return one._replace(data=data or b"")
