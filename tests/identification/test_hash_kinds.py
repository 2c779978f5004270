from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pinner.identification.hash_kinds import in_image, in_lock, in_store, parsed_name, read_query
from pinner.identification.model import ConfigDigest, DiffId, IndexDigest, LocalImage, ManifestDigest
from pinner.lockfile.model import Entry, Lock, LockedDigest, LockedPlatform
from pinner.oci.types import Attachment, Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64", "v8")
NAME = ImageReference.parse("registry.example/app:1")


def sha(letter: str) -> Digest:
    return Digest("sha256", letter * 64)


MEMBER = PlatformImage(
    AMD64, sha("1"), MANIFEST_TYPE, sha("2"), 7, (sha("3"), sha("4")), diff_ids=(str(sha("5")), str(sha("6")))
)
IMAGE = Image(
    sha("0"),
    INDEX_TYPE,
    (MEMBER, PlatformImage(ARM64, sha("7"), MANIFEST_TYPE)),
    attachments=(Attachment(sha("8"), "attestation"),),
)


@pytest.mark.parametrize("text", ["a" * 64, "sha256:" + "a" * 64])
def test_a_whole_hash_with_or_without_its_algorithm_is_one(text: str) -> None:
    query = read_query(text)
    assert query is not None
    assert query.digest == sha("a")
    assert query.fits(sha("a"))
    assert not query.fits(sha("b"))
    assert not query.fits(None)


@pytest.mark.parametrize("text", ["a" * 12, "sha256:" + "a" * 12, "a" * 63])
def test_a_short_id_fits_what_begins_with_it(text: str) -> None:
    query = read_query(text)
    assert query is not None
    assert (query.digest, query.fits(sha("a")), query.fits(sha("b"))) == (None, True, False)
    assert not query.fits(Digest("sha512", "a" * 128))


def test_other_algorithms_are_hashes_too() -> None:
    query = read_query("sha512:" + "b" * 128)
    assert query is not None
    assert query.fits(Digest("sha512", "b" * 128))


@pytest.mark.parametrize(
    "text", ["", "abc", "a" * 11, "A" * 12, "a" * 65, "nginx", "nginx:1.27", "md5:" + "a" * 32, "sha256:"]
)
def test_anything_else_is_no_hash(text: str) -> None:
    assert read_query(text) is None


@pytest.mark.parametrize(
    ("letter", "role", "platform", "layer", "proof"),
    [
        ("0", "index", None, None, "hashed"),
        ("1", "manifest", AMD64, None, "hashed"),
        ("2", "config", AMD64, None, "hashed"),
        ("3", "layer", AMD64, 1, "named"),
        ("4", "layer", AMD64, 2, "named"),
        ("5", "diff-id", AMD64, 1, "named"),
        ("6", "diff-id", AMD64, 2, "named"),
        ("7", "manifest", ARM64, None, "hashed"),
        ("8", "attachment", None, None, "named"),
    ],
)
def test_every_digest_under_a_name_is_known_as_what_it_is(
    letter: str, role: str, platform: Platform | None, layer: int | None, proof: str
) -> None:
    query = read_query(letter * 64)
    assert query is not None
    [sighting] = in_image(query, IMAGE, NAME)
    assert (sighting.role, sighting.platform, sighting.layer, sighting.proof) == (role, platform, layer, proof)
    assert (sighting.where, sighting.current) == ("registry.example/app:1", True)
    [older] = in_image(query, IMAGE, NAME, current=False)
    assert (older.where, older.current) == ("registry.example/app", False)


def test_a_digest_under_no_name_is_not_known() -> None:
    query = read_query("f" * 64)
    assert query is not None
    assert list(in_image(query, IMAGE, NAME)) == []


def test_the_digest_of_a_single_manifest_is_that_and_no_index() -> None:
    query = read_query("1" * 64)
    assert query is not None
    assert [one.role for one in in_image(query, Image(sha("1"), MANIFEST_TYPE, (MEMBER,)), NAME)] == ["manifest"]


def test_a_diff_id_that_is_none_is_passed_over() -> None:
    query = read_query("5" * 64)
    assert query is not None
    odd = IMAGE._replace(platforms=(MEMBER._replace(diff_ids=("nonsense", str(sha("5")))),))
    assert [one.layer for one in in_image(query, odd, NAME)] == [2]


@pytest.mark.parametrize(
    ("letter", "roles"),
    [
        ("1", ["config"]),
        ("2", ["manifest"]),
        ("3", ["index"]),
        ("4", ["index-or-manifest"]),
        ("5", ["diff-id"]),
        ("6", []),
    ],
)
def test_an_engine_knows_an_image_by_all_its_digests(letter: str, roles: list[str]) -> None:
    image = LocalImage(
        config=ConfigDigest(sha("1")),
        manifest=ManifestDigest(sha("2")),
        index_digest=IndexDigest(sha("3")),
        diff_ids=(DiffId(sha("5")),),
        repo_digests=(
            *(f"registry.example/app@{sha(letter)}" for letter in "443"),
            f"registry.example/other@{sha('4')}",
            "<none>@<none>",
        ),
    )
    query = read_query(letter * 64)
    assert query is not None
    assert [one.role for one in in_store(query, [image], "engine")] == roles


def test_the_lock_knows_indexes_manifests_and_image_ids() -> None:
    platforms = {AMD64: LockedPlatform(sha("1"), sha("2"), 1), ARM64: LockedPlatform(sha("3"), None, 1)}
    now = LockedDigest(sha("0"), INDEX_TYPE, datetime(2026, 1, 1, tzinfo=UTC), platforms)
    single = LockedDigest(sha("4"), MANIFEST_TYPE, now.first_seen, {AMD64: LockedPlatform(sha("4"), sha("5"), 1)})
    bare = LockedDigest(sha("6"), MANIFEST_TYPE, now.first_seen)
    lock = Lock({NAME.canonical: Entry(now, (single, bare))})

    def roles(letter: str) -> list[tuple[str, Platform | None]]:
        query = read_query(letter * 64)
        assert query is not None
        return [(one.role, one.platform) for one in in_lock(query, lock)]

    assert roles("0") == [("index", None)]
    assert roles("1") == [("manifest", AMD64)]
    assert roles("2") == [("config", AMD64)]
    assert roles("4") == [("manifest", AMD64)]
    assert roles("6") == [("index-or-manifest", None)]
    assert roles("f") == []


@pytest.mark.parametrize("text", ["<none>:<none>", "Upper", "my_host.example/app"])
def test_what_no_registry_can_serve_is_no_name(text: str) -> None:
    assert parsed_name(text) is None
