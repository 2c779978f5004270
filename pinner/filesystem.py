"""Safe opening of regular files, and atomic replacement of them: what every reader and writer of pinner goes through.

A repository, an archive or a cache may hold anything under a name that we open: a FIFO would block until somebody
writes, a device may never end, a link may lead anywhere.
"""

from __future__ import annotations

import errno
import os
import stat

NOT_REGULAR = "not a regular file but a pipe, socket or device"

# A FIFO would block the open until somebody writes; a terminal must not become ours. Absent on Windows.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_regular(file: str | os.PathLike[str], *, follow: bool = True) -> int:
    """Return a descriptor to read ``file`` from, which the caller closes; a link is followed unless told otherwise.

    Never blocks. Raises `OSError`: `IsADirectoryError` for a folder, one with the text `NOT_REGULAR` for what is no
    file, ``ELOOP`` for a link that is not to be followed.
    """
    if not follow and not _NO_LINK and os.path.islink(file):
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
