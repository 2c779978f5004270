"""Bot run of one repository: clone, plan, and bring each pull request up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner import pipeline
from pinner.bot.body import render_body, render_message, render_title
from pinner.bot.changes import GroupUpdate, split
from pinner.bot.context import Published, Step
from pinner.bot.decide import Decision, Limits, Observed, decide
from pinner.bot.execute import Tools, execute
from pinner.bot.forges.base import ForbiddenError, ForgeError
from pinner.bot.git.branches import fetch_branches, judge, look_at_remote, make_commit
from pinner.bot.git.clone import NoBranchError, clone
from pinner.bot.git.program import GitError, open_git, require_git
from pinner.bot.groups import DIGESTS, PINS, options_of
from pinner.bot.limited import call_apart
from pinner.bot.model import Author, Proposal
from pinner.bot.plan import RememberedFirstSeen, UpdateInput, plan_update, seen_in, to_remember
from pinner.bot.state import locks_on_branches, read_memory, write_memory
from pinner.config.schedule import in_schedule
from pinner.errors import ConfigError
from pinner.formats import claims
from pinner.lockfile.file import lock_file, read_lock
from pinner.lockfile.model import Lock
from pinner.scan.discover import discover

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from pinner.bot.context import BotContext, Scope
    from pinner.bot.decide import Branch
    from pinner.bot.git.branches import Fetched, Remote
    from pinner.bot.git.clone import Clone
    from pinner.bot.groups import GroupOptions
    from pinner.bot.model import PullRequest, Repository
    from pinner.config import Settings
    from pinner.pipeline import Survey

_READ_BESIDES = frozenset({"pinner.toml", "pyproject.toml", "pinner.lock"})
"""What a run reads at the root of a repository, beyond what formats claim."""


async def publish(repository: Repository, scope: Scope, world: BotContext, folder: Path) -> Published:
    """Bring the pull requests of ``repository`` to what they should be; ``folder`` is empty and for the clone.

    Whatever interrupts it, another run goes on from what is there. Raises `PinnerError`.
    """
    if repository.is_archived:
        return Published(repository, skipped="it is archived")
    if not world.dry_run:
        _refuse_read_only(repository)
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
    paths = _there(scope.paths, there)
    # What a value may be made of goes from process to process; a proxy does not.
    plain = settings._replace(rules=dict(settings.rules), registries=dict(settings.registries))
    environment = dict(world.environment)
    survey = await call_apart(
        survey_checkout, paths, plain, str(there.folder), environment, world.today, environment=environment
    )
    story = _RepositoryRun(repository, scope, world, there, settings, base, survey)
    return await story.tell()


def survey_checkout(
    paths: tuple[str, ...], settings: Settings, folder: str, environment: dict[str, str], today: date
) -> Survey:
    """Return what ``paths`` in the checkout ``folder`` hold; raises `ConfigError`."""
    return pipeline.survey(discover(paths, settings, folder, environment), settings, today=today)


def _refuse_read_only(repository: Repository) -> None:
    if not repository.can_push or not repository.can_propose:
        what = "push to" if not repository.can_push else "open pull requests in"
        raise ForbiddenError(
            f"the token may not {what} {repository.name}",
            hint="a workflow's token of a fork is read-only; give one that may write contents and pull requests, "
            "or see what would be done with --dry-run",
        )


async def _cloned(
    repository: Repository, branch: str, scope: Scope, world: BotContext, folder: Path
) -> tuple[Clone, Settings]:
    named = frozenset(scope.paths)
    git = open_git(folder, world.environment, repository.clone_url, world.login)
    await require_git(git)
    there = await clone(
        git,
        repository.clone_url,
        branch,
        lambda path: claims(path) or path in _READ_BESIDES or path in named,
    )
    return there, world.settings(str(there.folder))


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
        self,
        repository: Repository,
        scope: Scope,
        world: BotContext,
        there: Clone,
        settings: Settings,
        base: str,
        survey: Survey,
    ) -> None:
        self._repository = repository
        self._scope = scope
        self._world = world
        self._clone = there
        self._settings = settings
        self._base = base
        self._survey = survey
        self._author = Author(*settings.bot.author)
        self._open: dict[str, PullRequest] = {}
        self._branches: dict[str, Fetched] = {}
        self._notes: list[str] = []

    async def tell(self) -> Published:
        git, settings, world = self._clone.git, self._settings, self._world
        prefix = settings.bot.branch_prefix
        remote = await look_at_remote(git, prefix)
        self._branches = await fetch_branches(git, sorted(remote.branches))
        requests = await world.forge.open_branches(self._repository, prefix)
        self._open = {request.branch: request for request in requests}
        update_input, stored = await self._update_input(remote)
        registry = await world.registry(settings)
        update = await plan_update(update_input, registry)
        parts, failures = await split(update_input, update, registry, stored)
        steps = [step for name in self._left_over() if (step := await self._step(name, GroupUpdate(name))) is not None]
        for name in (*(group.name for group in settings.groups), DIGESTS, PINS):
            step = await self._step(options_of(name, settings).branch, parts.get(name, GroupUpdate(name)))
            if step is not None:
                steps.append(step)
        if settings.min_age is not None and not world.dry_run:
            trouble = await write_memory(self._clone, remote, to_remember(update_input, update), self._author)
            self._notes += [] if trouble is None else [trouble]
        return Published(
            self._repository, tuple(steps), failures, self._survey.unreadable, tuple(dict.fromkeys(self._notes))
        )

    async def _update_input(self, remote: Remote) -> tuple[UpdateInput, bytes | None]:
        """Return what the update starts from, and the lock's file."""
        git, settings, world = self._clone.git, self._settings, self._world
        stored = read_lock(lock_file(settings, str(self._clone.folder)))
        locks = [] if stored is None else await locks_on_branches(git, self._branches.values())
        memory = Lock() if settings.min_age is None else await read_memory(git, remote)
        first_seen_store = RememberedFirstSeen(world.first_seen_store, seen_in([memory, *locks]))
        everything = self._survey.sources
        update_input = UpdateInput(
            self._scope.select(everything),
            everything,
            settings,
            None if stored is None else stored.lock,
            memory,
            first_seen_store,
            self._scope.to_index,
        )
        return update_input, None if stored is None else stored.data

    def _left_over(self) -> list[str]:
        """Return the branches that no group of the settings has any more."""
        settings = self._settings
        names = (*(group.name for group in settings.groups), DIGESTS, PINS)
        known = {options_of(name, settings).branch for name in names}
        return sorted({*self._branches, *self._open} - known) if self._scope.is_all else []

    async def _step(self, branch: str, part: GroupUpdate) -> Step | None:
        """See to the pull request of one branch; None where there is none and need be none."""
        fetched = self._branches.get(branch)
        if not part.changes and fetched is None and branch not in self._open and not part.held_back:
            return None
        proposal = self._proposal(branch, part)
        try:
            return await self._brought_about(proposal, part, fetched)
        except (ForgeError, GitError) as error:
            return Step(Decision("waiting", error.message), proposal, error=error)

    async def _brought_about(self, proposal: Proposal, part: GroupUpdate, fetched: Fetched | None) -> Step:
        world, repository = self._world, self._repository
        requests = await world.forge.pull_requests(repository, proposal.branch)
        branch = None if fetched is None else await judge(self._clone, fetched, proposal.files)
        current = next((request for request in requests if request.state == "open"), None)
        url = None if current is None else current.url
        if (reason := self._reason_to_wait(proposal, part, branch)) is not None:
            return Step(Decision("waiting", reason), proposal, url, part.held_back)
        others = sum(name != proposal.branch for name in self._open)
        limits = Limits(self._settings.bot.max_open, in_schedule(world.now, self._options(part.group).schedule))
        decision = decide(proposal, Observed(requests, branch, others), limits)
        if world.dry_run:
            patch = await self._patch(proposal) if proposal.files else b""
            return Step(decision, proposal, url, part.held_back, patch)
        tools = Tools(
            world.forge,
            repository,
            self._clone,
            self._author,
            self._settings.bot.commits,
            self._settings.bot.branch_prefix,
        )
        opened, notes = await execute(decision.actions, proposal, tools)
        self._notes += notes
        if opened is not None:
            self._open[proposal.branch] = opened
        if decision.outcome == "closed":
            self._open.pop(proposal.branch, None)
        return Step(decision, proposal, url if opened is None else opened.url, part.held_back)

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
        return "a file cannot be read: left as it is" if self._survey.unreadable else None

    def _options(self, name: str) -> GroupOptions:
        return options_of(name, self._settings)

    def _proposal(self, branch: str, part: GroupUpdate) -> Proposal:
        options, bot = self._options(part.group), self._settings.bot
        proposal = Proposal(
            part.group,
            branch,
            self._base,
            part.changes,
            part.files,
            part.held_back,
            labels=options.labels,
            assignees=options.assignees,
            reviewers=options.reviewers,
            # A first pin changes how a file is kept up from then on: that is for a person to see.
            auto_merge=options.auto_merge and all(change.old is not None for change in part.changes),
        )
        if not part.changes:
            return proposal
        title = render_title(proposal, options.title)
        sign_off = bot.author if bot.sign_off else None
        return proposal._replace(
            title=title,
            message=render_message(proposal, title, options.message, sign_off),
            body=render_body(proposal, self._world.forge.body_limit),
        )

    async def _patch(self, proposal: Proposal) -> bytes:
        commit = await make_commit(self._clone, proposal.files, proposal.message, self._author)
        return await self._clone.git.run(
            "diff-tree",
            "-p",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "-r",
            self._clone.base.id,
            commit,
        )
