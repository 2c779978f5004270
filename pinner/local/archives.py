"""Read a tar archive of images in one streaming pass: every file hashed, nothing written to disk, nothing trusted.

The forms: ``docker save`` old and new, ``podman save``, skopeo's two; see `pinner.identity.archive`.
"""

from __future__ import annotations

import posixpath
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from pinner.errors import InputError
from pinner.identity.contents import Contents, Member
from pinner.local.hashing import Budget, hash_member, inside
from pinner.local.tar import NotTarError, Stream, TarReader
from pinner.local.unpack import PIECE, BrokenError, Unpacker, compression_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pinner.local.tar import Entry

_MAX_MEMBERS = 20_000
_HINT = "pinner reads what `docker save`, `podman save` and `skopeo copy` write"


def read_archive(path: Path) -> Contents:
    """Return what lies in the archive at ``path``. Raises `InputError` where it cannot be read to its end."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            return _read(file, Budget(size))
    except OSError as error:
        raise InputError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None


def _read(file: BinaryIO, budget: Budget) -> Contents:
    gathered = _Gathered({}, {}, [], [])
    try:
        reader = TarReader(Stream(_plain(file, budget)))
        for number, entry in enumerate(reader):
            if number >= _MAX_MEMBERS:
                raise InputError(f"has more than {_MAX_MEMBERS} files in it: no archive of images has")
            _take(entry, reader, budget, gathered)
    except NotTarError as error:
        raise NotTarError(f"{error.message}, neither plain nor compressed", hint=_HINT) from None
    except BrokenError as error:
        raise InputError(f"cannot be decompressed: {error}", hint="save or copy it again") from None
    return Contents(gathered.members, gathered.links, tuple(gathered.clashes), tuple(gathered.escaping))


class _Gathered(NamedTuple):
    members: dict[str, Member]
    links: dict[str, str]
    clashes: list[str]
    escaping: list[str]


def _take(entry: Entry, reader: TarReader, budget: Budget, gathered: _Gathered) -> None:
    """Take up one member: a file hashed, a link noted. A name that leads out of the archive is noted and not used."""
    if entry.kind == "other":
        return
    path = inside(entry.name)
    if path is None:
        gathered.escaping.append(entry.name)
        return
    # The same file or link twice says the same twice: programs that save several images at once do that.
    if entry.kind == "file":
        member = hash_member(path, entry.size, reader.content(), budget)
        if path in gathered.links or gathered.members.get(path, member).digest != member.digest:
            gathered.clashes.append(path)
        gathered.members[path] = member
        return
    target = inside(entry.target, posixpath.dirname(path) if entry.kind == "symlink" else "")
    if target is None:
        gathered.escaping.append(f"{entry.name} -> {entry.target}")
    else:
        if path in gathered.members or gathered.links.get(path, target) != target:
            gathered.clashes.append(path)
        gathered.links[path] = target


def _plain(file: BinaryIO, budget: Budget) -> Iterator[bytes]:
    """Yield the tar's own bytes: ``docker save | gzip`` is read as well."""
    pieces = iter(lambda: file.read(PIECE), b"")
    head = next(pieces, b"")
    compression = compression_of(head)
    if compression == "none":
        yield head
        yield from pieces
        return
    try:
        unpacker = Unpacker(compression)
    except ImportError:
        raise InputError(
            f"is compressed with {compression}, which this Python cannot read", hint="install `backports.zstd`"
        ) from None
    for piece in chain((head,), pieces):
        for part in unpacker.feed(piece):
            budget.spend(len(part))
            yield part
    unpacker.finish()
