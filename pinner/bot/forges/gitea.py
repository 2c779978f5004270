"""Gitea and Forgejo client, REST v1.

Source: their swagger (``/swagger.v1.json``), and go-gitea/gitea routers/api/v1/repo/pull.go for what it leaves out.
Commits are git's: an instance signs what its API commits only where it has a key and the rules for it.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pinner.bot.forges.base import (
    AutoMerge,
    ForbiddenError,
    ForgeError,
    MissingError,
    StaleHeadError,
    message_text,
    missing_names,
)
from pinner.bot.forges.gitea_api import add_labels, ask_reviewers, assign, repository_of, request_of, requests_of
from pinner.bot.forges.rest import RestForge, issue_of, path_of, reason_to_wait
from pinner.bot.forges.transport import Api
from pinner.bot.model import PullRequest, Repository, closed_as_double

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    from pinner.bot.forges.base import Access

_MISSING, _NOT_ALLOWED, _CONFLICT = 404, 405, 409
_PAGE = 50
"""The most that an instance gives, unless it is told otherwise."""
_CLOSED_LOOKED_AT = 500
"""How many closed pull requests are looked through, the newest first: the list cannot be asked for a branch."""
_SCHEDULED, _UNSCHEDULED = "pull_scheduled_merge", "pull_cancel_scheduled_merge"


class Gitea(RestForge):
    """One Gitea or Forgejo with one token."""

    name = "gitea"
    body_limit = 1_000_000
    default_token_user = "pinner"  # noqa: S105 - a user's name, no secret
    signs_commits = False
    # A token without the scope for organisations is refused before anybody looks whether it is one.
    _not_there = (MissingError, ForbiddenError)

    def __init__(self, access: Access) -> None:
        authorization = None if access.token is None else f"token {access.token}"
        super().__init__(Api(f"{access.server}/api/v1", access, authorization))
        self._closed: dict[str, list[PullRequest]] = {}
        """What was closed when a run began, by repository."""
        self._name: str | None = None

    async def repository(self, name: str) -> Repository:
        """Return the repository called ``owner/name``."""
        return repository_of((await self._api.call("GET", path_of(name))).json())

    def repositories(self, owner: str, since: float | None = None) -> AsyncIterator[Repository]:
        """Yield an organisation's repositories, or a user's; Gitea's lists are not by ``since``."""
        del since
        listings = [(f"/{kind}/{quote(owner, safe='')}/repos", {"limit": _PAGE}) for kind in ("orgs", "users")]
        return self._listed(listings, repository_of)

    async def open_branches(self, repository: Repository, prefix: str) -> tuple[PullRequest, ...]:
        """Return the open pull requests of the branches under ``prefix``; a run begins with it."""
        self._closed.pop(repository.name, None)
        items = [item async for item in self._pages(repository, {"state": "open"})]
        return tuple(request for request in requests_of(items) if request.branch.startswith(prefix))

    async def closed(self, repository: Repository, branch: str) -> tuple[PullRequest, ...]:
        """Return the closed and merged ones of ``branch``, of those that are looked at: its lists are of all branches.

        Those are all, or, where there is more than a page, the newest 500 of the token's own.
        """
        if repository.name not in self._closed:
            items = [item async for item in self._pages(repository, {"state": "closed"}, _PAGE)]
            if len(items) == _PAGE:
                own = await self._own_name()
                # Others may have closed hundreds since. What is older than 1.23 gives them all the same.
                query = {"state": "closed"} if own is None else {"state": "closed", "poster": own}
                items = [item async for item in self._pages(repository, query, _CLOSED_LOOKED_AT)]
            self._closed[repository.name] = requests_of(items)
        return tuple(request for request in self._closed[repository.name] if request.branch == branch)

    async def _pages(
        self, repository: Repository, query: Mapping[str, str], most: int | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        count = 0
        async for item in self._api.pages(f"{path_of(repository.name)}/pulls", {**query, "limit": _PAGE}):
            yield item
            count += 1
            if count == most:
                return

    async def _own_name(self) -> str | None:
        """Return who the token is of; None where it has no scope to say it."""
        if self._name is None:
            try:
                self._name = str((await self._api.call("GET", "/user")).json()["login"])
            except (ForbiddenError, MissingError):
                self._name = ""
        return self._name or None

    async def _is_scheduled(self, repository: Repository, request: PullRequest) -> bool:
        """Tell whether it is to be merged: pull requests do not say it, but their history does."""
        last = None
        try:
            async for event in self._api.pages(f"{issue_of(repository, request)}/timeline", {"limit": _PAGE}):
                if event is not None and event.get("type") in (_SCHEDULED, _UNSCHEDULED):
                    last = event["type"]
        except ForbiddenError:
            # The history is an issue's, and a token for the code alone may not read it.
            return False
        return last == _SCHEDULED

    async def create(self, repository: Repository, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request, or return the one that is open."""
        values = {"head": branch, "base": base, "title": title, "body": body}
        made = await self._api.call("POST", f"{path_of(repository.name)}/pulls", body=values, expect=(_CONFLICT,))
        found = await self.open_branches(repository, branch)
        same = [one for one in found if (one.branch, one.base) == (branch, base)]
        if made.status == _CONFLICT and not same:
            raise ForgeError(f"the pull request is refused: {message_text(made.json())}")
        if made.status == _CONFLICT:
            return same[-1]
        return await self._first(repository, request_of(made.json()), same)

    async def _first(self, repository: Repository, made: PullRequest, same: list[PullRequest]) -> PullRequest:
        """Return the first of those for the same branches; what two runs at once ``made`` beside it is closed.

        Gitea looks and inserts without a lock (routers/api/v1/repo/pull.go), so both are told that theirs is new.
        """
        first = min((made, *same), key=lambda request: request.number)
        if first.number != made.number:
            await self.close(repository, made, closed_as_double(made.body, first.url))
        return first

    async def add(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        labels: Collection[str] = (),
        assignees: Collection[str] = (),
        reviewers: Collection[str] = (),
    ) -> None:
        """Add labels (by number: older instances take no names), assignees and reviewers."""
        at = self._at(repository, request.number)
        if missing := missing_names(labels, request.labels):
            await add_labels(self._api, repository, request, missing)
        if missing := missing_names(assignees, request.assignees):
            await assign(self._api, repository, at, request.assignees, missing)
        if missing := missing_names(reviewers, request.reviewers):
            await ask_reviewers(self._api, at, missing)

    async def enable_auto_merge(
        self, repository: Repository, request: PullRequest, *, on_success: bool = False
    ) -> AutoMerge:
        """Have it merged when the checks that the base branch requires succeed.

        Gitea looks at statuses only where the branch's protection has it do so (services/pull/commit_status.go,
        IsPullCommitStatusPass): anywhere else it would merge at once, whatever is still running.
        """
        path = f"{path_of(repository.name)}/branches/{quote(request.base, safe='')}"
        branch = (await self._api.call("GET", path)).json()
        requires = bool(branch.get("enable_status_check") and branch.get("status_check_contexts"))
        if not requires and not on_success:
            return AutoMerge(reason=f"`{request.base}` requires no checks, so nothing would be waited for")
        if branch.get("user_can_merge") is False:
            raise ForbiddenError(f"auto-merge is refused: the token may not merge into `{request.base}`", hint=_MERGER)
        if not requires:
            reason = reason_to_wait(await self._checks(repository, request.head))
            return AutoMerge(reason=reason) if reason else await self._merge(repository, request)
        if await self._is_scheduled(repository, request):
            return AutoMerge(is_on=True)
        # Gitea schedules whatever the head is by then (routers/api/v1/repo/pull.go, MergePullRequest): looked at
        # before, so that nothing else is merged at once, and after, so that nothing else is later.
        await self._require_head(repository, request)
        outcome = await self._merge(repository, request, is_scheduled=True)
        if outcome.is_new:
            await self._require_head(repository, request, is_scheduled=True)
        return outcome

    async def _require_head(self, repository: Repository, request: PullRequest, *, is_scheduled: bool = False) -> None:
        """Raise `StaleHeadError` where the pull request has another head than ``request``, and is not merged yet."""
        at = self._at(repository, request.number)
        found = request_of((await self._api.call("GET", at)).json())
        if found.head == request.head or found.state != "open":
            return
        if is_scheduled:
            await self._api.call("DELETE", f"{at}/merge", expect=(_MISSING,))
        raise StaleHeadError(f"{request.url} has moved on: it is not merged")

    async def _checks(self, repository: Repository, commit: str) -> str | None:
        """Return what all statuses of ``commit`` come to; None where it has none.

        Each page says what its own come to, and no more (routers/api/v1/repo/status.go).
        """
        path, state = f"{path_of(repository.name)}/commits/{quote(commit)}/status", None
        for page in count(1):
            found = (await self._api.call("GET", path, query={"page": page, "limit": _PAGE})).json()
            there = len(found.get("statuses") or ())
            if there and state in (None, "success"):
                state = str(found["state"])
            if there < _PAGE or state != "success":
                break
        return state

    async def _merge(self, repository: Repository, request: PullRequest, *, is_scheduled: bool = False) -> AutoMerge:
        """Merge it while its head is what was looked at, or, ``is_scheduled``, have that done."""
        at, method = self._at(repository, request.number), next(iter(repository.merge_methods), "merge")

        async def is_merged() -> bool:
            return not is_scheduled and bool((await self._api.call("GET", at)).json().get("merged"))

        body: dict[str, Any] = {"Do": method, "head_commit_id": request.head}
        if is_scheduled:
            body["merge_when_checks_succeed"] = True
        refused = (_NOT_ALLOWED, _CONFLICT)
        reply = await self._api.call("POST", f"{at}/merge", body=body, expect=refused, done=is_merged)
        if reply.status not in refused:
            return AutoMerge(is_on=True, is_new=True)
        said = message_text(reply.json())
        if reply.status == _CONFLICT and ("already scheduled" in said or await self._is_scheduled(repository, request)):
            return AutoMerge(is_on=True)
        if reply.status == _CONFLICT:
            raise StaleHeadError(f"{request.url} is not merged: {said}")
        if "try again" in said.lower():
            return AutoMerge(reason=f"{said}: the next run asks again")
        raise ForbiddenError(f"auto-merge is refused: {said}", hint=_MERGER)


_MERGER = "the token needs the right to merge into the branch"
