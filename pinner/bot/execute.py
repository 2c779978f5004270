"""Execution of a decision, step by step and resumable."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, assert_never

from pinner.bot.decide import Close, Complete, Create, DeleteBranch, Edit, Push
from pinner.bot.forges.base import BusyError, ForbiddenError, ForgeError, StaleHeadError, UnreachableError
from pinner.bot.git.branches import delete, make_commit, push
from pinner.bot.git.clone import read_commits
from pinner.bot.git.remote import fetch_branches
from pinner.bot.model import NewCommit

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pinner.bot.decide import Action
    from pinner.bot.forges.base import Forge
    from pinner.bot.git.clone import Clone
    from pinner.bot.model import Author, Proposal, PullRequest, Repository
    from pinner.config import CommitWay

_PLAIN_FILE = "100644"
SIGNED = "signed-"
"""Behind the prefix: branches on which the forge makes the commits that it signs, for a moment."""


class Tools(NamedTuple):
    """What actions are done with."""

    forge: Forge
    repository: Repository
    clone: Clone
    author: Author
    commits: CommitWay
    prefix: str


class Executed(NamedTuple):
    """What was done."""

    opened: PullRequest | None = None
    notes: tuple[str, ...] = ()
    is_scheduled: bool = False
    """Whether the forge was told to merge it, at once or later."""


_GITS_OWN = ('`commits = "api"`: what this forge makes for this token is not signed, so the commits are git\'s own',)


async def execute(actions: tuple[Action, ...], proposal: Proposal, tools: Tools) -> Executed:
    """Do ``actions``, which lead to ``proposal``; return what came of it.

    Raises `PinnerError` where one cannot be done; those before it are.
    """
    forge, repository = tools.forge, tools.repository
    opened: PullRequest | None = None
    notes: list[str] = []
    is_scheduled = False
    for action in actions:
        match action:
            case Push(lease):
                await _push(proposal, lease, tools)
                notes += _GITS_OWN if tools.commits == "api" and not forge.signs_commits else ()
            case Create():
                opened = await forge.create(repository, proposal.branch, proposal.base, proposal.title, proposal.body)
            case Edit(request, title, body, base):
                await forge.edit(repository, request, title=title, body=body, base=base)
            case Complete(request):
                more, is_scheduled = await _complete(request or opened, proposal, tools, is_new=request is None)
                notes += more
            case Close(request, body):
                await forge.close(repository, request, body)
            case DeleteBranch(head):
                await delete(tools.clone.git, proposal.branch, head)
            case never:
                assert_never(never)
    return Executed(opened, tuple(notes), is_scheduled)


async def _complete(
    request: PullRequest | None, proposal: Proposal, tools: Tools, *, is_new: bool
) -> tuple[list[str], bool]:
    """Add what ``request`` lacks; return what to say of it, and whether the forge was told to merge it.

    Labels last: where they are there, a run that was cut short had done the rest.
    """
    forge, repository = tools.forge, tools.repository
    if request is None:
        return [], False
    notes: list[str] = []
    is_scheduled = False
    # Not on every run: who has reviewed is not among those who are asked any more.
    is_unfinished = is_new or (bool(proposal.labels) and not request.labels)
    people = {"reviewers": proposal.reviewers if is_unfinished else (), "assignees": proposal.assignees}
    labels = proposal.labels
    if forge.adds_at_once and not await _said("", forge.add(repository, request, labels=labels, **people)):
        people, labels = {}, ()
    for setting, names in people.items():
        notes += await _said(setting, forge.add(repository, request, **{setting: names}))
    if proposal.auto_merge and not request.auto_merge:

        async def merge() -> None:
            nonlocal is_scheduled
            on_success = proposal.auto_merge == "on-success"
            outcome = await forge.enable_auto_merge(repository, request, on_success=on_success)
            is_scheduled = outcome.is_new
            if outcome.reason:
                notes.append(f"`auto-merge`: {outcome.reason}")

        notes += await _said("auto-merge", merge())
    if labels:
        await forge.add(repository, request, labels=labels)
    return notes, is_scheduled


async def _said(setting: str, step: Awaitable[object]) -> list[str]:
    """Do what ``setting`` asks for, and return why it was refused: the pull request is there, and good without it."""
    try:
        await step
    except (BusyError, UnreachableError, StaleHeadError):
        raise
    except ForgeError as error:
        return [f"`{setting}`: {error.message}"]
    return []


async def _push(proposal: Proposal, lease: str | None, tools: Tools) -> None:
    git = tools.clone.git
    commit = await make_commit(tools.clone, proposal.files, proposal.message, tools.author)
    if not _is_for_forge(proposal, tools):
        await push(git, proposal.branch, commit, lease)
        return
    scratch = f"{tools.prefix}{SIGNED}{commit[:16]}"
    signed = await _signed(proposal, scratch, commit, tools)
    await push(git, proposal.branch, signed or commit, lease)
    if signed is not None:
        await delete(git, scratch, signed)


def _is_for_forge(proposal: Proposal, tools: Tools) -> bool:
    """Tell whether the forge is to make the commit: it signs, and makes a plain file of everything."""
    if tools.commits == "git" or not tools.forge.signs_commits:
        return False
    there = tools.clone.files
    return all(file.path not in there or there[file.path].mode == _PLAIN_FILE for file in proposal.files)


async def _signed(proposal: Proposal, scratch: str, commit: str, tools: Tools) -> str | None:
    """Return the id of the commit that the forge has made on ``scratch``; None where git's own has to do."""
    wanted = NewCommit(scratch, tools.clone.base.id, proposal.message, proposal.files)
    try:
        made = await tools.forge.commit(tools.repository, wanted)
    except (ForbiddenError, StaleHeadError):
        return None
    if made is None:
        return None
    fetched = (await fetch_branches(tools.clone.git, [scratch]))[scratch]
    own = (await read_commits(tools.clone.git, [commit]))[0]
    # What the forge has made of it must be what was asked for, before anybody sees it.
    return made if fetched.head.id == made and fetched.head.tree == own.tree else None
