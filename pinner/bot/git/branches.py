"""Bot branches and the git note: judged, read, committed and pushed; the locks on them, from run to run.

A run on a CI machine remembers nothing itself. The note is a ref of its own, no branch and on no page, and it is there
only where ``min-age`` needs it: what was first seen when.
"""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from pinner.bot.decide import Branch
from pinner.bot.forges.base import ForbiddenError, StaleHeadError
from pinner.bot.git.clone import Entry, entries
from pinner.bot.git.program import GitError
from pinner.bot.git.remote import LOCAL_NOTE, NOTE
from pinner.bot.model import read_trailer
from pinner.errors import ConfigError, PinnerError
from pinner.lockfile.model import NAME, Lock
from pinner.lockfile.parse import parse_lock
from pinner.lockfile.render import render_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pinner.bot.git.clone import Clone
    from pinner.bot.git.program import Git
    from pinner.bot.git.remote import Fetched, Remote
    from pinner.bot.model import Author, FileChange

NOTE_FILE = "pinner.lock"
NEW_FILE = "100644"
# What the forges sign: GitHub's own committer, with a bot as the author.
_FORGE_COMMITTER = "GitHub <noreply@github.com>"
_BOT_AUTHOR = re.compile(r".*\[bot\] <[^<>]*\[bot\]@users\.noreply\.[^<>]+>")
_GONE = "0" * 40


async def read_note(git: Git) -> bytes:
    """Return what the remote's note says, which must be there; raises `GitError`."""
    await git.run("fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+{NOTE}:{LOCAL_NOTE}")
    return await git.run("cat-file", "blob", f"{LOCAL_NOTE}:{NOTE_FILE}")


async def read_file(git: Git, commit: str, path: str) -> bytes | None:
    """Return the file at ``path`` in ``commit``; None where it has none."""
    listing = entries(await git.run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", path))
    return None if path not in listing else await git.run("cat-file", "blob", listing[path].object)


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


_REF = "refs/pinner/new"
_MOVED = (b"stale info", b"fetch first", b"cannot lock ref", b"reference already exists", b"failed to update ref")
# As git and its servers say it (http.c: "The requested URL returned error: 403"); the number alone may be of a port.
_FORBIDDEN = (
    *(b"returned error: 403", b"http 403", b"status code 403"),
    *(b"permission denied", b"not allowed to push", b"authentication failed", b"could not read username"),
    *(b"is protected from force push", b"is protected from changing file"),
)


async def make_commit(clone: Clone, files: Sequence[FileChange], message: str, author: Author) -> str:
    """Return the id of the commit that makes ``files`` so on top of the base; it is in the clone alone.

    Both its dates are the base commit's, so that every run makes the same one. Modes stay. Raises `GitError`.
    """
    refuse_unlike(clone, files)
    who = f"{_plain(author.name)} <{_plain(author.email)}> {clone.base.committer_time} +0000"
    stream = [
        f"commit {_REF}\nmark :1\nauthor {who}\ncommitter {who}\n".encode("utf-8", "surrogateescape"),
        _data(message.encode("utf-8", "surrogateescape")),
        f"from {clone.base.id}\n".encode(),
    ]
    entries = wanted_entries(clone, files)
    for file in files:
        stream += [f"M {entries[file.path].mode} inline ".encode(), _quoted(file.path), b"\n", _data(file.after)]
    stream.append(b"\nget-mark :1\ndone\n")
    said = await clone.git.run("fast-import", "--quiet", "--force", "--done", data=b"".join(stream))
    return said.decode("ascii").strip()


async def make_note(clone: Clone, data: bytes, author: Author) -> str:
    """Return the id of a commit that holds ``data`` and nothing else, always the same for the same; in the clone alone.

    Raises `GitError`.
    """
    who = f"{_plain(author.name)} <{_plain(author.email)}> 0 +0000"
    stream = (
        f"commit {_REF}-note\nmark :1\nauthor {who}\ncommitter {who}\n".encode(),
        _data(b"What pinner has seen and not proposed yet\n"),
        f"M 100644 inline {NOTE_FILE}\n".encode(),
        _data(data),
        b"\nget-mark :1\ndone\n",
    )
    said = await clone.git.run("fast-import", "--quiet", "--force", "--done", data=b"".join(stream))
    return said.decode("ascii").strip()


def _plain(text: str) -> str:
    """Return a name or an address without what would end it in a commit."""
    return "".join(character for character in text if character not in "<>\n\r\0").strip()


def _data(data: bytes) -> bytes:
    return b"data %d\n" % len(data) + data + b"\n"


def _quoted(path: str) -> bytes:
    """Return ``path`` as git-fast-import(1) wants one that may hold anything."""
    escaped = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"' + escaped + b'"'


async def push(git: Git, branch: str, commit: str, lease: str | None) -> None:
    """Put ``commit`` on the remote's ``branch``, which must be at ``lease``, or absent for None.

    Raises `StaleHeadError` where it is not, `ForbiddenError`, `GitError`.
    """
    await _push(git, f"refs/heads/{branch}", commit, lease or "")


async def delete(git: Git, branch: str, lease: str) -> None:
    """Delete the remote's ``branch``, which must be at ``lease``; raises what `push` does."""
    await _push(git, f"refs/heads/{branch}", "", lease)


async def push_note(git: Git, commit: str, lease: str | None) -> None:
    """Make ``commit`` the bot's note in the remote, which must be at ``lease``; raises what `push` does."""
    await _push(git, NOTE, commit, lease or "")


async def _push(git: Git, ref: str, commit: str, lease: str) -> None:
    branch = ref.removeprefix("refs/heads/")
    expected = f"--force-with-lease={ref}:{lease}"
    status, output, errors = await git.outcome(
        "push", "--porcelain", "--no-verify", "--no-signed", expected, "origin", f"{commit}:{ref}"
    )
    if not status:
        return
    said = output + errors
    if any(words in said for words in _MOVED):
        raise StaleHeadError(f"the branch `{branch}` has moved meanwhile", hint="run pinner again")
    refusals = b"\n".join(line for line in output.splitlines() if line.startswith(b"!"))
    words = git.words(errors if not refusals or b"remote:" in errors else refusals)
    if is_forbidden(said):
        raise ForbiddenError(
            f"the token may not push to `{branch}`: {words}", hint="give it the right to write contents, and run again"
        )
    raise GitError(f"git push failed: {words}")


def is_forbidden(said: bytes) -> bool:
    """Tell whether git ``said`` that the token lacks the right, and not that something else stands in the way."""
    folded = said.lower()
    return any(words in folded for words in _FORBIDDEN)


async def read_memory(git: Git, remote: Remote) -> bytes | None:
    """Return the note, for `parse_remembered`; None where there is none."""
    return None if remote.note is None else await read_note(git)


async def locks_on_branches(git: Git, branches: Iterable[Fetched]) -> list[bytes]:
    """Return the locks on those of ``branches`` that are the bot's, for `parse_remembered`."""
    return [
        data
        for fetched in branches
        if is_ours(fetched) and (data := await read_file(git, fetched.head.id, NAME)) is not None
    ]


def parse_remembered(data: bytes) -> Lock:
    """Return what a lock of an earlier run says; nothing where somebody has spoilt it."""
    try:
        return parse_lock(data, NAME)
    except ConfigError:  # of a newer pinner, or no lock at all: nothing is known then
        return Lock()


async def write_memory(clone: Clone, remote: Remote, memory: bytes, author: Author) -> str | None:
    """Make the note say ``memory``, a lock; return why it cannot, where it cannot: the next run then knows no times."""
    try:
        if remote.note is None:
            if memory == render_lock(Lock()):
                return None
        elif await read_note(clone.git) == memory:
            return None
        await push_note(clone.git, await make_note(clone, memory, author), remote.note)
    except PinnerError as error:
        return f"when digests were first seen could not be noted in the repository: {error.message}"
    return None
