from __future__ import annotations

import pytest
from locks import INDEX, MANIFEST, NOON, days, digest, entry, image, record

from pinner.lockfile.model import Entry, LockedPlatform
from pinner.lockfile.select import (
    is_same_for,
    known_digest,
    lacks_platform,
    locked_digest,
    merged_annotations,
    old_enough,
    platform_image,
    usual_platform,
    with_candidate,
    with_choice,
)
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Platform

AMD = Platform("linux", "amd64")
ARM = Platform("linux", "arm64")
SOURCE = "org.opencontainers.image.source"


def test_a_record_has_each_platform_with_its_manifest_image_id_and_size() -> None:
    made = locked_digest(image("n"), NOON, {})
    assert (made.digest, made.media_type, made.first_seen) == (digest("n"), INDEX, NOON)
    assert made.platforms == {
        AMD: LockedPlatform(digest("n linux/amd64"), digest("n linux/amd64 config"), 100),
        Platform("linux", "arm64", "v8"): LockedPlatform(
            digest("n linux/arm64/v8"), digest("n linux/arm64/v8 config"), 100
        ),
    }


@pytest.mark.parametrize("odd", [None, Platform("", "amd64"), Platform("li/nux", "a"), Platform("linux", "am\x1bd")])
def test_a_platform_that_no_file_could_hold_is_left_out(odd: Platform | None) -> None:
    one = PlatformImage(odd, digest("x"), MANIFEST)
    assert locked_digest(Image(digest("i"), INDEX, (one,)), NOON, {}).platforms == {}


def test_of_two_images_for_one_platform_the_first_counts() -> None:
    twice = tuple(PlatformImage(Platform("windows", "amd64"), digest(word), MANIFEST) for word in "ab")
    platforms = locked_digest(Image(digest("i"), INDEX, twice), NOON, {}).platforms
    assert [one.digest for one in platforms.values()] == [digest("a")]


def test_four_labels_are_kept_the_index_before_the_manifest_before_the_config() -> None:
    child = PlatformImage(AMD, digest("c"), MANIFEST, annotations={SOURCE: "manifest", "other": "x"})
    index = Image(digest("i"), INDEX, (child,), {"org.opencontainers.image.version": "1"})
    config = {
        SOURCE: "config",
        "org.opencontainers.image.revision": "abc",
        "org.opencontainers.image.created": "x" * 1001,
    }
    assert locked_digest(index, NOON, config).labels == {
        SOURCE: "manifest",
        "org.opencontainers.image.revision": "abc",
        "org.opencontainers.image.version": "1",
    }
    assert merged_annotations(Image(digest("i"), INDEX, (), {"a": "b"})) == {"a": "b"}


def test_linux_amd64_speaks_for_an_image_else_the_first() -> None:
    usual = usual_platform(image("n", ("linux/arm64", "linux/amd64")))
    assert usual is not None
    assert usual.platform == AMD
    first = usual_platform(image("n", ("linux/arm64", "linux/s390x")))
    assert first is not None
    assert first.platform == ARM
    assert usual_platform(image("n", ())) is None


def test_a_platform_is_found_however_it_is_spelled_and_the_best_one() -> None:
    both = record("n", platforms=("linux/arm/v6", "linux/arm/v7", "linux/arm64/v8"))
    found = platform_image(both, ARM)
    assert found is not None
    assert found.digest == digest("n linux/arm64/v8")
    best = platform_image(both, Platform("linux", "arm", "v7"))
    assert best is not None
    assert best.digest == digest("n linux/arm/v7")
    assert platform_image(both, AMD) is None
    assert lacks_platform(both, (ARM, AMD))
    assert not lacks_platform(both, (ARM,))


def test_an_index_that_moved_for_other_platforms_is_the_same() -> None:
    old = record("n", platforms=("linux/amd64", "linux/arm64/v8"))
    amd, arm = (
        PlatformImage(Platform.parse(name), digest(f"n {name}"), MANIFEST) for name in ("linux/amd64", "linux/arm64/v8")
    )
    moved_arm = arm._replace(digest=digest("new"))
    assert is_same_for(old, Image(digest("n2"), INDEX, (amd, moved_arm)), (AMD,))
    assert not is_same_for(old, Image(digest("n2"), INDEX, (amd, moved_arm)), (AMD, ARM))
    assert not is_same_for(old, Image(digest("n2"), INDEX, (amd,)), (AMD, ARM))
    assert not is_same_for(old, Image(digest("n2"), INDEX, (amd, arm)), ())


def test_known_digests() -> None:
    held = entry("a", record("b"), record("c"))
    assert known_digest(held, digest("c")) == record("c")
    assert known_digest(held, digest("a")) is held.selected
    assert known_digest(held, digest("x")) is None


def test_what_a_tag_means_now_joins_once() -> None:
    a, b, c = record("a"), record("b"), record("c")
    assert with_candidate((a, b), c) == (a, b, c)
    assert with_candidate((a, b), b) == (a, b)


def test_a_tag_that_moved_back_withdraws_what_came_between() -> None:
    a, b, c = record("a"), record("b"), record("c")
    assert with_candidate((a, b, c), a._replace(first_seen=NOON + days(9))) == (a,)


def test_the_newest_that_is_old_enough_comes_first() -> None:
    seen = [record(word, NOON - days(age)) for word, age in (("a", 9), ("b", 3), ("c", 2.9))]
    assert [one.digest for one in old_enough(seen, NOON, days(3))] == [digest("b"), digest("a")]
    assert list(old_enough(seen, NOON, days(10))) == []


def test_a_choice_drops_what_came_before_it() -> None:
    a, b, c = record("a"), record("b"), record("c")
    assert with_choice(entry("x"), (a, b, c), b) == Entry(b, (c,))
    assert with_choice(entry("x"), (a, b), None) == entry("x", a, b)
