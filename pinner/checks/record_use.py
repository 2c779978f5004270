"""Use of the record in one run: which files need no look, and what is new to be remembered."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.checks.one_file import Criteria, Remembered
    from pinner.checks.record import Record
    from pinner.scan.discover import Target

WORTH_REMEMBERING = 50
"""Files above which looking at a record takes less time than it saves; or as many bytes as these have."""
_USUAL_SIZE = 2_000


class Memory(NamedTuple):
    """Where what was said of files is remembered."""

    folder: str
    """The cache folder."""
    root: str
    """The folder that the record is for."""
    whole: bool
    """Whether the run sees all that is there: then what it does not see is forgotten."""
    now: int
    """Nanoseconds since 1970, from before any file was looked at."""
    sees_all: bool = False
    """Whether nothing of the repository is out of the run's sight, so that what came of it can be kept as a whole."""


class Entry(NamedTuple):
    """A file of the run, and what the record has of it."""

    target: Target
    name: str | None = None
    """What the record calls it; None where it cannot have it."""
    stamp: str = ""
    before: Remembered | None = None
    """What came of it when its bytes were those of the hash that this tells."""
    is_same: bool = False
    """Whether they still are, by the stamp."""


def open_memory(memory: Memory | None, targets: Sequence[Target], criteria: Criteria) -> Record | None:
    """Return the record for a run over ``targets``; None where none is kept, or too little is there to do."""
    if memory is None or not _is_much(targets):
        return None
    from pinner.checks.record import open_record  # noqa: PLC0415 - only for large trees

    return open_record(memory.folder, memory.root, criteria, len(targets))


def _is_much(targets: Sequence[Target]) -> bool:
    if len(targets) >= WORTH_REMEMBERING:
        return True
    return sum(map(_size, targets)) >= WORTH_REMEMBERING * _USUAL_SIZE


def _size(target: Target) -> int:
    try:
        return os.path.getsize(target.file)
    except OSError:  # whoever reads it says so
        return 0


def recalled_entries(record: Record, targets: Iterable[Target], stamps: Iterable[str]) -> list[Entry]:
    """Return what ``record`` has of each of ``targets``, on which the system has these ``stamps``."""
    return [_recalled(record, target, mark) for target, mark in zip(targets, stamps, strict=True)]


def _recalled(record: Record, target: Target, mark: str) -> Entry:
    name = record.name(target)
    line = None if name is None else record.find(name)
    try:
        before = None if line is None else line.remembered(target.path)
    except ValueError:  # somebody else wrote it
        before = None
    return Entry(target, name, mark, before, is_same=bool(before and line and mark and line.stamp == mark))


def save_results(
    record: Record, entries: Iterable[Entry], results: Iterable[Remembered], outcome: str, memory: Memory
) -> None:
    """Make ``results``, one for each of ``entries``, and ``outcome`` what is remembered from now on."""
    from pinner.checks.record import record_line, save_record  # noqa: PLC0415 - only for large trees

    kept = {} if memory.whole else dict(record.lines)
    for entry, result in zip(entries, results, strict=True):
        if entry.name is None:
            continue
        if entry.is_same and result == entry.before:
            kept[entry.name] = record.lines[entry.name]
        elif result.examined.hash:
            kept[entry.name] = record_line(entry.stamp, result)
        else:
            kept.pop(entry.name, None)
    save_record(record, kept, outcome, memory.now)
