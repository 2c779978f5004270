"""Safe file opening and atomic replacement.

A repository, an archive or a cache may hold anything under a name that we open: a FIFO would block until somebody
writes, a device may never end, a link may lead anywhere.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from functools import lru_cache

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_REGULAR = "not a regular file but a pipe, socket or device"

# A FIFO would block the open until somebody writes; a terminal must not become ours. Absent on Windows.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_LITTER = r"\.pinner-[0-9]+-[0-9a-f]{12}\.tmp"
_LOCKS = os.name != "nt"
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def shown_path(path: str, folder: str) -> str:
    """Return how messages name the file at ``path`` in a run in ``folder``: relative, ``/`` on every system."""
    try:
        return os.path.relpath(path, folder).replace(os.sep, "/")
    except ValueError:  # another drive
        return path.replace(os.sep, "/")


def open_regular(file: str | os.PathLike[str], *, follow: bool = True) -> int:
    """Return a descriptor to read ``file`` from, which the caller closes; a link is followed unless told otherwise.

    Never blocks. Raises `OSError`: `IsADirectoryError` for a folder, one with the text `NOT_REGULAR` for what is no
    file, ``ELOOP`` for a link that is not to be followed.
    """
    if not follow and not _NO_LINK and os.path.islink(file):  # pragma: no cover - Windows
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), os.fspath(file))
    descriptor = os.open(file, _READ | (0 if follow else _NO_LINK))
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(file))
    raise OSError(errno.EINVAL, NOT_REGULAR, os.fspath(file))


def read_regular(file: str | os.PathLike[str], limit: int | None = None, *, follow: bool = True) -> bytes:
    """Return the bytes of ``file``, where ``limit`` is given at most one more than that: the caller tells by it.

    Raises what `open_regular` does.
    """
    descriptor = open_regular(file, follow=follow)
    try:
        size = os.fstat(descriptor).st_size
        most = size if limit is None else min(size, limit)
        data = os.read(descriptor, most + 1)
        # One read has nearly always all of it; a file that grows meanwhile, a slow disk or what has no size needs more.
        if len(data) != size:
            parts = [data]
            have = len(data)
            while (limit is None or have <= limit) and (more := os.read(descriptor, _step(have, limit))):
                parts.append(more)
                have += len(more)
            data = b"".join(parts)
    finally:
        os.close(descriptor)
    return data


def _step(have: int, limit: int | None) -> int:
    return 1024 * 1024 if limit is None else limit + 1 - have


def write_atomically(
    file: str | os.PathLike[str],
    data: bytes,
    *,
    mode: int = 0o600,
    like: os.stat_result | None = None,
    durable: bool = False,
    exclusive: bool = False,
    last_look: Callable[[], object] | None = None,
) -> None:
    """Make ``data`` the whole of ``file``, a path without a link at its end: all of it or nothing.

    A new file gets ``mode``, less the process's mask, or the mode and as far as possible the owner of ``like``. With
    ``durable`` it is on disk before it takes its place; with ``exclusive`` `FileExistsError` is raised where there is
    one already. ``last_look`` runs when all is ready, and what it raises stops the replacement. What a run that was
    killed has left in the folder goes first, once a process. Raises `OSError`; an interruption leaves nothing behind.
    """
    folder, _ = os.path.split(os.fspath(file))
    remove_litter(folder)
    temporary = os.path.join(folder, f".pinner-{os.getpid()}-{os.urandom(6).hex()}.tmp")
    descriptor = -1
    try:
        descriptor = _create(temporary, mode if like is None else 0o600)
        _fill(descriptor, data, durable=durable)
        if like is not None:
            _make_like(temporary, like)
        if last_look is not None:
            last_look()
        if not _LOCKS:  # pragma: no cover - Windows renames nothing that is open
            descriptor = _close(descriptor)
        if exclusive:
            os.link(temporary, file)
        else:
            os.replace(temporary, file)
    finally:
        _remove(temporary)
        _close(descriptor)


@lru_cache(maxsize=4096)
def remove_litter(folder: str) -> None:
    """Remove what runs that were killed have left in ``folder``: the files that nobody is writing any more."""
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return
    for name in names:
        if re.fullmatch(_LITTER, name):
            _remove_if_dead(os.path.join(folder, name))


def _remove_if_dead(temporary: str) -> None:
    try:
        descriptor = open_regular(temporary, follow=False)
    except OSError:
        return
    try:
        if _lock(descriptor, wait=False):
            if not _LOCKS:  # pragma: no cover - Windows itself keeps a file that somebody writes
                descriptor = _close(descriptor)
            _remove(temporary)
    finally:
        _close(descriptor)


def _lock(descriptor: int, *, wait: bool = True) -> bool:
    """Lock a file for as long as it is open: the system unlocks what a process leaves, however it ends."""
    if not _LOCKS:  # pragma: no cover - Windows
        return True
    import fcntl  # noqa: PLC0415 - only to write, and only where there is one

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # somebody else's, or a file system without locks
        return False
    return True


def _create(temporary: str, mode: int) -> int:
    """Create and lock ``temporary``; between the two, another run may take it for litter."""
    while True:
        descriptor = os.open(temporary, _CREATE, mode)
        _lock(descriptor)
        if not _LOCKS or os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)


def _fill(descriptor: int, data: bytes, *, durable: bool) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    if durable:
        os.fsync(descriptor)


def _make_like(temporary: str, status: os.stat_result) -> None:
    if hasattr(os, "chown"):  # pragma: no branch - Windows
        for owner, group in ((status.st_uid, status.st_gid), (-1, status.st_gid)):
            try:
                os.chown(temporary, owner, group)
            except OSError:  # as far as the system lets us
                continue
            break
    # After chown, which clears set-ID bits.
    os.chmod(temporary, stat.S_IMODE(status.st_mode))


def _close(descriptor: int) -> int:
    if descriptor >= 0:
        os.close(descriptor)
    return -1


def _remove(temporary: str) -> None:
    try:
        os.unlink(temporary)
    except OSError:  # never made, or renamed already
        return
