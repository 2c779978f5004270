"""Record of checked files, so that the next check looks into changed files alone.

One record for each repository in the user's cache folder, a line for each file of which the same is to be said on every
day: its counts, the SHA-256 of its bytes, the stamp the system had on it (size, times, inode), its findings and what it
states about other files; and what is said of it in the light of others, with what these stated. Where the stamp is the
same the file is not looked into, as git does it; where it is not, the bytes decide. Before them stands the outcome of
the last run over all of it (`outcome`). A record is good for one key: the criteria, pinner's own code, Python and the
parsers. One that cannot be read, has another key, is damaged or may be somebody else's work is an empty one; one that
cannot be written is no error.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache

from pinner import __version__
from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.checks.one_file import Counts, Examined, Judged, Remembered, digest
from pinner.files.atomic import open_regular, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from pinner.checks.one_file import Criteria
    from pinner.scan.discover import Target

_SECOND = 1_000_000_000
_TICK = _SECOND // 10
"""Nanoseconds for which a file may change again without its times telling: more than a tick of any system's clock."""
_COARSE_TICK = 3 * _SECOND
"""The same where a file system keeps whole seconds, or every other."""
_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_DAY = 24 * 3600 * _SECOND
_UNUSED = 60 * _DAY
_DETAILS = 6
"""How many there are of a file, see `record_line`."""
_MOST_LINES = 200_000
_CHEAP = 1_000_000
"""Bytes of a record that are read in 10 ms or less."""
_WORTH_A_FILE = 5_000
"""Bytes of a record that are read in the time that a file takes."""
# Elsewhere the time of the last change cannot be set; there what stands in its place is the time of creation.
_TELLS_CHANGES = os.name != "nt"
_JUDGES = ("checks", "findings", "formats", "link", "lockfile", "rules", "scan")
"""The rooms of the package whose code an answer depends on, beside the modules at its top."""
# What answers depend on and is not ours, by its first file.
_PARSERS = ("ruamel/yaml/__init__.py", "dockerfile_parse/__init__.py", "libcst/__init__.py")


class RecordLine(NamedTuple):
    """What is remembered of one file."""

    stamp: str
    """Empty where the file was so young that it might have changed without getting another one."""
    hash: str
    """SHA-256 in hex."""
    format: str
    """Empty where no format knows the content."""
    counts: Counts
    details: str
    """What there is to say beyond that, encoded; empty where there is nothing."""

    def remembered(self, path: str) -> Remembered | None:
        """Return what was said of the file, which messages call ``path``; None where they called it something else.

        Raises `ValueError` where the line was not written by `record_line`.
        """
        format_ = self.format or None
        if not self.details:
            return Remembered(Examined(path, format_, Judged(self.counts), hash=self.hash))
        from pinner.checks.encoding import decode  # noqa: PLC0415 - json, only where there is something to say

        decoded = decode(self.details)
        if type(decoded) is not tuple or len(decoded) != _DETAILS:
            raise ValueError(self.details[:100])
        shown, judged, problems, facts, light, again = decoded
        if shown != path:
            return None
        again = judged if again is True else again
        return Remembered(Examined(path, format_, judged, problems, facts, hash=self.hash), light, again)


class Record(NamedTuple):
    """The files of one repository, and what was said of them."""

    file: str
    """Where it is kept."""
    key: str
    root: str
    """The folder that its paths are relative to; ends in the system's separator."""
    outcome: str = ""
    """What came of the last run over all of it, as `outcome.encode_outcome` writes it; empty where nobody knows."""
    text: bytes = b""
    """The lines as they are stored."""
    lines: Mapping[str, str] = {}
    """By path, once they were read; each taken apart when it is asked for."""

    def read(self) -> Record:
        """Return the record with its lines read; with none where somebody else wrote them."""
        try:
            lines = self.text.decode("utf-8").split("\n")
        except ValueError:
            return self
        return self._replace(lines=dict([line.partition("\t")[::2] for line in lines if line]))

    def name(self, target: Target) -> str | None:
        """Return what ``target`` is called here; None where it is elsewhere, or its name would break a line."""
        if not target.file.startswith(self.root) or not target.file.isprintable():
            return None
        return target.file[len(self.root) :]

    def find(self, name: str) -> RecordLine | None:
        """Return what is remembered of the file ``name``."""
        line = self.lines.get(name)
        if line is None:
            return None
        try:
            stamp, hash_, result = line.split("\t", 2)
            result, _, details = result.rpartition("\t")
            return RecordLine(stamp, hash_, *_result(result), details)
        except ValueError:  # somebody else wrote it
            return None


@lru_cache(maxsize=4096)
def _result(text: str) -> tuple[str, Counts]:
    """Return format and counts; few files in a tree of thousands have counts of their own."""
    format_, pinned, unpinned, skipped = text.split("\t")
    return format_, Counts(int(pinned), int(unpinned), int(skipped))


def open_record(
    folder: str, root: str, criteria: Criteria, files: int = _MOST_LINES, package: str = _PACKAGE
) -> Record | None:
    """Return what the cache ``folder`` remembers of the repository at ``root`` under ``criteria``.

    Its lines are not read yet. None where nothing may be remembered, since no version of pinner's code, in ``package``,
    could be told from another; or where that would take longer than to look at as many ``files``: a part of a very
    large tree.
    """
    import zlib  # noqa: PLC0415 - only where there is a cache

    root = os.path.join(root, "")
    readable = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in root[-40:])
    file = os.path.join(folder, "cleared", f"{zlib.crc32(os.fsencode(root)):08x}{readable}.txt")
    key = _key(root, criteria, package)
    if key is None:
        return None
    empty = Record(file, key, root)
    try:
        if os.path.getsize(file) > max(_CHEAP, files * _WORTH_A_FILE):
            return None
        first, sum_, rest = _read(file).split(b"\n", 2)
        if first != key.encode("ascii") or sum_ != _sum(rest):
            return empty
        outcome, text = rest.split(b"\n", 1)
        return empty._replace(outcome=outcome.decode("ascii"), text=text)
    except (OSError, ValueError):
        return empty


def _read(file: str) -> bytes:
    """Return the bytes of ``file``; raises `OSError`, also where somebody else may have written them."""
    with open(open_regular(file), "rb") as stream:
        status = os.fstat(stream.fileno())
        if hasattr(os, "geteuid") and (status.st_uid != os.geteuid() or status.st_mode & 0o022):
            raise PermissionError
        return stream.read()


def _sum(text: bytes) -> bytes:
    """Return what tells ``text`` from a damaged one, on one line."""
    import zlib  # noqa: PLC0415 - only where there is a cache

    return f"{zlib.crc32(text):08x} {len(text)}".encode("ascii")


def save_record(record: Record, lines: Mapping[str, str], outcome: str, now: int) -> None:
    """Make ``lines`` and ``outcome`` what is remembered from now on; ``record`` is what was read.

    ``now`` is in nanoseconds since 1970.
    """
    if lines == record.lines and outcome == record.outcome:
        note_use(record, now)
        return
    names = list(lines)[-_MOST_LINES:]
    text = "\n".join((outcome, *(f"{name}\t{lines[name]}" for name in names))).encode("utf-8")
    try:
        os.makedirs(os.path.dirname(record.file), mode=0o700, exist_ok=True)
        write_atomically(record.file, b"\n".join((record.key.encode("ascii"), _sum(text), text)))
        _forget_unused(os.path.dirname(record.file), now)
    except OSError:
        return


def note_use(record: Record, now: int) -> None:
    """Let the time of ``record`` tell that it is in use; ``now`` is in nanoseconds since 1970."""
    try:
        if now - os.stat(record.file).st_mtime_ns > _DAY:
            os.utime(record.file)
    except OSError:  # there is none, or it may not be written
        return


def _forget_unused(folder: str, now: int) -> None:
    """Remove the records that nobody has used for long: those of repositories that are gone."""
    for entry in list(os.scandir(folder)):
        if now - entry.stat(follow_symlinks=False).st_mtime_ns > _UNUSED:
            _remove(entry.path)


def _remove(temporary: str) -> None:
    try:
        os.unlink(temporary)
    except OSError:  # renamed already
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
    if not _TELLS_CHANGES or now - changed < (_TICK if status.st_mtime_ns % _SECOND else _COARSE_TICK):
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def record_line(stamp: str, remembered: Remembered) -> str:
    """Return the line of a file with this ``stamp``."""
    one, light, again = remembered
    details = ""
    if one.findings or one.problems or one.facts or one.judged.names or light:
        from pinner.checks.encoding import encode  # noqa: PLC0415 - json, only where there is something to say

        # Most are what they are alone in the light of others, too.
        seen = True if again == one.judged else again
        details = encode((one.path, one.judged, one.problems, one.facts, light, seen))
    return "\t".join((stamp, one.hash, one.format or "", *map(str, one.counts), details))


def _key(root: str, criteria: Criteria, package: str) -> str | None:
    """Return all that an answer depends on beside the bytes of a file and its name, on one line of ASCII.

    None where pinner's code is in no files of its own: in an archive, or compiled.
    """
    try:
        own = [os.path.join(package, name) for name in os.listdir(package)]
    except OSError:
        return None
    own.append(os.path.join(package, "report", "base.py"))
    for room in _JUDGES:
        for folder, _, names in os.walk(os.path.join(package, room)):
            own += [os.path.join(folder, name) for name in names]
    code = sorted(filter(None, map(_version, (name for name in own if name.endswith((".py", ".md"))))))
    if not any(name.endswith(".py") for name, *_ in code):
        return None
    parsers = [version for name in _PARSERS if (version := _first_version(name))]
    # From whichever folder of the repository: what a file is, is decided by where it is.
    formats = criteria.formats._replace(folder="")
    settings: list[Any] = [formats, criteria.images_exclude, sorted(criteria.rules.items())]
    if criteria.lock is not None:
        settings += (criteria.lock.place, digest(criteria.lock.data), criteria.lock.policies)
        settings.append(sorted(criteria.lock.key_ids.items()))
    return ascii((root, __version__, package, sys.version, settings, code, parsers))


def _version(file: str) -> tuple[str, int, int, int] | None:
    """Return what tells one version of the module ``file`` from another: those of packages are too coarse for that.

    The time of the last change too: who builds reproducibly sets that of the last modification.
    """
    try:
        status = os.stat(file)
    except OSError:
        return None
    return os.path.basename(file), status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _first_version(module: str) -> tuple[str, int, int, int] | None:
    """Return the version of the first file ``module`` on Python's path."""
    return next(filter(None, (_version(os.path.join(folder, module)) for folder in sys.path)), None)
