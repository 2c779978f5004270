"""Read files and locate their references, in several processes where there are enough files to pay for them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from pinner import files
from pinner.errors import InputError
from pinner.formats import locate
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.discover import Target
    from pinner.model import Located

WORTH_A_PROCESS = 300
"""Files a process must have to do: below that, starting it takes longer than it saves."""
_SHARE = 50
_MOST_PROCESSES = 8


class Reading(NamedTuple):
    """What came of one file: its bytes and what its format found, or why it could not be read."""

    path: str
    data: bytes = b""
    format: str | None = None
    """The name of the format that knows the content; None where none does."""
    located: Located | None = None
    error: InputError | None = None


def read_all(targets: Sequence[Target], processes: int | None = None) -> list[Reading]:
    """Return what came of each of ``targets``, in their order; ``processes`` is for as many as there are processors.

    Other processes are used only where starting them is cheap: where the system forks and nothing else is running.
    """
    number = min(processes or _processors(), _MOST_PROCESSES, len(targets) // WORTH_A_PROCESS)
    if number < 2 or sys.platform != "linux":  # noqa: PLR2004 - one process is this one
        return _read_share(targets)
    import multiprocessing  # noqa: PLC0415 - only for large trees
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    shares = [targets[start : start + _SHARE] for start in range(0, len(targets), _SHARE)]
    executor = ProcessPoolExecutor(number, multiprocessing.get_context("fork"), initializer=_leave_interrupts_to_parent)
    try:
        return [reading for share in executor.map(_read_share, shares) for reading in share]
    finally:
        executor.shutdown(cancel_futures=True)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _leave_interrupts_to_parent() -> None:
    import signal  # noqa: PLC0415 - in the other process

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read_share(targets: Sequence[Target]) -> list[Reading]:
    return [_read(target) for target in targets]


def _read(target: Target) -> Reading:
    try:
        data = files.read(target.file)
    except InputError as error:
        return Reading(target.path, error=error)
    found = locate(Document(target.path, data))
    if found is None:
        return Reading(target.path)
    return Reading(target.path, data, found[0].name, found[1])
