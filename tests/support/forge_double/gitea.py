"""Gitea's face, and Forgejo's: bodies checked against Gitea's own definitions (testdata/forges/gitea.json)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .face import Answer, Call, Null, RefusalError, page, route, routes_of
from .schemas import published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import Pull, State, Stored

_REPOSITORY = "/repos/{owner}/{repo}"
_PULL = f"{_REPOSITORY}/pulls/{{index}}"
_ISSUE = f"{_REPOSITORY}/issues/{{index}}"
_PAGES = frozenset({"page", "limit"})
NOT_FOUND = {"errors": None, "message": "not found", "url": "https://forge.example/api/swagger"}
_WHEN = "2026-01-01T00:00:00Z"
QUERIES = {
    f"{_REPOSITORY}/pulls": _PAGES | {"state", "sort", "base_branch", "poster"},
    f"{_REPOSITORY}/labels": _PAGES,
    f"{_REPOSITORY}/assignees": _PAGES,
    "/orgs/{org}/labels": _PAGES,
    "/orgs/{org}/repos": _PAGES,
    "/users/{username}/repos": _PAGES,
    f"{_ISSUE}/timeline": _PAGES,
    f"{_REPOSITORY}/commits/{{ref}}/status": _PAGES,
}
_STYLES = {
    "merge": "allow_merge_commits", "squash": "allow_squash_merge", "rebase": "allow_rebase",
    "rebase-merge": "allow_rebase_explicit", "fast-forward-only": "allow_fast_forward_only_merge",
}  # fmt: skip
# What a route wants of a token (routers/api/v1/api.go: by category and method), where it is more than the repository's.
_SCOPES = (
    ("/orgs/{org}/labels", "organization"),
    ("/orgs/{org}/repos", "organization"),
    ("/users/{username}/repos", "user"),
    ("/user", "user"),
    (f"{_REPOSITORY}/issues", "issue"),
    (f"{_REPOSITORY}/labels", "issue"),
)
BODIES = {
    ("POST", f"{_REPOSITORY}/pulls"): "CreatePullRequestOption",
    ("PATCH", _PULL): "EditPullRequestOption",
    ("POST", f"{_PULL}/merge"): "MergePullRequestOption",
    ("POST", f"{_PULL}/requested_reviewers"): "PullReviewRequestOptions",
    ("POST", f"{_REPOSITORY}/labels"): "CreateLabelOption",
    ("POST", f"{_ISSUE}/labels"): "IssueLabelsOption",
}
ANSWERS = {
    ("GET", _REPOSITORY): "Repository",
    ("GET", f"{_REPOSITORY}/pulls"): "PullRequest",
    ("POST", f"{_REPOSITORY}/pulls"): "PullRequest",
    ("PATCH", _PULL): "PullRequest",
    ("GET", _PULL): "PullRequest",
    ("GET", f"{_ISSUE}/timeline"): "TimelineComment",
    ("GET", f"{_REPOSITORY}/labels"): "Label",
    ("POST", f"{_REPOSITORY}/labels"): "Label",
    ("GET", f"{_REPOSITORY}/branches/{{branch}}"): "Branch",
    ("GET", f"{_REPOSITORY}/assignees"): "User",
    ("GET", "/user"): "User",
    ("GET", f"{_REPOSITORY}/commits/{{ref}}/status"): "CombinedStatus",
}


class GiteaFace:
    """Answers as Gitea does."""

    prefixes = ("/api/v1",)
    public: Mapping[str, Any] = {"/api/v1/version": {"version": "1.26.0"}}

    def __init__(self, state: State, violations: list[str]) -> None:
        self.state, self.violations = state, violations
        self._published = published("gitea.json")
        self._routes = routes_of(self)
        self._cancelled: dict[int, int] = {}

    def authorised(self, headers: Mapping[str, str], token: str) -> bool:
        return headers.get("Authorization") in (f"token {token}", f"Bearer {token}")

    def unauthorised(self) -> Answer:
        return Answer(401, {"message": "invalid username, password or token"})

    def limited(self, kind: str, retry_after: float | None) -> Answer:
        # Gitea itself has no limits; what stands before an instance does.
        headers = {} if kind == "primary" or retry_after is None else {"Retry-After": str(int(retry_after))}
        if kind == "primary":
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()))}
        return Answer(429, {"message": "Too many requests"}, headers)

    def field_of(self, body: Any) -> str:
        del body
        return ""

    def answer(self, call: Call) -> Answer:
        for method, pattern, template, function in self._routes:
            found = pattern.fullmatch(call.path)
            if method == call.method and found is not None:
                self._check_scope(call, template)
                self._check_request(call, template)
                answer: Answer = function(self, call, found.groupdict())
                self._check_answer(call, template, answer)
                return answer
        self.violations.append(f"{call.method} {call.path}: no operation that the bot should need")
        return Answer(404, NOT_FOUND)

    def _check_scope(self, call: Call, template: str) -> None:
        category = next((name for start, name in _SCOPES if template.startswith(start)), "repository")
        wanted = f"{'read' if call.method == 'GET' else 'write'}:{category}"
        has = self.state.scopes
        if has is None or wanted in has or wanted.replace("read:", "write:") in has:
            return
        said = (
            f"token does not have at least one of required scope(s), required=[{wanted}], token scope={','.join(has)}"
        )
        raise RefusalError(403, {"message": said, "url": "https://forge.example/api/swagger"})

    def _check_request(self, call: Call, template: str) -> None:
        wrong = [f"unknown parameter {name}" for name in call.query if name not in QUERIES.get(template, ())]
        name = BODIES.get((call.method, template))
        if name is not None:
            schema = {"$ref": f"#/schemas/{name}"}
            # Go reads keys in any case: the merge's `Do` is `do` in what the definitions were made from.
            body = {"do" if key == "Do" else key: value for key, value in (call.body or {}).items()}
            wrong += self._published.problems(schema, body, strict=True)
        elif call.body is not None:
            wrong.append("a body where there is none")
        if wrong:
            self.violations += [f"{call.method} {call.path} is asked wrongly: {one}" for one in wrong]
            raise RefusalError(422, {"message": ", ".join(wrong)})

    def _check_answer(self, call: Call, template: str, answer: Answer) -> None:
        name = ANSWERS.get((call.method, template))
        if name is None or answer.status >= 300:
            return
        if isinstance(answer.value, Null):
            return
        for value in answer.value if isinstance(answer.value, list) else [answer.value]:
            wrong = self._published.problems({"$ref": f"#/schemas/{name}"}, value, strict=True)
            self.violations += [f"the double answers {call.method} {call.path} wrongly: {one}" for one in wrong]

    # What things look like

    def _user(self, name: str) -> dict[str, Any]:
        return {"id": self.state.person(name) or 900, "login": name, "full_name": name.title(), "email": ""}

    def _repository(self, one: Stored, base: str) -> dict[str, Any]:
        owner, _, name = one.name.partition("/")
        return {
            "id": one.number, "name": name, "full_name": one.name, "owner": self._user(owner),
            "default_branch": one.default_branch, "archived": one.archived, "fork": one.fork, "empty": one.empty,
            "clone_url": f"{base}/{one.name}.git", "html_url": f"{base}/{one.name}", "private": True,
            "has_pull_requests": one.takes_pulls, "mirror": one.mirror, "updated_at": self.state.date(one.pushed_at),
            **{setting: style in one.merge_styles for style, setting in _STYLES.items()},
            "default_merge_style": one.merge_styles[0],
            "permissions": {"admin": False, "push": one.rights == "write", "pull": True},
        }  # fmt: skip

    def _label(self, one: Stored, name: str) -> dict[str, Any]:
        return {"id": one.label(name), "name": name, "color": "1d63ed", "description": ""}

    def _pull(self, one: Stored, pull: Pull, base: str) -> dict[str, Any]:
        head = one.head_of(pull)
        gone = one.head(pull.head) is None
        reference = f"refs/pull/{pull.number}/head" if gone else pull.head
        there = None if pull.of_fork else self._repository(one, base)
        return {
            "id": 1000 * one.number + pull.number, "number": pull.number, "title": pull.title, "body": pull.body,
            "state": "open" if pull.state == "open" else "closed", "merged": pull.state == "merged", "draft": False,
            "html_url": f"{base}/{one.name}/pulls/{pull.number}", "url": f"{base}/{one.name}/pulls/{pull.number}",
            "user": self._user(self.state.account), "labels": [self._label(one, name) for name in pull.labels],
            "assignees": [self._user(name) for name in pull.assignees] or None,
            "requested_reviewers": [self._user(name) for name in pull.reviewers] or None,
            "mergeable": pull.state == "open" and not one.conflicts(pull), "created_at": _WHEN, "updated_at": _WHEN,
            "head": {"label": pull.head, "ref": reference, "sha": head, "repo_id": 77 if pull.of_fork else one.number,
                     "repo": there},
            "base": {"label": pull.base, "ref": pull.base, "sha": one.head(pull.base), "repo_id": one.number,
                     "repo": self._repository(one, base)},
        }  # fmt: skip

    # What can be asked for

    def _find(self, match: Mapping[str, str], *, write: bool = False) -> Stored:
        one = self.state.find(f"{match['owner']}/{match['repo']}")
        if one is None:
            raise RefusalError(404, NOT_FOUND)
        if write and one.archived:
            raise RefusalError(423, {"message": f"{one.name} is archived"})
        if write and one.rights != "write":
            raise RefusalError(403, {"message": "user should have a permission to write to a repo"})
        return one

    def _find_pull(self, match: Mapping[str, str], *, write: bool = False) -> tuple[Stored, Pull]:
        one = self._find(match, write=write)
        pull = one.pulls.get(int(match["index"])) if match["index"].isdecimal() else None
        if pull is None:
            raise RefusalError(404, NOT_FOUND)
        return one, pull

    @route("GET", _REPOSITORY)
    def repository(self, call: Call, match: Mapping[str, str]) -> Answer:
        return Answer(200, self._repository(self._find(match), call.base))

    @route("GET", "/orgs/{org}/repos")
    def of_organisation(self, call: Call, match: Mapping[str, str]) -> Answer:
        if match["org"] not in self.state.organisations:
            return Answer(404, NOT_FOUND)
        return self._repositories(call, match["org"])

    @route("GET", "/users/{username}/repos")
    def of_user(self, call: Call, match: Mapping[str, str]) -> Answer:
        if not self.state.of_owner(match["username"]):
            return Answer(404, NOT_FOUND)
        return self._repositories(call, match["username"])

    def _repositories(self, call: Call, owner: str) -> Answer:
        items = [self._repository(one, call.base) for one in self.state.of_owner(owner)]
        part, headers = page(call, items, "limit", 30, 50)
        return Answer(200, part, headers)

    @route("GET", "/user")
    def user(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call, match
        return Answer(200, self._user(self.state.account))

    @route("GET", f"{_REPOSITORY}/assignees")
    def assignees(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match)
        part, headers = page(call, [self._user(name) for name in self._readers(one)], "limit", 30, 50)
        return Answer(200, part, headers)

    def _readers(self, one: Stored) -> list[str]:
        return [name for name in self.state.people if name not in one.strangers]

    @route("GET", f"{_REPOSITORY}/branches/{{branch}}")
    def branch(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call
        one = self._find(match)
        head = one.head(match["branch"])
        if head is None:
            return Answer(404, NOT_FOUND)
        required = list(one.required_checks) if match["branch"] == one.default_branch else []
        value = {
            "name": match["branch"], "commit": {"id": head}, "protected": bool(required), "required_approvals": 0,
            "enable_status_check": bool(required), "status_check_contexts": required, "user_can_push": True,
            "user_can_merge": one.auto_merge_allowed, "effective_branch_protection_name": "main" if required else "",
        }  # fmt: skip
        return Answer(200, value)

    @route("GET", f"{_REPOSITORY}/pulls")
    def pulls(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match)
        if not _has_pulls(one):
            return Answer(404, NOT_FOUND)
        state = call.query.get("state", "open")
        found = [pull for pull in one.pulls.values() if state == "all" or (pull.state == "open") == (state == "open")]
        for pull in found:
            if pull.state == "open" and not pull.of_fork and one.head(pull.head) is None and pull.last_head != "0" * 40:
                # A pull request whose branch is deleted is closed by the server itself.
                one.head_of(pull)
                pull.state = "closed"
        if (poster := call.query.get("poster")) is not None:
            found = [pull for pull in found if (pull.poster or self.state.account) == poster]
        items = [self._pull(one, pull, call.base) for pull in sorted(found, key=lambda pull: -pull.number)]
        part, headers = page(call, items, "limit", 30, 50)
        return Answer(200, part, headers)

    @route("POST", f"{_REPOSITORY}/pulls")
    def open_pull(self, call: Call, match: Mapping[str, str]) -> Answer:
        # Whoever may read may propose what is there.
        one = self._find(match)
        if one.archived:
            raise RefusalError(423, {"message": f"{one.name} is archived"})
        head, base = call.body["head"], call.body["base"]
        if head == base:
            said = "Invalid PullRequest: There are no changes between the head and the base"
            return Answer(422, {"message": said})
        if not _has_pulls(one) or one.head(head) is None or one.head(base) is None:
            return Answer(404, NOT_FOUND)
        if one.races:
            # It looks for an open one and inserts without a lock: two at once are both new.
            one.races -= 1
            one.opened(head, base, call.body["title"], call.body.get("body") or "")
        elif one.open_for(head, base) is not None:
            return Answer(409, {"message": f"pull request already exists for these targets [head_branch: {head}]"})
        pull = one.opened(head, base, call.body["title"], call.body.get("body") or "")
        return Answer(201, self._pull(one, pull, call.base))

    @route("GET", _PULL)
    def pull(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match)
        return Answer(200, self._pull(one, pull, call.base))

    @route("PATCH", _PULL)
    def edit_pull(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match)
        if one.archived:
            raise RefusalError(423, {"message": f"{one.name} is archived"})
        if one.rights != "write" and pull.poster:
            # Who opened it may change it; anybody else is refused without a word.
            return Answer(403)
        one.head_of(pull)
        pull.title = call.body.get("title", pull.title)
        pull.body = call.body.get("body", pull.body)
        pull.base = call.body.get("base", pull.base)
        wanted = call.body.get("assignees", pull.assignees)
        if any(self.state.person(name) is None for name in wanted):
            return Answer(422, {"message": "Assignee does not exist"})
        if one.strangers & set(wanted):
            return Answer(500, {"message": ""})
        # A list replaces what was there.
        pull.assignees = list(wanted)
        if pull.state != "merged":
            pull.state = call.body.get("state", pull.state)
        return Answer(201, self._pull(one, pull, call.base))

    @route("POST", f"{_PULL}/merge")
    def merge(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match, write=True)
        if not one.auto_merge_allowed:
            return Answer(405, {"message": "User not allowed to merge PR"})
        required = one.required_checks if pull.base == one.default_branch else ()
        if not call.body.get("merge_when_checks_succeed"):
            if required and pull.checks != "passed":
                return Answer(405, {"message": "Not all required status checks successful"})
            if one.conflicts(pull):
                return Answer(405, {"message": "Please try again later"})
        head = one.head_of(pull)
        # Which commit it is for is looked at where it is merged at once, and nowhere else.
        if call.body.get("head_commit_id") not in (None, head) and not call.body.get("merge_when_checks_succeed"):
            return Answer(409, {"message": "head out of date"})
        if pull.state != "open":
            merged = Answer(405, {"message": "The PR is already merged"})
            return merged if pull.state == "merged" else Answer(404, NOT_FOUND)
        if pull.auto_merge:
            return Answer(409, {"message": "pull request is already scheduled to auto merge"})
        if call.body.get("merge_when_checks_succeed"):
            # Statuses count where the protection of the branch requires them, and nowhere else; a style that is not
            # allowed is taken, and never merges.
            pull.auto_merge = True
            if (not required or pull.checks == "passed") and call.body["Do"] in one.merge_styles:
                pull.state = "merged"
            return Answer(201)
        pull.state = "merged"
        return Answer(200)

    @route("GET", f"{_REPOSITORY}/commits/{{ref}}/status")
    def statuses(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match)
        pull = next((pull for pull in one.pulls.values() if one.head_of(pull) == match["ref"]), None)
        words = {"none": [], "pending": ["pending"], "failed": ["failure"], "passed": ["success"]}
        states = [] if pull is None else [*["success"] * pull.more_checks, *words[pull.checks]]
        items = [{"id": number, "context": f"ci/{number}", "status": state} for number, state in enumerate(states, 1)]
        # All that it says is of this page alone.
        part, headers = page(call, items, "limit", 30, 50)
        there = [item["status"] for item in part]
        state = next((bad for bad in ("failure", "pending") if bad in there), "success" if there else "pending")
        value = {"sha": match["ref"], "state": state, "statuses": part or None, "total_count": len(part)}
        return Answer(200, value, headers)

    @route("DELETE", f"{_PULL}/merge")
    def cancel_merge(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call
        _, pull = self._find_pull(match, write=True)
        pull.auto_merge, pull.auto_merge_cancelled = False, True
        return Answer(204)

    @route("POST", f"{_PULL}/requested_reviewers")
    def review(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match, write=True)
        wanted = call.body.get("reviewers", [])
        if any(self.state.person(name) is None for name in wanted):
            return Answer(404, NOT_FOUND)
        if any(team not in self.state.teams for team in call.body.get("team_reviewers", [])):
            return Answer(404, NOT_FOUND)
        if one.strangers & set(wanted):
            return Answer(422, {"message": "Reviewer can't read"})
        if self.state.account in wanted:
            return Answer(422, {"message": "poster of pr can't be reviewer"})
        pull.reviewers += [name for name in wanted if name not in pull.reviewers]
        return Answer(201, [])

    @route("GET", f"{_ISSUE}/timeline")
    def timeline(self, call: Call, match: Mapping[str, str]) -> Answer:
        _, pull = self._find_pull(match)
        kinds = ["comment"] * len(pull.comments)
        kinds += ["pull_scheduled_merge", "pull_cancel_scheduled_merge"] if pull.auto_merge_cancelled else []
        kinds += ["pull_scheduled_merge"] if pull.auto_merge else []
        events = [{"id": number, "type": kind, "body": "", "created_at": _WHEN} for number, kind in enumerate(kinds, 1)]
        part, headers = page(call, events, "limit", 30, 50)
        return Answer(200, part or Null(), headers)

    @route("POST", f"{_ISSUE}/labels")
    def label(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match, write=True)
        names = {number: name for name, number in one.labels.items()}
        wanted = [names[number] for number in call.body["labels"] if number in names]
        pull.labels += [name for name in wanted if name not in pull.labels]
        return Answer(200, [self._label(one, name) for name in pull.labels])

    @route("GET", "/orgs/{org}/labels")
    def organisation_labels(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call
        return Answer(200, []) if match["org"] in self.state.organisations else Answer(404, NOT_FOUND)

    @route("GET", f"{_REPOSITORY}/labels")
    def labels(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match)
        part, headers = page(call, [self._label(one, name) for name in one.labels], "limit", 30, 50)
        return Answer(200, part, headers)

    @route("POST", f"{_REPOSITORY}/labels")
    def make_label(self, call: Call, match: Mapping[str, str]) -> Answer:
        # An archived one takes them, too.
        one = self._find(match)
        if one.rights != "write":
            raise RefusalError(403, {"message": "user should have a permission to write to a repo"})
        if call.body["name"] in one.labels:
            # Gitea makes a second one; the bot must not ask for it.
            self.violations.append(f"the label {call.body['name']} is made twice")
        return Answer(201, self._label(one, call.body["name"]))


def _has_pulls(one: Stored) -> bool:
    return one.takes_pulls and not one.mirror and not one.empty
