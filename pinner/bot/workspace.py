"""Temporary folders for clones, locked while in use; those of killed runs are removed.

The lock is on the folder itself, so the system takes it off whoever is killed. Where there are no such locks (Windows,
some network file systems) nothing that was left is removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "pinner-bot-"


@contextmanager
def workspace() -> Iterator[Path]:
    """Give a folder of one's own, empty, which is removed at the end."""
    folder, descriptor = _made()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if descriptor is not None:
            os.close(descriptor)


def _made() -> tuple[Path, int | None]:
    """Return a new folder, and the descriptor that holds its lock; None where there is none to be had."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        descriptor = _opened(folder)
        if descriptor is None or not _locked(descriptor, wait=True):
            return folder, descriptor
        with suppress(OSError):
            if os.path.samestat(os.fstat(descriptor), folder.stat()):
                return folder, descriptor
        # Before it was locked another run has taken it for one that nobody uses.
        os.close(descriptor)


def remove_abandoned() -> None:
    """Remove the folders of runs that were killed: the user's own, that nobody has locked."""
    parent = Path(tempfile.gettempdir())
    with suppress(OSError):
        for folder in parent.glob(f"{_PREFIX}*"):
            _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    descriptor = _opened(folder)
    if descriptor is None:
        return
    try:
        if os.fstat(descriptor).st_uid == os.getuid() and _locked(descriptor, wait=False):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int | None:
    """Return a descriptor of a folder, and of nothing that only leads to one; None where there is none to be had."""
    if not hasattr(os, "O_DIRECTORY"):  # pragma: no cover - Windows
        return None
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None


def _locked(descriptor: int, *, wait: bool) -> bool:
    try:
        import fcntl  # noqa: PLC0415 - POSIX's
    except ImportError:  # pragma: no cover - Windows
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True
