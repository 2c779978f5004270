"""Lockfile on disk: found, read, written so that two runs at once lose nothing."""

from __future__ import annotations

import os

from pinner import files
from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import ConfigError, InputError
from pinner.files import repository_around
from pinner.files.atomic import shown_path
from pinner.model import LOCK_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from os import PathLike
    from typing import TypeAlias

    from pinner.config import Settings
    from pinner.lockfile.model import Lock
    from pinner.lockfile.usage import Scan
    from pinner.scan.discover import Target
    from pinner.scan.suppressions import Source

    StrPath: TypeAlias = str | PathLike[str]

PATIENCE = 30.0
"""Seconds to wait for another pinner that is writing the same lock: that takes it milliseconds."""


class LockFile(NamedTuple):
    """Where a lock is, or would be."""

    file: str
    """Absolute."""
    shown: str
    """As messages name it: relative to the current folder, ``/`` on every system."""

    @property
    def exists(self) -> bool:
        """Whether there is anything, broken or not."""
        return os.path.lexists(self.file)

    @property
    def folder(self) -> str:
        """The folder that the paths in it are relative to."""
        return os.path.dirname(self.file)

    def inner_path(self, file: str) -> str:
        """Return ``file`` (absolute) as the lock names it."""
        return shown_path(file, self.folder)


class StoredLock(NamedTuple):
    """A lock as it was read."""

    lock: Lock
    data: bytes


def lock_file(settings: Settings, folder: str) -> LockFile:
    """Return where the lock of a run in ``folder`` is: beside the configuration, else at the repository's root."""
    home = settings.root or repository_around(folder) or folder
    file = os.path.join(home, LOCK_NAME)
    return LockFile(file, shown_path(file, folder))


def scan_of(
    place: LockFile, targets: Iterable[Target], sources: Iterable[Source], unread: Collection[str], given: Sequence[str]
) -> Scan:
    """Return what a run has looked at, as the lock at ``place`` names it.

    ``unread`` are the paths of the files that could not be read, ``given`` what the run was named (absolute; none for
    everything).
    """
    from pinner.lockfile.usage import Scan, names_in  # noqa: PLC0415 - only where there is a lock, or is to be

    paths = {target.path: target.file for target in targets}
    names = {place.inner_path(paths[source.document.path]): names_in(source) for source in sources}
    lost = {place.inner_path(paths[path]) for path in unread}
    folders = [os.path.normpath(path) for path in given]

    def covers(path: str) -> bool:
        file = os.path.normpath(os.path.join(place.folder, path))
        return path not in lost and (
            not folders or any(file == one or file.startswith(os.path.join(one, "")) for one in folders)
        )

    return Scan(names, covers)


def read_lock(place: LockFile) -> StoredLock | None:
    """Return the lock at ``place``, None where there is none; raises `ConfigError` for one that is broken."""
    # One question to the file system is all that a check without a lock may cost.
    if not place.exists:
        return None
    from pinner.lockfile.parse import parse_lock  # noqa: PLC0415 - json, only where there is a lock

    try:
        data = files.read(place.file)
    except InputError as error:
        raise ConfigError(f"{place.shown}: {error.message}", hint=error.hint) from error
    return StoredLock(parse_lock(data, place.shown), data)


def current_lock(settings: Settings, folder: str) -> Lock | None:
    """Return the lock that holds for a run in ``folder``, None where there is none; raises as `read_lock` does."""
    stored = read_lock(lock_file(settings, folder))
    return None if stored is None else stored.lock


def save_lock(
    place: LockFile, base: Lock, ours: Lock, cache: StrPath | None, patience: float = PATIENCE
) -> tuple[Lock, bool]:
    """Write the changes that lead from ``base``, as this run read it, to ``ours``; return what holds now.

    What somebody else wrote meanwhile is kept (see `pinner.lockfile.merge`). The second value tells whether the file
    changed; one that says the same already is not touched. ``cache`` is the folder for what keeps processes apart;
    ``patience`` is how many seconds another one is waited for.
    Raises `InputError` where the file cannot be written, `ConfigError` where it is broken by now.
    """
    from pinner.lockfile.merge import merge  # noqa: PLC0415 - only to write
    from pinner.lockfile.model import Lock  # noqa: PLC0415 - as above
    from pinner.lockfile.render import render_lock  # noqa: PLC0415

    with _alone(place.file, cache, patience):
        stored = read_lock(place)
        # A lock that was deleted meanwhile is made anew from ours alone.
        merged = ours if stored is None else merge(base, stored.lock, ours)
        if stored is not None and (merged.images, merged.sources) == (stored.lock.images, stored.lock.sources):
            return merged, False
        if stored is None and merged == Lock():
            return merged, False
        data = render_lock(merged)
        if stored is not None and b"\r\n" in stored.data:  # git on Windows made it so, and would again
            data = data.replace(b"\n", b"\r\n")
        files.save(place.file, data, place.folder)
    return merged, True


def _alone(file: str, cache: StrPath | None, patience: float) -> AbstractContextManager[object]:
    """Return what keeps other pinners from writing ``file``: it never lies in the repository."""
    import hashlib  # noqa: PLC0415 - only to write

    from filelock import FileLock, Timeout  # noqa: PLC0415 - only to write

    name = hashlib.sha256(os.fsencode(os.path.realpath(file))).hexdigest()[:32]
    for folder in _folders(cache):
        guard = FileLock(os.path.join(folder, f"{name}.lock"), timeout=patience)
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
            guard.acquire()
        except Timeout:
            raise InputError(
                f"{os.path.basename(file)} is being written by another pinner that does not end",
                hint="end it, and run pinner again",
            ) from None
        except (OSError, NotImplementedError):  # no such folder to be had, or a file system without locks
            continue
        return guard
    raise InputError("there is no folder to keep two runs apart in", hint="set TMPDIR to a folder that can be written")


def _folders(cache: StrPath | None) -> Iterator[str]:
    if cache is not None:
        yield os.path.join(cache, "locks")
    import tempfile  # noqa: PLC0415 - only to write

    user = os.getuid() if hasattr(os, "getuid") else "user"
    yield os.path.join(tempfile.gettempdir(), f"pinner-locks-{user}")
