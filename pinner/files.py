"""Read bytes; write them back atomically."""

from __future__ import annotations

import os
import stat

from pinner.errors import BinaryError, InputError
from pinner.filesystem import NOT_REGULAR, read_regular
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

MAX_BYTES = 10 * 1024 * 1024
"""The largest file that is read (architecture.md §7)."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


def read(file: str, limit: int = MAX_BYTES) -> bytes:
    """Return the bytes of the regular text file ``file``, at most ``limit``; raises `InputError`."""
    try:
        data = read_regular(file, limit)
    except IsADirectoryError:
        raise InputError("is a folder, not a file") from None
    except OSError as error:
        if error.strerror == NOT_REGULAR:
            raise InputError(f"is {NOT_REGULAR}") from None
        raise InputError(f"cannot be read: {_reason(error)}") from error
    if len(data) > limit:
        raise InputError(
            f"is larger than {limit // 1024 // 1024} MB and was not read",
            hint="where it is no file of yours to pin, name it under `exclude` in pinner.toml",
        )
    if (position := data.find(b"\0")) >= 0:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError("is UTF-16", hint="save it as UTF-8")
        raise BinaryError(f"is binary: there is a NUL byte at offset {position}")
    return data


def write(file: str, expected: bytes, data: bytes) -> None:
    """Put ``data`` in the place of ``expected`` in ``file``: all of it or nothing, mode and owner kept.

    A symbolic link is followed to its target. Raises `InputError` where the file is read-only, cannot be replaced, or
    does not hold ``expected`` any more. Nothing is touched where ``data`` is ``expected``.
    """
    if data == expected:
        return
    target = os.path.realpath(file)
    # Beside the target, since only a rename within one file system is atomic.
    temporary = os.path.join(os.path.dirname(target), f".pinner-{os.getpid()}-{os.urandom(6).hex()}.tmp")
    try:
        status = os.stat(target)
        _refuse_read_only(target, status)
        _fill(temporary, data, status)
        _refuse_changed(target, expected)
        os.replace(temporary, target)
    except OSError as error:
        _remove(temporary)
        _unwritable(error)
    except BaseException:  # an interruption too must leave no litter
        _remove(temporary)
        raise


def save(file: str, data: bytes) -> None:
    """Make ``data`` the whole of ``file``, which need not exist: all of it or nothing; raises `InputError`.

    A symbolic link is followed. What is no regular file (``/dev/stdout``, a pipe) is written to as it is.
    """
    target = os.path.realpath(file)
    temporary = os.path.join(os.path.dirname(target), f".pinner-{os.getpid()}-{os.urandom(6).hex()}.tmp")
    try:
        status = os.stat(target) if os.path.exists(target) else None
        if status is not None and not stat.S_ISREG(status.st_mode):
            with open(target, "wb", buffering=0) as stream:
                stream.write(data)
            return
        if status is not None:
            _refuse_read_only(target, status)
        _fill(temporary, data, status)
        os.replace(temporary, target)
    except OSError as error:
        raise InputError(f"cannot be written: {_reason(error)}") from error
    finally:  # an interruption too must leave no litter
        _remove(temporary)


def _refuse_read_only(target: str, status: os.stat_result) -> None:
    # The mode and not only the right: root may write anything, yet a read-only file is meant to stay.
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise InputError("is read-only and was not changed", hint="make it writable and run pinner again")


def _refuse_changed(target: str, expected: bytes) -> None:
    if read(target) != expected:
        raise InputError("was changed by somebody else meanwhile and was left alone", hint="run pinner again")


def _fill(temporary: str, data: bytes, status: os.stat_result | None) -> None:
    """Create ``temporary`` with ``data`` on disk, and the mode and owner that ``status`` tells or a new file gets."""
    descriptor = os.open(temporary, _CREATE, 0o666 if status is None else 0o600)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if status is None:
        return
    if hasattr(os, "chown"):
        _own(temporary, status)
    # After chown, which clears set-ID bits.
    os.chmod(temporary, stat.S_IMODE(status.st_mode))


def _own(temporary: str, status: os.stat_result) -> None:
    """Give ``temporary`` the owner and group of ``status``, as far as the system lets us."""
    for owner, group in ((status.st_uid, status.st_gid), (-1, status.st_gid)):
        try:
            os.chown(temporary, owner, group)
        except OSError:
            continue
        return


def _remove(temporary: str) -> None:
    try:
        os.unlink(temporary)
    except OSError:  # never made, or renamed already
        return


def _unwritable(error: OSError) -> NoReturn:
    raise InputError(f"cannot be written: {_reason(error)}; it is as it was") from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
