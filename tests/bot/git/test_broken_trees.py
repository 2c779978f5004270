"""A forge may serve a tree that git would never make: it is refused before anything is read from it."""

from __future__ import annotations

import pytest

from pinner.bot.git.clone import entries
from pinner.bot.git.program import GitError

BLOB = "0" * 40


def listing(*paths: bytes) -> bytes:
    return b"".join(b"100644 blob " + BLOB.encode() + b"\t" + path + b"\0" for path in paths)


@pytest.mark.parametrize(
    "path",
    [
        b"../x",
        b"a/../b",
        b"a/./b",
        b".git/config",
        b"a/.GIT/hooks/x",
        b"git~1/config",
        b"a//b",
        b"/etc/passwd",
        b"a/",
        b"",
    ],
)
def test_a_path_that_leads_out_is_refused(path: bytes) -> None:
    with pytest.raises(GitError, match="the repository's tree is broken"):
        entries(listing(b"Dockerfile", path))


@pytest.mark.parametrize("paths", [(b"a", b"a"), (b"a", b"a/b"), (b"a/b/c", b"a/b")])
def test_a_name_that_is_there_twice_is_refused(paths: tuple[bytes, ...]) -> None:
    with pytest.raises(GitError, match="the repository's tree is broken: `a"):
        entries(listing(*paths))


def test_a_tree_as_it_should_be_is_read() -> None:
    paths = (b"Dockerfile", b".github/x", b".gitignore", b"a/b", b"a.b", b"a/.gitmodules", b"x..y", b"\xff")
    assert len(entries(listing(*paths))) == len(paths)
