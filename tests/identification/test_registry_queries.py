from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from fakes import FakeRegistry
from images import make_image, make_multi_platform, write_layout

from pinner.config import Settings
from pinner.errors import NotFoundError, ResolveError, UnavailableError, UnsupportedError
from pinner.identification.hash_kinds import read_query
from pinner.identification.model import ConfigDigest, LocalImage, ManifestDigest
from pinner.identification.registry_queries import compare_with, look_up
from pinner.oci.types import Config, Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pinner.identification.model import Comparison
    from pinner.identification.registry_queries import Found
    from pinner.oci.types import Depth

NAME = ImageReference.parse("registry.example/app:1")
OTHER = ImageReference.parse("registry.example/other:1")
AMD64 = Platform("linux", "amd64")
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX = make_multi_platform("hello")
SINGLE = make_image("single")


def found_in(layout: Path, text: str, *names: ImageReference) -> Found:
    query = read_query(text)
    assert query is not None

    async def ask() -> Found:
        async with RegistryResolver(Settings(layout=str(layout)), environment={}) as registry:
            return await look_up(query, names, registry)

    return asyncio.run(ask())


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    write_layout(tmp_path / "layout", {str(NAME): INDEX, str(OTHER): SINGLE})
    return tmp_path / "layout"


def test_a_hash_is_found_under_the_name_it_belongs_to(layout: Path) -> None:
    child = INDEX.children[1]
    for digest, role in ((INDEX.digest, "index"), (child.digest, "manifest"), (child.blobs[0].digest, "config")):
        [sighting] = found_in(layout, digest, OTHER, NAME).sightings
        assert (sighting.role, sighting.where) == (role, NAME.canonical)
        if role != "index":
            assert sighting.member is not None
            assert str(sighting.member.config) == child.blobs[0].digest
            assert len(sighting.member.diff_ids) == 1


def test_a_layer_and_a_diff_id_are_found_where_they_are(layout: Path) -> None:
    layer = SINGLE.blobs[1].digest
    [sighting] = found_in(layout, layer, NAME, OTHER).sightings
    assert (sighting.role, sighting.where, sighting.layer) == ("layer", OTHER.canonical, 1)
    assert sighting.member is not None
    [again] = found_in(layout, sighting.member.diff_ids[0], NAME, OTHER).sightings
    assert (again.role, again.where) == ("diff-id", OTHER.canonical)


def test_a_layout_of_one_platform_is_looked_into_as_far_as_it_goes(layout: Path) -> None:
    gone = INDEX.children[1]
    (layout / "blobs" / gone.digest.replace(":", "/")).unlink()
    [sighting] = found_in(layout, INDEX.children[0].blobs[0].digest, NAME).sightings
    assert (sighting.role, str(sighting.platform)) == ("config", "linux/amd64")
    # The manifest that is not here is still named by the index.
    [named] = found_in(layout, gone.digest, NAME).sightings
    assert (named.role, named.proof) == ("manifest", "named")


def test_a_name_that_is_not_there_is_an_answer_and_the_others_go_on(layout: Path) -> None:
    missing = ImageReference.parse("registry.example/missing:1")
    result = found_in(layout, SINGLE.digest, missing, OTHER)
    assert [one.where for one in result.sightings] == [OTHER.canonical]
    assert [one.reference.canonical for one in result.unanswered] == [missing.canonical]


def test_a_digest_is_found_though_the_tag_beside_it_is_not_there(layout: Path) -> None:
    untagged = ImageReference.parse(f"registry.example/other@{SINGLE.digest}")
    result = found_in(layout, SINGLE.digest, untagged)
    [sighting] = result.sightings
    assert (sighting.role, sighting.current, result.unanswered) == ("manifest", False, ())


def test_an_image_id_is_found_in_a_repository_whose_tag_moved_on(layout: Path) -> None:
    write_layout(layout, {str(NAME): INDEX, "registry.example/app:2": SINGLE, str(OTHER): SINGLE})
    [sighting] = found_in(layout, SINGLE.blobs[0].digest, NAME).sightings
    assert (sighting.role, sighting.current, sighting.where) == ("config", False, "registry.example/app")
    assert sighting.image is None


@pytest.mark.parametrize("text", ["f" * 64, "f" * 12])
def test_what_is_nowhere_is_not_found(layout: Path, text: str) -> None:
    assert found_in(layout, text, NAME, OTHER).sightings == ()


def test_no_more_is_fetched_than_it_takes() -> None:
    asked: list[Depth] = []

    class Counting(Fixed):
        async def describe(
            self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
        ) -> Image:
            asked.append(depth)
            return await super().describe(reference, depth, platforms)

    query = read_query("a" * 64)
    assert query is not None
    result = asyncio.run(look_up(query, [NAME], Counting(SERVED)))
    assert ([one.role for one in result.sightings], asked) == (["manifest"], ["index", "configs"])


class Fixed(FakeRegistry):
    """Describes every name as ``image``, or fails with it."""

    def __init__(self, image: Image | ResolveError, deeper: Image | ResolveError | None = None) -> None:
        super().__init__()
        self.image = image
        self.deeper = deeper or image

    async def describe(
        self,
        reference: ImageReference,
        depth: Depth = "index",
        platforms: Collection[Platform] | None = None,  # noqa: ARG002 - the protocol's
    ) -> Image:
        said = self.image if depth == "index" and reference.digest is None else self.deeper
        if isinstance(said, ResolveError):
            raise said
        return said

    async def config(self, reference: ImageReference) -> Config | None:  # noqa: ARG002 - the protocol's
        return None


SERVED = Image(
    Digest("sha256", "a" * 64),
    MANIFEST_TYPE,
    (PlatformImage(AMD64, Digest("sha256", "a" * 64), MANIFEST_TYPE, Digest("sha256", "c" * 64)),),
)


@pytest.mark.parametrize("failure", [UnavailableError("status 500"), UnsupportedError("no JSON"), NotFoundError("no")])
def test_an_old_image_id_is_found_whatever_a_registry_says_of_a_manifest_of_that_digest(failure: ResolveError) -> None:
    class WithConfig(Fixed):
        async def config(self, reference: ImageReference) -> Config | None:
            assert reference.digest is not None
            return Config(reference.digest, AMD64, None, {}, ())

    class Moved(WithConfig):
        async def describe(
            self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
        ) -> Image:
            if reference.digest is not None:
                raise failure
            return await super().describe(reference, depth, platforms)

    query = read_query("e" * 64)
    assert query is not None
    [sighting] = asyncio.run(look_up(query, [NAME], Moved(SERVED))).sightings
    assert (sighting.role, sighting.current, sighting.platform) == ("config", False, AMD64)


def test_a_registry_that_is_away_later_leaves_what_is_known() -> None:
    query = read_query("a" * 64)
    assert query is not None
    away = Fixed(SERVED, UnavailableError("away"))
    [sighting] = asyncio.run(look_up(query, [NAME], away)).sightings
    assert (sighting.role, sighting.proof) == ("manifest", "named")


def test_a_registry_that_is_away_is_an_answer() -> None:
    query = read_query("a" * 64)
    assert query is not None
    away = Fixed(UnavailableError("away"))
    result = asyncio.run(look_up(query, [NAME], away))
    assert (result.sightings, [one.error.message for one in result.unanswered]) == ((), ["away"])


def compared_in(layout: Path, image: LocalImage, name: ImageReference = NAME) -> Comparison:
    async def ask() -> Comparison:
        async with RegistryResolver(Settings(layout=str(layout)), environment={}) as registry:
            [comparison] = await compare_with(image, [name], "oci-archive", registry, asked=True)
            return comparison

    return asyncio.run(ask())


def test_a_local_image_is_compared_with_its_own_platform(layout: Path) -> None:
    child = INDEX.children[0]
    image = LocalImage(platform=AMD64, config=ConfigDigest(Digest.parse(child.blobs[0].digest)))
    comparison = compared_in(layout, image)
    assert comparison.outcome == "equal-config"
    assert comparison.image is not None
    assert [str(one.platform) for one in comparison.image.platforms] == ["linux/amd64"]


def test_a_platform_that_is_not_served_gets_those_that_are_named(layout: Path) -> None:
    image = LocalImage(platform=Platform("linux", "s390x"))
    comparison = compared_in(layout, image)
    assert comparison.reasons == ("the name has nothing for linux/s390x: there is linux/amd64, linux/arm64/v8",)


@pytest.mark.parametrize("known_by", ["manifest", "config"])
def test_what_the_repository_has_and_the_tag_does_not_mean_is_stale(layout: Path, known_by: str) -> None:
    write_layout(layout, {str(NAME): INDEX, "registry.example/app:2": SINGLE})
    digest = Digest.parse(SINGLE.digest if known_by == "manifest" else SINGLE.blobs[0].digest)
    image = LocalImage(platform=AMD64)
    image = (
        image._replace(manifest=ManifestDigest(digest))
        if known_by == "manifest"
        else image._replace(config=ConfigDigest(digest), manifest=ManifestDigest(Digest("sha256", "f" * 64)))
    )
    assert compared_in(layout, image).outcome == "stale"


def test_what_nobody_has_is_another_image_and_a_name_that_is_not_there_absent(layout: Path) -> None:
    image = LocalImage(platform=AMD64, manifest=ManifestDigest(Digest("sha256", "f" * 64)))
    assert compared_in(layout, image).outcome == "different"
    absent = compared_in(layout, image, ImageReference.parse("registry.example/missing"))
    assert (absent.outcome, absent.image, absent.is_equal) == ("absent", None, False)
    assert absent.error is not None


def test_no_answer_is_unknown() -> None:
    async def ask() -> tuple[Comparison, ...]:
        away = Fixed(UnavailableError("away"))
        return await compare_with(LocalImage(), [NAME], "engine", away, asked=False)

    [comparison] = asyncio.run(ask())
    assert (comparison.outcome, comparison.asked) == ("unknown", False)


def test_an_image_without_a_platform_in_an_index_is_looked_at_as_far_as_the_index_goes() -> None:
    nameless = PlatformImage(None, Digest("sha256", "b" * 64), MANIFEST_TYPE)
    index = Image(Digest("sha256", "a" * 64), "application/vnd.oci.image.index.v1+json", (nameless,))
    query = read_query("c" * 64)
    assert query is not None
    result = asyncio.run(look_up(query, [NAME], Fixed(index, NotFoundError("gone"))))
    assert (result.sightings, result.unanswered) == ((), ())
