"""Outcome of a run over a whole repository, kept for the next run while nothing it depends on changes.

It is good for the very files it was made of, by their stamps (`record.stamp`), and for what was looked for beside them:
a compose file that another extends, the templates of a chart. Kept is what a check reports, of a `.env` too, and not
what files state about each other: that is in the lines of the record, which are read where the outcome is another one.
Where there is something to be said on one day alone, or of a file that cannot be read, nothing is kept.
"""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.checks.encoding import from_json, from_lists, to_json, to_lists
from pinner.checks.one_file import Counts, Examined, Judged, digest
from pinner.checks.record import stamp
from pinner.model import ENV_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from pinner.checks.record_use import Memory
    from pinner.scan.discover import Target

_SAYS_NOTHING = Judged()
_PLAIN = 4
"""Fields of a row of a file that there is nothing to report of, but its format and how many images it names."""


class Seen(NamedTuple):
    """The files of a run, sorted by path, and what the system says of each."""

    targets: Sequence[Target]
    stamps: Sequence[str]
    memory: Memory


def encode_outcome(seen: Seen, examined: Sequence[Examined], looked_for: Iterable[str]) -> str:
    """Return ``examined``, what has come of the files ``seen``, as a line of ASCII; empty where it may not be kept.

    ``looked_for`` are files and folders beside them that this depends on, whether they are there or not.
    """
    if not seen.memory.sees_all or not all(map(_may_be_kept, seen.targets, examined)):
        return ""
    beside = sorted(set(looked_for).difference(target.file for target in seen.targets))
    key = _key(seen, beside)
    return to_json([key, beside, list(map(_row, examined))]) if key else ""


def decode_outcome(text: str, seen: Seen) -> list[Examined] | None:
    """Return what comes of the files ``seen``; None where ``text`` does not tell, since it is that of other files."""
    if not text or not seen.memory.sees_all:
        return None
    try:
        key, beside, rows = from_json(text)
        if key != _key(seen, beside):
            return None
        return [_examined(target.path, row) for target, row in zip(seen.targets, rows, strict=True)]
    except (TypeError, ValueError, LookupError, RecursionError):  # somebody else wrote it
        return None


def _may_be_kept(target: Target, one: Examined) -> bool:
    if one.error is not None:
        return False
    # A `.env` without a reader is not hashed.
    says_nothing = one.judged == _SAYS_NOTHING and not one.problems
    return bool(one.hash) or one.format is None or (says_nothing and target.path.endswith(ENV_NAME))


def _key(seen: Seen, beside: Iterable[str]) -> str:
    """Return what tells these files, as they are, from any others; empty where one may change without showing."""
    targets, stamps, memory = seen
    states = [_state(name, memory.now) for name in beside]
    if not all(stamps) or not all(states):
        return ""
    own = [
        f"{target.file}\t{target.path}\t{target.named}\t{mark}" for target, mark in zip(targets, stamps, strict=True)
    ]
    return digest(os.fsencode("\n".join((str(memory.whole), *own, *states))))


def _state(name: str, now: int) -> str:
    """Return what the system says of the file or folder ``name``, which need not be there."""
    return stamp(name, now) if os.path.exists(name) else "gone"


def _row(one: Examined) -> object:
    if one.format is None:
        return None
    row = [one.format, *one.counts]
    if one.findings or one.problems or one.judged.names:
        row += [to_lists(one.findings), to_lists(one.problems), to_lists(one.judged.names)]
    return row


def _examined(path: str, row: Any) -> Examined:  # noqa: ANN401 - whoever wrote it knows what it is
    if row is None:
        return Examined(path)
    format_, *counts = row[:_PLAIN]
    if len(row) == _PLAIN:
        return Examined(path, format_, Judged(Counts(*counts)))
    findings, problems, names = map(from_lists, row[_PLAIN:])
    return Examined(path, format_, Judged(Counts(*counts), findings, names), problems)
