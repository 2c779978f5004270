"""Streaming decompression and hashing: gzip, zstd, bzip2, xz, in bounded memory.

Layers are gzip or zstd (image-spec, layer.md); a whole archive may be any of the four, as ``docker load`` takes them.
Many frames in one file are what pigz, eStargz and zstd:chunked write.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import posixpath
import re
import zlib
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from pinner.errors import InputError
from pinner.identification.model import MAX_DOCUMENT, DiffId, Member
from pinner.reference import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


Compression: TypeAlias = Literal["none", "gzip", "zstd", "bzip2", "xz"]

PIECE = 64 * 1024
"""How many bytes are handled at once: small, so that thousands of tiny frames cost no copies of large rests."""
_XZ_MEMORY = 256 * 1024 * 1024
_GZIP_WITH_HEADER = 31
_MAGIC: tuple[tuple[bytes, Compression], ...] = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
# A zstd file may open with a frame for programs alone (RFC 8878, 3.1.2): zstd:chunked keeps its index in such frames.
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"


class BrokenError(ValueError):
    """The bytes are not what their first ones promise, or end too early."""


class _Codec(Protocol):
    """One frame's decompressor: the interface that bz2, lzma and zstd share."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decompressor behind the interface of the others."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_GZIP_WITH_HEADER)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, /, max_length: int) -> bytes:
        out = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = len(out) < max_length and not self._inner.unconsumed_tail
        return out


def compression_of(head: bytes) -> Compression:
    """Return how the bytes that begin with ``head`` are compressed."""
    if head[1:4] == _ZSTD_SKIPPABLE and head[0] >> 4 == 5:  # noqa: PLR2004 - 0x50 to 0x5f
        return "zstd"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), "none")


class Unpacker:
    """Takes the pieces of a compressed stream in order, and gives those of what it unpacks to."""

    def __init__(self, compression: Compression) -> None:
        self._make, self._errors = _codec(compression)
        self._codec: _Codec | None = None
        self._frames = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what ``data`` unpacks to, in pieces of at most `PIECE` bytes. Raises `BrokenError`."""
        while True:
            if self._codec is None:
                if self._frames:
                    data = data.lstrip(b"\0")  # padding after the last frame: tapes, and gzip(1), allow it
                if not data:
                    return
                self._codec = self._make()
            try:
                out = self._codec.decompress(data, PIECE)
            except self._errors as error:
                raise BrokenError(str(error)) from None
            data = b""
            if out:
                yield out
            if self._codec.eof:
                data, self._codec = self._codec.unused_data, None
                self._frames += 1
            elif self._codec.needs_input:
                return

    def finish(self) -> None:
        """Raise `BrokenError` where the stream ends inside a frame."""
        if self._codec is not None or not self._frames:
            raise BrokenError("it ends too early")


def _codec(compression: Compression) -> tuple[Callable[[], _Codec], tuple[type[Exception], ...]]:
    match compression:
        case "gzip":
            return _Gzip, (zlib.error,)
        case "bzip2":
            return bz2.BZ2Decompressor, (OSError, ValueError)
        case "xz":
            return lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY), (lzma.LZMAError, MemoryError)
        case "zstd":
            return _zstd()
        case "none":
            raise ValueError(compression)


def _zstd() -> tuple[Callable[[], _Codec], tuple[type[Exception], ...]]:
    """Return the standard library's zstd, or its backport for Python before 3.14."""
    import sys  # noqa: PLC0415 - beside the import it decides

    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415 - newer Pythons alone have it
    else:
        from backports import zstd  # noqa: PLC0415 - only a zstd layer needs it
    return zstd.ZstdDecompressor, (zstd.ZstdError,)


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


def safe_inner_path(path: str, folder: str = "") -> str | None:
    """Return ``path``, relative to ``folder``, in its plain form; None where it leads out of the archive."""
    if path.startswith("/"):
        return None
    plain = posixpath.normpath(posixpath.join(folder, path))
    return None if plain == ".." or plain.startswith("../") else plain
