"""Gitea API: labels, assignees and reviewers of a request, and what answers say of repositories and requests.

Source: go-gitea/gitea, routers/api/v1/repo/pull.go and pull_review.go, and a server of version 1.26.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pinner.bot.forges.base import ForbiddenError, ForgeError, MissingError, UnreachableError, epoch, missing_names
from pinner.bot.forges.rest import issue_of, path_of
from pinner.bot.model import PullRequest, Repository

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pinner.bot.forges.transport import Api

_MISSING, _UNPROCESSABLE = 404, 422
_PAGE = 50
_COLOUR = "#1d63ed"


async def add_labels(api: Api, repository: Repository, request: PullRequest, names: Collection[str]) -> None:
    """Put labels on ``request``, by number: older instances take no names."""
    numbers = await _labels(api, repository, names)
    await api.call("POST", f"{issue_of(repository, request)}/labels", body={"labels": numbers})


async def _labels(api: Api, repository: Repository, names: Collection[str]) -> list[int]:
    """Return the numbers of labels, the repository's or its organisation's; what is none yet is made."""
    known = await _known_labels(api, repository)
    path = f"{path_of(repository.name)}/labels"
    for name in names:
        if name.lower() not in known:

            async def is_made(name: str = name) -> bool:
                # Gitea would make a second one of the same name.
                return name.lower() in await _known_labels(api, repository)

            await api.call("POST", path, body={"name": name, "color": _COLOUR}, done=is_made)
            known = await _known_labels(api, repository)
    return [known[name.lower()] for name in names]


async def _known_labels(api: Api, repository: Repository) -> dict[str, int]:
    known: dict[str, int] = {}
    owner = repository.name.partition("/")[0]
    try:
        async for label in api.pages(f"/orgs/{quote(owner, safe='')}/labels", {"limit": _PAGE}):
            known[label["name"].lower()] = label["id"]
    except (MissingError, ForbiddenError):
        # A user's repository, or a token for repositories alone.
        pass
    async for label in api.pages(f"{path_of(repository.name)}/labels", {"limit": _PAGE}):
        known[label["name"].lower()] = label["id"]
    return known


async def assign(api: Api, repository: Repository, at: str, there: Collection[str], names: Collection[str]) -> None:
    """Assign people to the pull request ``at`` an address, as far as they may be; ``there`` are its assignees.

    One who may not read the repository would be answered with 500. Raises `ForgeError` that names who is left out.
    """
    may = [item["login"] async for item in api.pages(f"{path_of(repository.name)}/assignees")]
    wrong = missing_names(names, may)
    fit = [name for name in names if name not in wrong]
    if fit:
        # The list is replaced as a whole: who is there stays.
        await api.call("PATCH", at, body={"assignees": [*there, *fit]})
    if wrong:
        raise ForgeError(f"{_named(wrong)} cannot be assigned: the repository is not theirs to see")


async def ask_reviewers(api: Api, at: str, names: list[str]) -> None:
    """Ask for reviews: of all at once, or, where one name is wrong, of each that is right.

    A reviewer ``organisation/team`` is a team. Raises `ForgeError` that names who cannot be asked.
    """
    path = f"{at}/requested_reviewers"
    try:
        await api.call("POST", path, body=_reviewers(names))
    except UnreachableError:
        raise
    except ForgeError as error:
        wrong = names
        if len(names) > 1:
            wrong = [name for name in names if not await _is_asked(api, path, name)]
        if wrong:
            why = "it knows no such name" if isinstance(error, MissingError) else error.message
            raise ForgeError(f"{_named(wrong)} cannot be asked for a review: {why}") from None


async def _is_asked(api: Api, path: str, name: str) -> bool:
    reply = await api.call("POST", path, body=_reviewers([name]), expect=(_MISSING, _UNPROCESSABLE))
    return reply.status not in (_MISSING, _UNPROCESSABLE)


def _reviewers(names: Collection[str]) -> dict[str, list[str]]:
    """Return who is asked: people, and teams without their organisation."""
    people = [name for name in names if "/" not in name]
    teams = [name.partition("/")[2] for name in names if "/" in name]
    return {key: some for key, some in (("reviewers", people), ("team_reviewers", teams)) if some}


def _named(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


_METHODS = {
    "merge": "allow_merge_commits",
    "squash": "allow_squash_merge",
    "rebase": "allow_rebase",
    "rebase-merge": "allow_rebase_explicit",
    "fast-forward-only": "allow_fast_forward_only_merge",
}


def repository_of(found: Mapping[str, Any]) -> Repository:
    """Return what an answer about a repository says."""
    rights = found.get("permissions") or {}
    return Repository(
        name=found["full_name"],
        default_branch=found.get("default_branch") or "",
        clone_url=found["clone_url"],
        web_url=found["html_url"],
        is_archived=bool(found.get("archived")),
        is_fork=bool(found.get("fork")),
        can_push=rights.get("push", True),
        can_propose=rights.get("pull", True),
        merge_methods=_methods(found),
        closed_to_all=_closed_to_all(found),
        pushed_at=epoch(found.get("updated_at")),
    )


def _methods(found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ways of merging that are allowed, the one that people get by default first."""
    allowed = [method for method, setting in _METHODS.items() if found.get(setting)]
    return tuple(sorted(allowed, key=lambda method: method != found.get("default_merge_style")))


def _closed_to_all(found: Mapping[str, Any]) -> str:
    if found.get("mirror"):
        return "it is a mirror"
    if found.get("has_pull_requests") is False:
        return "pull requests are turned off"
    return "it is empty" if found.get("empty") else ""


def requests_of(items: list[dict[str, Any]]) -> list[PullRequest]:
    """Return those of ``items`` whose head is the repository's own branch."""
    return [request_of(item) for item in items if item["head"].get("repo_id") == item["base"].get("repo_id")]


def request_of(found: Mapping[str, Any]) -> PullRequest:
    """Return what an answer about a pull request says."""
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
