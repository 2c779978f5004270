"""The bot's branches on the remote: where they are, whose they are, and whether they are what they should be."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.decide import Branch
from pinner.bot.git.clone import Entry, entries, read_commits
from pinner.bot.git.program import GitError
from pinner.bot.marker import read_trailer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pinner.bot.git.clone import Clone, Commit
    from pinner.bot.git.program import Git
    from pinner.bot.model import FileChange

_LOCAL = "refs/pinner/there/"
"""Where the remote's branches are kept in the clone."""
_LOCAL_NOTE = "refs/pinner/note"
_HEADS = "refs/heads/"
NOTE = "refs/pinner/seen"
"""Where the bot notes in the repository what it has seen and not proposed yet; no branch, so that no page lists it."""
NOTE_FILE = "pinner.lock"
NEW_FILE = "100644"
# What the forges sign: GitHub's own committer, with a bot as the author.
_FORGE_COMMITTER = "GitHub <noreply@github.com>"
_BOT_AUTHOR = re.compile(r".*\[bot\] <[^<>]*\[bot\]@users\.noreply\.[^<>]+>")
_GONE = "0" * 40


class Fetched(NamedTuple):
    """A branch's head, and the commit below it."""

    head: Commit
    parent: Commit | None
    """None where the head has none, or several."""


class Remote(NamedTuple):
    """What the remote has of the bot."""

    branches: Mapping[str, str]
    """The heads of its branches, by name."""
    note: str | None
    """The commit with its note; None where there is none."""


async def look_at_remote(git: Git, prefix: str) -> Remote:
    """Return what the remote of the clone has: the branches whose names start with ``prefix``, and the note."""
    listing = await git.run("ls-remote", "origin", f"{_HEADS}{prefix}*", NOTE)
    heads, note = {}, None
    for line in listing.decode("utf-8", "surrogateescape").splitlines():
        head, _, name = line.partition("\t")
        # A pattern of ls-remote fits the end of a name too: `x/refs/heads/pinner/a`.
        if name.startswith(_HEADS + prefix):
            heads[name.removeprefix(_HEADS)] = head
        elif name == NOTE:
            note = head
    return Remote(heads, note)


async def read_note(git: Git) -> bytes:
    """Return what the remote's note says, which must be there; raises `GitError`."""
    await git.run("fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+{NOTE}:{_LOCAL_NOTE}")
    return await git.run("cat-file", "blob", f"{_LOCAL_NOTE}:{NOTE_FILE}")


async def read_file(git: Git, commit: str, path: str) -> bytes | None:
    """Return the file at ``path`` in ``commit``; None where it has none."""
    listing = entries(await git.run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path))
    return None if path not in listing else await git.run("cat-file", "blob", listing[path].object)


async def fetch_branches(git: Git, names: Sequence[str]) -> dict[str, Fetched]:
    """Return the remote's branches called ``names``, each with its last two commits; raises `GitError`."""
    if not names:
        return {}
    wanted = [f"+{_HEADS}{name}:{_LOCAL}{name}" for name in names]
    await git.run("fetch", "--quiet", "--no-tags", "--depth=2", "--filter=blob:none", "origin", *wanted)
    heads = await read_commits(git, [f"{_LOCAL}{name}" for name in names])
    alone = [head for head in heads if len(head.parents) == 1]
    parents = await read_commits(git, [head.parents[0] for head in alone])
    below = {head.id: parent for head, parent in zip(alone, parents, strict=True)}
    return {name: Fetched(head, below.get(head.id)) for name, head in zip(names, heads, strict=True)}


def is_ours(fetched: Fetched) -> bool:
    """Tell whether the bot made the branch, every commit of it.

    The bot makes one commit, and its dates are those of the commit below it: whoever amends, rebases or adds to it
    leaves another date, another name, or no trailer. That needs no history, and still holds where the base branch has
    been pushed over. What a forge has made and signed for a bot has the forge's dates, but names none else can take.
    """
    head, parent = fetched
    if parent is None or read_trailer(head.message) is None:
        return False
    if head.committer == _FORGE_COMMITTER:
        return _BOT_AUTHOR.fullmatch(head.author) is not None
    return head.author == head.committer and head.author_time == head.committer_time == parent.committer_time


async def judge(clone: Clone, fetched: Fetched, files: Sequence[FileChange]) -> Branch:
    """Return how the branch stands to ``files``, those that it should change."""
    head, parent = fetched
    if head.id == clone.base.id:
        # Nothing of its own: nothing can be lost, and nothing is done yet.
        return Branch(head.id, is_ours=True, matches=False, is_behind=False)
    if parent is None or not is_ours(fetched):
        return Branch(head.id, is_ours=False, matches=False, is_behind=False)
    changed = await _differences(clone.git, parent.tree, head.tree)
    is_behind = False
    if parent.tree != clone.base.tree and files:
        is_behind = bool(await _differences(clone.git, parent.tree, clone.base.tree, [file.path for file in files]))
    matches = changed == wanted_entries(clone, files)
    return Branch(head.id, is_ours=True, matches=matches, is_behind=is_behind, files=frozenset(changed))


def wanted_entries(clone: Clone, files: Iterable[FileChange]) -> dict[str, Entry]:
    """Return what ``files`` are in git after the change: their modes stay."""
    return {
        file.path: Entry(
            clone.files[file.path].mode if file.path in clone.files else NEW_FILE,
            blob_id(file.after, len(clone.base.id)),
        )
        for file in files
    }


def refuse_unlike(clone: Clone, files: Iterable[FileChange]) -> None:
    """Raise `GitError` where what was read of a file is not what git has of it: nothing may be built on that."""
    for file in files:
        there = clone.files.get(file.path)
        before = None if file.before is None else blob_id(file.before, len(clone.base.id))
        if before != (None if there is None else there.object):
            raise GitError(f"{file.path}: what was read is not what git has; it was left alone")


def blob_id(data: bytes, length: int) -> str:
    """Return git's id of a file's contents, by SHA-1, or SHA-256 where ids have ``length`` 64 (gitformat-pack(5))."""
    algorithm = "sha1" if length == len(_GONE) else "sha256"
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


async def _differences(git: Git, old: str, new: str, paths: Sequence[str] = ()) -> Mapping[str, Entry]:
    """Return what the tree ``new`` has in the place of what ``old`` has, by path; what is gone is all zeros."""
    listing = await git.run(
        "--literal-pathspecs", "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", old, new, "--", *paths
    )
    records = listing.split(b"\0")[:-1]
    found = {}
    for head, path in zip(records[::2], records[1::2], strict=True):
        _, mode, _, name, _ = head.decode("ascii").split(" ")
        found[os.fsdecode(path)] = Entry(mode, name)
    return found
