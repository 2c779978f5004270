from __future__ import annotations

import bz2
import gzip
import lzma
import sys
from typing import TYPE_CHECKING

import pytest

from pinner.identification.unpack import PIECE, BrokenError, Compression, Unpacker, compression_of

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

PACK: dict[Compression, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}
EVERY = pytest.mark.parametrize("compression", list(PACK))


def unpacked(compression: Compression, data: bytes, piece: int = 1000) -> bytes:
    unpacker = Unpacker(compression)
    parts = [part for at in range(0, len(data), piece) for part in unpacker.feed(data[at : at + piece])]
    assert all(0 < len(part) <= PIECE for part in parts)
    unpacker.finish()
    return b"".join(parts)


@EVERY
@pytest.mark.parametrize("content", [b"", b"a", b"layer" * 100_000, bytes(3 * PIECE)])
def test_what_was_packed_is_unpacked(compression: Compression, content: bytes) -> None:
    packed = PACK[compression](content)
    assert compression_of(packed) == compression
    assert unpacked(compression, packed) == content
    assert unpacked(compression, packed, 1) == content if len(packed) < 2000 else True


@EVERY
def test_many_frames_are_one_content(compression: Compression) -> None:
    pack = PACK[compression]
    assert unpacked(compression, pack(b"one") + pack(b"") + pack(b"two" * 50_000)) == b"one" + b"two" * 50_000


@EVERY
@pytest.mark.parametrize("cut", [1, 5, 12])
def test_a_frame_that_is_cut_short_is_broken(compression: Compression, cut: int) -> None:
    with pytest.raises(BrokenError):
        unpacked(compression, PACK[compression](b"content" * 1000)[:-cut])


@EVERY
def test_rubbish_after_the_frame_is_broken(compression: Compression) -> None:
    with pytest.raises(BrokenError):
        unpacked(compression, PACK[compression](b"content") + b"rubbish that is no frame at all")


def test_padding_after_gzip_is_no_rubbish() -> None:
    assert unpacked("gzip", gzip.compress(b"a") + bytes(700), 100) == b"a"


def test_frames_of_zstd_for_programs_alone_hold_nothing() -> None:
    skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"data"
    assert compression_of(skippable) == "zstd"
    assert unpacked("zstd", skippable + zstd.compress(b"a") + skippable, 3) == b"a"


def test_nothing_at_all_is_no_frame() -> None:
    with pytest.raises(BrokenError):
        Unpacker("gzip").finish()


@pytest.mark.parametrize("head", [b"", b"\x1f", b"ustar", b'{"a": 1}', b"\x60\x2a\x4d\x18"])
def test_anything_else_is_not_compressed(head: bytes) -> None:
    assert compression_of(head) == "none"


def test_what_is_not_compressed_needs_no_unpacker() -> None:
    with pytest.raises(ValueError, match="none"):
        Unpacker("none")


def test_a_bomb_comes_out_in_small_pieces() -> None:
    unpacker = Unpacker("gzip")
    pieces = unpacker.feed(gzip.compress(bytes(50 * 1024 * 1024)))
    assert len(next(iter(pieces))) <= PIECE
