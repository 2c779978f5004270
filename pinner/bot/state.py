"""Bot state between runs: locks on its branches, and a git note.

A run on a CI machine remembers nothing itself. The note is a ref of its own, no branch and on no page, and it is there
only where ``min-age`` needs it: what was first seen when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.bot.git.branches import is_ours, make_note, push_note, read_file, read_note
from pinner.errors import ConfigError, PinnerError
from pinner.lockfile.model import NAME, Lock
from pinner.lockfile.parse import parse_lock
from pinner.lockfile.render import render_lock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.bot.git.clone import Clone
    from pinner.bot.git.program import Git
    from pinner.bot.git.remote import Fetched, Remote
    from pinner.bot.model import Author


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
