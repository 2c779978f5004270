from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from archives import (
    containerd,
    docker_archive,
    hexadecimal,
    legacy,
    oci,
    of_platform,
    parts,
    repacked,
    spread,
    tar_of,
    written,
)
from images import Blob, Image, digest_of, make_image, make_multi_platform, to_json

from pinner.errors import InputError
from pinner.identification.local_files import open_path, read_archive
from pinner.identification.unpack import Budget, hash_member, safe_inner_path

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
NAME = "registry.example/app:1"
IMAGE = make_image("hello")


def test_every_file_is_hashed_as_it_lies_and_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(b"content", mtime=0)
    contents = read_archive(written(tmp_path / "a.tar", {"./plain": b"content", "packed": packed}))
    plain, member = contents.members["plain"], contents.members["packed"]
    assert (str(plain.digest), str(plain.content)) == (digest_of(b"content"),) * 2
    assert (str(member.digest), str(member.content)) == (digest_of(packed), digest_of(b"content"))
    assert (plain.compression, member.compression, member.size) == ("none", "gzip", len(packed))


def test_small_json_alone_is_kept(tmp_path: Path) -> None:
    contents = read_archive(written(tmp_path / "a.tar", {"a": b"{}", "b": b"text", "c": b"[" + bytes(9 << 20)}))
    assert [member.data for member in contents.members.values()] == [b"{}", None, None]


def test_documents_without_end_are_not_all_kept() -> None:
    budget = Budget(0)
    kept = [hash_member("x", 8 << 20, iter([b"{}"]), budget).data for _ in range(40)]
    assert kept == [b"{}"] * 32 + [None] * 8


def test_a_blob_is_hashed_by_the_algorithm_of_its_name(tmp_path: Path) -> None:
    contents = read_archive(written(tmp_path / "a.tar", {"blobs/sha512/x": b"content"}))
    member = contents.members["blobs/sha512/x"]
    assert (member.digest.algorithm, len(member.digest.hex)) == ("sha512", 128)
    assert str(member.content) == digest_of(b"content")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstd.compress])
def test_an_archive_that_is_compressed_as_a_whole_is_read(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "a.tar.packed"
    path.write_bytes(pack(tar_of(legacy(IMAGE, NAME))))
    holding = open_path(str(path))
    assert (holding.form, holding.tampered, len(holding.images)) == ("legacy", (), 1)


def test_links_lead_to_files_of_the_archive_alone(tmp_path: Path) -> None:
    links = {"d/up": "../a", "d/away": "../../../etc/passwd", "root": "/etc/passwd", "loop": "loop", "gone": "nowhere"}
    contents = read_archive(written(tmp_path / "a.tar", {"a": b"1"}, links))
    assert contents.find("d/up") == contents.members["a"]
    assert [contents.find(name) for name in ("d/away", "root", "loop", "gone")] == [None] * 4
    assert contents.escaping == ("d/away -> ../../../etc/passwd", "root -> /etc/passwd")


@pytest.mark.parametrize(
    ("path", "folder", "plain"),
    [
        ("a", "", "a"),
        ("./a//b/../c", "", "a/c"),
        ("../a", "b", "a"),
        ("..", "", None),
        ("../a", "", None),
        ("a/../../b", "", None),
        ("/a", "", None),
    ],
)
def test_a_path_is_inside_or_it_is_none(path: str, folder: str, plain: str | None) -> None:
    assert safe_inner_path(path, folder) == plain


def test_names_that_lead_out_are_tampering_and_touch_nothing(tmp_path: Path) -> None:
    files = {**legacy(IMAGE, NAME), "../escaped": b"x", "/absolute": b"y"}
    holding = open_path(str(written(tmp_path / "a.tar", files)))
    assert [sentence for sentence in holding.tampered if "leads out" in sentence] == list(holding.tampered)
    assert len(holding.tampered) == 2
    assert list(tmp_path.parent.glob("escaped")) == []


def test_one_name_for_two_files_is_tampering(tmp_path: Path) -> None:
    files = legacy(IMAGE, NAME)
    path = tmp_path / "a.tar"
    # Without its end marks the first archive goes on with the second.
    path.write_bytes(tar_of({"manifest.json": b"[]"})[:1024] + tar_of(files))
    assert "several different files named manifest.json" in open_path(str(path)).tampered[0]


def test_the_same_file_twice_is_no_tampering(tmp_path: Path) -> None:
    files = legacy(IMAGE, NAME)
    path = tmp_path / "a.tar"
    path.write_bytes(tar_of({"repositories": files["repositories"]})[:1024] + tar_of(files))
    assert open_path(str(path)).tampered == ()


@pytest.mark.parametrize("first", ["link", "file"])
def test_a_link_and_a_file_of_one_name_are_tampering(tmp_path: Path, first: str) -> None:
    one, two = tar_of({}, {"a": "b"}), tar_of({"a": b"1", "manifest.json": b"[]"})
    parts_ = (one[:512] + two) if first == "link" else (tar_of({"a": b"1"})[:1024] + one[:512] + two[1024:])
    (tmp_path / "a.tar").write_bytes(parts_)
    assert read_archive(tmp_path / "a.tar").clashes == ("a",)


def test_a_link_that_changes_its_mind_is_tampering(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(tar_of({}, {"a": "b"})[:512] + tar_of({}, {"a": "c"}))
    assert read_archive(tmp_path / "a.tar").clashes == ("a",)


def test_a_bomb_in_a_layer_costs_a_bounded_amount_and_is_refused() -> None:
    almost_used_up = Budget(-((1024**3) // 100))
    with pytest.raises(InputError, match="decompression bomb"):
        hash_member("layer", 1, iter([gzip.compress(bytes(1 << 20))]), almost_used_up)


def test_a_bomb_around_the_archive_is_refused(tmp_path: Path) -> None:
    # 1.2 GB of zeros in the padding of one file; written piece by piece, packed to a few kilobytes.
    path = tmp_path / "bomb.tar.zst"
    compressor = zstd.ZstdCompressor(level=1)
    header = bytearray(tar_of({"a": b""})[:512])
    header[124:136] = b"\x80" + (1 << 40).to_bytes(11, "big")
    header[156:157] = b"Z"  # of no known kind: skipped and not hashed
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with path.open("wb") as file:
        file.write(compressor.compress(bytes(header)))
        for _ in range(140):
            file.write(compressor.compress(bytes(8 << 20)))
        file.write(compressor.flush())
    with pytest.raises(InputError, match="decompression bomb"):
        read_archive(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"hello, this is text\n" * 50, "is not a tar archive"),
        (gzip.compress(b"hello", mtime=0), "is not a tar archive"),
        (gzip.compress(tar_of({"a": b"x" * 5000}), mtime=0)[:-30], "cannot be decompressed"),
        (tar_of({"a": b"x" * 5000})[:3000], "incomplete"),
        (tar_of({"a": b"x"}), "neither manifest.json nor index.json"),
        (tar_of({"manifest.json": b"{}"}), "neither manifest.json nor index.json"),
        (tar_of({"manifest.json": b"[" * 100_000}), "neither manifest.json nor index.json"),
        (tar_of({"repositories": b"{}", "x/json": b"{}"}), "before 1.10"),
    ],
)
def test_what_is_no_archive_of_images_gets_one_message(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(InputError, match=message):
        open_path(str(tmp_path / "a"))


def test_more_files_than_any_archive_has_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(tar_of({}, {"a": "b"})[:512] * 20_001))
    with pytest.raises(InputError, match="more than 20000 files"):
        read_archive(tmp_path / "a")


def test_a_file_that_is_not_there_or_not_ours_is_said_to_be_unreadable(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_archive(tmp_path / "gone")


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress, lambda data: data])
def test_a_layer_is_told_by_its_content_however_it_is_packed(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    _, _, layer = parts(IMAGE)
    image = repacked(IMAGE, "application/vnd.oci.image.layer.v1.tar", pack(layer))
    holding = open_path(str(written(tmp_path / "a.tar", oci(image))))
    assert holding.tampered == ()
    assert str(holding.images[0].layers[0].diff_id) == digest_of(layer)


def test_every_form_is_told_to_be_the_same_image(tmp_path: Path) -> None:
    index = make_multi_platform("hello")
    one = of_platform(index)
    config, _, _ = parts(one)
    forms = {
        "legacy": (legacy(one, NAME), {}),
        "docker-archive": docker_archive(one, NAME),
        "docker-oci": (containerd(index, NAME, one), {}),
        "oci-archive": (oci(one, {"org.opencontainers.image.ref.name": NAME}), {}),
    }
    for form, (files, links) in forms.items():
        holding = open_path(str(written(tmp_path / f"{form}.tar", files, links)))
        [image] = holding.images
        assert (holding.form, holding.tampered, image.names) == (form, (), (NAME,))
        assert (str(image.config), str(image.platform)) == (config.digest, "linux/amd64")
    assert str(holding.images[0].manifest) == one.digest


def test_a_layout_folder_is_read_like_an_archive_of_it(tmp_path: Path) -> None:
    index = make_multi_platform("hello")
    holding = open_path(str(spread(tmp_path, oci(index))))
    assert (holding.form, holding.tampered) == ("oci-layout", ())
    assert [str(image.platform) for image in holding.images] == ["linux/amd64", "linux/arm64/v8"]
    assert {str(image.index_digest) for image in holding.images} == {index.digest}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
def test_a_pipe_in_a_layout_is_left_alone_and_a_link_followed(tmp_path: Path) -> None:
    spread(tmp_path / "layout", oci(IMAGE))
    config, layer, _ = parts(IMAGE)
    blobs = tmp_path / "layout" / "blobs" / "sha256"
    (blobs / hexadecimal(layer.digest)).unlink()
    os.mkfifo(blobs / hexadecimal(layer.digest))
    (blobs / hexadecimal(config.digest)).rename(tmp_path / "config")
    (blobs / hexadecimal(config.digest)).symlink_to(tmp_path / "config")
    (tmp_path / "layout" / "blobs" / "note").write_text("no folder")
    [sentence] = open_path(str(tmp_path / "layout")).tampered
    assert sentence == f"the manifest {IMAGE.digest} names {layer.digest}, which is missing"


def test_a_folder_that_is_no_layout_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an OCI layout"):
        open_path(str(tmp_path))


def test_a_layout_without_blobs_lacks_them(tmp_path: Path) -> None:
    files = oci(IMAGE)
    spread(tmp_path, {name: files[name] for name in ("oci-layout", "index.json")})
    assert "which is missing" in open_path(str(tmp_path)).tampered[0]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that cannot be read, even by root")
def test_a_blob_that_cannot_be_read_is_said_to_be_unreadable(tmp_path: Path) -> None:
    spread(tmp_path, oci(IMAGE))
    (tmp_path / "blobs" / "sha256" / "x").symlink_to("/proc/self/mem")
    with pytest.raises(InputError, match="cannot be read"):
        open_path(str(tmp_path))


def test_a_config_too_large_to_be_read_is_not_checked(tmp_path: Path) -> None:
    config = Blob(IMAGE.blobs[0].media_type, b"{" + bytes(9 << 20))
    manifest = json.loads(IMAGE.top.data) | {"config": config.descriptor()}
    huge = Image(Blob(IMAGE.media_type, to_json(manifest)), (config, IMAGE.blobs[1]))
    for files in (oci(huge), legacy(huge)):
        holding = open_path(str(written(tmp_path / "a.tar", files)))
        assert (holding.tampered, len(holding.unchecked)) == ((), 1)
        assert "has over 8 MB" in holding.unchecked[0]


WITHOUT_ZSTD = """
import sys
for name in ("backports", "backports.zstd", "compression", "compression.zstd"):
    sys.modules[name] = None
from pinner.errors import InputError
from pinner.identification.local_files import open_path
try:
    print(open_path(sys.argv[1]))
except InputError as error:
    print(error.message, error.hint)
"""


@pytest.mark.parametrize("whole", [False, True])
def test_without_zstd_what_needs_it_is_not_checked(tmp_path: Path, *, whole: bool) -> None:
    image = repacked(IMAGE, "application/vnd.oci.image.layer.v1.tar+zstd", zstd.compress(parts(IMAGE)[2]))
    path = written(tmp_path / "a.tar", oci(image))
    if whole:
        path.write_bytes(zstd.compress(path.read_bytes()))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", WITHOUT_ZSTD, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    said = "is compressed with zstd" if whole else "unchecked=('layer 1: this Python cannot read zstd"
    assert said in done.stdout
    assert whole or "tampered=()" in done.stdout
