"""What stands behind a digest in a file, and what an update makes of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from fakes import OCI_INDEX, FakeRegistry
from world import pinner

from pinner.errors import UnavailableError
from pinner.oci.digest_kind import DigestKind, digest_kind_key, look_up_digest_kinds
from pinner.oci.types import Config, Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pinner.oci.types import Depth

REPOSITORY = "docker.io/library/nginx"
TAG = f"{REPOSITORY}:1.27"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64", "v8")


def digest(letter: str) -> Digest:
    return Digest("sha256", letter * 64)


OLD, NEW = digest("a"), digest("b")
OLD_AMD64, NEW_AMD64, NEW_ARM64, IMAGE_ID, SINGLE = (digest(letter) for letter in "12345")


def manifest(own: Digest, platform: Platform | None) -> PlatformImage:
    return PlatformImage(platform, own, MANIFEST)


IMAGES = {
    f"{REPOSITORY}@{OLD}": Image(OLD, OCI_INDEX, (manifest(OLD_AMD64, AMD64),)),
    f"{REPOSITORY}@{NEW}": Image(NEW, OCI_INDEX, (manifest(NEW_AMD64, AMD64), manifest(NEW_ARM64, ARM64))),
    f"{REPOSITORY}@{OLD_AMD64}": Image(OLD_AMD64, MANIFEST, (manifest(OLD_AMD64, AMD64),)),
    f"{REPOSITORY}@{NEW_ARM64}": Image(NEW_ARM64, MANIFEST, (manifest(NEW_ARM64, ARM64),)),
    f"{REPOSITORY}@{SINGLE}": Image(SINGLE, MANIFEST, (manifest(SINGLE, None),)),
}


def registry(tag: Digest = NEW) -> FakeRegistry:
    configs = {f"{REPOSITORY}@{IMAGE_ID}": Config(IMAGE_ID, AMD64, None, {}, ())}
    return FakeRegistry(IMAGES, {TAG: tag}, configs)


def updated(folder: Path, line: str, *options: str, serving: FakeRegistry | None = None) -> str:
    (folder / "Dockerfile").write_text(line + "\n")
    outcome = pinner(folder, "update", *options, resolver=serving or registry())
    assert outcome.status == 0, outcome.stderr
    return (folder / "Dockerfile").read_text().rstrip("\n")


def test_an_index_moves_to_the_index(tmp_path: Path) -> None:
    assert updated(tmp_path, f"FROM nginx:1.27@{OLD}") == f"FROM nginx:1.27@{NEW}"


def test_a_platforms_manifest_moves_to_that_platforms_manifest(tmp_path: Path) -> None:
    assert updated(tmp_path, f"FROM nginx:1.27@{OLD_AMD64}") == f"FROM nginx:1.27@{NEW_AMD64}"


def test_a_platforms_manifest_that_the_tag_still_has_stays(tmp_path: Path) -> None:
    line = f"FROM nginx:1.27@{NEW_ARM64}"
    assert updated(tmp_path, line) == line


@pytest.mark.parametrize("held", [OLD_AMD64, NEW_ARM64])
def test_told_to_a_platforms_manifest_moves_to_the_index(tmp_path: Path, held: Digest) -> None:
    assert updated(tmp_path, f"FROM nginx:1.27@{held}", "--index") == f"FROM nginx:1.27@{NEW}"


@pytest.mark.parametrize("held", [OLD, OLD_AMD64, NEW])
def test_told_a_platform_everything_moves_to_that_platforms(tmp_path: Path, held: Digest) -> None:
    expected = f"FROM nginx:1.27@{NEW_ARM64}"
    assert updated(tmp_path, f"FROM nginx:1.27@{held}", "--platform", "linux/arm64") == expected


def test_an_image_id_becomes_what_the_tag_means(tmp_path: Path) -> None:
    assert updated(tmp_path, f"FROM nginx:1.27@{IMAGE_ID}") == f"FROM nginx:1.27@{NEW}"


def test_a_digest_that_is_gone_becomes_what_the_tag_means(tmp_path: Path) -> None:
    assert updated(tmp_path, f"FROM nginx:1.27@{digest('f')}") == f"FROM nginx:1.27@{NEW}"


def test_a_tag_that_has_a_single_manifest_is_followed_whatever_was_held(tmp_path: Path) -> None:
    moved = updated(tmp_path, f"FROM nginx:1.27@{OLD_AMD64}", serving=registry(SINGLE))
    assert moved == f"FROM nginx:1.27@{SINGLE}"


def test_a_manifest_that_does_not_say_its_platform_moves_to_the_index(tmp_path: Path) -> None:
    assert updated(tmp_path, f"FROM nginx:1.27@{SINGLE}") == f"FROM nginx:1.27@{NEW}"


def test_each_reference_keeps_its_own_kind(tmp_path: Path) -> None:
    lines = f"FROM nginx:1.27@{OLD}\nFROM nginx:1.27@{OLD_AMD64}\nFROM nginx:1.27"
    assert updated(tmp_path, lines) == f"FROM nginx:1.27@{NEW}\nFROM nginx:1.27@{NEW_AMD64}\nFROM nginx:1.27@{NEW}"


def test_nothing_is_looked_up_where_nothing_moved(tmp_path: Path) -> None:
    serving = registry()
    updated(tmp_path, f"FROM nginx:1.27@{NEW}", serving=serving)
    assert serving.described == []


class Failing(FakeRegistry):
    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        if reference.digest == OLD_AMD64:
            raise UnavailableError("cannot resolve: it is down")
        return await super().describe(reference, depth, platforms)


def test_a_digest_whose_kind_cannot_be_told_stays_and_the_others_move(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM nginx:1.27@{OLD_AMD64}\nFROM nginx:1.27@{OLD}\n")
    outcome = pinner(tmp_path, "update", resolver=Failing(IMAGES, {TAG: NEW}))
    assert outcome.status == 3
    assert "it is down" in outcome.stderr
    assert (tmp_path / "Dockerfile").read_text() == f"FROM nginx:1.27@{OLD_AMD64}\nFROM nginx:1.27@{NEW}\n"


def test_a_platform_that_the_tag_no_longer_has_is_said(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM nginx:1.27@{NEW_ARM64}\n")
    outcome = pinner(tmp_path, "update", resolver=registry(OLD))
    assert outcome.status == 3
    assert "linux/arm64/v8" in outcome.stderr
    assert (tmp_path / "Dockerfile").read_text() == f"FROM nginx:1.27@{NEW_ARM64}\n"


def held(own: Digest, serving: FakeRegistry) -> DigestKind:
    reference = ImageReference.parse(f"nginx:1.27@{own}")
    return asyncio.run(look_up_digest_kinds([reference, reference], serving))[digest_kind_key(reference)]


def test_what_a_digest_is() -> None:
    assert held(OLD, registry()) == DigestKind(OCI_INDEX)
    assert held(OLD_AMD64, registry()) == DigestKind(MANIFEST, AMD64)
    assert held(IMAGE_ID, registry()).config == Config(IMAGE_ID, AMD64, None, {}, ())
    assert held(digest("f"), registry()).is_gone
    failed = held(OLD_AMD64, Failing(IMAGES))
    assert failed.error is not None
    assert not failed.is_gone


def test_an_image_id_is_told_where_the_registry_fails_on_it() -> None:
    class Old(FakeRegistry):
        """Like distribution 2: a blob's digest asked for as a manifest is an internal error."""

        async def describe(
            self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
        ) -> Image:
            if reference.digest in (IMAGE_ID, digest("f")):
                raise UnavailableError("cannot resolve: it failed with status 500")
            return await super().describe(reference, depth, platforms)

    old = Old(IMAGES, configs={f"{REPOSITORY}@{IMAGE_ID}": Config(IMAGE_ID, AMD64, None, {}, ())})
    assert held(IMAGE_ID, old).config is not None
    assert isinstance(held(digest("f"), old).error, UnavailableError)


def test_each_digest_is_looked_up_once() -> None:
    serving = registry()
    held(OLD, serving)
    assert len(serving.described) == 1


def test_the_errors_of_the_search_for_an_image_id_are_answers() -> None:
    class Broken(FakeRegistry):
        async def config(self, reference: ImageReference) -> Config | None:
            raise UnavailableError(f"cannot resolve `{reference}`")

    assert isinstance(held(IMAGE_ID, Broken(IMAGES)).error, UnavailableError)


def test_a_reference_without_a_digest_holds_nothing() -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        digest_kind_key(ImageReference.parse("nginx"))


def platforms(folder: Path, *names: str) -> None:
    (folder / "pinner.toml").write_text(f"platforms = [{', '.join(repr(name) for name in names)}]\n")


SAME = digest("c")
"""An index in which linux/amd64 is that of `NEW`, and another platform is not."""


def moved_to_same(**images: Image) -> FakeRegistry:
    same = Image(SAME, OCI_INDEX, (manifest(NEW_AMD64, AMD64), manifest(digest("9"), Platform("linux", "s390x"))))
    return FakeRegistry({**IMAGES, f"{REPOSITORY}@{SAME}": same, **images}, {TAG: SAME})


def test_an_index_that_moved_for_other_platforms_alone_stays_and_is_said(tmp_path: Path) -> None:
    platforms(tmp_path, "linux/amd64")
    (tmp_path / "Dockerfile").write_text(f"FROM nginx:1.27@{NEW}\n")
    outcome = pinner(tmp_path, "update", resolver=moved_to_same())
    assert (outcome.status, outcome.stdout) == (0, "")
    assert "1 moved for other platforms only" in outcome.stderr
    assert (tmp_path / "Dockerfile").read_text() == f"FROM nginx:1.27@{NEW}\n"


@pytest.mark.parametrize(
    "named", [(), ("linux/arm64",), ("linux/amd64", "linux/arm64"), ("linux/amd64", "linux/ppc64le")]
)
def test_it_moves_where_a_platform_that_counts_moved_or_is_not_there(tmp_path: Path, named: tuple[str, ...]) -> None:
    if named:
        platforms(tmp_path, *named)
    assert updated(tmp_path, f"FROM nginx:1.27@{NEW}", serving=moved_to_same()) == f"FROM nginx:1.27@{SAME}"


def test_it_moves_where_what_it_held_cannot_be_looked_into(tmp_path: Path) -> None:
    platforms(tmp_path, "linux/amd64")

    class Forgetful(FakeRegistry):
        async def describe(
            self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
        ) -> Image:
            if depth == "index":
                raise UnavailableError("cannot resolve: it is down")
            return await super().describe(reference, depth, platforms)

    serving = Forgetful(moved_to_same().images, {TAG: SAME})
    assert updated(tmp_path, f"FROM nginx:1.27@{NEW}", serving=serving) == f"FROM nginx:1.27@{SAME}"
