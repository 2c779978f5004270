"""Commit and push: the same files on the same base are the same commit on every run; no head is overwritten unseen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pinner.bot.forges.base import ForbiddenError, StaleHeadError
from pinner.bot.git.branches import NOTE, NOTE_FILE, refuse_unlike, wanted_entries
from pinner.bot.git.program import GitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.bot.git.clone import Clone
    from pinner.bot.git.program import Git
    from pinner.bot.model import Author, FileChange

_REF = "refs/pinner/new"
_MOVED = (b"stale info", b"fetch first", b"cannot lock ref", b"reference already exists", b"failed to update ref")
_FORBIDDEN = (
    b"403",
    b"Permission denied",
    b"not allowed to push",
    b"Authentication failed",
    b"could not read Username",
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
    if any(word in said for word in _FORBIDDEN):
        raise ForbiddenError(
            f"the token may not push to `{branch}`: {words}", hint="give it the right to write contents, and run again"
        )
    raise GitError(f"git push failed: {words}")
