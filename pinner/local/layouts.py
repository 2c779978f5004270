"""Read an OCI layout folder: the files that it consists of, each hashed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pinner.errors import InputError
from pinner.filesystem import open_regular
from pinner.identity.contents import Contents, Member
from pinner.local.hashing import Budget, hash_member
from pinner.local.unpack import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
