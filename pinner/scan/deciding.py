"""Files beside those of a run that decide what images mean there: read for their facts, and not reported."""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING
from pinner.config.find import repository_around
from pinner.link.compose import resolve_path
from pinner.link.facts import ComposeFile
from pinner.scan.discover import Target, siblings_of
from pinner.scan.scan import read_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.formats.base import Format
    from pinner.scan.scan import Reading

_MOST = 1_000


def read_deciding(
    readings: Sequence[Reading], targets: Sequence[Target], formats: Sequence[Format]
) -> tuple[list[Reading], list[Target]]:
    """Return what came of the files that decide about those of ``readings`` and are none of ``targets``, and which.

    They are the files in the same folders that ``formats`` name, and those that a compose file extends or includes, as
    far as they lie in the repository around it.
    """
    files = {target.path: target.file for target in targets}
    by_format: dict[str, list[Target]] = {}
    for reading, target in zip(readings, targets, strict=True):
        if reading.format is not None and reading.format.crosses_files:
            by_format.setdefault(reading.format.name, []).append(target)
    pending = [
        target
        for format_ in formats
        if format_.name in by_format
        for target in siblings_of(by_format[format_.name], format_)
    ]
    found: list[Reading] = []
    beside: list[Target] = []
    fresh = list(readings)
    while (pending or fresh) and len(found) < _MOST:
        pending = [target for target in (*pending, *_named(fresh, files)) if target.path not in files]
        pending = list({target.path: target for target in pending}.values())
        files |= {target.path: target.file for target in pending}
        fresh = read_all(pending, formats)
        found += fresh
        beside += pending
        pending = []
    return found, beside


def _named(readings: Sequence[Reading], files: dict[str, str]) -> Iterator[Target]:
    """Yield the files that compose reads along with those of ``readings``, where they are in the same repository."""
    for reading in readings:
        for fact in reading.located.facts if reading.located is not None else ():
            for written in fact.reads if type(fact) is ComposeFile else ():
                folder = os.path.dirname(files[reading.path])
                file = os.path.normpath(os.path.join(folder, written))
                if "$" not in written and not os.path.isabs(written) and _is_inside(file, folder):
                    yield Target(file, resolve_path(reading.path, written))


def _is_inside(file: str, folder: str) -> bool:
    root = os.path.realpath(repository_around(folder) or folder)
    real = os.path.realpath(file)
    return os.path.isfile(real) and real.startswith(os.path.join(root, ""))
