"""What the bot needs of a forge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from pinner.errors import PinnerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping

    from pinner.bot.model import NewCommit, PullRequest, Repository
    from pinner.registry.retry import Clock


class ForgeError(PinnerError):
    """The forge gave no usable answer; says what the user can do."""


class ForbiddenError(ForgeError):
    """The token may not do this: read-only, of a fork, or the repository's settings forbid it."""


class MissingError(ForgeError):
    """No such repository, or no right to see it."""


class StaleHeadError(ForgeError):
    """The branch has moved since it was looked at."""


class UnreachableError(ForgeError):
    """Network, time-out or 5xx, however often it was tried; a write may or may not have happened."""


class BusyError(ForgeError):
    """The forge asks for a longer pause than a run may make; a later run goes on where this one stopped."""

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds to wait."""


class Access(NamedTuple):
    """Where a forge is and how it may be spoken to."""

    server: str
    """``https://github.com``, ``https://git.example``: as people open it in a browser, without a slash at its end."""
    token: str | None
    environment: Mapping[str, str]
    """For proxies and certificates, and to tell whose token it is."""
    on_wait: Callable[[str], None] = lambda _: None
    """Told one sentence before each pause that the forge asks for."""
    clock: Clock | None = None


def lacking(wanted: Collection[str], there: Collection[str]) -> list[str]:
    """Return those of ``wanted`` that are not ``there``, in their order; forges do not tell upper case from lower."""
    known = {name.lower() for name in there}
    return [name for name in dict.fromkeys(wanted) if name.lower() not in known]


class Forge(Protocol):
    """One repository host with one token. Every call retries what passes (5xx, secondary limits, Retry-After).

    Reading calls have no side effect. Writing calls are idempotent: what is so already is left, what exists already
    (422, 409) counts as made, and so does what was done although its answer was lost. All raise `ForgeError`.
    """

    name: str
    """``github``, ``gitlab``, ``gitea``."""
    body_limit: int
    """The most characters a pull request's body may have."""
    default_token_user: str
    """The user name that goes with a token over HTTP git."""
    signs_commits: bool
    """Whether `commit` is worth it: the forge signs, and the author is a bot and no person's account."""

    async def aclose(self) -> None:
        """Close every connection."""
        ...

    async def advice(self) -> tuple[str, ...]:
        """Return what the user should know about this token, a sentence each; nothing is written."""
        ...

    async def repository(self, name: str) -> Repository:
        """Return the repository called ``owner/name`` and what the token may do there."""
        ...

    def repositories(self, owner: str) -> AsyncIterator[Repository]:
        """Yield the repositories of an organisation, group or user that the token can see; archived ones too."""
        ...

    async def pull_requests(self, repository: Repository, branch: str) -> tuple[PullRequest, ...]:
        """Return every pull request whose head is ``branch`` of ``repository`` itself, the newest first, any state."""
        ...

    async def open_branches(self, repository: Repository, prefix: str) -> tuple[PullRequest, ...]:
        """Return the open pull requests whose head in ``repository`` itself starts with ``prefix``, newest first.

        They may lack what only a question about each would tell: ``conflicts``, ``auto_merge``.
        """
        ...

    async def create(self, repository: Repository, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request; where one is open for ``branch`` already, return that one, as it is."""
        ...

    async def edit(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
    ) -> None:
        """Change title, body or the branch it is for; None leaves it."""
        ...

    async def comment(self, repository: Repository, request: PullRequest, text: str) -> None:
        """Say something under a pull request, unless the very same is there already."""
        ...

    async def close(self, repository: Repository, request: PullRequest, body: str | None = None) -> None:
        """Close a pull request without merging it and, in the same step, change its body; None leaves it."""
        ...

    async def add(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        labels: Collection[str] = (),
        assignees: Collection[str] = (),
        reviewers: Collection[str] = (),
    ) -> None:
        """Add what ``request`` lacks of these, and never take any away; a label that is none yet is made.

        A reviewer ``organisation/team`` is a team, where the forge has them.
        """
        ...

    async def enable_auto_merge(self, repository: Repository, request: PullRequest) -> bool:
        """Have the forge merge it once its checks pass; return whether it will.

        False where nothing is to be waited for (no checks, or none yet): the forge would merge at once, or refuse.
        Raises `ForbiddenError` where the settings or the token do not allow it.
        """
        ...

    async def delete_branch(self, repository: Repository, branch: str, head: str | None = None) -> None:
        """Delete a branch; one that is gone is deleted. Raises `StaleHeadError` where it is not at ``head``.

        Forges have no lease: the head is looked at just before. Git's own push has one.
        """
        ...

    async def commit(self, repository: Repository, commit: NewCommit) -> str | None:
        """Make ``commit`` on a branch of its own, made at its parent, signed by the forge; return its id.

        The branch is the caller's scratch, best named after what is committed: where it has this very commit already
        (the answer was lost, a run was cut short), that one's id is returned. Raises `StaleHeadError` where it has
        another. None where the forge has no such thing: then git pushes. Every file becomes a plain one (100644).
        """
        ...
