"""Read files and locate their references, in several processes where there are enough files to pay for them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from pinner import files
from pinner.errors import BinaryError, InputError
from pinner.formats import FORMATS, is_no_loss, largest, locate
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    from pinner.discover import Target
    from pinner.formats.base import Format
    from pinner.model import Located

WORTH_A_PROCESS = 1_000
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


def read_all(
    targets: Sequence[Target], formats: Sequence[Format] = FORMATS, processes: int | None = None
) -> list[Reading]:
    """Return what came of each of ``targets``, in their order; ``processes`` is for as many as there are processors.

    ``formats`` are the formats as they are configured.
    Other processes are used only where starting them is cheap: where the system forks and nothing else is running.
    """
    number = min(processes or _processors(), _MOST_PROCESSES, len(targets) // WORTH_A_PROCESS)
    if number < 2 or sys.platform != "linux":  # noqa: PLR2004 - one process is this one
        return _read_share(targets, formats)
    import multiprocessing  # noqa: PLC0415 - only for large trees
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

    shares = [targets[start : start + _SHARE] for start in range(0, len(targets), _SHARE)]
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(number - 1, context, initializer=_leave_interrupts_to_parent) as executor:
        try:
            return _share_out(shares, formats, executor)
        finally:
            executor.shutdown(cancel_futures=True)


def _share_out(shares: Sequence[Sequence[Target]], formats: Sequence[Format], executor: Executor) -> list[Reading]:
    """Read ``shares``: the others from the front, this process from the back, until they meet.

    What others read has to be handed over, which takes a third of the time of reading it.
    """
    futures = [executor.submit(_read_share, share, formats) for share in shares]
    own: list[list[Reading]] = []
    for share, future in zip(reversed(shares), reversed(futures), strict=True):
        if not future.cancel():
            break
        own.append(_read_share(share, formats))
    theirs = [future.result() for future in futures[: len(futures) - len(own)]]
    return [reading for share in (*theirs, *reversed(own)) for reading in share]


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _leave_interrupts_to_parent() -> None:
    import signal  # noqa: PLC0415 - in the other process

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read_share(targets: Sequence[Target], formats: Sequence[Format]) -> list[Reading]:
    return [_read(target, formats) for target in targets]


def _read(target: Target, formats: Sequence[Format]) -> Reading:
    try:
        data = files.read(target.file, largest(target.path))
    except InputError as error:
        if isinstance(error, BinaryError) and not target.named and is_no_loss(target.path):
            return Reading(target.path)
        return Reading(target.path, error=error)
    found = locate(Document(target.path, data), formats)
    if found is None:
        return Reading(target.path)
    return Reading(target.path, data, found[0].name, found[1])
