"""What two images have in common and what not; their makers' word is taken from one place at a time."""

from __future__ import annotations

import pytest
from prsample import CHANGES, MANY, OCI, SERVERS, digest, image

from pinner.bot.model import ImageChange
from pinner.bot.pull_request_body.image_comparison import Compared, Origin, Platforms, compare
from pinner.bot.pull_request_body.markdown import SourceRepository
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Platform

BARE = ImageChange("a:1", "docker.io/o/a:1", digest("a"), digest("b"), ())
AMD64, WINDOWS = Platform("linux", "amd64"), Platform("windows", "amd64")
REVISION, OTHER = "a" * 40, "b" * 40


def part(
    platform: Platform | None,
    name: str,
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    *,
    size: int | None = None,
    created: str | None = None,
) -> PlatformImage:
    return PlatformImage(
        platform,
        digest(name),
        "m",
        size=size,
        created=created,
        annotations={OCI + key: value for key, value in (annotations or {}).items()},
        labels={OCI + key: value for key, value in (labels or {}).items()},
    )


def index(*parts: PlatformImage, **annotations: str) -> Image:
    return Image(digest("i"), "m", parts, {OCI + key.replace("_", "."): value for key, value in annotations.items()})


def after(new: Image) -> Origin:
    return compare(BARE._replace(after=new)).after


def test_without_images_nothing_is_known() -> None:
    assert compare(BARE) == Compared(Origin(), Origin(), Platforms(), None)
    assert after(index()) == Origin()
    assert after(index(version="3")) == Origin("3")


def test_platforms_are_compared_by_their_manifests() -> None:
    old = image("old", ("linux/386", *MANY), 1, "2026-11-01", kept=MANY[1:])
    new = image("new", (*MANY, "linux/riscv64"), 1, "2026-11-02", kept=MANY[1:])
    assert compare(BARE._replace(before=old, after=new)).platforms == Platforms(
        ("linux/amd64",), MANY[1:], ("linux/riscv64",), ("linux/386",)
    )


def test_windows_has_one_platform_with_many_images() -> None:
    old = index(part(WINDOWS, "2022 a"), part(WINDOWS, "2025"))
    assert compare(
        BARE._replace(before=old, after=index(part(WINDOWS, "2025"), part(WINDOWS, "2022 a")))
    ).platforms == (Platforms(unchanged=("windows/amd64",)))
    assert compare(
        BARE._replace(before=old, after=index(part(WINDOWS, "2022 b"), part(WINDOWS, "2025")))
    ).platforms == (Platforms(changed=("windows/amd64",)))


def test_a_manifest_without_a_platform_is_compared_by_what_it_says_alone() -> None:
    old, new = index(part(None, "a", size=5)), index(part(None, "b", size=7))
    compared = compare(BARE._replace(before=old, after=new))
    assert compared.platforms == Platforms()
    assert (compared.before.size, compared.after.size) == (5, 7)


def test_sizes_are_those_of_a_platform_that_both_have() -> None:
    arm = Platform("linux", "arm64")
    old = index(part(arm, "a", size=1))
    new = index(part(AMD64, "b", size=20), part(arm, "c", size=3))
    compared = compare(BARE._replace(before=old, after=new))
    assert (compared.before.size, compared.after.size) == (1, 3)
    both = compare(BARE._replace(before=index(part(arm, "a", size=1), part(AMD64, "d", size=19)), after=new))
    assert (both.before.size, both.after.size) == (19, 20)


@pytest.mark.parametrize("size", [-1, 10**15, None])
def test_a_size_that_cannot_be_is_none(size: int | None) -> None:
    assert after(index(part(AMD64, "a", size=size))).size is None


def test_annotations_of_the_index_come_before_the_manifests_and_labels_last() -> None:
    said = part(AMD64, "a", {"version": "manifest"}, {"version": "label"})
    assert after(index(said, version="index")).version == "index"
    assert after(index(said)).version == "manifest"
    assert after(index(said._replace(annotations={}))).version == "label"


def test_source_and_revision_come_from_the_same_place() -> None:
    inherited = {"source": "https://github.com/base/image", "revision": OTHER}
    own = part(AMD64, "a", {"source": "https://github.com/o/n", "revision": REVISION}, inherited)
    assert after(index(own))[1:3] == (SourceRepository("github.com", "o/n"), REVISION)
    half = part(AMD64, "a", {"source": "https://github.com/o/n"}, inherited)
    assert after(index(half))[1:3] == (SourceRepository("github.com", "base/image"), OTHER)
    none = part(AMD64, "a", {"source": "https://github.com/o/n", "revision": "v1"})
    assert after(index(none))[1:3] == (None, None)


def test_a_base_comes_from_one_place_too() -> None:
    said = part(AMD64, "a", {"base.name": "debian"}, {"base.name": "alpine", "base.digest": "sha256:1"})
    assert after(index(said))[3:5] == ("debian", None)


@pytest.mark.parametrize(
    ("created", "built"),
    [
        ("2026-11-18T06:12:44.123456789Z", "2026-11-18"),
        ("2026-11-18T06:12:44+01:00", "2026-11-18"),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-11-32T00:00:00Z", None),
        ("@you", None),
        (None, None),
    ],
)
def test_only_dates_that_can_be_are_shown(created: str | None, built: str | None) -> None:
    assert after(index(part(AMD64, "a", created=created))).built == built


def test_where_the_config_has_no_true_date_a_label_may() -> None:
    said = part(AMD64, "a", labels={"created": "2026-11-18T00:00:00Z"}, created="1970-01-01T00:00:00Z")
    assert after(index(said)).built == "2026-11-18"


def test_comparisons_need_one_repository_and_two_commits() -> None:
    def link(old: dict[str, str], new: dict[str, str]) -> str | None:
        return compare(
            BARE._replace(before=index(part(AMD64, "a", old)), after=index(part(AMD64, "b", new)))
        ).compare  # fmt: skip

    here, there = "https://github.com/o/n", "git@github.com:o/n.git"
    first, second = {"source": here, "revision": REVISION}, {"source": there, "revision": OTHER}
    assert link(first, second) == f"https://github.com/o/n/compare/{REVISION}...{OTHER}"
    assert link(first, {**second, "revision": REVISION}) is None
    assert link(first, {**second, "source": "https://github.com/o/m"}) is None
    assert link({"revision": REVISION}, {"revision": OTHER}) is None
    assert link({}, second) is None
    assert link(first, {}) is None


def test_of_the_sample_each_comparison_is_another() -> None:
    links = [compare(change).compare for change in CHANGES]
    assert [link is not None for link in links] == [True, False, True, False, False]
    assert compare(CHANGES[2]).platforms == Platforms(changed=SERVERS)
