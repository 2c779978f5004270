from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from archives import containerd, docker_archive, hexadecimal, legacy, oci, of_platform, parts, repacked, tar_of
from images import Blob, Image, make_attestation, make_image, make_index, make_multi_platform, to_json

from pinner.identification.archive import interpret
from pinner.identification.documents import Trouble
from pinner.identification.local_files import read_archive

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.identification.model import Holding

NAME = "registry.example/app:1"
IMAGE = make_image("hello")
INDEX = make_multi_platform("hello")
CONFIG, LAYER, UNPACKED = parts(IMAGE)


@pytest.fixture
def judge(tmp_path: Path) -> Any:
    def judged(files: dict[str, bytes], links: dict[str, str] | None = None) -> Holding:
        (tmp_path / "a.tar").write_bytes(tar_of(files, links))
        holding = interpret(read_archive(tmp_path / "a.tar"))
        assert holding is not None
        return holding

    return judged


def saved(files: dict[str, bytes]) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(files["manifest.json"])[0]
    return entry


@pytest.mark.parametrize("make", [legacy, lambda image, name: docker_archive(image, name)[0]])
def test_a_config_that_does_not_hash_to_its_name_is_tampering(judge: Any, make: Any) -> None:
    files = make(IMAGE, NAME)
    path = saved(files)["Config"]
    files[path] = files[path].replace(b"A=b", b"A=c")
    holding = judge(files)
    [sentence] = holding.tampered
    assert sentence.startswith(f"the config {path} hashes to sha256:")
    # The image ID is what the bytes hash to, whatever the name says.
    assert str(holding.images[0].config) in sentence


def test_a_layer_that_does_not_match_its_diff_id_is_tampering(judge: Any) -> None:
    files = legacy(IMAGE, NAME)
    path = saved(files)["Layers"][0]
    files[path] = files[path].replace(b"hello", b"hallo")
    [sentence] = judge(files).tampered
    assert sentence.startswith("layer 1 unpacks to sha256:")
    assert "the config lists sha256:" in sentence


def test_a_layer_that_is_missing_or_one_too_many_is_tampering(judge: Any) -> None:
    files = legacy(IMAGE, NAME)
    del files[saved(files)["Layers"][0]]
    assert "is missing" in judge(files).tampered[0]
    files = legacy(IMAGE, NAME)
    entry = saved(files)
    files["manifest.json"] = to_json([{**entry, "Layers": entry["Layers"] * 2}])
    assert judge(files).tampered == (f"the config {CONFIG.digest} lists 1 layers, and there are 2",)


def test_a_foreign_layer_is_elsewhere_by_design(judge: Any) -> None:
    files = legacy(IMAGE, NAME)
    entry = saved(files)
    del files[entry["Layers"][0]]
    files["manifest.json"] = to_json([{**entry, "LayerSources": {"sha256:x": {}}}])
    assert judge(files).tampered == ()


def test_a_missing_config_and_one_that_is_none_are_tampering(judge: Any) -> None:
    files = legacy(IMAGE, NAME)
    path = saved(files)["Config"]
    del files[path]
    holding = judge(files)
    assert (holding.tampered, holding.images) == ((f"manifest.json names the config {path}, which is missing",), ())
    files = legacy(IMAGE, NAME)
    files["manifest.json"] = to_json([{**saved(files), "Config": "repositories"}])
    assert judge(files).tampered == ("the config repositories is no config of an image",)


def test_a_layer_that_cannot_be_unpacked_is_tampering(judge: Any) -> None:
    broken = repacked(IMAGE, LAYER.media_type, LAYER.data[:-12])
    [sentence] = judge(oci(broken)).tampered
    assert sentence.startswith("layer 1 cannot be unpacked: it is broken gzip")


def test_what_this_python_cannot_read_is_not_checked_and_no_tampering() -> None:
    from pinner.identification.model import ConfigDigest, DiffId, Member  # noqa: PLC0415 - the same
    from pinner.reference import Digest  # noqa: PLC0415 - the same

    digest = Digest.parse(CONFIG.digest)
    member = Member(digest, 1, None, None, "zstd", "this Python cannot read zstd")
    trouble = Trouble()
    from pinner.identification.documents import check_layers  # noqa: PLC0415 - the same

    check_layers(ConfigDigest(digest), [DiffId(digest)], [member], trouble)
    assert (trouble.tampered_once, trouble.unchecked_once) == ((), ("layer 1: this Python cannot read zstd",))


def test_a_hundred_contradictions_are_twenty_and_a_number() -> None:
    trouble = Trouble()
    for number in range(100):
        trouble.tampered(str(number))
        trouble.tampered(str(number))
    assert trouble.tampered_once[-2:] == ("19", "and 80 more")


def test_a_blob_that_does_not_hash_to_its_name_is_tampering(judge: Any) -> None:
    files = oci(IMAGE)
    path = f"blobs/sha256/{hexadecimal(CONFIG.digest)}"
    files[path] = files[path].replace(b"A=b", b"A=c")
    [sentence] = judge(files).tampered
    assert sentence.startswith(f"the blob {CONFIG.digest} hashes to sha256:")


def test_a_blob_that_nobody_names_is_checked_as_well(judge: Any) -> None:
    assert "hashes to" in judge({**oci(IMAGE), f"blobs/sha256/{'a' * 64}": b"x"}).tampered[0]
    assert judge({**oci(IMAGE), "blobs/md5/abc": b"x", "blobs/note": b"y"}).tampered == ()


def test_a_size_that_is_none_is_tampering(judge: Any) -> None:
    files = oci(IMAGE)
    index = json.loads(files["index.json"])
    index["manifests"][0]["size"] += 1
    files["index.json"] = to_json(index)
    size = len(IMAGE.top.data)
    assert judge(files).tampered == (f"{IMAGE.digest} has {size} bytes and is said to have {size + 1}",)


@pytest.mark.parametrize("part", [0, 1])
def test_sizes_in_a_manifest_are_compared_too(judge: Any, part: int) -> None:
    manifest = json.loads(IMAGE.top.data)
    target = manifest["config"] if part == 0 else manifest["layers"][0]
    target["size"] += 7
    lying = Image(Blob(IMAGE.media_type, to_json(manifest)), IMAGE.blobs, (), IMAGE.platform)
    assert "is said to have" in judge(oci(lying)).tampered[0]


def test_a_descriptor_that_lies_about_the_kind_is_tampering(judge: Any) -> None:
    files = oci(IMAGE)
    index = json.loads(files["index.json"])
    index["manifests"][0]["mediaType"] = "application/vnd.oci.image.index.v1+json"
    files["index.json"] = to_json(index)
    assert judge(files).tampered[0].endswith("and is something else")


def test_a_missing_blob_is_named(judge: Any) -> None:
    for missing, who in ((CONFIG, f"the manifest {IMAGE.digest}"), (IMAGE.top, "index.json")):
        files = oci(IMAGE)
        del files[f"blobs/sha256/{hexadecimal(missing.digest)}"]
        assert f"{who} names {missing.digest}, which is missing" in judge(files).tampered


def test_an_entry_without_a_digest_is_tampering(judge: Any) -> None:
    files = oci(IMAGE)
    files["index.json"] = to_json({"manifests": [{"mediaType": "x"}, 7]})
    assert judge(files).tampered == ("index.json has an entry without a digest",)
    manifest = json.loads(IMAGE.top.data) | {"layers": [{"size": 1}]}
    lying = Image(Blob(IMAGE.media_type, to_json(manifest)), IMAGE.blobs, (), IMAGE.platform)
    assert f"the manifest {lying.digest} has a layer without a digest" in judge(oci(lying)).tampered


def test_a_config_that_is_none_is_tampering(judge: Any) -> None:
    config = Blob(CONFIG.media_type, b"[]")
    manifest = json.loads(IMAGE.top.data) | {"config": config.descriptor()}
    lying = Image(Blob(IMAGE.media_type, to_json(manifest)), (config, LAYER))
    [sentence] = judge(oci(lying)).tampered
    assert sentence == f"the config {config.digest} is no config of an image"


def test_the_other_platforms_of_an_index_are_simply_not_here(judge: Any) -> None:
    one = of_platform(INDEX, "arm64")
    holding = judge(containerd(INDEX, NAME, one))
    [image] = holding.images
    assert (holding.tampered, str(image.platform)) == ((), "linux/arm64/v8")
    assert (str(image.manifest), str(image.index_digest)) == (one.digest, INDEX.digest)


def test_a_manifest_kept_without_its_content_is_no_image_and_no_tampering(judge: Any) -> None:
    files = containerd(INDEX, NAME, of_platform(INDEX))
    other = of_platform(INDEX, "arm64")
    files[f"blobs/sha256/{hexadecimal(other.digest)}"] = other.top.data
    holding = judge(files)
    assert (holding.tampered, len(holding.images)) == ((), 1)


def test_attestations_and_artifacts_are_no_images(judge: Any) -> None:
    index = make_index([IMAGE, make_attestation(IMAGE)])
    assert len(judge(oci(index)).images) == 1
    config = Blob("application/vnd.cncf.helm.config.v1+json", b"{}")
    manifest = json.loads(IMAGE.top.data) | {"config": config.descriptor()}
    chart = Image(Blob(IMAGE.media_type, to_json(manifest)), (config, LAYER))
    assert (judge(oci(chart)).images, judge(oci(chart)).tampered) == ((), ())


def test_an_index_in_an_index_is_opened_and_the_outer_one_is_the_image_s(judge: Any) -> None:
    outer = make_index([make_index([IMAGE])])
    [image] = judge(oci(outer)).images
    assert str(image.index_digest) == outer.digest


def test_a_foreign_layer_of_a_manifest_is_elsewhere(judge: Any) -> None:
    foreign = Blob("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", LAYER.data)
    manifest = json.loads(IMAGE.top.data) | {"layers": [foreign.descriptor(urls=["https://example.com/x"])]}
    image = Image(Blob(IMAGE.media_type, to_json(manifest)), (CONFIG,))
    assert judge(oci(image)).tampered == ()


def test_manifest_json_and_index_json_that_disagree_are_tampering(judge: Any) -> None:
    other = make_image("other")
    files = containerd(INDEX, NAME, of_platform(INDEX))
    config, layer, _ = parts(other)
    for blob in other.blobs:
        files[f"blobs/sha256/{hexadecimal(blob.digest)}"] = blob.data
    entry = saved(files) | {
        "Config": f"blobs/sha256/{hexadecimal(config.digest)}",
        "Layers": [f"blobs/sha256/{hexadecimal(layer.digest)}"],
    }
    files["manifest.json"] = to_json([entry])
    holding = judge(files)
    assert holding.tampered == (f"manifest.json names the image {config.digest}, which index.json does not lead to",)
    assert len(holding.images) == 2


def test_a_bare_tag_behind_a_full_name_says_nothing_more(judge: Any) -> None:
    assert judge(containerd(INDEX, NAME, of_platform(INDEX))).images[0].names == (NAME,)
    assert judge(oci(IMAGE, {"org.opencontainers.image.ref.name": "latest"})).images[0].names == ("latest",)
    assert judge(oci(IMAGE)).images[0].names == ()


def test_layers_without_compression_have_their_diff_id_as_digest(judge: Any) -> None:
    plain = repacked(IMAGE, "application/vnd.oci.image.layer.v1.tar", UNPACKED)
    [layer] = judge(oci(plain)).images[0].layers
    assert (layer.compression, layer.diff_id, layer.stored) == ("none", layer.stored, layer.stored)


def test_an_index_that_holds_itself_ends(judge: Any) -> None:
    files = oci(IMAGE)
    digest = "sha256:" + "a" * 64
    loop = {"manifests": [{"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest}]}
    files[f"blobs/sha256/{'a' * 64}"] = to_json(loop)
    files["index.json"] = to_json(loop)
    assert judge(files).images == ()


def test_configs_with_odd_fields_are_read_as_far_as_they_go(judge: Any) -> None:
    odd = {"rootfs": {"diff_ids": ["sha256:zz", 3]}, "os": 7, "architecture": "", "created": 1, "config": {"Labels": 3}}
    config = Blob(CONFIG.media_type, to_json(odd))
    manifest = json.loads(IMAGE.top.data) | {"config": config.descriptor(), "layers": []}
    [image] = judge(oci(Image(Blob(IMAGE.media_type, to_json(manifest)), (config,)))).images
    assert (image.platform, image.created, image.diff_ids, dict(image.labels)) == (None, None, (), {})


def test_a_recompressed_copy_has_the_same_image_id_and_another_manifest(judge: Any) -> None:
    again = repacked(IMAGE, LAYER.media_type, gzip.compress(UNPACKED, 1, mtime=7))
    [one], [two] = judge(oci(IMAGE)).images, judge(oci(again)).images
    assert (one.config, one.diff_ids) == (two.config, two.diff_ids)
    assert one.manifest != two.manifest
