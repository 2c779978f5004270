"""Names of branches, held against git itself."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinner.config.bot import is_branch_name, slug

ALPHABET = st.text(st.sampled_from("ab./-@{}~^:?*[\\ \x7f\té"), max_size=8)


def git_takes(name: str) -> bool:
    done = subprocess.run(["git", "check-ref-format", "--branch", name], check=False, capture_output=True)
    return done.returncode == 0 and done.stdout.decode() == f"{name}\n"


@pytest.mark.parametrize(
    "name",
    ["pinner/digests", "a", "a.b", "a/b/c", "ä", "a@b", "@a", "a{b", "a-", "a.locker", "HEADS", "refs", "a/-b", "1"],
)
def test_git_takes_what_is_a_branch(name: str) -> None:
    assert is_branch_name(name)
    assert git_takes(name)


@pytest.mark.parametrize(
    "name",
    ["", "HEAD", "-a", "/a", "a/", "a//b", ".a", "a/.b", "a.", "a..b", "a.lock", "a.lock/b", "a b", "a~1", "a^",
     "a:b", "a?", "a*", "a[", "a\\b", "a@{b", "a\tb", "a\x7f"],
)  # fmt: skip
def test_git_refuses_what_is_none(name: str) -> None:
    assert not is_branch_name(name)
    assert not git_takes(name)


@pytest.mark.parametrize("name", ["@", "refs/heads/a"])
def test_what_git_would_read_as_something_else_is_none(name: str) -> None:
    assert not is_branch_name(name)


@settings(max_examples=60)
@given(ALPHABET)
def test_no_branch_is_taken_that_git_refuses(name: str) -> None:
    if is_branch_name(name):
        assert git_takes(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("databases", "databases"),
        ("Base images", "base-images"),
        ("  a//b..c@{d}.lock ", "a-b-c-d-lock"),
        ("Größe é", "grosse-e"),
        ("nginx:1.27", "nginx-1-27"),
        ("a" * 60, "a" * 60),
        ("a" * 61, "a" * 51 + "-35d5fc17"),
        ("数据库", "263200d7"),
        ("db 数据库", "db-01a7e9d3"),
        ("…", "b4935894"),
    ],
)
def test_slugs(name: str, text: str) -> None:
    assert slug(name) == text


@given(st.text())
def test_a_slug_is_a_branch_name_anywhere(name: str) -> None:
    text = slug(name)
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert 1 <= len(text) <= 60
    assert is_branch_name(text)
    assert is_branch_name(f"pinner/{text}")
    assert slug(text) == text


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=3),
       st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=3))  # fmt: skip
def test_what_a_slug_cannot_spell_it_still_tells_apart(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)
