"""What the bot needs of a forge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pinner.errors import PinnerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from pinner.bot.model import NewCommit, PullRequest, Repository


class ForgeError(PinnerError):
    """The forge gave no usable answer; says what the user can do."""


class ForbiddenError(ForgeError):
    """The token may not do this: read-only, of a fork, or the repository's settings forbid it."""


class MissingError(ForgeError):
    """No such repository, or no right to see it."""


class StaleHeadError(ForgeError):
    """The branch has moved since it was looked at."""


class Forge(Protocol):
    """One repository host with one token. Every call retries what passes (5xx, secondary limits, Retry-After).

    Reading calls have no side effect. Writing calls are idempotent: what is so already is left, what exists already
    (422, 409) counts as made. All raise `ForgeError`.
    """

    name: str
    """``github``, ``gitlab``, ``gitea``."""
    body_limit: int
    """The most characters a pull request's body may have."""
    default_token_user: str
    """The user name that goes with a token over HTTP git."""

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
        """Return the open pull requests whose head in ``repository`` itself starts with ``prefix``."""
        ...

    async def create(self, repository: Repository, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request; where one is open for ``branch`` already, return that one."""
        ...

    async def edit(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        title: str | None = None,
        body: str | None = None,
    ) -> None:
        """Change title or body; None leaves it."""
        ...

    async def comment(self, repository: Repository, request: PullRequest, text: str) -> None:
        """Say something under a pull request."""
        ...

    async def close(self, repository: Repository, request: PullRequest) -> None:
        """Close a pull request without merging it."""
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
        """Add what is missing of these; never take any away."""
        ...

    async def enable_auto_merge(self, repository: Repository, request: PullRequest) -> None:
        """Have the forge merge it once its checks pass; raises `ForbiddenError` where it may not."""
        ...

    async def delete_branch(self, repository: Repository, branch: str) -> None:
        """Delete a branch; one that is gone is deleted."""
        ...

    async def commit(self, repository: Repository, commit: NewCommit) -> str | None:
        """Make ``commit`` on a branch that is at its parent (made there if absent), signed by the forge; return its id.

        None where this forge or token would not sign it: then git pushes. Raises `StaleHeadError`.
        """
        ...
