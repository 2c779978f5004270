"""GitHub client, REST (github.com, GHE.com, Enterprise Server).

Source: docs.github.com/rest and /graphql (npm @octokit/openapi, @octokit/graphql-schema).
"""

from __future__ import annotations

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
from pinner.bot.forges.github_api import GraphQl, addresses
from pinner.bot.forges.limits import GITHUB_CONTENT
from pinner.bot.forges.rest import RestForge, issue_of, path_of, reason_to_wait
from pinner.bot.forges.transport import Api
from pinner.bot.model import PullRequest, Repository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    from pinner.bot.forges.base import Access
    from pinner.bot.model import NewCommit

_CREATED, _MISSING, _NOT_ALLOWED, _CONFLICT, _UNPROCESSABLE = 201, 404, 405, 409, 422
_METHODS = ("merge", "squash", "rebase")
_NOTHING_TO_WAIT_FOR = frozenset({"clean", "has_hooks", "unstable"})
"""All that the branch requires is there; ``unstable``: a check that it does not require failed, or runs."""
_NOTHING_REQUIRED = "no check that the branch requires is still to come, so nothing would be waited for"
_ALLOW_AUTO_MERGE = "allow it in the repository's Settings → General → Pull requests → Allow auto-merge"
_INSTALLATION = "ghs_"
"""How a token of an App begins, GITHUB_TOKEN too: nobody's account is behind it."""
_ACTIONS = "github-actions[bot]"
_NO_WORKFLOWS = (
    "pull requests made with GITHUB_TOKEN start no workflows: where checks must run, "
    "give pinner the token of an App or of a person in PINNER_TOKEN"
)
_PAGE = 100
_NEWEST: Mapping[str, str | int] = {"sort": "created", "direction": "desc", "per_page": _PAGE}
_LAST_PUSHED: Mapping[str, str | int] = {**_NEWEST, "sort": "pushed"}


class GitHub(RestForge):
    """One GitHub with one token."""

    name = "github"
    body_limit = 65536
    default_token_user = "x-access-token"  # noqa: S105 - a user's name, no secret

    def __init__(self, access: Access) -> None:
        rest, graphql = addresses(access.server)
        authorization = None if access.token is None else f"Bearer {access.token}"
        self._is_app = (access.token or "").startswith(_INSTALLATION)
        super().__init__(Api(rest, access, authorization, GITHUB_CONTENT))
        self._graphql = GraphQl(self._api, graphql)
        self.signs_commits = self._is_app

    async def advice(self) -> tuple[str, ...]:
        """Return what the user should know about this token."""
        if not self._is_app:
            return ()
        return (_NO_WORKFLOWS,) if await self._graphql.viewer() == _ACTIONS else ()

    async def repository(self, name: str) -> Repository:
        """Return the repository called ``owner/name``."""
        return self._repository((await self._api.call("GET", path_of(name))).json())

    def repositories(self, owner: str, since: float | None = None) -> AsyncIterator[Repository]:
        """Yield an organisation's repositories, or a user's; with ``since`` those pushed to since, the last first."""
        query: Mapping[str, str | int] = {"per_page": _PAGE} if since is None else _LAST_PUSHED
        listings = [(f"/{kind}/{quote(owner, safe='')}/repos", query) for kind in ("orgs", "users")]
        return self._listed(listings, self._repository, since)

    async def open_branches(self, repository: Repository, prefix: str) -> tuple[PullRequest, ...]:
        """Return the open pull requests of the branches under ``prefix``."""
        found = await self._list(repository, {"state": "open"})
        return tuple(request for request in found if request.branch.startswith(prefix))

    async def closed(self, repository: Repository, branch: str) -> tuple[PullRequest, ...]:
        """Return the closed and merged pull requests of ``branch``."""
        return await self._of(repository, branch, "closed")

    async def _of(self, repository: Repository, branch: str, state: str) -> tuple[PullRequest, ...]:
        head = f"{repository.name.partition('/')[0]}:{branch}"
        found = await self._list(repository, {"state": state, "head": head})
        return tuple(request for request in found if request.branch == branch)

    async def _list(self, repository: Repository, query: Mapping[str, str]) -> list[PullRequest]:
        pages = self._api.pages(f"{path_of(repository.name)}/pulls", {**_NEWEST, **query})
        return [_request(item) async for item in pages if _is_of(item, repository)]

    async def create(self, repository: Repository, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request, or return the one that is open."""
        made = await self._api.call(
            "POST",
            f"{path_of(repository.name)}/pulls",
            body={"title": title, "body": body, "head": branch, "base": base, "maintainer_can_modify": True},
            expect=(_UNPROCESSABLE,),
        )
        if made.status == _CREATED:
            return _request(made.json())
        for request in await self._of(repository, branch, "open"):
            if request.base == base:
                return request
        raise ForgeError(f"the pull request is refused: {message_text(made.json())}")

    async def add(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        labels: Collection[str] = (),
        assignees: Collection[str] = (),
        reviewers: Collection[str] = (),
    ) -> None:
        """Add labels, assignees and reviewers; GitHub makes a label that is none yet."""
        issue = issue_of(repository, request)
        if missing := missing_names(labels, request.labels):
            await self._api.call("POST", f"{issue}/labels", body={"labels": missing})
        if missing := missing_names(assignees, request.assignees):
            reply = await self._api.call("POST", f"{issue}/assignees", body={"assignees": missing})
            # Who cannot be assigned is passed over without a word.
            there = [person["login"] for person in reply.json().get("assignees") or ()]
            if passed_over := missing_names(missing, there):
                raise ForgeError(f"nobody called {' or '.join(f'`{name}`' for name in passed_over)} can be assigned")
        if missing := missing_names(reviewers, request.reviewers):
            people = [name for name in missing if "/" not in name]
            teams = [name.partition("/")[2] for name in missing if "/" in name]
            body = {key: names for key, names in (("reviewers", people), ("team_reviewers", teams)) if names}
            await self._api.call("POST", f"{self._at(repository, request.number)}/requested_reviewers", body=body)

    async def enable_auto_merge(
        self, repository: Repository, request: PullRequest, *, on_success: bool = False
    ) -> AutoMerge:
        """Enable GitHub's auto-merge, in the first way of merging that the repository allows."""
        if request.auto_merge:
            return AutoMerge(is_on=True)
        found = (await self._api.call("GET", self._at(repository, request.number))).json()
        if found.get("auto_merge") is not None:
            return AutoMerge(is_on=True)
        if found.get("mergeable_state") in _NOTHING_TO_WAIT_FOR:
            return await self._merged_now(repository, request, on_success=on_success)
        try:
            await self._graphql.enable_auto_merge(found["node_id"], request.head, _method(repository))
        except StaleHeadError:
            raise
        except ForgeError as error:
            if "clean status" in error.message or "unstable status" in error.message:
                return await self._merged_now(repository, request, on_success=on_success)
            # The first answer may have been lost.
            if (await self._api.call("GET", self._at(repository, request.number))).json().get("auto_merge") is not None:
                return AutoMerge(is_on=True)
            raise ForbiddenError(error.message, hint=_ALLOW_AUTO_MERGE) from None
        return AutoMerge(is_on=True, is_new=True)

    async def _merged_now(self, repository: Repository, request: PullRequest, *, on_success: bool) -> AutoMerge:
        """Merge what has passed the checks that its branch requires: nothing is left that GitHub could wait for."""
        if not await self._requires_checks(repository, request.base):
            reason = _NOTHING_REQUIRED
            if on_success:
                reason = reason_to_wait(await self._graphql.checks(repository.name, request.number, request.head))
            if reason:
                return AutoMerge(reason=reason)

        async def is_merged() -> bool:
            return bool((await self._api.call("GET", self._at(repository, request.number))).json().get("merged"))

        body = {"sha": request.head, "merge_method": _method(repository)}
        path = f"{self._at(repository, request.number)}/merge"
        reply = await self._api.call("PUT", path, body=body, expect=(_NOT_ALLOWED, _CONFLICT), done=is_merged)
        if reply.status == _CONFLICT:
            raise StaleHeadError(f"{request.url} has moved on: it is not merged")
        if reply.status == _NOT_ALLOWED:
            raise ForbiddenError(f"auto-merge is refused: {message_text(reply.json())}", hint=_ALLOW_AUTO_MERGE)
        return AutoMerge(is_on=True, is_new=True)

    async def _requires_checks(self, repository: Repository, branch: str) -> bool:
        """Tell whether a protection or a rule set of ``branch`` requires a check."""
        at = quote(branch, safe="")
        found = (await self._api.call("GET", f"{path_of(repository.name)}/branches/{at}")).json()
        required = (found.get("protection") or {}).get("required_status_checks") or {}
        if required.get("contexts") or required.get("checks"):
            return True
        rules = self._api.pages(f"{path_of(repository.name)}/rules/branches/{at}", {"per_page": _PAGE})
        return any([rule.get("type") == "required_status_checks" async for rule in rules])

    async def commit(self, repository: Repository, commit: NewCommit) -> str | None:
        """Make a commit by createCommitOnBranch: signed by GitHub, its author the token's owner."""
        await self._branch_at(repository, commit)
        try:
            return await self._graphql.commit(repository.name, commit)
        except StaleHeadError:
            return await self._made_before(repository, commit)

    async def _branch_at(self, repository: Repository, commit: NewCommit) -> None:
        """Make the branch; where it is there already, the commit's own check of the head decides."""
        body = {"ref": f"refs/heads/{commit.branch}", "sha": commit.parent}
        reply = await self._api.call(
            "POST", f"{path_of(repository.name)}/git/refs", body=body, expect=(_UNPROCESSABLE,)
        )
        if reply.status == _UNPROCESSABLE and await self._head(repository, commit.branch) is None:
            raise ForgeError(f"the branch {commit.branch} cannot be made: {message_text(reply.json())}")

    async def _made_before(self, repository: Repository, commit: NewCommit) -> str:
        head = await self._head(repository, commit.branch)
        if head is not None:
            there = (await self._api.call("GET", f"{path_of(repository.name)}/git/commits/{head}")).json()
            parents = [parent["sha"] for parent in there["parents"]]
            if parents == [commit.parent] and there["message"].strip() == commit.message.strip():
                return head
        raise StaleHeadError(f"the branch {commit.branch} is not where it was")

    async def _head(self, repository: Repository, branch: str) -> str | None:
        path = f"{path_of(repository.name)}/git/ref/heads/{quote(branch)}"
        reply = await self._api.call("GET", path, expect=(_MISSING,))
        return None if reply.status == _MISSING else str(reply.json()["object"]["sha"])

    def _repository(self, found: Mapping[str, Any]) -> Repository:
        # An App's token has no account whose rights these would be: they say no to everything.
        rights = {} if self._is_app else found.get("permissions") or {}
        return Repository(
            name=found["full_name"],
            default_branch=found["default_branch"],
            clone_url=found["clone_url"],
            web_url=found["html_url"],
            is_archived=bool(found.get("archived")),
            is_fork=bool(found.get("fork")),
            can_push=rights.get("push", True),
            can_propose=rights.get("pull", True),
            merge_methods=tuple(method for method in _METHODS if found.get(_SETTINGS[method])),
            pushed_at=epoch(found.get("pushed_at")),
        )


_SETTINGS = {"merge": "allow_merge_commit", "squash": "allow_squash_merge", "rebase": "allow_rebase_merge"}


def _request(found: Mapping[str, Any]) -> PullRequest:
    return PullRequest(
        number=found["number"],
        state="merged" if found.get("merged_at") else "open" if found["state"] == "open" else "closed",
        branch=found["head"]["ref"],
        base=found["base"]["ref"],
        head=found["head"]["sha"],
        title=found["title"],
        body=found.get("body") or "",
        url=found["html_url"],
        labels=tuple(label["name"] for label in found.get("labels") or ()),
        auto_merge=found.get("auto_merge") is not None,
        assignees=tuple(person["login"] for person in found.get("assignees") or ()),
        reviewers=tuple(person["login"] for person in found.get("requested_reviewers") or ()),
    )


def _method(repository: Repository) -> str:
    return next((method for method in _METHODS if method in repository.merge_methods), _METHODS[0])


def _is_of(found: Mapping[str, Any], repository: Repository) -> bool:
    """Tell whether the head is the repository's own branch; that of a fork, or of one that is gone, is not ours."""
    place = found["head"].get("repo")
    return place is not None and place["full_name"].lower() == repository.name.lower()
