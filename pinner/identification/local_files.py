"""Local image reader: archives and layouts opened, every file hashed.

The forms: ``docker save`` old and new, ``podman save``, skopeo's two; see `pinner.identification.archive`.
"""

from __future__ import annotations

import os
import posixpath
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from pinner.errors import InputError
from pinner.files.atomic import open_regular
from pinner.identification.archive import interpret, is_outdated
from pinner.identification.model import Contents, Member
from pinner.identification.tar import NotTarError, Stream, TarReader
from pinner.identification.unpack import (
    PIECE,
    BrokenError,
    Budget,
    Unpacker,
    compression_of,
    hash_member,
    safe_inner_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.identification.model import Holding
    from pinner.identification.tar import Entry


_MAX_MEMBERS = 20_000
_HINT = "pinner reads what `docker save`, `podman save` and `skopeo copy` write"


def read_archive(path: Path) -> Contents:
    """Return what lies in the archive at ``path``. Raises `InputError` where it cannot be read to its end."""
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            return _read(file, Budget(os.fstat(file.fileno()).st_size))
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
    path = safe_inner_path(entry.name)
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
    target = safe_inner_path(entry.target, posixpath.dirname(path) if entry.kind == "symlink" else "")
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


_TOP = ("oci-layout", "index.json", "manifest.json")


def read_layout(folder: Path) -> Contents:
    """Return what lies in the layout at ``folder``. Raises `InputError` where it is none, or cannot be read."""
    if not (folder / "index.json").is_file() or not (folder / "oci-layout").is_file():
        raise InputError(
            "is a folder and not an OCI layout: it lacks index.json or oci-layout",
            hint="`skopeo copy --all docker://nginx:1.27 oci:FOLDER:docker.io/library/nginx:1.27` makes one",
        )
    members: dict[str, Member] = {}
    try:
        for path in _files(folder):
            # Links to files are how Bazel and Nix lay out blobs; a pipe or a device has no end.
            if not path.is_file():
                continue
            name = path.relative_to(folder).as_posix()
            size = path.stat().st_size
            members[name] = hash_member(name, size, _pieces(path), Budget(size))
    except OSError as error:
        raise InputError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    return Contents(members, folder=True)


def _files(folder: Path) -> Iterator[Path]:
    for name in _TOP:
        if os.path.lexists(folder / name):
            yield folder / name
    blobs = folder / "blobs"
    for algorithm in sorted(blobs.iterdir()) if blobs.is_dir() else ():
        if algorithm.is_dir():
            yield from sorted(algorithm.iterdir())


def _pieces(path: Path) -> Iterator[bytes]:
    with os.fdopen(open_regular(path), "rb") as file:
        yield from iter(lambda: file.read(PIECE), b"")


_FORMS_HINT = "`docker save`, `podman save` and `skopeo copy` write such"


def open_path(path: str) -> Holding:
    """Return what lies at ``path``. Raises `InputError` where it is nothing that images are kept in."""
    place = Path(path)
    contents = read_layout(place) if place.is_dir() else read_archive(place)
    holding = interpret(contents)
    if holding is not None:
        return holding
    if is_outdated(contents):
        raise InputError("was saved by Docker before 1.10, which kept no config to tell an image by")
    raise InputError("has neither manifest.json nor index.json in it: no archive of images", hint=_FORMS_HINT)
