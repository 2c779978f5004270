from __future__ import annotations

from typing import Any

import pytest

from pinner.errors import UnavailableError
from pinner.identification.compare import compare, known_digests, result_of
from pinner.identification.model import (
    Compared,
    Comparison,
    ConfigDigest,
    DiffId,
    Form,
    HashAnswer,
    Holding,
    IndexDigest,
    LayerDigest,
    LocalAnswer,
    LocalImage,
    LocalLayer,
    ManifestDigest,
    Outcome,
    Query,
    Sighting,
    Unanswered,
    pinned_text,
)
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
AMD64, S390X = Platform("linux", "amd64"), Platform("linux", "s390x")
NAME = ImageReference.parse("registry.example/app:1")


def sha(letter: str) -> Digest:
    return Digest("sha256", letter * 64)


INDEX, MANIFEST, CONFIG, LAYER, DIFF, OTHER = map(sha, "abcdef")
MEMBER = PlatformImage(
    AMD64, MANIFEST, MANIFEST_TYPE, CONFIG, 1, (LAYER,), created="2026", labels={"v": "1"}, diff_ids=(str(DIFF),)
)
SERVED = Image(INDEX, INDEX_TYPE, (MEMBER,))
LOCAL = LocalImage(
    (str(NAME),),
    AMD64,
    ConfigDigest(CONFIG),
    diff_ids=(DiffId(DIFF),),
    layers=(LocalLayer(DiffId(DIFF), None, "none"),),
    created="2026",
    labels={"v": "1"},
)
STORED = (LocalLayer(DiffId(DIFF), LayerDigest(OTHER), "zstd"),)


def compared(image: LocalImage, served: Image = SERVED, form: Form = "oci-archive") -> Comparison:
    return compare(image, NAME, served, form, asked=True)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"index_digest": IndexDigest(INDEX), "manifest": ManifestDigest(MANIFEST)}, "equal-index"),
        ({"manifest": ManifestDigest(MANIFEST)}, "equal-manifest"),
        ({"repo_digests": (f"registry.example/app@{INDEX}",)}, "equal-index"),
        ({"repo_digests": (f"registry.example/app@{MANIFEST}",)}, "equal-manifest"),
        ({"config": None, "engine_id": INDEX}, "equal-index"),
        ({"manifest": ManifestDigest(OTHER), "index_digest": IndexDigest(OTHER)}, "equal-config"),
        ({}, "equal-config"),
        ({"config": ConfigDigest(OTHER)}, "same-files"),
        ({"config": ConfigDigest(OTHER), "diff_ids": ()}, "different"),
        ({"config": ConfigDigest(OTHER), "diff_ids": (DiffId(OTHER),)}, "different"),
        # Another repository's digest, and one that the config contradicts, prove nothing.
        ({"config": None, "diff_ids": (), "repo_digests": (f"registry.example/other@{INDEX}",)}, "different"),
        (
            {"config": ConfigDigest(OTHER), "diff_ids": (), "repo_digests": (f"registry.example/app@{INDEX}",)},
            "different",
        ),
    ],
)
def test_an_image_is_equal_by_the_closest_digest_that_proves_it(change: dict[str, Any], outcome: Outcome) -> None:
    comparison = compared(LOCAL._replace(**change))
    assert comparison.outcome == outcome
    assert comparison.member == MEMBER
    assert comparison.is_equal == outcome.startswith("equal")


@pytest.mark.parametrize(
    "layers",
    [(LocalLayer(DiffId(OTHER), None, "none"),), (LocalLayer(None, LayerDigest(LAYER), "gzip"),), (*STORED, *STORED)],
    ids=["other bytes", "cannot be unpacked", "one too many"],
)
@pytest.mark.parametrize("index", [None, IndexDigest(INDEX)])
def test_layers_that_the_config_does_not_list_are_not_the_image_it_names(
    layers: tuple[LocalLayer, ...], index: IndexDigest | None
) -> None:
    comparison = compared(LOCAL._replace(layers=layers, index_digest=index))
    assert (comparison.outcome, comparison.is_equal, comparison.member) == ("different", False, MEMBER)
    assert "the layers here are not" in "; ".join(comparison.reasons)


def test_without_layers_at_hand_the_config_decides() -> None:
    assert compared(LOCAL._replace(layers=()), form="engine").outcome == "equal-config"


def test_names_of_docker_hub_are_one_repository_however_they_are_spelled() -> None:
    image = LOCAL._replace(config=None, repo_digests=(f"nginx@{INDEX}",))
    assert known_digests(image, ImageReference.parse("docker.io/library/nginx:1")) == (INDEX,)
    assert compare(image, ImageReference.parse("index.docker.io/nginx:1"), SERVED, "engine", asked=True).is_equal


def why(image: LocalImage, form: Form = "oci-archive", served: Image = SERVED) -> str:
    return "; ".join(compared(image, served, form).reasons)


def test_why_digests_differ_is_said() -> None:
    assert "keeps no manifest" in why(LOCAL, "legacy")
    assert "one platform alone" in why(LOCAL, "legacy")
    anew = LOCAL._replace(manifest=ManifestDigest(OTHER), layers=STORED)
    assert "compressed anew (zstd)" in why(anew)
    plain = LOCAL._replace(
        manifest=ManifestDigest(OTHER), layers=(LocalLayer(DiffId(DIFF), LayerDigest(DIFF), "none"),)
    )
    assert "lie here uncompressed" in why(plain, "docker-oci")
    same = LOCAL._replace(
        manifest=ManifestDigest(OTHER), layers=(LocalLayer(DiffId(DIFF), LayerDigest(LAYER), "gzip"),)
    )
    assert "manifest was written anew" in why(same)
    assert "remembers no digest" in why(LOCAL, "engine")


def test_what_is_the_same_bit_for_bit_needs_no_reason() -> None:
    whole = LOCAL._replace(manifest=ManifestDigest(MANIFEST), index_digest=IndexDigest(INDEX))
    assert why(whole) == ""
    assert (
        why(LOCAL._replace(manifest=ManifestDigest(MANIFEST)), served=Image(MANIFEST, MANIFEST_TYPE, (MEMBER,))) == ""
    )


def test_what_differs_is_said() -> None:
    other = LOCAL._replace(config=ConfigDigest(OTHER), created="2025", labels={"v": "2", "w": "3"})
    assert "created 2025 here and 2026 there; labels differ: v, w" in why(other)
    assert "the config differs" in why(LOCAL._replace(config=ConfigDigest(OTHER)))
    longer = other._replace(diff_ids=(DiffId(DIFF), DiffId(OTHER)))
    assert "of its 2 layers the lowest 1 are the same" in why(longer)
    assert "not even the lowest layer" in why(other._replace(diff_ids=(DiffId(OTHER),)))
    assert "lowest" not in why(other._replace(diff_ids=()))


def test_a_platform_that_the_name_does_not_have_is_said_with_those_it_has() -> None:
    other = LOCAL._replace(config=ConfigDigest(OTHER), diff_ids=(), platform=S390X)
    comparison = compared(other)
    assert comparison.member is None
    assert comparison.reasons == ("the name has nothing for linux/s390x: there is linux/amd64",)
    assert compared(other, SERVED._replace(platforms=())).reasons == ("the name has nothing for linux/s390x",)


def test_a_digest_that_only_the_engine_knows_is_said_to_be_that() -> None:
    image = LOCAL._replace(
        repo_digests=(f"registry.example/app@{INDEX}", f"registry.example/app@{OTHER}", f"x/y@{OTHER}")
    )
    assert [one for one in compared(image, form="engine").reasons if "remembers sha256" in one] == [
        (
            f"the engine remembers {OTHER}: not what the tag means, but an earlier digest, "
            "another platform's, or one made up when an archive was loaded"
        )
    ]


def test_what_to_write_is_the_name_as_written_with_its_tag() -> None:
    assert pinned_text(NAME, INDEX) == f"registry.example/app:1@{INDEX}"
    assert pinned_text(ImageReference.parse("nginx"), INDEX) == f"nginx:latest@{INDEX}"


def local(*comparisons: tuple[Outcome, bool], tampered: bool = False, unchecked: bool = False) -> LocalAnswer:
    found = tuple(Comparison(NAME, outcome, asked) for outcome, asked in comparisons)
    holding = Holding("legacy", (LOCAL,), ("x",) * tampered, ("y",) * unchecked)
    return LocalAnswer("x", holding, (Compared(LOCAL, found),))


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (local(), "identified"),
        (local(("different", False)), "identified"),
        (local(("unknown", False)), "identified"),
        (local(("equal-config", True)), "identified"),
        (local(("different", True), ("equal-index", True)), "identified"),
        (local(("different", True)), "differs"),
        (local(("stale", True)), "differs"),
        (local(("same-files", True)), "differs"),
        (local(("absent", True)), "differs"),
        (local(("unknown", True), ("absent", True)), "unknown"),
        (local(tampered=True), "differs"),
        (local(("unknown", True), tampered=True), "differs"),
        (local(unchecked=True), "unknown"),
        (LocalAnswer("x", Holding("legacy", ()), ()), "unknown"),
    ],
)
def test_what_an_image_comes_to(answer: LocalAnswer, result: str) -> None:
    assert result_of(answer) == result


def of_hash(*sightings: Sighting, asked: bool = True, unanswered: bool = False) -> HashAnswer:
    trouble = (Unanswered(NAME, UnavailableError("away")),) * unanswered
    return HashAnswer("x", Query("a" * 64, INDEX), sightings, (), trouble, (NAME,) * asked)


HERE = Sighting("index", INDEX, NAME.canonical, "hashed")
ELSEWHERE = HERE._replace(where="engine")


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (of_hash(), "unknown"),
        (of_hash(HERE), "identified"),
        (of_hash(HERE._replace(current=False)), "differs"),
        (of_hash(ELSEWHERE), "differs"),
        (of_hash(ELSEWHERE, unanswered=True), "unknown"),
        (of_hash(ELSEWHERE, asked=False), "identified"),
    ],
)
def test_what_a_hash_comes_to(answer: HashAnswer, result: str) -> None:
    assert result_of(answer) == result
