"""Commits in tags whose hash is digits alone, or a letter and digits: no version, wherever they stand."""

from __future__ import annotations

import pytest

from pinner.tags.candidates import find_candidates
from pinner.tags.model import Options
from pinner.tags.release_lines import Lines

HEX = "0a1b2c3"


def following(current: str, *tags: str) -> list[str]:
    lines = Lines([current, *tags])
    return [tag.text for tag in find_candidates("acme/app", current, lines, Options(), "major").tags]


@pytest.mark.parametrize("form", ["{}", "main-{}", "{}-slim", "main-{}-arm64", "g{}-slim"])
def test_digits_among_commits_are_a_commit(form: str) -> None:
    assert following(form.format("1234567"), form.format("2345678"), form.format(HEX)) == []


@pytest.mark.parametrize("form", ["main-{}", "{}-slim"])
def test_digits_among_digits_are_a_number(form: str) -> None:
    assert following(form.format("1234567"), form.format("2345678")) == [form.format("2345678")]


def test_a_commit_behind_a_version_does_not_count() -> None:
    tags = ("1.0.0-2345678", f"1.0.0-{HEX}", "1.1.0-0000001", "1.2.0-a234567", "1.3.0-3a3a3a3")
    assert following("1.0.0-1234567", *tags) == ["1.3.0-3a3a3a3", "1.2.0-a234567", "1.1.0-0000001"]


def test_an_alpha_is_one() -> None:
    assert following("1.0.0-a1", "1.0.0-a2", "1.0.0-a12") == ["1.0.0-a12", "1.0.0-a2"]
    assert following("1.0.0a1", "1.0.0a123456") == ["1.0.0a123456"]


@pytest.mark.parametrize(("old", "new"), [("main-20240101", "main-20240201"), ("main-1700000000", "main-1700000001")])
def test_a_date_and_a_time_among_commits_stay_what_they_are(old: str, new: str) -> None:
    commits = (f"main-{HEX}", "main-0a1b2c3d", "main-0a1b2c3d4e")
    assert following(old, new, *commits) == [new]
