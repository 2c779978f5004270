"""Gitea and Forgejo client, REST v1.

Source: their swagger (``/swagger.v1.json``), and go-gitea/gitea routers/api/v1/repo/pull.go for what it leaves out.
Commits are git's: an instance signs what its API commits only where it has a key and the rules for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pinner.bot.forges.base import ForbiddenError, ForgeError, MissingError, StaleHeadError, lacking, words
from pinner.bot.forges.rest import RestForge, issue_of, path_of
from pinner.bot.forges.transport import Api
from pinner.bot.model import PullRequest, Repository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    from pinner.bot.forges.base import Access

_MISSING, _NOT_ALLOWED, _CONFLICT = 404, 405, 409
_PAGE = 50
"""The most that an instance gives, unless it is told otherwise."""
_CLOSED_LOOKED_AT = 500
"""How many closed pull requests are looked through, the newest first: the list cannot be asked for a branch."""
_METHODS = {"merge": "allow_merge_commits", "squash": "allow_squash_merge", "rebase": "allow_rebase"}
_COLOUR = "#1d63ed"
_SCHEDULED, _UNSCHEDULED = "pull_scheduled_merge", "pull_cancel_scheduled_merge"


class Gitea(RestForge):
    """One Gitea or Forgejo with one token."""

    name = "gitea"
    body_limit = 1_000_000
    default_token_user = "pinner"  # noqa: S105 - a user's name, no secret
    signs_commits = False

    def __init__(self, access: Access) -> None:
        authorization = None if access.token is None else f"token {access.token}"
        super().__init__(Api(f"{access.server}/api/v1", access, authorization))

    async def repository(self, name: str) -> Repository:
        """Return the repository called ``owner/name``."""
        return _repository((await self._api.call("GET", path_of(name))).json())

    async def repositories(self, owner: str) -> AsyncIterator[Repository]:
        """Yield an organisation's repositories, or a user's."""
        for kind in ("orgs", "users"):
            try:
                async for found in self._api.pages(f"/{kind}/{quote(owner, safe='')}/repos", {"limit": _PAGE}):
                    yield _repository(found)
            except MissingError:
                if kind == "users":
                    raise
            else:
                return

    async def pull_requests(self, repository: Repository, branch: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of ``branch``; of the closed ones those among the newest 500 of the repository."""
        found = []
        for request in await self._list(repository, "open"):
            if request.branch == branch:
                is_scheduled = await self._is_scheduled(repository, request)
                found.append(request._replace(auto_merge=is_scheduled))
        found += [request for request in await self._list(repository, "closed") if request.branch == branch]
        return tuple(sorted(found, key=lambda request: -request.number))

    async def open_branches(self, repository: Repository, prefix: str) -> tuple[PullRequest, ...]:
        """Return the open pull requests of the branches under ``prefix``."""
        return tuple(request for request in await self._list(repository, "open") if request.branch.startswith(prefix))

    async def _list(self, repository: Repository, state: str) -> list[PullRequest]:
        found, count = [], 0
        async for item in self._api.pages(f"{path_of(repository.name)}/pulls", {"state": state, "limit": _PAGE}):
            count += 1
            if item["head"].get("repo_id") == item["base"].get("repo_id"):
                found.append(_request(item))
            if state == "closed" and count == _CLOSED_LOOKED_AT:
                break
        return found

    async def _is_scheduled(self, repository: Repository, request: PullRequest) -> bool:
        """Tell whether it is to be merged: pull requests do not say it, but their history does."""
        last = None
        async for event in self._api.pages(f"{issue_of(repository, request)}/timeline", {"limit": _PAGE}):
            if event is not None and event.get("type") in (_SCHEDULED, _UNSCHEDULED):
                last = event["type"]
        return last == _SCHEDULED

    async def create(self, repository: Repository, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request, or return the one that is open."""
        values = {"head": branch, "base": base, "title": title, "body": body}
        made = await self._api.call("POST", f"{path_of(repository.name)}/pulls", body=values, expect=(_CONFLICT,))
        if made.status != _CONFLICT:
            return _request(made.json())
        for request in await self._list(repository, "open"):
            if (request.branch, request.base) == (branch, base):
                return request
        raise ForgeError(f"the pull request is refused: {words(made.json())}")

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
        if missing := lacking(labels, request.labels):
            numbers = await self._labels(repository, missing)
            await self._api.call("POST", f"{issue_of(repository, request)}/labels", body={"labels": numbers})
        if missing := lacking(assignees, request.assignees):
            # The list is replaced as a whole: who is there stays.
            await self._change(repository, request, {"assignees": [*request.assignees, *missing]})
        if missing := lacking(reviewers, request.reviewers):
            people = [name for name in missing if "/" not in name]
            teams = [name.partition("/")[2] for name in missing if "/" in name]
            body = {key: names for key, names in (("reviewers", people), ("team_reviewers", teams)) if names}
            path = f"{self._at(repository, request.number)}/requested_reviewers"
            try:
                await self._api.call("POST", path, body=body)
            except MissingError:
                # So it answers where a name is nobody's.
                raise ForgeError(f"it knows not all of {', '.join(f'`{name}`' for name in missing)}") from None

    async def _labels(self, repository: Repository, names: Collection[str]) -> list[int]:
        """Return the numbers of labels, the repository's or its organisation's; what is none yet is made."""
        known = await self._known_labels(repository)
        path = f"{path_of(repository.name)}/labels"
        for name in names:
            if name.lower() not in known:

                async def is_made(name: str = name) -> bool:
                    # Gitea would make a second one of the same name.
                    return name.lower() in await self._known_labels(repository)

                await self._api.call("POST", path, body={"name": name, "color": _COLOUR}, done=is_made)
                known = await self._known_labels(repository)
        return [known[name.lower()] for name in names]

    async def _known_labels(self, repository: Repository) -> dict[str, int]:
        known: dict[str, int] = {}
        owner = repository.name.partition("/")[0]
        try:
            async for label in self._api.pages(f"/orgs/{quote(owner, safe='')}/labels", {"limit": _PAGE}):
                known[label["name"].lower()] = label["id"]
        except (MissingError, ForbiddenError):
            # A user's repository, or a token for repositories alone.
            pass
        async for label in self._api.pages(f"{path_of(repository.name)}/labels", {"limit": _PAGE}):
            known[label["name"].lower()] = label["id"]
        return known

    async def enable_auto_merge(self, repository: Repository, request: PullRequest) -> bool:
        """Have it merged when its checks succeed; where none is to come Gitea would merge at once."""
        if request.auto_merge or await self._is_scheduled(repository, request):
            return True
        status = (await self._api.call("GET", f"{path_of(repository.name)}/commits/{request.head}/status")).json()
        if status.get("state") != "pending" or not status.get("total_count"):
            return False
        method = next((method for method in _METHODS if method in repository.merge_methods), "merge")
        body = {"Do": method, "merge_when_checks_succeed": True, "head_commit_id": request.head}
        refused = (_NOT_ALLOWED, _CONFLICT)
        reply = await self._api.call("POST", f"{self._at(repository, request.number)}/merge", body=body, expect=refused)
        if reply.status == _CONFLICT and not await self._is_scheduled(repository, request):
            raise StaleHeadError(f"{request.url} is not merged: {words(reply.json())}")
        if reply.status == _NOT_ALLOWED:
            hint = "the token needs the right to merge into the branch"
            raise ForbiddenError(f"auto-merge is refused: {words(reply.json())}", hint=hint)
        return True


def _repository(found: Mapping[str, Any]) -> Repository:
    rights = found.get("permissions") or {}
    return Repository(
        name=found["full_name"],
        default_branch=found.get("default_branch") or "",
        clone_url=found["clone_url"],
        web_url=found["html_url"],
        is_archived=bool(found.get("archived")),
        is_fork=bool(found.get("fork")),
        can_push=rights.get("push", True),
        can_propose=rights.get("pull", True) and found.get("has_pull_requests") is not False,
        merge_methods=tuple(method for method, setting in _METHODS.items() if found.get(setting)),
    )


def _request(found: Mapping[str, Any]) -> PullRequest:
    return PullRequest(
        number=found["number"],
        state="merged" if found.get("merged") else "open" if found["state"] == "open" else "closed",
        # `ref` is `refs/pull/…` once the branch is gone.
        branch=found["head"]["label"],
        base=found["base"]["label"],
        head=found["head"].get("sha") or "",
        title=found["title"],
        body=found.get("body") or "",
        url=found["html_url"],
        labels=tuple(label["name"] for label in found.get("labels") or ()),
        # One that is being looked at is not mergeable either.
        conflicts=False if found.get("mergeable") else None,
        assignees=tuple(person["login"] for person in found.get("assignees") or ()),
        reviewers=tuple(person["login"] for person in found.get("requested_reviewers") or () if person),
    )
