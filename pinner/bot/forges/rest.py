"""Base of the forge clients: what the REST APIs of GitHub, GitLab and Gitea have in common."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pinner.bot.forges.base import ForbiddenError, ForgeError, MissingError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from pinner.bot.forges.transport import Api
    from pinner.bot.model import NewCommit, PullRequest, Repository


class RestForge:
    """What the forges' REST APIs have in common: a proposal is one resource, and is changed at its address."""

    adds_at_once = False
    _changing = ("PATCH", "title", "body", "base")
    """The method, and what title, body and target branch are called."""
    _closing: Mapping[str, str] = MappingProxyType({"state": "closed"})
    _not_there: tuple[type[ForgeError], ...] = (MissingError,)
    """What is answered about an owner of another kind."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def aclose(self) -> None:
        """Close every connection."""
        await self._api.aclose()

    async def advice(self) -> tuple[str, ...]:
        """Return nothing: a refusal says what the token lacks."""
        return ()

    async def opening_delay(self) -> float:
        """Return 0, or the seconds until a pull request may be opened where those are many."""
        return await self._api.content_delay()

    async def take_opening(self) -> float:
        """Wait for the turn to open a pull request, or return the seconds until then."""
        return await self._api.take_content()

    async def _listed(
        self,
        listings: Sequence[tuple[str, Mapping[str, str | int]]],
        read: Callable[[Any], Repository],
        since: float | None = None,
    ) -> AsyncIterator[Repository]:
        """Yield what ``read`` makes of the first of ``listings``, addresses and queries, that is there.

        With ``since`` that has those with news first, and ends with the first that has none since then. Raises why the
        last is not there, or why an earlier one is refused.
        """
        refusal: ForgeError | None = None
        for path, query in listings:  # pragma: no branch - the last one returns or raises
            try:
                async for found in self._api.pages(path, query):
                    repository = read(found)
                    if since is not None and (repository.pushed_at or since) < since:
                        return
                    yield repository
            except self._not_there as error:
                refusal = refusal if isinstance(refusal, ForbiddenError) else error
                if path == listings[-1][0]:
                    raise refusal from None
            else:
                return

    def _at(self, repository: Repository, number: int) -> str:
        """Return the address of a proposal."""
        return f"{path_of(repository.name)}/pulls/{number}"

    async def edit(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
    ) -> None:
        """Change title, body or target branch; None leaves it."""
        await self._change(repository, request, dict(zip(self._changing[1:], (title, body, base), strict=True)))

    async def close(self, repository: Repository, request: PullRequest, body: str | None = None) -> None:
        """Close a proposal and, in the same step, change its body; None leaves it."""
        await self._change(repository, request, {**self._closing, self._changing[2]: body})

    async def _change(self, repository: Repository, request: PullRequest, values: Mapping[str, Any]) -> None:
        given = {key: value for key, value in values.items() if value is not None}
        if given:
            await self._api.call(self._changing[0], self._at(repository, request.number), body=given)

    async def commit(self, repository: Repository, commit: NewCommit) -> str | None:
        """Return None: commits are git's."""
        del repository, commit
        return None


def reason_to_wait(state: str | None) -> str:
    """Return why a pull request whose checks have come to ``state`` is not merged where none is required.

    None: there is none. Empty for ``success``, in whatever case.
    """
    if state is None:
        return "no check is required, and none has run: the next run looks again"
    if state.lower() == "success":
        return ""
    return "no check is required, and those that there are have not all succeeded: the next run looks again"


def path_of(name: str) -> str:
    """Return the address of the repository called ``owner/name`` with GitHub and Gitea."""
    return f"/repos/{quote(name)}"


def issue_of(repository: Repository, request: PullRequest) -> str:
    """Return the address that a pull request has as an issue with GitHub and Gitea: labels and people are there."""
    return f"{path_of(repository.name)}/issues/{request.number}"
