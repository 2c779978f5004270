"""Hash a file and what it unpacks to in one pass, in bounded memory and within a bounded amount of unpacked bytes."""

from __future__ import annotations

import hashlib
import posixpath
import re
from typing import TYPE_CHECKING

from pinner.errors import InputError
from pinner.identity.contents import MAX_DOCUMENT, Member
from pinner.identity.model import DiffId
from pinner.local.unpack import BrokenError, Unpacker, compression_of
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLOB = re.compile(r"blobs/(sha256|sha384|sha512)/")
_ALWAYS_UNPACKED = 1024**3
_MAX_RATIO = 100
_MAX_KEPT = 256 * 1024 * 1024
_SHA256 = "sha256"


class Budget:
    """How much more may be unpacked and kept: a decompression bomb costs so much and no more.

    A hundred times the size on disk, and a gigabyte in any case: real layers unpack to two to ten times their size.
    """

    def __init__(self, size: int) -> None:
        self._limit = self._left = _ALWAYS_UNPACKED + _MAX_RATIO * size
        self._keepable = _MAX_KEPT

    def spend(self, count: int) -> None:
        """Take ``count`` unpacked bytes off. Raises `InputError` where they are too many."""
        self._left -= count
        if self._left < 0:
            raise InputError(
                f"unpacks to more than {self._limit / 1024**3:.1f} GB, a hundred times its size: a decompression bomb",
                hint="do not load it anywhere",
            )

    def may_keep(self, size: int) -> bool:
        """Tell whether a document of ``size`` bytes may stay in memory, and count it."""
        if size > MAX_DOCUMENT or size > self._keepable:
            return False
        self._keepable -= size
        return True


def hash_member(path: str, size: int, pieces: Iterable[bytes], budget: Budget) -> Member:
    """Return what the file at ``path`` is: ``size`` is what was announced, ``pieces`` are its bytes."""
    named = _BLOB.match(path)
    own = hashlib.new(named[1] if named else _SHA256)
    plain = own if own.name == _SHA256 else hashlib.sha256()
    unpacked = _Unpacked(budget)
    kept: list[bytes] | None = None
    total = 0
    for piece in pieces:
        if not total:
            unpacked.begin(piece)
            kept = [] if piece[:1] in b"{[" and budget.may_keep(size) else None
        own.update(piece)
        if plain is not own:
            plain.update(piece)
        unpacked.feed(piece)
        if kept is not None:
            kept.append(piece)
        total += len(piece)
    content = unpacked.finish(plain.hexdigest())
    return Member(
        Digest(own.name, own.hexdigest()),
        total,
        None if kept is None else b"".join(kept),
        None if content is None else DiffId(Digest(_SHA256, content)),
        unpacked.compression,
        unpacked.trouble,
    )


class _Unpacked:
    """The hash of what a file unpacks to."""

    def __init__(self, budget: Budget) -> None:
        self.compression = "none"
        self.trouble: str | None = None
        self._budget = budget
        self._hash = hashlib.sha256()
        self._unpacker: Unpacker | None = None

    def begin(self, head: bytes) -> None:
        """Look at the first bytes."""
        compression = compression_of(head)
        if compression == "none":
            return
        self.compression = compression
        try:
            self._unpacker = Unpacker(compression)
        except ImportError:
            self.trouble = f"this Python cannot read {compression}: install `backports.zstd`"

    def feed(self, piece: bytes) -> None:
        """Unpack and hash ``piece``; the first thing wrong ends it."""
        if self._unpacker is None or self.trouble:
            return
        try:
            for part in self._unpacker.feed(piece):
                self._budget.spend(len(part))
                self._hash.update(part)
        except BrokenError as error:
            self.trouble = f"it is broken {self.compression}: {error}"

    def finish(self, plain: str) -> str | None:
        """Return the hexadecimal hash; ``plain`` where nothing was compressed, None where it could not be unpacked."""
        if self._unpacker is not None and not self.trouble:
            try:
                self._unpacker.finish()
            except BrokenError as error:
                self.trouble = f"it is broken {self.compression}: {error}"
        if self.trouble:
            return None
        return plain if self._unpacker is None else self._hash.hexdigest()


def inside(path: str, folder: str = "") -> str | None:
    """Return ``path``, relative to ``folder``, in its plain form; None where it leads out of the archive."""
    if path.startswith("/"):
        return None
    plain = posixpath.normpath(posixpath.join(folder, path))
    return None if plain == ".." or plain.startswith("../") else plain
