from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tagcases import TAGS

from pinner.tags.candidates import find_candidates, level_between
from pinner.tags.distributions import short_name
from pinner.tags.model import LEVELS, Options, Tag
from pinner.tags.parse import parse
from pinner.tags.release_lines import Lines

if TYPE_CHECKING:
    from pinner.tags.model import Level

IMAGE = "docker.io/library/node"
NUMBERS = st.builds("{}{}.{}{}".format, st.sampled_from(["", "v"]), *[st.sampled_from("0123")] * 2, st.sampled_from(
    ["", ".0", ".1", ".1.1", "-rc", "rc1", "-alpine3.1", "-alpine3.2", "-1", "-2", ".1-1", "-slim"]))  # fmt: skip
LISTS = st.lists(NUMBERS | TAGS, max_size=25)
OPTIONS = st.builds(Options, follow=st.booleans(), pre=st.booleans())


def best(current: str, tags: list[str], level: Level, options: Options) -> str | None:
    found = find_candidates(IMAGE, current, Lines(tags), options, level).tags
    return found[0].text if found else None


@given(NUMBERS | TAGS, LISTS, OPTIONS)
def test_what_follows_is_in_the_list_and_what_follows_that_is_nothing(
    current: str, tags: list[str], options: Options
) -> None:
    for level in LEVELS:
        found = find_candidates(IMAGE, current, Lines(tags), options, level)
        assert {tag.text for tag in found.tags} <= set(tags) - {current}
        assert len(set(found.tags)) == len(found.tags)
        assert found == find_candidates(IMAGE, current, Lines(reversed(tags)), options, level)


@given(NUMBERS, LISTS)
def test_a_raise_leads_to_where_nothing_more_is_to_be_raised(current: str, tags: list[str]) -> None:
    """Steps end: each goes forward, and none is repeated."""
    seen = [current]
    while (following := best(seen[-1], tags, "major", Options())) is not None:
        assert following not in seen
        seen.append(following)
    for before, after in pairwise(seen):
        old, new = parse(before), parse(after)
        assert old is not None
        assert new is not None
        assert new.key > old.key


@given(NUMBERS, LISTS, OPTIONS)
def test_a_greater_level_has_all_that_a_smaller_one_has(current: str, tags: list[str], options: Options) -> None:
    found = [set(find_candidates(IMAGE, current, Lines(tags), options, level).tags) for level in LEVELS]
    if not options.follow:
        assert found[0] <= found[1] <= found[2]


@given(st.lists(NUMBERS, min_size=3, max_size=3))
def test_the_order_is_total(tags: list[str]) -> None:
    found = [tag for tag in map(parse, tags) if tag is not None]
    assert len(found) == 3
    one, two, three = (tag.key for tag in found)
    assert (one < two) + (one == two) + (one > two) == 1
    if one <= two <= three:
        assert one <= three


@pytest.mark.parametrize(
    ("current", "tag", "level"),
    [
        *(
            ("1.2.3", "2.0.0", "major"),
            ("1.2.3", "1.3.0", "minor"),
            ("1.2.3", "1.2.4", "patch"),
            ("18rc1", "18.0", "patch"),
        ),
        *(("0.1", "0.2", "minor"), ("1.2.3.4", "1.2.3.5", "patch"), ("1.0-1", "1.0-2", "patch"), ("9", "9.1", "minor")),
        *(
            ("20240101", "20250101", "minor"),
            ("1700000000", "1700000001", "minor"),
            ("20240101-1", "20240101-2", "patch"),
        ),
        *(("bookworm", "trixie", "major"), ("bookworm-20240101", "bookworm-20240201", "patch")),
        (f"{'9' * 60}.1", f"1{'0' * 60}.1", "major"),
    ],
)
def test_levels(current: str, tag: str, level: str) -> None:
    old, new = parse(current), parse(tag)
    assert old is not None
    assert new is not None
    assert level_between(old, new) == level
    assert new.key > old.key


def test_of_each_reason_the_latest_tag_is_noted() -> None:
    tags = ["22-x", "22.1-x", "24.0rc1", "24.0rc2", "25", "26", "22"]
    found = find_candidates(IMAGE, "22", Lines(tags), Options(), "major")
    assert ([tag.text for tag in found.tags], dict(found.notes)) == (["26"], {"lts": "25"})
    found = find_candidates(IMAGE, "24.0", Lines(["24.1rc1", "24.1rc2"]), Options(), "major")
    assert dict(found.notes) == {"pre-release": "24.1rc2"}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        *(("docker.io/library/node", "node"), ("node", "node"), ("public.ecr.aws/docker/library/node", "node")),
        *(("docker.io/kindest/node", "kindest/node"), ("ghcr.io/a/node", "ghcr.io/a/node")),
        *(("h/mylibrary/node", "h/mylibrary/node"), ("h/library/a/node", "h/library/a/node"), ("library/node", "node")),
    ],
)
def test_official_images_are_known_behind_mirrors_too(image: str, name: str) -> None:
    assert short_name(image) == name


def test_a_list_is_read_once_however_often_it_is_asked() -> None:
    lines = Lines([f"1.{number}" for number in range(300)])
    ask = partial(find_candidates, IMAGE, lines=lines, options=Options(), level="minor")
    assert [len(ask(current=f"1.{number}").tags) for number in (0, 150, 299)] == [299, 149, 0]
    assert [tag.text for tag in ask(current="1.297").tags] == ["1.299", "1.298"]


def test_digits_among_commits_are_a_commit() -> None:
    assert isinstance(Lines(["1234567"]).parse("1234567"), Tag)
    assert Lines(["0a1b2c3"]).parse("1234567") is None
    assert Lines(["sha-abc1234", "sha256-1.sig"]).parse("12345678901") is not None
