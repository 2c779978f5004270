"""GitLab's face. It publishes no schema that a package brings: what may be asked and must be answered stands here.

Source: docs.gitlab.com/api, "Projects", "Merge requests", "Branches", "Notes", "Users"; python-gitlab reads it too.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .face import Answer, Call, RefusalError, page, route, routes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import Pull, State, Stored

_PROJECT = "/projects/{id}"
_REQUEST = f"{_PROJECT}/merge_requests/{{iid}}"
_PAGES = {"page": str, "per_page": str}
_SHARED = {**_PAGES, "order_by": str, "sort": str, "archived": str, "simple": str}
NOT_FOUND = {"message": "404 Project Not Found"}
QUERIES: Mapping[str, Mapping[str, type]] = {
    "/groups/{id}/projects": {**_SHARED, "include_subgroups": str, "with_shared": str},
    "/users/{id}/projects": _SHARED,
    "/users": {**_PAGES, "username": str},
    f"{_PROJECT}/merge_requests": {**_SHARED, "state": str, "source_branch": str, "target_branch": str},
}
_EDIT = {
    "title": str, "description": str, "state_event": str, "labels": str, "add_labels": str, "remove_labels": str,
    "assignee_id": int, "assignee_ids": list, "reviewer_ids": list, "target_branch": str,
    "remove_source_branch": bool, "squash": bool, "milestone_id": int,
}  # fmt: skip
BODIES: Mapping[tuple[str, str], tuple[Mapping[str, type], tuple[str, ...]]] = {
    ("POST", f"{_PROJECT}/merge_requests"): (
        {**{key: kind for key, kind in _EDIT.items() if "event" not in key and "_labels" not in key},
         "source_branch": str, "target_project_id": int},
        ("source_branch", "target_branch", "title"),
    ),
    ("PUT", _REQUEST): (_EDIT, ()),
    ("PUT", f"{_REQUEST}/merge"): (
        {"merge_when_pipeline_succeeds": bool, "auto_merge": bool, "sha": str, "squash": bool,
         "should_remove_source_branch": bool, "merge_commit_message": str}, (),
    ),
}  # fmt: skip


class GitLabFace:
    """Answers as GitLab does."""

    prefixes = ("/api/v4",)
    public: Mapping[str, Any] = {}

    def __init__(self, state: State, violations: list[str]) -> None:
        self.state, self.violations = state, violations
        self._routes = routes_of(self)

    def authorised(self, headers: Mapping[str, str], token: str) -> bool:
        return headers.get("Authorization") == f"Bearer {token}" or headers.get("PRIVATE-TOKEN") == token

    def unauthorised(self) -> Answer:
        return Answer(401, {"message": "401 Unauthorized"})

    def limited(self, kind: str, retry_after: float | None) -> Answer:
        headers = {"RateLimit-Remaining": "0", "RateLimit-Reset": str(int(time.time()))}
        if kind != "primary" and retry_after is not None:
            headers["Retry-After"] = str(int(retry_after))
        return Answer(429, {"message": "429 Too Many Requests"}, headers)

    def field_of(self, body: Any) -> str:
        del body
        return ""

    def answer(self, call: Call) -> Answer:
        # A project's whole path is one part of the address: its slashes are written %2F.
        for method, pattern, template, function in self._routes:
            found = pattern.fullmatch(call.raw_path)
            if method == call.method and found is not None:
                from urllib.parse import unquote  # noqa: PLC0415

                self._check(call, template)
                answer: Answer = function(self, call, {key: unquote(text) for key, text in found.groupdict().items()})
                return answer
        self.violations.append(f"{call.method} {call.raw_path}: no operation that the bot should need")
        return Answer(404, {"error": "404 Not Found"})

    def _check(self, call: Call, template: str) -> None:
        wrong = [f"unknown parameter {name}" for name in call.query if name not in QUERIES.get(template, ())]
        known, required = BODIES.get((call.method, template), ({}, ()))
        body = call.body or {}
        for name, value in body.items():
            if name not in known:
                wrong.append(f"unknown key {name}")
            elif not isinstance(value, known[name]):
                wrong.append(f"{name} is no {known[name].__name__}")
        wrong += [f"{name} is missing" for name in required if name not in body]
        if wrong:
            self.violations += [f"{call.method} {call.raw_path} is asked wrongly: {one}" for one in wrong]
            raise RefusalError(400, {"error": ", ".join(wrong)})

    # What things look like

    def _user(self, name: str) -> dict[str, Any]:
        number = self.state.person(name) or 900
        return {
            "id": number, "username": name, "name": name.title(), "state": "active", "locked": False,
            "avatar_url": None, "web_url": f"https://forge.example/{name}",
        }  # fmt: skip

    def _project(self, one: Stored, base: str) -> dict[str, Any]:
        space, _, name = one.name.rpartition("/")
        level = 40 if one.rights == "write" else 20
        return {
            "id": one.number, "name": name, "path": name, "path_with_namespace": one.name, "description": None,
            "default_branch": one.default_branch, "http_url_to_repo": f"{base}/{one.name}.git",
            "web_url": f"{base}/{one.name}", "archived": one.archived, "visibility": "private", "empty_repo": False,
            "merge_method": "merge", "merge_requests_access_level": "enabled", "merge_requests_enabled": True,
            "namespace": {"id": 1, "name": space, "path": space, "kind": "group", "full_path": space},
            "permissions": {"project_access": {"access_level": level, "notification_level": 3}, "group_access": None},
            "only_allow_merge_if_pipeline_succeeds": bool(one.required_checks),
            "last_activity_at": self.state.date(one.pushed_at),
            **({"forked_from_project": {"id": 99}} if one.fork else {}),
        }  # fmt: skip

    def _request(self, one: Stored, pull: Pull, base: str, *, whole: bool = True) -> dict[str, Any]:
        head = one.head_of(pull)
        state = {"open": "opened"}.get(pull.state, pull.state)
        conflicts = pull.state == "open" and one.conflicts(pull)
        values = {
            "id": 1000 * one.number + pull.number, "iid": pull.number, "project_id": one.number,
            "source_project_id": 77 if pull.of_fork else one.number, "target_project_id": one.number,
            "title": pull.title, "description": pull.body, "state": state, "sha": head, "draft": False,
            "source_branch": pull.head, "target_branch": pull.base, "labels": list(pull.labels),
            "author": self._user(self.state.account), "assignees": [self._user(name) for name in pull.assignees],
            "assignee": self._user(pull.assignees[0]) if pull.assignees else None,
            "reviewers": [self._user(name) for name in pull.reviewers], "has_conflicts": conflicts,
            "merge_status": "cannot_be_merged" if conflicts else "can_be_merged",
            "detailed_merge_status": "conflict" if conflicts else "mergeable",
            "merge_when_pipeline_succeeds": pull.auto_merge,
            "web_url": f"{base}/{one.name}/-/merge_requests/{pull.number}",
            "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z", "merged_at": None,
        }  # fmt: skip
        if whole:
            status = {"none": None, "pending": "running", "failed": "failed", "passed": "success"}[pull.checks]
            values["head_pipeline"] = {"id": 1, "sha": head, "status": status} if status else None
        return values

    # What can be asked for

    def _find(self, match: Mapping[str, str], *, write: bool = False) -> Stored:
        one = self.state.find(match["id"])
        if one is None:
            raise RefusalError(404, NOT_FOUND)
        if write and (one.archived or one.rights != "write"):
            raise RefusalError(403, {"message": "403 Forbidden"})
        return one

    def _find_request(self, match: Mapping[str, str], *, write: bool = False) -> tuple[Stored, Pull]:
        one = self._find(match, write=write)
        pull = one.pulls.get(int(match["iid"])) if match["iid"].isdecimal() else None
        if pull is None:
            raise RefusalError(404, {"message": "404 Not found"})
        return one, pull

    @route("GET", "/groups/{id}/projects")
    def of_group(self, call: Call, match: Mapping[str, str]) -> Answer:
        if match["id"].partition("/")[0] not in self.state.organisations:
            return Answer(404, {"message": "404 Group Not Found"})
        return self._projects(call, match["id"])

    @route("GET", "/users/{id}/projects")
    def of_user(self, call: Call, match: Mapping[str, str]) -> Answer:
        if not self.state.of_owner(match["id"]):
            return Answer(404, {"message": "404 User Not Found"})
        return self._projects(call, match["id"])

    def _projects(self, call: Call, owner: str) -> Answer:
        found = self.state.of_owner(owner)
        if call.query.get("include_subgroups") != "true":
            found = [one for one in found if one.name.count("/") == owner.count("/") + 1]
        if call.query.get("order_by") == "last_activity_at":
            found.sort(key=lambda one: one.pushed_at, reverse=call.query.get("sort") == "desc")
        part, headers = page(call, [self._project(one, call.base) for one in found], "per_page", 20, 100)
        return Answer(200, part, headers)

    @route("GET", "/users")
    def users(self, call: Call, match: Mapping[str, str]) -> Answer:
        del match
        name = call.query.get("username", "")
        return Answer(200, [self._user(name)] if self.state.person(name) else [])

    @route("GET", _PROJECT)
    def project(self, call: Call, match: Mapping[str, str]) -> Answer:
        return Answer(200, self._project(self._find(match), call.base))

    @route("GET", f"{_PROJECT}/merge_requests")
    def requests(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match)
        state = {"opened": "open"}.get(call.query.get("state", "all"), call.query.get("state", "all"))
        found = [
            self._request(one, pull, call.base, whole=False)
            for pull in sorted(one.pulls.values(), key=lambda pull: -pull.number)
            if state in ("all", pull.state) and call.query.get("source_branch", pull.head) == pull.head
        ]
        part, headers = page(call, found, "per_page", 20, 100)
        return Answer(200, part, headers)

    @route("POST", f"{_PROJECT}/merge_requests")
    def open_request(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match, write=True)
        body = call.body
        there = one.open_for(body["source_branch"], body["target_branch"])
        if there is not None:
            text = f"Another open merge request already exists for this source branch: !{there.number}"
            return Answer(409, {"message": [text]})
        if one.head(body["source_branch"]) is None or one.head(body["target_branch"]) is None:
            return Answer(400, {"message": {"validate_branches": ["A branch does not exist"]}})
        pull = one.opened(body["source_branch"], body["target_branch"], body["title"], body.get("description") or "")
        self._change(one, pull, body)
        return Answer(201, self._request(one, pull, call.base))

    @route("GET", _REQUEST)
    def request(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_request(match)
        return Answer(200, self._request(one, pull, call.base))

    @route("PUT", _REQUEST)
    def edit_request(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_request(match, write=True)
        one.head_of(pull)
        self._change(one, pull, call.body)
        if call.body.get("state_event") == "close" and pull.state == "open":
            pull.state = "closed"
        return Answer(200, self._request(one, pull, call.base))

    def _change(self, one: Stored, pull: Pull, body: Mapping[str, Any]) -> None:
        pull.title = body.get("title", pull.title)
        pull.body = body.get("description", pull.body) or ""
        pull.base = body.get("target_branch", pull.base)
        for name in filter(None, f"{body.get('labels', '')},{body.get('add_labels', '')}".split(",")):
            one.label(name)
            if name not in pull.labels:
                pull.labels.append(name)
        # A list replaces what was there.
        if "assignee_ids" in body:
            pull.assignees = [self.state.people[number - 1] for number in body["assignee_ids"]]
        if "reviewer_ids" in body:
            pull.reviewers = [self.state.people[number - 1] for number in body["reviewer_ids"]]

    @route("GET", f"{_PROJECT}/repository/branches/{{branch}}")
    def branch(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call
        head = self._find(match).head(match["branch"])
        if head is None:
            return Answer(404, {"message": "404 Branch Not Found"})
        return Answer(200, {"name": match["branch"], "protected": False, "commit": {"id": head}})

    @route("PUT", f"{_REQUEST}/merge")
    def merge(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_request(match, write=True)
        if pull.auto_merge or pull.state != "open" or not one.auto_merge_allowed:
            return Answer(405, {"message": "405 Method Not Allowed"})
        if call.body.get("sha") not in (None, one.head_of(pull)):
            return Answer(409, {"message": "SHA does not match HEAD of source branch: 0"})
        if pull.checks == "pending" and (call.body.get("auto_merge") or call.body.get("merge_when_pipeline_succeeds")):
            pull.auto_merge = True
        else:
            # What GitLab does where no pipeline is to come.
            pull.state = "merged"
        return Answer(200, self._request(one, pull, call.base))
