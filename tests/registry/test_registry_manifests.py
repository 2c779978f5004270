"""Which bodies are manifests, and which child suits a platform."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from images import make_attestation, make_image, make_index, make_multi_platform

from pinner.errors import IntegrityError, ResolveError, UnsupportedError
from pinner.oci.manifests import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Index,
    Manifest,
    choose_child,
    platforms_of,
    read_config,
    read_json,
    read_manifest,
)
from pinner.reference import Digest, Platform

DIGEST = f"sha256:{'a' * 64}"
CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": DIGEST, "size": 2}


def body(**fields: object) -> bytes:
    return json.dumps({"schemaVersion": 2, **fields}).encode()


def index_of(*platforms: str) -> Index:
    index = read_manifest(make_multi_platform("x", platforms).top.data, OCI_INDEX)
    assert isinstance(index, Index)
    return index


@pytest.mark.parametrize(
    ("data", "content_type", "media_type"),
    [
        (make_multi_platform("x").top.data, OCI_INDEX, OCI_INDEX),
        (make_multi_platform("x", family="docker").top.data, DOCKER_LIST, DOCKER_LIST),
        (make_image("x").top.data, OCI_MANIFEST, OCI_MANIFEST),
        (make_image("x", family="docker").top.data, DOCKER_MANIFEST, DOCKER_MANIFEST),
        (make_image("x", family="docker").top.data, f" {DOCKER_MANIFEST.upper()} ; charset=utf-8", DOCKER_MANIFEST),
        (make_image("x", family="docker").top.data, None, DOCKER_MANIFEST),
        (make_image("x", family="docker").top.data, "application/octet-stream", DOCKER_MANIFEST),
        (make_image("x", family="docker").top.data, "text/plain", DOCKER_MANIFEST),
        (body(manifests=[]), None, OCI_INDEX),
        (body(manifests=[]), DOCKER_LIST, DOCKER_LIST),
        (body(layers=[], config=CONFIG), "application/json", OCI_MANIFEST),
        (body(layers=[], config=CONFIG), DOCKER_MANIFEST, DOCKER_MANIFEST),
    ],
)
def test_the_kind_comes_from_header_body_and_structure(data: bytes, content_type: str | None, media_type: str) -> None:
    content = read_manifest(data, content_type)
    assert content.media_type == media_type
    assert isinstance(content, Index if media_type in (OCI_INDEX, DOCKER_LIST) else Manifest)


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        pytest.param(body(manifests=[], layers=[]), OCI_INDEX, id="CVE-2021-41190, layers"),
        pytest.param(body(manifests=[], config=CONFIG), OCI_INDEX, id="CVE-2021-41190, config"),
        pytest.param(make_image("x").top.data, OCI_INDEX, id="header says index, body says manifest"),
        pytest.param(make_image("x").top.data, DOCKER_MANIFEST, id="header says Docker, body says OCI"),
        pytest.param(body(manifests=[]), OCI_MANIFEST, id="header says manifest, structure says index"),
        pytest.param(body(layers=[], config=CONFIG), OCI_INDEX, id="header says index, structure says manifest"),
        pytest.param(body(mediaType=OCI_INDEX, layers=[], config=CONFIG), None, id="body contradicts itself"),
        pytest.param(body(mediaType="application/x", manifests=[]), None, id="unknown type"),
        pytest.param(body(mediaType=7, manifests=[]), None, id="a type that is none"),
        pytest.param(body(schemaVersion=1, fsLayers=[]), None, id="schema 1 by version"),
        pytest.param(body(fsLayers=[]), None, id="schema 1 by structure"),
        pytest.param(body(), "application/vnd.docker.distribution.manifest.v1+json", id="schema 1 by header"),
        pytest.param(body(), OCI_INDEX, id="nothing in it"),
        pytest.param(body(manifests={}), OCI_INDEX, id="manifests is no list"),
        pytest.param(body(manifests=[7]), OCI_INDEX, id="a child that is none"),
        pytest.param(body(manifests=[{"digest": DIGEST}]), OCI_INDEX, id="a child without a type"),
        pytest.param(body(layers=[]), OCI_MANIFEST, id="no config"),
        pytest.param(body(manifests=[{"mediaType": OCI_MANIFEST, "digest": DIGEST}] * 10_001), OCI_INDEX, id="10,001"),
        pytest.param(b"<html>", "text/html", id="a web page"),
        pytest.param(b"", OCI_INDEX, id="empty"),
        pytest.param(b"[]", OCI_INDEX, id="a list"),
        pytest.param(b'{"manifests":[],"manifests":[]}', OCI_INDEX, id="a key twice"),
        pytest.param(b'\xef\xbb\xbf{"manifests":[]}', OCI_INDEX, id="byte-order mark"),
        pytest.param(b'{"manifests":[],"a":NaN}', OCI_INDEX, id="NaN"),
        pytest.param(b'{"manifests":[],"a":"\xff"}', OCI_INDEX, id="not UTF-8"),
        pytest.param(b'{"a":' * 200_000, OCI_INDEX, id="nested without end"),
    ],
)
def test_what_is_no_manifest_is_refused(data: bytes, content_type: str | None) -> None:
    with pytest.raises(UnsupportedError):
        read_manifest(data, content_type)


@pytest.mark.parametrize("digest", [None, 7, "", "sha256:abc", "md5:" + "a" * 32, DIGEST.upper(), "sha256:../../x"])
def test_a_digest_that_is_none_is_refused_before_any_address_is_made(digest: object) -> None:
    child = {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1}
    with pytest.raises(IntegrityError):
        read_manifest(body(manifests=[child]), OCI_INDEX)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_manifest_or_an_error(data: bytes) -> None:
    try:
        read_manifest(data, None)
    except ResolveError:
        return
    assert b"manifests" in data or b"config" in data


@pytest.mark.parametrize(
    ("there", "wanted", "chosen"),
    [
        (["linux/amd64", "linux/arm64"], "linux/arm64", "linux/arm64"),
        (["linux/amd64", "linux/arm64"], "windows/amd64", None),
        (["linux/arm64"], "linux/arm64/v8", "linux/arm64"),
        (["linux/arm64/v8"], "linux/arm64", "linux/arm64/v8"),
        (["linux/arm64", "linux/arm64/v9"], "linux/arm64/v9", "linux/arm64/v9"),
        (["linux/arm64"], "linux/arm64/v9", "linux/arm64"),
        (["linux/arm64/v9"], "linux/arm64/v8", None),
        (["linux/arm64/v9"], "linux/arm64", None),
        (["linux/arm/v5", "linux/arm/v6", "linux/arm/v7"], "linux/arm/v7", "linux/arm/v7"),
        (["linux/arm/v5", "linux/arm/v6"], "linux/arm/v7", "linux/arm/v6"),
        (["linux/arm/v5"], "linux/arm/v7", "linux/arm/v5"),
        (["linux/arm/v7", "linux/arm/v5"], "linux/arm/v6", "linux/arm/v5"),
        (["linux/arm/v7"], "linux/arm/v6", None),
        (["linux/arm/v7"], "linux/arm", "linux/arm/v7"),
        (["linux/arm"], "linux/arm/v7", "linux/arm"),
        (["linux/arm/7"], "linux/arm/v7", "linux/arm/7"),
        (["linux/arm/v8"], "linux/arm/v7", None),
        (["linux/arm64"], "linux/arm/v7", None),
        (["linux/amd64/v2", "linux/amd64"], "linux/amd64", "linux/amd64"),
        (["linux/amd64", "linux/amd64/v2"], "linux/amd64/v3", "linux/amd64/v2"),
        (["linux/x86_64"], "linux/amd64", "linux/x86_64"),
        (["linux/arm64"], "Linux/aarch64", "linux/arm64"),
        (["linux/386"], "linux/i386", "linux/386"),
        (["linux/mips/softfloat"], "linux/mips/softfloat", "linux/mips/softfloat"),
        (["linux/mips/softfloat"], "linux/mips", None),
        (["linux/amd64/odd"], "linux/amd64/odd", "linux/amd64/odd"),
        (["linux/amd64", "linux/amd64"], "linux/amd64", "linux/amd64"),
        ([], "linux/amd64", None),
    ],
)
def test_the_child_that_suits_best_is_chosen(there: list[str], wanted: str, chosen: str | None) -> None:
    child = choose_child(index_of(*there), Platform.parse(wanted))
    assert (None if child is None else str(child.platform)) == chosen


def test_of_equals_the_first_is_chosen() -> None:
    images = [make_image("a", "linux/amd64"), make_image("b", "linux/amd64")]
    index = read_manifest(make_index(images).top.data, OCI_INDEX)
    assert isinstance(index, Index)
    child = choose_child(index, Platform("linux", "amd64"))
    assert child is not None
    assert str(child.digest) == images[0].digest


def test_attestations_are_never_offered() -> None:
    image = make_image("x", "linux/amd64")
    disguised = {
        **make_image("y", "linux/s390x").top.descriptor(platform={"os": "linux", "architecture": "s390x"}),
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    entries = json.loads(make_index([image, make_attestation(image)]).top.data)["manifests"]
    index = read_manifest(body(manifests=[*entries, disguised]), OCI_INDEX)
    assert isinstance(index, Index)
    assert platforms_of(index) == (Platform("linux", "amd64"),)
    assert choose_child(index, Platform("unknown", "unknown")) is None
    assert choose_child(index, Platform("linux", "s390x")) is None


@pytest.mark.parametrize("platform", [None, 7, {}, {"os": "linux"}, {"os": "", "architecture": "amd64"}, {"os": 1}])
def test_a_platform_that_says_nothing_is_none(platform: object) -> None:
    child = {"mediaType": OCI_MANIFEST, "digest": DIGEST, "platform": platform}
    index = read_manifest(body(manifests=[child]), OCI_INDEX)
    assert isinstance(index, Index)
    assert index.children[0].platform is None


def test_a_config_says_its_platform() -> None:
    config = b'{"os":"linux","architecture":"arm","variant":"v7"}'
    assert read_config(config, Digest.parse(DIGEST)).platform == Platform("linux", "arm", "v7")


def test_the_message_says_what_was_no_json() -> None:
    with pytest.raises(UnsupportedError, match="a config that is not proper JSON"):
        read_json(b"{", "config")
