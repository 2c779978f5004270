"""Rows of the table and items of the details: what a reviewer reads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from prsample import CHANGES, MANY, OCI, SERVERS, commit, digest, image

from pinner.bot.model import HeldBack, ImageChange
from pinner.bot.pull_request_body.image_comparison import Compared, Origin, Platforms, compare
from pinner.bot.pull_request_body.markdown import SourceRepository
from pinner.bot.pull_request_body.tables import commits, held_row, human_size, list_item, platforms, row, sizes
from pinner.oci.types import Image, PlatformImage
from pinner.reference import Platform

NGINX, POSTGRES, UV, PROMETHEUS, RUNNER = CHANGES
BARE = ImageChange("a:1", "docker.io/o/a:1", digest("a"), digest("b"), ())


def cells(change: ImageChange) -> list[list[str]]:
    return [cell.strip().split("<br>") for cell in row(change, compare(change)).strip("|\n").split(" | ")]


def test_an_image_of_another_commit_links_to_the_comparison() -> None:
    compared = "https://github.com/nginx/docker-nginx/compare/{}...{}".format(commit("nginx 3"), commit("nginx 4"))
    assert cells(NGINX) == [
        ["[`nginx:1.29`](https://hub.docker.com/_/nginx)", "`1.29.3` → `1.29.4`"],
        ["`c5251e8ddfaf` → `d3cbf644b58f`", "<sub>built 2026-11-15, first seen 2026-11-16</sub>"],
        [
            f"[`aa5cf15...a510c74`]({compared}) of `nginx/docker-nginx`",
            "on a new base image `debian:trixie-slim`",
            "all 5 platforms, added `linux/riscv64`",
            "72.3 MB (+212 kB)",
        ],
    ]


def test_a_rebuild_says_that_it_is_one_and_on_which_base() -> None:
    assert cells(POSTGRES)[2] == [
        "rebuilt from the same commit `afc848c`",
        "on a new base image `debian:trixie-slim`",
        "all 5 platforms",
        "157.6 MB (\N{MINUS SIGN}410 kB)",
    ]


def test_platforms_that_stay_and_go_are_told_apart() -> None:
    assert cells(PROMETHEUS)[2] == ["1 of 5 platforms, **removed** `linux/386`", "137.9 MB"]


def test_a_first_pin_has_no_past() -> None:
    assert cells(RUNNER) == [
        ["`data.forgejo.org/forgejo/runner:11`", "`11.3.1`"],
        ["`b30c055db55d` <sub>first pin</sub>", "<sub>built 2026-11-12, first seen 2026-11-18</sub>"],
        ["2 platforms", "31.2 MB"],
    ]


def test_where_nothing_is_known_of_the_images_names_and_digests_are_there() -> None:
    digests = f"`{digest('a').hex[:12]}` → `{digest('b').hex[:12]}`"
    assert cells(BARE) == [["[`a:1`](https://hub.docker.com/r/o/a)"], [digests], [""]]


def test_an_old_image_that_is_gone_leaves_the_new_one_to_tell() -> None:
    assert cells(BARE._replace(after=image("b", SERVERS, 5_000, "2026-11-12")))[2] == ["2 platforms", "5 kB"]


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (Platforms(), ""),
        (Platforms(changed=("linux/amd64",)), "its one platform"),
        (Platforms(changed=SERVERS), "both platforms"),
        (Platforms(changed=MANY), "all 5 platforms"),
        (Platforms(unchanged=MANY), "none of its platforms"),
        (Platforms(unchanged=("linux/amd64",), added=("linux/arm64",)), "none of its platforms, added `linux/arm64`"),
        (Platforms(added=("a/b",), removed=("c/d",)), "no common platform, added `a/b`, **removed** `c/d`"),
        (Platforms(changed=SERVERS, added=("a/b", "c/d")), "both platforms, added `a/b` and `c/d`"),
        (Platforms(changed=SERVERS, removed=MANY), "both platforms, **removed** 5"),
    ],
)
def test_platforms_in_words(difference: Platforms, text: str) -> None:
    assert platforms(difference) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (212_400, "212 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (999_960, "1.0 MB"),
        (71_212_000, "71.2 MB"),
        (999_940_000, "999.9 MB"),
        (999_960_000, "1.0 GB"),
        (3_210_000_000, "3.2 GB"),
        (999_000_000_000_000, "999.0 TB"),
    ],
)
def test_sizes_in_units_of_a_thousand(size: int, text: str) -> None:
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        (None, None, ""),
        (5, None, ""),
        (None, 5000, "5 kB"),
        (5000, 5000, "5 kB"),
        (4000, 5000, "5 kB (+1 kB)"),
        (5000, 4900, "5 kB (\N{MINUS SIGN}100 bytes)"),
    ],
)
def test_growth_and_shrinkage(old: int | None, new: int | None, text: str) -> None:
    assert sizes(old, new) == text


OLD, NEW = "a" * 40, "b" * 40
HERE = SourceRepository("gitlab.example.org", "group/app")


@pytest.mark.parametrize(
    ("before", "after", "link", "text"),
    [
        (Origin(), Origin(revision=NEW), None, ""),
        (Origin(revision=OLD), Origin(), None, ""),
        (Origin(revision=OLD), Origin(revision=OLD), None, "rebuilt from the same commit `aaaaaaa`"),
        (Origin(revision=OLD), Origin(revision=NEW), None, "commit `aaaaaaa` → `bbbbbbb`"),
        (
            Origin(revision=OLD, source=HERE),
            Origin(revision=NEW, source=HERE),
            "https://x",
            "[`aaaaaaa...bbbbbbb`](https://x) of `gitlab.example.org/group/app`",
        ),
        (Origin(revision=OLD), Origin(revision=NEW), "https://x", "[`aaaaaaa...bbbbbbb`](https://x)"),
    ],
)
def test_commits_in_words(before: Origin, after: Origin, link: str | None, text: str) -> None:
    assert commits(Compared(before, after, Platforms(), link)) == text


def test_why_an_update_waits() -> None:
    seen = HeldBack("redis:8", digest("r"), "seen 1 day ago, eligible on 2026-11-25")
    assert held_row(seen) == f"| `redis:8` | `{digest('r').hex[:12]}` | seen 1 day ago, eligible on 2026-11-25 |\n"
    broken = HeldBack("redis:8", None, "no answer: <b>@you</b> | #1")
    assert held_row(broken) == "| `redis:8` |  | `no answer: <b>@you</b> ¦ #1` |\n"


def test_details_have_everything_in_full() -> None:
    text = list_item(NGINX, compare(NGINX))
    assert text.startswith("- **`nginx:1.29`**\n")
    for line in (
        f"from `docker.io/library/nginx:1.29@{NGINX.old}`",
        f"to `docker.io/library/nginx:1.29@{NGINX.new}`",
        "built 2026-11-15, the one before 2026-10-21",
        "source: commit `a510c74fdd496d8641544cf1346ae1425fd6ffb4` of `github.com/nginx/docker-nginx`",
        f"base image: `docker.io/library/debian:trixie-slim` `{digest('debian old')}` → `{digest('d')}`",
        "platforms added: `linux/riscv64`",
        "in `deploy/compose.yaml:4`, `web/Dockerfile:9`",
    ):
        assert f"\n  - {line}\n" in text
    assert "unchanged" not in text


def test_details_of_a_first_pin_say_so() -> None:
    text = list_item(RUNNER, compare(RUNNER))
    assert f"  - first pin: `data.forgejo.org/forgejo/runner:11@{RUNNER.new}`\n" in text
    assert "from" not in text
    assert "  - built 2026-11-12\n" in text


def described(labels: dict[str, str]) -> Image:
    part = PlatformImage(
        Platform("linux", "amd64"), digest("p"), "m", labels={f"{OCI}{key}": value for key, value in labels.items()}
    )
    return Image(digest("i"), "m", (part,))


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ({}, {"base.name": "debian"}, "base image: `debian`"),
        ({}, {"base.name": "debian", "base.digest": "sha256:1"}, "base image: `debian` `sha256:1`"),
        (
            {"base.name": "debian", "base.digest": "sha256:1"},
            {"base.name": "debian", "base.digest": "sha256:1"},
            "base image: `debian` is the same `sha256:1`",
        ),
        (
            {"source": "https://github.com/o/a", "revision": OLD},
            {"source": "https://github.com/o/b", "revision": NEW},
            f"source: commit `{NEW}` of `github.com/o/b`, before of `github.com/o/a`",
        ),
        ({}, {"revision": NEW}, f"source: commit `{NEW}`"),
    ],
)
def test_details_of_base_and_source(before: dict[str, str], after: dict[str, str], line: str) -> None:
    change = BARE._replace(before=described(before), after=described(after))
    assert f"  - {line}\n" in list_item(change, compare(change))


def test_a_base_that_cannot_be_seen_is_none() -> None:
    change = BARE._replace(after=described({"base.name": "\u200b"}))
    assert "base image" not in list_item(change, compare(change))
    hidden = described({"base.name": "\u200b", "base.digest": "sha256:2"})
    change = BARE._replace(before=described({"base.name": "x", "base.digest": "sha256:1"}), after=hidden)
    assert "base image" not in row(change, compare(change))


def test_the_same_day_is_named_once() -> None:
    change = PROMETHEUS
    assert "  - built 2026-10-29, as the one before\n" in list_item(change, compare(change))


def test_of_very_many_places_and_platforms_the_first_are_named() -> None:
    change = NGINX._replace(places=tuple(f"app{number:03}/Dockerfile:1" for number in range(500)))
    text = list_item(change, compare(change))
    assert "`app049/Dockerfile:1` and 450 more\n" in text
    assert "app050" not in text


def test_a_larger_size_than_any_stays_in_the_largest_unit() -> None:
    assert human_size(10**18) == "1000000.0 TB"


def test_dates_stand_alone_too() -> None:
    seen = BARE._replace(first_seen=datetime(2026, 11, 18, 23, 59, tzinfo=UTC))
    assert cells(seen)[1][1] == "<sub>first seen 2026-11-18</sub>"
