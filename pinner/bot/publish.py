"""Bot run of one repository: clone, plan, and bring each pull request up to date."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from pinner.bot.changes import GroupUpdate
from pinner.bot.child_process import call_in_child
from pinner.bot.context import Published, Step
from pinner.bot.decide import Create, Decision, Limits, Observed, decide
from pinner.bot.execute import Tools, execute
from pinner.bot.forges.base import ForbiddenError, ForgeError
from pinner.bot.git.branches import judge, locks_on_branches, make_commit, read_memory, write_memory
from pinner.bot.git.clone import NoBranchError, check_out, clone
from pinner.bot.git.program import GitError, open_git, require_git
from pinner.bot.git.remote import bot_refs, fetch_remote
from pinner.bot.groups import DIGESTS, PINS, options_of
from pinner.bot.model import Author, read_marker, usual_author
from pinner.bot.repository_worker import Checkout, propose, work_on
from pinner.bot.signatures import verified_registry
from pinner.config.schedule import in_schedule
from pinner.errors import ConfigError
from pinner.formats import claims
from pinner.lockfile.file import lock_file
from pinner.scan.configured_files import own_places
from pinner.scan.helm_charts import may_be_of_chart

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pinner.bot.context import BotContext, Scope
    from pinner.bot.decide import Branch
    from pinner.bot.git.clone import Clone
    from pinner.bot.git.remote import Fetched, Remote
    from pinner.bot.model import HeldBack, Proposal, PullRequest, Repository
    from pinner.bot.repository_worker import Worked
    from pinner.config import Settings

_READ_BESIDES = frozenset({"pinner.toml", "pyproject.toml", "pinner.lock"})
"""What a run reads at the root of a repository, beyond what formats claim."""


async def publish(repository: Repository, scope: Scope, world: BotContext, folder: Path) -> Published:
    """Bring the pull requests of ``repository`` to what they should be; ``folder`` is empty and for the clone.

    Whatever interrupts it, another run goes on from what is there. Raises `PinnerError`.
    """
    if repository.is_archived:
        return Published(repository, skipped="it is archived")
    if repository.closed_to_all:
        return Published(repository, skipped=repository.closed_to_all)
    if not world.dry_run:
        _refuse_read_only(repository)
        if (reason := await _reason_for_later(repository, world)) is not None:
            return Published(repository, later=reason)
    try:
        there, settings = await _cloned(repository, repository.default_branch, scope, world, folder / "default")
    except NoBranchError as error:
        return Published(repository, skipped=f"{error.message}: is it empty?")
    base = settings.bot.base or repository.default_branch
    if base != repository.default_branch:
        try:
            there, settings = await _cloned(repository, base, scope, world, folder / "base")
        except NoBranchError as error:
            raise ConfigError(
                f"`bot.base`: {error.message}", hint="pull requests are for a branch that is there"
            ) from error
    return await _RepositoryRun(repository, scope, world, there, _with_author(settings, repository), base).tell()


def _with_author(settings: Settings, repository: Repository) -> Settings:
    """Return ``settings`` that say who commits."""
    bot = settings.bot
    if bot.author is None:
        return settings._replace(bot=bot._replace(author=usual_author(repository)))
    # The forge's commits are of the token's owner: who names an author, and signs off as them, wants that one.
    return settings._replace(bot=bot._replace(commits="git")) if bot.commits == "auto" else settings


def _refuse_read_only(repository: Repository) -> None:
    if not repository.can_push or not repository.can_propose:
        what = "push to" if not repository.can_push else "open pull requests in"
        raise ForbiddenError(
            f"the token may not {what} {repository.name}",
            hint="a workflow's token of a fork is read-only; give one that may write contents and pull requests, "
            "or see what would be done with --dry-run",
        )


async def _reason_for_later(repository: Repository, world: BotContext) -> str | None:
    """Return why there is nothing to do now: no more may be opened, and nothing that is open needs a look."""
    seconds = await world.forge.opening_delay()
    if not seconds or any(read_marker(one.body) for one in await world.forge.open_branches(repository, "")):
        return None
    return _later(seconds)


def _later(seconds: float) -> str:
    return f"the forge lets us open no more for {ceil(seconds / 60)} minutes: a later run does"


def _gone(held: HeldBack) -> str:
    return f"`{held.name}`: the digest in use is not served any more, and the new one waits: {held.reason}"


async def _cloned(
    repository: Repository, branch: str, scope: Scope, world: BotContext, folder: Path
) -> tuple[Clone, Settings]:
    named = frozenset(scope.paths)
    git = open_git(folder, world.environment, repository.clone_url, await world.current_login())
    await require_git(git)

    def wanted(path: str) -> bool:
        return claims(path) or may_be_of_chart(path) or path in _READ_BESIDES or path in named

    there = await clone(git, repository.clone_url, branch, wanted, bot_refs())
    settings = world.settings(str(there.folder))
    if settings.formats.places:  # only now it is known which files these are
        own = own_places(settings)
        await check_out(there, lambda path: wanted(path) or own(str(there.folder / path)))
    return there, settings


def _there(paths: Sequence[str], there: Clone) -> tuple[str, ...]:
    """Return those of ``paths`` that something was checked out for; raises `ConfigError` for one that there is not."""
    for path in paths:
        inside = "" if path in ("", ".") else f"{path}/"
        if path not in there.files and not any(file.startswith(inside) for file in there.files):
            raise ConfigError(
                f"there is no file or folder `{path}`",
                hint="on the branch that pull requests are for; paths are relative to the repository's root",
            )
    found = tuple(path for path in paths if (there.folder / path).exists())
    # No path at all would mean everything.
    return found if found or not paths else (".git",)


class _RepositoryRun:
    """What is known of one repository while its pull requests are seen to."""

    def __init__(
        self, repository: Repository, scope: Scope, world: BotContext, there: Clone, settings: Settings, base: str
    ) -> None:
        self._repository = repository
        self._scope = scope
        self._world = world
        self._clone = there
        self._settings = settings
        self._base = base
        self._author = Author(*(settings.bot.author or usual_author(repository)))
        self._open: list[PullRequest] = []
        """The bot's own, as far as its branches' names tell."""
        self._branches: dict[str, Fetched] = {}
        self._notes: list[str] = []
        self._is_all_read = True
        self._is_uncertain = False

    async def tell(self) -> Published:
        git, settings, world = self._clone.git, self._settings, self._world
        prefix = settings.bot.branch_prefix
        paths = _there(self._scope.paths, self._clone)
        remote, self._branches = await fetch_remote(git, prefix)
        checkout = await self._checkout(paths, remote)
        registry = await verified_registry(await world.registry(settings), settings, self._clone, world)
        worked: Worked = await call_in_child(work_on, checkout, environment=world.environment, registry=registry)
        # After the work, which may take minutes: people go on meanwhile.
        self._open = [*await world.forge.open_branches(self._repository, prefix)]
        self._is_all_read = not worked.unreadable
        self._is_uncertain = bool(worked.errors)
        self._notes += worked.errors
        names = (*(group.name for group in settings.groups), DIGESTS, PINS, *worked.majors)
        steps = [step for name in self._left_over(names) if (step := await self._step(*self._nothing(name, name)))]
        for name in names:
            part = worked.parts.get(name) or self._nothing(name, options_of(name, settings).branch)
            step = await self._step(*part)
            if step is not None:
                steps.append(step)
        self._notes += [_gone(held) for step in steps for held in step.held_back if held.is_gone]
        if worked.memory is not None and not world.dry_run:
            trouble = await write_memory(self._clone, remote, worked.memory, self._author)
            self._notes += [] if trouble is None else [trouble]
        return self._published(steps, worked)

    def _published(self, steps: Iterable[Step], worked: Worked) -> Published:
        return Published(
            self._repository,
            tuple(steps),
            worked.failures,
            worked.unreadable,
            tuple(dict.fromkeys(self._notes)),
            head=self._clone.base.id,
            uses=worked.uses,
            pulls=tuple(self._open),
        )

    async def _checkout(self, paths: tuple[str, ...], remote: Remote) -> Checkout:
        """Return what is to be worked on."""
        git, settings, world, folder = self._clone.git, self._settings, self._world, str(self._clone.folder)
        has_lock = lock_file(settings, folder).exists
        return Checkout(
            folder,
            paths,
            settings,
            dict(world.environment),
            world.today,
            self._scope.select,
            self._scope.to_index,
            world.first_seen_store,
            self._base,
            world.forge.body_limit,
            tuple(await locks_on_branches(git, self._branches.values())) if has_lock else (),
            await read_memory(git, remote) if settings.counts_ages else None,
        )

    def _nothing(self, group: str, branch: str) -> tuple[GroupUpdate, Proposal]:
        part = GroupUpdate(group, may_pass=self._is_uncertain)
        return part, propose(part, self._settings, self._base, self._world.forge.body_limit, branch)

    def _left_over(self, names: Iterable[str]) -> list[str]:
        """Return the branches that no group, of which there are ``names``, has any more."""
        known = {options_of(name, self._settings).branch for name in names}
        there = {*self._branches, *(request.branch for request in self._open)}
        return sorted(there - known) if self._scope.is_all else []

    async def _step(self, part: GroupUpdate, proposal: Proposal) -> Step | None:
        """See to the pull request of one branch; None where there is none and need be none."""
        fetched = self._branches.get(proposal.branch)
        is_there = fetched is not None or any(request.branch == proposal.branch for request in self._open)
        if not part.changes and not is_there and not part.held_back:
            return None
        try:
            return await self._brought_about(proposal, part, fetched)
        except (ForgeError, GitError) as error:
            return Step(Decision("waiting", error.message), proposal, error=error)

    async def _brought_about(self, proposal: Proposal, part: GroupUpdate, fetched: Fetched | None) -> Step:
        world = self._world
        requests = await self._requests_of(proposal)
        branch = None if fetched is None else await judge(self._clone, fetched, proposal.files)
        url = next((request.url for request in requests if request.state == "open"), None)
        if (reason := self._reason_to_wait(proposal, part, branch)) is not None:
            return Step(Decision("waiting", reason), proposal, url, part.held_back)
        others = len({request.branch for request in self._open} - {proposal.branch})
        schedule = options_of(part.group, self._settings).schedule
        limits = Limits(self._settings.bot.max_open, in_schedule(world.now, schedule))
        decision = decide(proposal, Observed(requests, branch, others), limits)
        if world.dry_run:
            patch = await self._patch(proposal) if proposal.files else b""
            return Step(decision, proposal, url, part.held_back, patch)
        if any(isinstance(action, Create) for action in decision.actions):
            # Before the push: a branch without its pull request is of use to nobody.
            seconds = await world.forge.take_opening()
            if seconds:
                return Step(Decision("later", _later(seconds)), proposal, url, part.held_back)
        opened, notes, is_scheduled = await execute(decision.actions, proposal, self._tools())
        self._notes += notes
        if is_scheduled and decision.outcome == "unchanged":
            decision = decision._replace(outcome="updated", reason=f"{url} is merged as soon as its checks have passed")
        if opened is not None:
            self._open.append(opened)
        if decision.outcome == "closed":
            self._open = [request for request in self._open if request.branch != proposal.branch]
        return Step(decision, proposal, url if opened is None else opened.url, part.held_back)

    async def _requests_of(self, proposal: Proposal) -> tuple[PullRequest, ...]:
        """Return the pull requests of the branch, the closed ones only where none is open: then they are asked for."""
        found = tuple(request for request in self._open if request.branch == proposal.branch)
        if found or not proposal.changes:
            return found
        return await self._world.forge.closed(self._repository, proposal.branch)

    def _tools(self) -> Tools:
        bot = self._settings.bot
        return Tools(self._world.forge, self._repository, self._clone, self._author, bot.commits, bot.branch_prefix)

    def _reason_to_wait(self, proposal: Proposal, part: GroupUpdate, branch: Branch | None) -> str | None:
        """Return why what is there is left as it is, where not all is known that it takes to tell."""
        if branch is None:
            return None
        if part.may_pass:
            return "a registry gives no answer now: left as it is"
        if proposal.changes:
            return None
        if part.unanswered & branch.files:
            # A login that has run out, or a tag that is gone, makes no digest one that is up to date.
            return "a registry gives no answer for an image in its files: left as it is"
        if not self._scope.is_all:
            return "this run is about a part of the repository: left as it is"
        return "a file cannot be read: left as it is" if not self._is_all_read else None

    async def _patch(self, proposal: Proposal) -> bytes:
        commit = await make_commit(self._clone, proposal.files, proposal.message, self._author)
        plain = ("--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        return await self._clone.git.run("diff-tree", "-p", *plain, "-r", self._clone.base.id, commit)
