"""Decompress a stream piece by piece, never more than asked for: gzip, zstd, bzip2 and xz, of one frame or of many.

Layers are gzip or zstd (image-spec, layer.md); a whole archive may be any of the four, as ``docker load`` takes them.
Many frames in one file are what pigz, eStargz and zstd:chunked write.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
