from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagcases import TAGS

from pinner.tags.distributions import base_of
from pinner.tags.parse import parse


@pytest.mark.parametrize(
    "tag",
    [
        *("latest", "alpine", "alpine3.21", "jdk17.0.2", "rev1", "2fa", "10a", "stable-slim", "forky-slim", "sid"),
        *("0a1b2c3", "deadbeef", "g1a2b3c4", "sha-0a1b2c3", "sha256-00.sig", "1.0.sig", "1.0.att", "1.0.sbom"),
        *("", "-1", ".1", "1+2", "1 2", "é1", "1\n", "x" * 129, "1" * 129, "\u0663.\u0661"),
    ],
)
def test_what_names_no_version(tag: str) -> None:
    assert parse(tag) is None


@pytest.mark.parametrize(
    ("tag", "release", "rest"),
    [
        ("v1.2.3", (1, 2, 3), ("", "v", (), (), "")),
        ("1_2_3", (1, 2, 3), ("", "", (), (), "")),
        ("25_36-jre", (25,), ("", "", (), ((36,),), "-jre")),
        ("8u462-alpine3.22", (8,), ("", "", (), ((462,),), "-alpine3.22")),
        ("3.13.0rc1-slim", (3, 13, 0), ("", "", (6, 1), (), "-slim")),
        ("21-ea-32", (21,), ("", "", (1, 32), (), "")),
        ("3.12-dev", (3, 12), ("", "", (), (), "-dev")),
        ("1.0.0.dev3", (1, 0, 0), ("", "", (0, 3), (), "")),
        ("1.0-b12", (1, 0), ("", "", (), ((12,),), "")),
        ("1.0b12", (1, 0), ("", "", (4, 12), (), "")),
        ("jdk-11.0.2.7-alpine", (11, 0, 2, 7), ("jdk-", "", (), (), "-alpine")),
        ("arm64v8-1.2", (1, 2), ("arm64v8-", "", (), (), "")),
        ("2fa-1.2", (1, 2), ("2fa-", "", (), (), "")),
        ("php8.2-1.4", (1, 4), ("php8.2-", "", (), (), "")),
        ("9.7-1773204619", (9, 7), ("", "", (), ((1773204619,),), "")),
        ("1.13.4-erlang-25.0.4-alpine-3.16.1", (1, 13, 4), ("", "", (), (), "-erlang-25.0.4-alpine-3.16.1")),
        ("v1-177-ged5bcde", (1,), ("", "v", (), ((177,),), "-<sha>")),
        ("1.0-22.04", (1, 0), ("", "", (), (), "-22.04")),
        ("1.0-rc.1.2-x", (1, 0), ("", "", (6, 1, 2), (), "-x")),
        ("1.0-", (1, 0), ("", "", (), (), "-")),
        ("1.0-24h2", (1, 0), ("", "", (), (), "-24h2")),
        ("1.29-k3s1", (1, 29), ("", "", (), (), "-k3s1")),
        ("1.0-r-10", (1, 0), ("", "", (), (), "-r-10")),
        ("1.0-build.7", (1, 0), ("", "", (), ((7,),), "")),
        ("1.0-master_7", (1, 0), ("", "", (), (), "-master_7")),
        ("1.0-rc1-rc2", (1, 0), ("", "", (6, 1), (), "-rc2")),
        ("1.0-alpine-rc2", (1, 0), ("", "", (6, 2), (), "-alpine")),
        ("1.0-beta2x", (1, 0), ("", "", (), (), "-beta2x")),
    ],
)
def test_parts(tag: str, release: tuple[int, ...], rest: tuple[object, ...]) -> None:
    found = parse(tag)
    assert found is not None
    assert found.release == release
    assert (found.lead, found.v, found.pre, found.serials, found.variant) == rest


@pytest.mark.parametrize(
    ("tag", "scheme"),
    [
        *(("1", "number"), ("1.2", "number"), ("2024", "number"), ("2024.1", "year"), ("1989.1", "number")),
        *(("20240229", "date"), ("20230229", "number"), ("202402291259", "date"), ("20240229125959", "date")),
        *(("20240229125960", "number"), ("2024-02-29", "date"), ("2024-02-30", "number"), ("1700000000", "stamp")),
        *(("R.2024-02-29T00-00-00Z", "date"), ("R.2024-02-29T24-00-00Z", "number"), ("2024-02-29x", "number")),
        *(
            ("20240229.1", "date"),
            ("bookworm", "codename"),
            ("jammy-20240101.1-x", "codename"),
            ("jammy-1.2", "number"),
        ),
        ("bookworm-20240101-20240102", "date"),
    ],
)
def test_schemes(tag: str, scheme: str) -> None:
    found = parse(tag)
    assert found is not None
    assert found.scheme == scheme


@pytest.mark.parametrize(
    ("variant", "name"),
    [
        *(("-alpine3.22", "alpine3.22"), ("-fpm-alpine3.22-x", "alpine3.22"), ("-alpine-3.16.1", "alpine-3.16.1")),
        *(("-slim-bookworm", "bookworm"), ("-al2023", "al2023"), ("-ubi9", "ubi9"), ("-alpine", None), ("", None)),
        *(("-ltsc2022", None), ("-jdk17", None), ("-php8.2", None), ("-noble-alpine3.2", None), ("-xalpine3", None)),
    ],
)
def test_the_base_under_an_image(variant: str, name: str | None) -> None:
    base = base_of(variant)
    assert (base and base.name) == name


@given(TAGS | st.text(max_size=150))
def test_any_text_is_read_without_an_error_and_the_same_each_time(text: str) -> None:
    found = parse(text)
    assert found == parse(text)
    if found is not None:
        assert found.text == text
        assert found.release
        assert text.startswith(found.lead)
        base_of(found.variant)


def calls_for(tag: str) -> int:
    """Return how many functions are called to read ``tag``: what grows faster than its length shows here."""
    count = 0

    def counting(*_: object) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        parse(tag)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(
    "piece", ["1.", "1-", "a", "-a1", "_1", "-rc", "rc1", "1a", "-2024-01-01", "v1-", "jammy-", "x-"]
)
@pytest.mark.parametrize("start", ["", "1.2", "1", "x", "bookworm-"])
def test_twice_as_long_takes_twice_the_calls(start: str, piece: str) -> None:
    short, long = (start + piece * (size // len(piece)) for size in (50, 100))
    assert calls_for(long) < 3 * calls_for(short) + 100
