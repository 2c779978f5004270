"""User files: read whole, written atomically, their errors in words; the repository around them."""

from __future__ import annotations

import os
import stat

from pinner._typing import TYPE_CHECKING
from pinner.errors import BinaryError, InputError
from pinner.files.atomic import NOT_REGULAR, read_regular, write_atomically
from pinner.limits import FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator


def read(file: str, limit: int = FILE_BYTES) -> bytes:
    """Return the bytes of the regular text file ``file``, at most ``limit``; raises `InputError`."""
    try:
        data = read_regular(file, limit)
    except IsADirectoryError:
        raise InputError("is a folder, not a file") from None
    except OSError as error:
        if error.strerror == NOT_REGULAR:
            raise InputError(f"is {NOT_REGULAR}") from None
        raise InputError(f"cannot be read: {_reason(error)}") from error
    return validated_text(data, limit)


def validated_text(data: bytes, limit: int = FILE_BYTES) -> bytes:
    """Return ``data``, the bytes of a file; raises `InputError` where they are more than ``limit`` or no text."""
    if len(data) > limit:
        raise InputError(
            f"is larger than {limit // 1024 // 1024} MB and was not read",
            hint="where it is no file of yours to pin, name it under `exclude` in pinner.toml",
        )
    if (position := data.find(b"\0")) >= 0:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise BinaryError("is UTF-16", hint="save it as UTF-8")
        raise BinaryError(f"is binary: there is a NUL byte at offset {position}")
    return data


def write(file: str, expected: bytes, data: bytes, home: str | None = None) -> None:
    """Put ``data`` in the place of ``expected`` in ``file``: all of it or nothing, mode and owner kept.

    A symbolic link is followed to its target where that is allowed (see `refuse_outside`). Raises `InputError` where
    the file is read-only, cannot be replaced, or does not hold ``expected`` any more. Nothing is touched where ``data``
    is ``expected``.
    """
    if data == expected:
        return
    refuse_outside(file, home)
    target = os.path.realpath(file)
    try:
        status = os.stat(target)
        _refuse_read_only(target, status)
        write_atomically(target, data, like=status, durable=True, last_look=lambda: _refuse_changed(target, expected))
    except OSError as error:
        raise InputError(f"cannot be written: {_reason(error)}; it is as it was") from error


def save(file: str, data: bytes, home: str | None = None) -> None:
    """Make ``data`` the whole of ``file``, which need not exist: all of it or nothing; raises `InputError`.

    A symbolic link is followed where that is allowed (see `refuse_outside`). What is no regular file (``/dev/stdout``,
    a pipe that somebody reads) is written to as it is.
    """
    refuse_outside(file, home)
    target = os.path.realpath(file)
    try:
        status = os.stat(target) if os.path.exists(target) else None
        if status is not None and not stat.S_ISREG(status.st_mode):
            _pour(target, data)
            return
        if status is not None:
            _refuse_read_only(target, status)
        write_atomically(target, data, mode=0o666, like=status, durable=True)
    except OSError as error:
        raise InputError(f"cannot be written: {_reason(error)}") from error


def refuse_outside(file: str, home: str | None = None) -> None:
    """Raise `InputError` where writing to ``file`` (absolute) would go where whoever named it cannot have meant.

    That is through a link that lies in a repository, or in ``home``, the folder of the run (the current one by
    default), and leads out of it: whoever made the repository made the link. And it is anything of git's own.
    """
    home = os.path.realpath(home or os.curdir)
    for link, target, around in _links(file, home):
        if around is not None and not _is_inside(target, around):
            raise InputError(
                f"is a link to `{target}`, outside of the repository, and was not followed"
                if link == os.path.join(os.path.realpath(os.path.dirname(file)), os.path.basename(file))
                else f"leads through the link `{os.path.basename(link)}` to `{target}`, outside of the repository, and "
                "was left alone",
                hint="name what it leads to, if that is meant",
            )
    target = os.path.realpath(file)
    root = repository_around(os.path.dirname(target)) or os.path.dirname(target)
    if any(part.casefold() == ".git" for part in target[len(root) :].split(os.sep)):
        raise InputError(f"is git's own (`{target}`) and was left alone")


def repository_around(folder: str) -> str | None:
    """Return the nearest folder, from ``folder`` (absolute) upwards, that holds ``.git``."""
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _links(file: str, home: str) -> Iterator[tuple[str, str, str | None]]:
    """Yield each link on the way to ``file``, what it leads to, and the folder that it must not lead out of, if any."""
    if os.path.realpath(file) == file:
        return
    drive, rest = os.path.splitdrive(file)
    here = drive + os.sep
    for part in filter(None, rest.split(os.sep)):
        path = os.path.dirname(here) if part == os.pardir else os.path.normpath(os.path.join(here, part))
        if os.path.islink(path):
            target = os.path.realpath(path)
            yield path, target, repository_around(here) or (home if _is_inside(here, home) else None)
            path = target
        here = path


def _is_inside(path: str, folder: str) -> bool:
    return os.path.join(path, "").startswith(os.path.join(folder, ""))


def _pour(target: str, data: bytes) -> None:
    """Write ``data`` to a pipe or device, which must not block before anybody reads."""
    descriptor = os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    if hasattr(os, "set_blocking"):  # pragma: no branch - Windows before Python 3.12
        os.set_blocking(descriptor, True)
    with open(descriptor, "wb", buffering=0) as stream:
        view = memoryview(data)
        while view:
            view = view[stream.write(view) :]


def _refuse_read_only(target: str, status: os.stat_result) -> None:
    # The mode and not only the right: root may write anything, yet a read-only file is meant to stay.
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise InputError("is read-only and was not changed", hint="make it writable and run pinner again")


def _refuse_changed(target: str, expected: bytes) -> None:
    if read(target) != expected:
        raise InputError("was changed by somebody else meanwhile and was left alone", hint="run pinner again")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
