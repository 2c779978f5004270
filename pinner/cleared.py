"""Remember the files that had nothing to report, so that a check of a large tree looks into what has changed alone.

One record for each repository in the user's cache folder, a line for each file that an examination had nothing to say
of, whatever the day: its counts, the SHA-256 of its bytes, and the stamp the system had on it (size, times, inode).
Where the stamp is the same the file is not even opened, as git does it; where it is not, the bytes decide. A record is
good for one key: the criteria, pinner's own code, Python and the parsers. One that cannot be read, or has another key,
is an empty one; one that cannot be written is no error.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache

from pinner.examine import Counts, Examined
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.discover import Target
    from pinner.examine import Criteria

_SECOND = 1_000_000_000
_TICK = _SECOND // 10
"""Nanoseconds for which a file may change again without its times telling: more than a tick of any system's clock."""
_COARSE_TICK = 3 * _SECOND
"""The same where a file system keeps whole seconds, or every other."""
_MOST_LINES = 200_000
# What answers depend on and is not ours, by its first file.
_PARSERS = ("ruamel/yaml/__init__.py", "dockerfile_parse/__init__.py", "libcst/__init__.py")


class Line(NamedTuple):
    """What is remembered of one file."""

    stamp: str
    """Empty where the file was so young that it might have changed without getting another one."""
    hash: str
    """SHA-256 in hex."""
    format: str
    """Empty where no format knows the content."""
    counts: Counts

    def examined(self, path: str) -> Examined:
        """Return what an examination of the file, called ``path``, found."""
        return Examined(path, self.format or None, self.counts, hash=self.hash)


class Record(NamedTuple):
    """The files of one repository that had nothing to report."""

    file: str
    """Where it is kept."""
    key: str
    root: str
    """The folder that its paths are relative to; ends in the system's separator."""
    lines: Mapping[str, str]
    """By path; taken apart when they are asked for."""

    def name(self, target: Target) -> str | None:
        """Return what ``target`` is called here; None where it is elsewhere, or its name would break a line."""
        if not target.file.startswith(self.root) or not target.file.isprintable():
            return None
        return target.file[len(self.root) :]

    def find(self, name: str) -> Line | None:
        """Return what is remembered of the file ``name``."""
        line = self.lines.get(name)
        if line is None:
            return None
        try:
            stamp, hash_, result = line.split("\t", 2)
            return Line(stamp, hash_, *_result(result))
        except ValueError:  # somebody else wrote it
            return None


@lru_cache(maxsize=4096)
def _result(text: str) -> tuple[str, Counts]:
    """Return format and counts; few files in a tree of thousands have counts of their own."""
    format_, pinned, unpinned, skipped = text.split("\t")
    return format_, Counts(int(pinned), int(unpinned), int(skipped))


def open_record(folder: str, root: str, criteria: Criteria) -> Record:
    """Return what the cache ``folder`` remembers of the repository at ``root`` under ``criteria``."""
    import zlib  # noqa: PLC0415 - only where there is a cache

    root = os.path.join(root, "")
    readable = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in root[-40:])
    file = os.path.join(folder, "cleared", f"{zlib.crc32(os.fsencode(root)):08x}{readable}.txt")
    key = _key(root, criteria)
    empty = Record(file, key, root, {})
    try:
        with open(file, "rb") as stream:
            first, *lines = stream.read().decode("utf-8").split("\n")
    except (OSError, ValueError):
        return empty
    if first != key:
        return empty
    return empty._replace(lines=dict([line.partition("\t")[::2] for line in lines]))


def save_record(record: Record, lines: Mapping[str, str]) -> None:
    """Make ``lines`` what is remembered from now on."""
    if lines == record.lines:
        return
    names = list(lines)[-_MOST_LINES:]
    text = "\n".join((record.key, *(f"{name}\t{lines[name]}" for name in names)))
    temporary = f"{record.file}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(record.file), mode=0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(text.encode("utf-8"))
        os.replace(temporary, record.file)
    except OSError:
        return


def stamp(file: str, now: int) -> str:
    """Return what the system says of ``file``, to be compared; empty where it may change without showing.

    ``now`` is in nanoseconds since 1970.
    """
    try:
        status = os.stat(file)
    except OSError:
        return ""
    changed = max(status.st_mtime_ns, status.st_ctime_ns)
    if now - changed < (_TICK if status.st_mtime_ns % _SECOND else _COARSE_TICK):
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def written(stamp: str, examined: Examined) -> str:
    """Return the line of a file with this ``stamp`` that had nothing to report."""
    return "\t".join((stamp, examined.hash, examined.format or "", *map(str, examined.counts)))


def _key(root: str, criteria: Criteria) -> str:
    """Return all that an answer depends on beside the bytes of a file and its name, on one line."""
    package = os.path.dirname(__file__)
    own = [os.path.join(package, name) for name in os.listdir(package)]
    own += [
        os.path.join(folder, name) for folder, _, names in os.walk(os.path.join(package, "formats")) for name in names
    ]
    code = sorted(filter(None, map(_version, (name for name in own if name.endswith(".py")))))
    parsers = [version for name in _PARSERS if (version := _first_version(name))]
    settings = (criteria.calls, criteria.images_exclude, sorted(criteria.rules.items()))
    return ascii((root, sys.version, settings, code, parsers))


def _version(file: str) -> tuple[str, int, int] | None:
    """Return what tells one version of the module ``file`` from another: those of packages are too coarse for that."""
    try:
        status = os.stat(file)
    except OSError:
        return None
    return os.path.basename(file), status.st_size, status.st_mtime_ns


def _first_version(module: str) -> tuple[str, int, int] | None:
    """Return the version of the first file ``module`` on Python's path."""
    return next(filter(None, (_version(os.path.join(folder, module)) for folder in sys.path)), None)
