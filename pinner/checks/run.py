"""Check run: every file checked, in several processes and from the record where that pays."""

from __future__ import annotations

import os
import re
from collections import Counter

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.checks.file import Criteria, Examined, examine, examine_source
from pinner.checks.processes import share_out
from pinner.errors import InputError, attempt
from pinner.formats import FORMATS
from pinner.pipeline import Survey, survey
from pinner.scan.discover import siblings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from pinner.checks.record import Record
    from pinner.config import Settings
    from pinner.scan.discover import Target

WORTH_A_PROCESS = 150
"""Files that a process must have to look into: below that, starting it takes longer than it saves."""
WORTH_REMEMBERING = 50
"""Files above which looking at a record takes less time than it saves; or as many bytes as these have."""
_USUAL_SIZE = 2_000


class Memory(NamedTuple):
    """Where what had nothing to report is remembered."""

    folder: str
    """The cache folder."""
    root: str
    """The folder that the record is for."""
    whole: bool
    """Whether the run sees all that is there: then what it does not see is forgotten."""
    now: int
    """Nanoseconds since 1970, from before any file was looked at."""


class _Job(NamedTuple):
    target: Target
    before: Examined | None
    """What came of it when its bytes were those of its hash."""


def examine_all(
    targets: Sequence[Target],
    settings: Settings,
    *,
    today: date,
    memory: Memory | None = None,
    processes: int | None = None,
) -> tuple[Examined, ...]:
    """Return what an offline check without a lock has to know of ``targets``, sorted by path.

    ``memory`` is used where there is enough to do; ``processes`` as in `share_out`.
    """
    targets = sorted(targets, key=lambda target: target.path)
    criteria = Criteria(settings.calls, settings.images_exclude, settings.rules)

    is_kept = memory is not None and _is_much(targets)

    def work(job: _Job) -> Examined:
        return examine(job.target, criteria, today=today, hashed=is_kept, before=job.before)

    def look(jobs: Sequence[_Job]) -> list[Examined]:
        return share_out(work, jobs, WORTH_A_PROCESS, processes)

    if memory is None or not is_kept:
        examined = look([_Job(target, None) for target in targets])
    else:
        examined = _remembering(targets, criteria, memory, look)
    return tuple(_reconciled(targets, examined, settings, today))


def _is_much(targets: Sequence[Target]) -> bool:
    if len(targets) >= WORTH_REMEMBERING:
        return True
    return sum(map(_size, targets)) >= WORTH_REMEMBERING * _USUAL_SIZE


def _size(target: Target) -> int:
    try:
        return os.path.getsize(target.file)
    except OSError:  # whoever reads it says so
        return 0


def _remembering(
    targets: Sequence[Target],
    criteria: Criteria,
    memory: Memory,
    look: Callable[[Sequence[_Job]], list[Examined]],
) -> list[Examined]:
    """Return what came of ``targets``; those that are as they were are not looked at, and what is new is remembered."""
    from pinner.checks.record import open_record, save_record, written  # noqa: PLC0415 - only for large trees

    record = open_record(memory.folder, memory.root, criteria, len(targets))
    if record is None:
        return look([_Job(target, None) for target in targets])
    known, new = _told_apart(record, targets, memory.now)
    found = look([one.job for one in new])
    kept = {} if memory.whole else dict(record.lines)
    kept |= {name: record.lines[name] for name, _ in known.values()}
    kept |= {
        one.name: written(one.mark, result)
        for one, result in zip(new, found, strict=True)
        if one.name is not None and result.hash
    }
    save_record(record, kept, memory.now)
    results = {path: result for path, (_, result) in known.items()} | {one.path: one for one in found}
    return [results[target.path] for target in targets]


class _New(NamedTuple):
    """A file that is looked into, and what it will be remembered by."""

    job: _Job
    name: str | None
    mark: str


def _told_apart(
    record: Record, targets: Iterable[Target], now: int
) -> tuple[dict[str, tuple[str, Examined]], list[_New]]:
    """Return the files that are as ``record`` has them, by path, with their names in it; and the others."""
    from pinner.checks.record import stamp  # noqa: PLC0415 - only for large trees

    known: dict[str, tuple[str, Examined]] = {}
    new: list[_New] = []
    for target in targets:
        name = record.name(target)
        line = None if name is None else record.find(name)
        mark = stamp(target.file, now)
        if name is not None and line is not None and mark and line.stamp == mark:
            known[target.path] = name, line.examined(target.path)
        else:
            new.append(_New(_Job(target, line and line.examined(target.path)), name, mark))
    return known, new


def _reconciled(
    targets: Sequence[Target], examined: Sequence[Examined], settings: Settings, today: date
) -> Iterator[Examined]:
    """Yield ``examined`` after the rules across files: where there is somebody beside a file, it is read once more."""
    contested = list(dict.fromkeys((*_contested(targets, examined), *_decided(targets, examined))))
    again = survey(contested, settings, today=today) if contested else Survey((), ())
    better = {file.path: Examined(file.path, error=file.error) for file in again.unreadable}
    for source in again.sources:
        path = source.document.path
        one = attempt(examine_source, source, settings.rules)
        better[path] = Examined(path, error=one) if isinstance(one, InputError) else one
    for one in examined:
        yield better.get(one.path, one)


def _contested(targets: Sequence[Target], examined: Sequence[Examined]) -> Iterator[Target]:
    for format_ in FORMATS:
        if not format_.crosses_files:
            continue
        own = [target for target, one in zip(targets, examined, strict=True) if one.format == format_.name]
        beside = siblings_of(own, format_)
        # Nearly all are alone in their folder: only for the others is the format asked, whose module takes 25 ms.
        neighbours = Counter(map(_folder, (*own, *beside)))
        crowded = [target for target in (*own, *beside) if neighbours[_folder(target)] > 1]
        families = Counter(format_.family(target.path) for target in crowded)
        mine = set(own)
        yield from (target for target in crowded if target in mine and families[format_.family(target.path)] > 1)


_STATING = re.compile(r"(?:^|/)(?:kustomization\.ya?ml|Kustomization|skaffold[^/]*\.ya?ml|kbld[^/]*\.ya?ml)$")


def _decided(targets: Sequence[Target], examined: Sequence[Examined]) -> Iterator[Target]:
    """Yield the files that others of the run may decide about, and those others: they are linked (`pinner.link`).

    Manifests where a kustomization or a build is stated, Dockerfiles where a compose file may give them arguments.
    """
    formats = {one.format for one in examined}
    wanted = {"compose", "dockerfile"} if {"compose", "dockerfile"} <= formats else set()
    if any(_STATING.search(target.path) for target in targets):
        wanted.add("kubernetes")
    yield from (target for target, one in zip(targets, examined, strict=True) if one.format in wanted)


def _folder(target: Target) -> str:
    return target.path.rpartition("/")[0]
