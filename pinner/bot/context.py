"""Bot context: what a run is given, and what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.plan import Failed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from pinner.bot.decide import Decision
    from pinner.bot.forges.base import Forge
    from pinner.bot.git.program import Login
    from pinner.bot.model import HeldBack, Proposal, PullRequest, Repository, Use
    from pinner.cache.first_seen import FirstSeenStore
    from pinner.config import Settings
    from pinner.errors import PinnerError
    from pinner.oci.resolver import Registry
    from pinner.plan import Plan
    from pinner.scan.scan import Unreadable
    from pinner.scan.suppressions import Source


class BotContext(NamedTuple):
    """What the bot works with, the same for every repository of a run."""

    forge: Forge
    login: Login | None
    """For git over HTTP."""
    environment: Mapping[str, str]
    today: date
    now: datetime
    first_seen_store: FirstSeenStore
    settings: Callable[[str], Settings]
    """Returns the settings that govern a folder; raises `ConfigError`."""
    registry: Callable[[Settings], Awaitable[Registry]]
    """Returns what answers for these settings, opened for the whole run."""
    dry_run: bool = False
    renewed: Callable[[], Awaitable[str]] | None = None
    """Returns the token to use now, where the one of ``login`` ends."""

    async def current_login(self) -> Login | None:
        """Return who git is to say it is; raises `ForgeError` where no new token is to be had."""
        if self.login is None or self.renewed is None:
            return self.login
        return self.login._replace(password=await self.renewed())


class Scope(NamedTuple):
    """What a run is about within a repository."""

    paths: tuple[str, ...] = ()
    """Relative to its root, ``/`` on every system; none for all of it."""
    select: Callable[[Sequence[Source]], tuple[Source, ...]] = tuple
    """Leaves alone what ``--only`` and ``--exclude`` say."""
    to_index: bool = False
    is_all: bool = True
    """Whether the run is about everything: only then a branch that nothing stands behind any more can be told."""


class Step(NamedTuple):
    """What was decided about one group, and done unless it was a dry run."""

    decision: Decision
    proposal: Proposal
    url: str | None = None
    """Of the pull request, where there is one."""
    held_back: tuple[HeldBack, ...] = ()
    patch: bytes = b""
    """In a dry run what the commit would change."""
    error: PinnerError | None = None
    """Why it could not be done; what was done before stays, and another run goes on."""


class Published(NamedTuple):
    """What became of one repository."""

    repository: Repository
    steps: tuple[Step, ...] = ()
    failures: tuple[Plan, ...] = ()
    """Plans with nothing but what has no answer or no safe edit."""
    unreadable: tuple[Unreadable, ...] = ()
    notes: tuple[str, ...] = ()
    """What else the user should know, a sentence each."""
    skipped: str | None = None
    """Why nothing was looked at."""
    head: str = ""
    """The commit of the base branch that was read; empty where none was."""
    uses: tuple[Use, ...] = ()
    """Every place in it that names an image."""
    pulls: tuple[PullRequest, ...] = ()
    """The bot's own that are open by now."""
    later: str | None = None
    """Why nothing was looked at in this run, and will be in another."""

    def unresolved(self) -> Iterator[tuple[Plan, Failed]]:
        """Yield every occurrence that should have changed and could not, with the plan of its file."""
        return ((plan, verdict) for plan in self.failures for verdict in plan.verdicts if isinstance(verdict, Failed))
