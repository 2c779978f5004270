"""Markers in bodies and trailers in commits: read back whatever a forge and people made of the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.bot.model import ImageChange, Marker, fingerprint, read_marker, read_trailer, render_marker, without_marker
from pinner.reference import Digest

OLD, NEW = Digest("sha256", "a" * 64), Digest("sha256", "b" * 64)
CHANGE = ImageChange("nginx:1.27", "docker.io/library/nginx:1.27", OLD, NEW, ("Dockerfile:1", "app/Dockerfile:7"))
MARKER = Marker("digests", "0123456789abcdef")


@given(st.text(), st.text(st.characters(exclude_characters="\r")), st.text(min_size=1))
def test_a_marker_is_read_back_from_any_body(before: str, after: str, group: str) -> None:
    marker = Marker(group, "0123456789abcdef")
    rendered = render_marker(marker)
    assert rendered.endswith("} -->")
    assert rendered.count("-->") == 1
    if "<!-- pinner:" not in before + after:
        assert read_marker(f"{before}\n{rendered}\n{after}") == marker


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<!-- pinner: {} -->",
        "<!-- pinner: {broken -->",
        "<!-- pinner: [1] -->",
        '<!-- pinner: {"group": 7, "fingerprint": "0123456789abcdef"} -->',
        '<!-- pinner: {"group": "digests", "fingerprint": "ABC"} -->',
        '<!-- renovate: {"group": "digests", "fingerprint": "0123456789abcdef"} -->',
        f'"{render_marker(MARKER)[5:]}',
    ],
)
def test_what_is_no_marker_is_none(body: str) -> None:
    assert read_marker(body) is None


def test_the_last_marker_counts_and_can_be_taken_away() -> None:
    body = f"text\n{render_marker(Marker('old', 'f' * 16))}\n{render_marker(MARKER)}\n"
    assert read_marker(body) == MARKER
    assert read_marker(without_marker(body)) is None
    assert without_marker(body) == "text"


def test_lines_and_order_are_no_part_of_a_fingerprint() -> None:
    moved = CHANGE._replace(places=("app/Dockerfile:9", "Dockerfile:2"))
    other = CHANGE._replace(name="redis:8", canonical="docker.io/library/redis:8")
    assert fingerprint([CHANGE, other]) == fingerprint([other, moved])


@pytest.mark.parametrize(
    "changed",
    [
        CHANGE._replace(new=OLD),
        CHANGE._replace(old=None),
        CHANGE._replace(name="nginx:1.28", canonical="docker.io/library/nginx:1.28"),
        CHANGE._replace(places=("Dockerfile:1",)),
    ],
)
def test_everything_else_is(changed: ImageChange) -> None:
    assert fingerprint([changed]) != fingerprint([CHANGE])
    assert len(fingerprint([changed])) == 16


def test_a_trailer_is_read_from_the_last_paragraph_alone() -> None:
    assert read_trailer("Title\n\nBody\n\nPinner-Fingerprint: 0123456789abcdef\n") == "0123456789abcdef"
    signed = "Title\r\n\r\nSigned-off-by: A <a@b>\r\nPinner-Fingerprint: 0123456789abcdef\r\n"
    assert read_trailer(signed) == "0123456789abcdef"
    assert read_trailer("Title\n\nPinner-Fingerprint: 0123456789abcdef\n\nmy own words") is None
    assert read_trailer("Pinner-Fingerprint: 0123") is None
    assert read_trailer("") is None
