"""Bot branches and note as the remote has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.git.clone import read_commits
from pinner.config import BotSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pinner.bot.git.clone import Commit
    from pinner.bot.git.program import Git

_LOCAL = "refs/pinner/there/"
"""Where the remote's branches are kept in the clone."""
LOCAL_NOTE = "refs/pinner/note"
_HEADS = "refs/heads/"
NOTE = "refs/pinner/seen"
"""Where the bot notes in the repository what it has seen and not proposed yet; no branch, so that no page lists it."""
_USUAL_PREFIX = BotSettings().branch_prefix


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


async def fetch_remote(git: Git, prefix: str) -> tuple[Remote, dict[str, Fetched]]:
    """Return what the remote has of the bot, and its branches, whose names start with ``prefix``; raises `GitError`.

    What nearly every repository calls them has come with the clone.
    """
    if prefix == _USUAL_PREFIX:
        remote = await cloned_remote(git)
        return remote, await read_branches(git, sorted(remote.branches))
    remote = await list_remote(git, prefix)
    return remote, await fetch_branches(git, sorted(remote.branches))


async def list_remote(git: Git, prefix: str) -> Remote:
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


def bot_refs() -> dict[str, str]:
    """Return what the bot has in a remote, by pattern, and what it is called in a clone: for `clone`."""
    return {f"{_HEADS}{_USUAL_PREFIX}*": f"{_LOCAL}{_USUAL_PREFIX}*", f"{NOTE}*": f"{LOCAL_NOTE}*"}


async def cloned_remote(git: Git) -> Remote:
    """Return what the remote had of the bot when it was cloned with `bot_refs`."""
    listing = await git.run("for-each-ref", "--format=%(objectname) %(refname)", _LOCAL, LOCAL_NOTE)
    heads, note = {}, None
    for line in listing.decode("utf-8", "surrogateescape").splitlines():
        head, _, name = line.partition(" ")
        if name.startswith(_LOCAL):
            heads[name.removeprefix(_LOCAL)] = head
        elif name == LOCAL_NOTE:
            note = head
    return Remote(heads, note)


async def fetch_branches(git: Git, names: Sequence[str]) -> dict[str, Fetched]:
    """Return the remote's branches called ``names``, each with its last two commits; raises `GitError`."""
    if not names:
        return {}
    wanted = [f"+{_HEADS}{name}:{_LOCAL}{name}" for name in names]
    await git.run("fetch", "--quiet", "--no-tags", "--depth=2", "--filter=blob:none", "origin", *wanted)
    return await read_branches(git, names)


async def read_branches(git: Git, names: Sequence[str]) -> dict[str, Fetched]:
    """Return the branches called ``names``, which are in the clone, each with its last two commits."""
    if not names:
        return {}
    heads = await read_commits(git, [f"{_LOCAL}{name}" for name in names])
    alone = [head for head in heads if len(head.parents) == 1]
    parents = await read_commits(git, [head.parents[0] for head in alone])
    below = {head.id: parent for head, parent in zip(alone, parents, strict=True)}
    return {name: Fetched(head, below.get(head.id)) for name, head in zip(names, heads, strict=True)}
