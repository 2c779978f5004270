"""Repositories and pull requests as Gitea's answers describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pinner.bot.forges.base import epoch
from pinner.bot.model import PullRequest, Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

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
