"""GitLab client, REST v4.

Source: docs.gitlab.com/api: "Projects", "Merge requests", "Branches", "Notes", "Users". Commits are git's: GitLab signs
what its API commits only where Gitaly has a key, which cannot be told beforehand.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pinner.bot.forges.base import (
    AutoMerge,
    ForbiddenError,
    ForgeError,
    StaleHeadError,
    epoch,
    message_text,
    missing_names,
)
from pinner.bot.forges.rest import RestForge, reason_to_wait
from pinner.bot.forges.transport import Api
from pinner.bot.model import PullRequest, Repository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    from pinner.bot.forges.base import Access

_NOT_ALLOWED, _CONFLICT, _UNPROCESSABLE = 405, 409, 422
_DEVELOPER = 30
"""The access level from which on one may push."""
_UNDECIDED = frozenset({"preparing", "unchecked", "checking", "cannot_be_merged_rechecked", "cannot_be_merged_recheck"})
_TO_COME = frozenset({"created", "waiting_for_resource", "preparing", "pending", "running", "scheduled"})
_NOTHING_TO_COME = "no pipeline is still to come, so nothing would be waited for"
_NOTHING_REQUIRED = "the pipeline has passed, but the project does not require one, so nothing would be waited for"
_STATES = {"opened": "open", "locked": "open", "closed": "closed", "merged": "merged"}
_PAGE = 100
_NEWEST: Mapping[str, str | int] = {"order_by": "created_at", "sort": "desc", "per_page": _PAGE}


class GitLab(RestForge):
    """One GitLab with one token: a person's, a project's, a group's or OAuth's; a job's token may not propose."""

    name = "gitlab"
    body_limit = 1_000_000
    default_token_user = "oauth2"  # noqa: S105 - a user's name, no secret
    signs_commits = False
    adds_at_once = True
    _changing = ("PUT", "title", "description", "target_branch")
    _closing: Mapping[str, str] = MappingProxyType({"state_event": "close"})

    def __init__(self, access: Access) -> None:
        authorization = None if access.token is None else f"Bearer {access.token}"
        super().__init__(Api(f"{access.server}/api/v4", access, authorization))

    def _at(self, repository: Repository, number: int) -> str:
        return f"{_project(repository)}/merge_requests/{number}"

    async def repository(self, name: str) -> Repository:
        """Return the project called ``group/subgroup/name``."""
        return _repository((await self._api.call("GET", f"/projects/{quote(name, safe='')}")).json())

    def repositories(self, owner: str, since: float | None = None) -> AsyncIterator[Repository]:
        """Yield the projects of a group and of those in it, or of a user; with ``since`` those with news since."""
        order = ("id", "asc") if since is None else ("last_activity_at", "desc")
        query: dict[str, str | int] = {"order_by": order[0], "sort": order[1], "per_page": _PAGE}
        inner = {"include_subgroups": "true", "with_shared": "false", **query}
        owners = (("groups", inner), ("users", query))
        listings = [(f"/{kind}/{quote(owner, safe='')}/projects", asked) for kind, asked in owners]
        return self._listed(listings, _repository, since)

    async def open_branches(self, repository: Repository, prefix: str) -> tuple[PullRequest, ...]:
        """Return the open merge requests of the branches under ``prefix``."""
        found = await self._list(repository, {"state": "opened"})
        return tuple(request for request in found if request.branch.startswith(prefix))

    async def closed(self, repository: Repository, branch: str) -> tuple[PullRequest, ...]:
        """Return the closed and merged merge requests of ``branch``."""
        # `state` takes one state: the two that are none of these are open.
        found = await self._list(repository, {"source_branch": branch, "state": "all"})
        return tuple(request for request in found if request.branch == branch and request.state != "open")

    async def _list(self, repository: Repository, query: Mapping[str, str | int]) -> list[PullRequest]:
        pages = self._api.pages(f"{_project(repository)}/merge_requests", {**query, **_NEWEST})
        return [_request(item) async for item in pages if str(item["source_project_id"]) == repository.details["id"]]

    async def create(self, repository: Repository, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a merge request, or return the one that is open; its branch goes when it is merged."""
        values = {"source_branch": branch, "target_branch": base, "title": title, "description": body}
        made = await self._api.call(
            "POST",
            f"{_project(repository)}/merge_requests",
            body={**values, "remove_source_branch": True},
            expect=(_CONFLICT,),
        )
        if made.status != _CONFLICT:
            return _request(made.json())
        for request in await self._list(repository, {"source_branch": branch, "state": "opened"}):
            if (request.branch, request.base) == (branch, base):
                return request
        raise ForgeError(f"the merge request is refused: {message_text(made.json())}")

    async def add(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        labels: Collection[str] = (),
        assignees: Collection[str] = (),
        reviewers: Collection[str] = (),
    ) -> None:
        """Add labels, assignees and reviewers, in one request; GitLab makes a label that is none yet."""
        values: dict[str, Any] = {}
        if missing := missing_names(labels, request.labels):
            values["add_labels"] = ",".join(missing)
        people = {
            "assignee_ids": missing_names(assignees, request.assignees),
            "reviewer_ids": missing_names(reviewers, request.reviewers),
        }
        there = {}
        if any(people.values()) and (request.assignees or request.reviewers):
            # The lists are replaced as wholes: who is there stays.
            there = (await self._api.call("GET", self._at(repository, request.number))).json()
        for key, names in people.items():
            if names:
                known = [person["id"] for person in there.get(key.replace("_ids", "s")) or ()]
                added = [await self._person(name) for name in names]
                values[key] = list(dict.fromkeys([*known, *added]))
        await self._change(repository, request, values)

    async def _person(self, name: str) -> int:
        found = (await self._api.call("GET", "/users", query={"username": name})).json()
        if not found:
            raise ForgeError(f"GitLab knows no user `{name}`", hint="assignees and reviewers are user names")
        return int(found[0]["id"])

    async def enable_auto_merge(
        self, repository: Repository, request: PullRequest, *, on_success: bool = False
    ) -> AutoMerge:
        """Have it merged when its pipeline succeeds; without a pipeline that is to come GitLab would merge at once."""
        found = (await self._api.call("GET", self._at(repository, request.number))).json()
        if found.get("merge_when_pipeline_succeeds"):
            return AutoMerge(is_on=True)
        pipeline = found.get("head_pipeline") or {}
        status = pipeline.get("status") if pipeline.get("sha") == request.head else None
        if pipeline.get("status") in _TO_COME:
            # The older name until 17.11, and the newer from then on.
            return await self._merged(repository, request, {"merge_when_pipeline_succeeds": True, "auto_merge": True})
        if repository.details.get("requires_pipeline"):
            reason = "" if status == "success" else _NOTHING_TO_COME
        elif on_success:
            reason = reason_to_wait(status)
        else:
            reason = _NOTHING_REQUIRED if status == "success" else _NOTHING_TO_COME
        # What it waits for is there: merged now, if it still is what was looked at.
        return AutoMerge(reason=reason) if reason else await self._merged(repository, request, {})

    async def _merged(self, repository: Repository, request: PullRequest, how: Mapping[str, bool]) -> AutoMerge:
        """Have it merged at once, or as ``how`` says, while its head is what was looked at."""
        at = self._at(repository, request.number)

        async def is_done() -> bool:
            there = (await self._api.call("GET", at)).json()
            return bool(there.get("merge_when_pipeline_succeeds")) or there.get("state") == "merged"

        refused = (_NOT_ALLOWED, _CONFLICT, _UNPROCESSABLE)
        body = {**how, "sha": request.head}
        reply = await self._api.call("PUT", f"{at}/merge", body=body, expect=refused, done=is_done)
        if reply.status == _CONFLICT:
            raise StaleHeadError(f"{request.url} has moved on: it is not merged")
        if reply.status in refused:
            hint = "the token needs the right to merge into the branch"
            raise ForbiddenError(f"auto-merge is refused: {message_text(reply.json())}", hint=hint)
        return AutoMerge(is_on=True, is_new=True)


def _repository(found: Mapping[str, Any]) -> Repository:
    rights = (found.get("permissions") or {}).values()
    # Nothing is said of what comes by an invited group, or to an administrator: then GitLab's refusal tells.
    levels = [right["access_level"] for right in rights if right]
    return Repository(
        name=found["path_with_namespace"],
        default_branch=found.get("default_branch") or "",
        clone_url=found["http_url_to_repo"],
        web_url=found["web_url"],
        is_archived=bool(found.get("archived")),
        is_fork=found.get("forked_from_project") is not None,
        can_push=not levels or max(levels) >= _DEVELOPER,
        can_propose=not levels or max(levels) >= _DEVELOPER,
        merge_methods=tuple(filter(None, (found.get("merge_method"),))),
        closed_to_all="merge requests are turned off" if found.get("merge_requests_access_level") == "disabled" else "",
        details={
            "id": str(found["id"]),
            "requires_pipeline": "yes" if found.get("only_allow_merge_if_pipeline_succeeds") else "",
        },
        pushed_at=epoch(found.get("last_activity_at")),
    )


def _request(found: Mapping[str, Any]) -> PullRequest:
    state: Any = _STATES.get(found["state"], "closed")
    is_undecided = (found.get("detailed_merge_status") or found.get("merge_status")) in _UNDECIDED
    return PullRequest(
        number=found["iid"],
        state=state,
        branch=found["source_branch"],
        base=found["target_branch"],
        head=found.get("sha") or "",
        title=found["title"],
        body=found.get("description") or "",
        url=found["web_url"],
        labels=tuple(found.get("labels") or ()),
        conflicts=None if is_undecided else found.get("has_conflicts"),
        auto_merge=bool(found.get("merge_when_pipeline_succeeds")),
        assignees=tuple(person["username"] for person in found.get("assignees") or ()),
        reviewers=tuple(person["username"] for person in found.get("reviewers") or ()),
    )


def _project(repository: Repository) -> str:
    return f"/projects/{repository.details['id']}"
