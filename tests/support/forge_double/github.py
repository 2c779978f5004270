"""GitHub's face: REST checked against @octokit/openapi, GraphQL run by graphql-core over GitHub's own schema.

It looks like an Enterprise Server: ``/api/v3`` and ``/api/graphql``.
"""

from __future__ import annotations

import base64
import hashlib
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import graphql

from . import gitstore
from .face import Answer, Call, RefusalError, page, route, routes_of, stored
from .schemas import FOLDER, published

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .app import AppDouble
    from .state import Pull, State, Stored

_REPOSITORY = "/repos/{owner}/{repo}"
_WRITING = frozenset({"POST", "PATCH", "PUT", "DELETE"})
NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}
_BOT = ("pinner[bot]", "1+pinner[bot]@users.noreply.github.com")
_WEB_FLOW = ("GitHub", "noreply@github.com")


@cache
def _graphql_schema() -> graphql.GraphQLSchema:
    return graphql.build_schema((FOLDER / "github.graphql").read_text(encoding="utf-8"))


class GitHubFace:
    """Answers as GitHub does."""

    prefixes = ("/api/v3", "/api")
    public: Mapping[str, Any] = {"/api/v3/meta": {"verifiable_password_authentication": True}}

    def __init__(self, state: State, violations: list[str]) -> None:
        self.state, self.violations = state, violations
        self._published = published("github.json")
        self._routes = routes_of(self)
        self.app: AppDouble | None = None
        """Where tokens are an App's: what makes them."""

    def authorised(self, headers: Mapping[str, str], token: str) -> bool:
        if self.app is not None and self.app.is_app(headers):
            return True
        del token
        scheme, _, said = headers.get("Authorization", "").partition(" ")
        return scheme in ("Bearer", "token") and self.state.accepts(said)

    def unauthorised(self) -> Answer:
        return Answer(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})

    def limited(self, kind: str, retry_after: float | None) -> Answer:
        if kind == "primary":
            headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()))}
            return Answer(403, {"message": "API rate limit exceeded for installation."}, headers)
        headers = {} if retry_after is None else {"Retry-After": str(int(retry_after))}
        text = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        return Answer(429 if kind == "too-many" else 403, {"message": text, "documentation_url": "x"}, headers)

    def field_of(self, body: Any) -> str:
        query = body.get("query") if isinstance(body, dict) else None
        if not isinstance(query, str):
            return ""
        names = ("createCommitOnBranch", "enablePullRequestAutoMerge", "statusCheckRollup", "viewer")
        return next((f"#{name}" for name in names if f"{name}" in query), "")

    def answer(self, call: Call) -> Answer:
        if call.is_graphql:
            return self._graphql(call)
        if self.app is not None and (said := self.app.answer(call)) is not None:
            return said
        for method, pattern, template, function in self._routes:
            found = pattern.fullmatch(call.path)
            if method == call.method and found is not None:
                operation = self._published.operations[f"{method} {template}"]
                self._check_request(call, operation)
                try:
                    answer: Answer = function(self, call, found.groupdict())
                except RefusalError as refusal:
                    answer = refusal.answer
                self._check_answer(call, operation, answer)
                return answer
        self.violations.append(f"{call.method} {call.path}: no operation that the bot should need")
        return Answer(404, NOT_FOUND)

    def _check_request(self, call: Call, operation: Mapping[str, Any]) -> None:
        wrong = [f"unknown parameter {name}" for name in call.query if name not in operation["query"]]
        for name, value in call.query.items():
            schema = operation["query"].get(name, {})
            typed = int(value) if schema.get("type") == "integer" and value.isdecimal() else value
            wrong += self._published.problems(schema, typed)
        if operation["body"] is not None:
            wrong += self._published.problems(operation["body"], call.body, strict=True)
        elif call.body is not None:
            wrong.append("a body where there is none")
        if wrong:
            self.violations += [f"{call.method} {call.path} is asked wrongly: {one}" for one in wrong]
            raise RefusalError(422, {"message": "Invalid request.", "errors": wrong, "documentation_url": "x"})

    def _check_answer(self, call: Call, operation: Mapping[str, Any], answer: Answer) -> None:
        status = str(answer.status)
        # Refusals of the token are everywhere and listed almost nowhere.
        if status not in operation["answers"]:
            if status not in ("401", "403", "404", "422"):
                self.violations.append(f"{call.method} {call.path}: status {status} is not in the API")
            return
        schema = operation["answers"][status]
        if schema is not None:
            wrong = self._published.problems(schema, answer.value)
            self.violations += [f"the double answers {call.method} {call.path} wrongly: {one}" for one in wrong]

    # What things look like

    def _user(self, login: str) -> dict[str, Any]:
        known = self.state.person(login) or 900
        values = {"login": login, "id": known, "type": "Bot" if login.endswith("[bot]") else "User"}
        return self._published.filled("simple-user", values)

    def _repository(self, one: Stored, base: str, kind: str = "full-repository") -> dict[str, Any]:
        owner, _, name = one.name.partition("/")
        rights = {"admin": False, "maintain": False, "push": one.rights == "write", "triage": False, "pull": True}
        if self.state.token.startswith("ghs_"):
            rights = dict.fromkeys(rights, False)
        values = {
            "id": one.number, "node_id": f"R_{one.number}", "name": name, "full_name": one.name,
            "owner": self._user(owner), "default_branch": one.default_branch, "archived": one.archived,
            "fork": one.fork, "private": True, "permissions": rights, "clone_url": f"{base}/{one.name}.git",
            "html_url": f"{base}/{one.name}", "url": f"{base}/api/v3/repos/{one.name}",
            "allow_merge_commit": False, "allow_squash_merge": True, "allow_rebase_merge": True,
            "allow_auto_merge": one.auto_merge_allowed, "has_downloads": True,
            "pushed_at": self.state.date(one.pushed_at),
        }  # fmt: skip
        return self._published.filled(kind, values)

    def _pull(self, one: Stored, pull: Pull, base: str, kind: str = "pull-request") -> dict[str, Any]:
        owner = one.name.partition("/")[0]
        whole = self._repository(one, base)
        other = {**whole, "full_name": f"stranger/{whole['name']}"} if pull.of_fork else whole
        user = self._user(self.state.account)
        url = f"{base}/api/v3/repos/{one.name}/pulls/{pull.number}"
        enabled = {"enabled_by": user, "merge_method": "squash", "commit_title": "", "commit_message": ""}
        link, ends = {"href": url}, {"user": user, "repo": whole}
        issue = url.replace("/pulls/", "/issues/")
        names = ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
        values = {
            "url": url, "issue_url": issue, "comments_url": f"{issue}/comments", "id": pull.number,
            "node_id": f"PR_{one.number}_{pull.number}", "number": pull.number,
            "state": "open" if pull.state == "open" else "closed", "title": pull.title, "body": pull.body,
            "html_url": f"{base}/{one.name}/pull/{pull.number}", "user": user, "draft": False,
            "labels": [self._label(one, name) for name in pull.labels],
            "assignees": [self._user(name) for name in pull.assignees],
            "assignee": self._user(pull.assignees[0]) if pull.assignees else None,
            "requested_reviewers": [self._user(name) for name in pull.reviewers], "requested_teams": [],
            "merged_at": "2026-01-02T00:00:00Z" if pull.state == "merged" else None,
            "head": {**ends, "label": f"{owner}:{pull.head}", "ref": pull.head, "sha": one.head_of(pull),
                     "repo": other},
            "base": {**ends, "label": f"{owner}:{pull.base}", "ref": pull.base, "sha": one.head(pull.base)},
            "auto_merge": enabled if pull.auto_merge else None, "_links": dict.fromkeys(names, link),
        }  # fmt: skip
        if kind == "pull-request":
            conflicts = pull.state == "open" and one.conflicts(pull)
            state = "dirty" if conflicts else _merge_state(one, pull)
            values |= {"mergeable": not conflicts, "mergeable_state": state, "merged": pull.state == "merged"}
        return self._published.filled(kind, values)

    @route("GET", f"{_REPOSITORY}/branches/{{branch}}")
    def branch(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call
        one = self._find(match)
        required = [] if one.rule_sets else list(one.required_checks)
        checks = {"enforcement_level": "non_admins", "contexts": required, "checks": []}
        protection = {"enabled": bool(required), "required_status_checks": checks}
        values = {"name": match["branch"], "protected": bool(required), "protection": protection}
        return Answer(200, self._published.filled("branch-with-protection", values))

    @route("GET", f"{_REPOSITORY}/rules/branches/{{branch}}")
    def rules(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match)
        wanted = [{"context": context} for context in one.required_checks] if one.rule_sets else []
        how = {"required_status_checks": wanted, "strict_required_status_checks_policy": False}
        rules = [{"type": "deletion"}, *([{"type": "required_status_checks", "parameters": how}] if wanted else [])]
        part, headers = page(call, rules, "per_page", 30, 100)
        return Answer(200, part, headers)

    @route("PUT", f"{_REPOSITORY}/pulls/{{pull_number}}/merge")
    def merge(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match, write=True)
        if call.body.get("sha") not in (None, one.head_of(pull)):
            return Answer(409, {"message": "Head branch was modified. Review and try the merge again."})
        if not one.auto_merge_allowed or pull.state != "open":
            return Answer(405, {"message": "Pull Request is not mergeable", "documentation_url": "x"})
        pull.state = "merged"
        return Answer(200, {"sha": one.head_of(pull), "merged": True, "message": "Pull Request successfully merged"})

    def _label(self, one: Stored, name: str) -> dict[str, Any]:
        return self._published.filled("label", {"id": one.label(name), "name": name, "description": ""})

    # What can be asked for

    def _find(self, match: Mapping[str, str], *, write: bool = False) -> Stored:
        one: Stored = stored(self.state, f"{match['owner']}/{match['repo']}", NOT_FOUND)
        if write and one.archived:
            raise RefusalError(403, {"message": "Repository was archived so is read-only.", "documentation_url": "x"})
        if write and one.rights != "write":
            raise RefusalError(403, {"message": "Resource not accessible by integration", "documentation_url": "x"})
        return one

    def _find_pull(self, match: Mapping[str, str], *, write: bool = False) -> tuple[Stored, Pull]:
        one = self._find(match, write=write)
        number = match.get("pull_number") or match["issue_number"]
        pull = one.pulls.get(int(number)) if number.isdecimal() else None
        if pull is None:
            raise RefusalError(404, NOT_FOUND)
        return one, pull

    @route("GET", "/user")
    def user(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call, match
        if self.state.token.startswith("ghs_"):
            return Answer(403, {"message": "Resource not accessible by integration", "documentation_url": "x"})
        return Answer(200, self._published.filled("public-user", {"login": self.state.account}))

    @route("GET", _REPOSITORY)
    def repository(self, call: Call, match: Mapping[str, str]) -> Answer:
        return Answer(200, self._repository(self._find(match), call.base))

    @route("GET", "/orgs/{org}/repos")
    def organisation(self, call: Call, match: Mapping[str, str]) -> Answer:
        if match["org"] not in self.state.organisations:
            return Answer(404, NOT_FOUND)
        return self._repositories(call, match["org"])

    @route("GET", "/users/{username}/repos")
    def of_user(self, call: Call, match: Mapping[str, str]) -> Answer:
        if not self.state.of_owner(match["username"]):
            return Answer(404, NOT_FOUND)
        return self._repositories(call, match["username"])

    def _repositories(self, call: Call, owner: str) -> Answer:
        there = self.state.of_owner(owner)
        if call.query.get("sort") == "pushed":
            there.sort(key=lambda one: one.pushed_at, reverse=call.query.get("direction") == "desc")
        items = [self._repository(one, call.base, "minimal-repository") for one in there]
        part, headers = page(call, items, "per_page", 30, 100)
        return Answer(200, part, headers)

    @route("GET", f"{_REPOSITORY}/pulls")
    def pulls(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match)
        state, head = call.query.get("state", "open"), call.query.get("head")
        items = []
        for pull in sorted(one.pulls.values(), key=lambda pull: -pull.number):
            owner = "stranger" if pull.of_fork else match["owner"]
            fits = state == "all" or (pull.state == "open") == (state == "open")
            # GitHub ignores a `head` that names no owner.
            if fits and (head is None or ":" not in head or head.lower() == f"{owner}:{pull.head}".lower()):
                items.append(self._pull(one, pull, call.base, "pull-request-simple"))
        part, headers = page(call, items, "per_page", 30, 100)
        return Answer(200, part, headers)

    @route("POST", f"{_REPOSITORY}/pulls")
    def open_pull(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match, write=True)
        head, base = call.body["head"].rpartition(":")[2], call.body["base"]
        for name, branch in (("head", head), ("base", base)):
            if one.head(branch) is None:
                raise _invalid(name, "invalid")
        if one.open_for(head, base) is not None:
            raise _invalid("head", "custom", f"A pull request already exists for {match['owner']}:{head}.")
        if one.head(head) == one.head(base):
            raise _invalid("head", "custom", f"No commits between {base} and {head}")
        if len(call.body.get("body") or "") > 65536:
            raise _invalid("body", "custom", "body is too long (maximum is 65536 characters)")
        pull = one.opened(head, base, call.body["title"], call.body.get("body") or "")
        return Answer(201, self._pull(one, pull, call.base))

    @route("GET", f"{_REPOSITORY}/pulls/{{pull_number}}")
    def pull(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match)
        return Answer(200, self._pull(one, pull, call.base))

    @route("PATCH", f"{_REPOSITORY}/pulls/{{pull_number}}")
    def edit_pull(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match, write=True)
        one.head_of(pull)
        pull.title = call.body.get("title", pull.title)
        # GitHub keeps CRLF as it is given, and no blanks at the end.
        pull.body = call.body.get("body", pull.body)
        pull.base = call.body.get("base", pull.base)
        if pull.state != "merged":
            pull.state = call.body.get("state", pull.state)
        return Answer(200, self._pull(one, pull, call.base))

    @route("POST", f"{_REPOSITORY}/pulls/{{pull_number}}/requested_reviewers")
    def review(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match, write=True)
        wanted = call.body.get("reviewers", [])
        if any(self.state.person(name) is None for name in wanted):
            text = "Reviews may only be requested from collaborators."
            return Answer(422, {"message": text, "documentation_url": "x"})
        pull.reviewers += [name for name in wanted if name not in pull.reviewers]
        return Answer(201, self._pull(one, pull, call.base, "pull-request-simple"))

    @route("GET", f"{_REPOSITORY}/issues/{{issue_number}}/labels")
    def labels(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call
        one, pull = self._find_pull(match)
        return Answer(200, [self._label(one, name) for name in pull.labels])

    @route("POST", f"{_REPOSITORY}/issues/{{issue_number}}/labels")
    def label(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match, write=True)
        pull.labels += [name for name in call.body["labels"] if name not in pull.labels]
        return Answer(200, [self._label(one, name) for name in pull.labels])

    @route("POST", f"{_REPOSITORY}/issues/{{issue_number}}/assignees")
    def assign(self, call: Call, match: Mapping[str, str]) -> Answer:
        one, pull = self._find_pull(match, write=True)
        # Who cannot be assigned is passed over in silence.
        wanted = [name for name in call.body["assignees"] if self.state.person(name)]
        pull.assignees += [name for name in wanted if name not in pull.assignees]
        people = [self._user(name) for name in pull.assignees]
        values = {"number": pull.number, "title": pull.title, "state": "open", "assignees": people, "labels": []}
        del one
        return Answer(201, self._published.filled("issue", values))

    @route("GET", f"{_REPOSITORY}/git/ref/{{ref+}}")
    def reference(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call
        head = self._find(match).head(match["ref"].removeprefix("heads/"))
        return Answer(404, NOT_FOUND) if head is None else Answer(200, self._reference(match["ref"], head))

    @route("POST", f"{_REPOSITORY}/git/refs")
    def make_reference(self, call: Call, match: Mapping[str, str]) -> Answer:
        one = self._find(match, write=True)
        branch = call.body["ref"].removeprefix("refs/heads/")
        if one.head(branch) is not None:
            return Answer(422, {"message": "Reference already exists", "documentation_url": "x"})
        if not gitstore.git(one.folder, "cat-file", "-t", call.body["sha"], check=False):
            return Answer(422, {"message": "Object does not exist", "documentation_url": "x"})
        gitstore.git(one.folder, "update-ref", call.body["ref"], call.body["sha"])
        return Answer(201, self._reference(f"heads/{branch}", call.body["sha"]))

    def _reference(self, name: str, head: str) -> dict[str, Any]:
        target = {"type": "commit", "sha": head, "url": "https://forge.example/c"}
        return self._published.filled("git-ref", {"ref": f"refs/{name}", "object": target})

    @route("GET", f"{_REPOSITORY}/git/commits/{{commit_sha}}")
    def git_commit(self, call: Call, match: Mapping[str, str]) -> Answer:
        del call
        one = self._find(match)
        text = gitstore.git(one.folder, "log", "-1", "--format=%P%x00%T%x00%B", match["commit_sha"], check=False)
        if not text:
            return Answer(404, NOT_FOUND)
        parents, tree, message = text.split("\0")
        address = "https://forge.example/x"
        values = {
            "sha": match["commit_sha"], "message": message, "tree": {"sha": tree, "url": address},
            "parents": [{"sha": parent, "url": address, "html_url": address} for parent in parents.split()],
        }  # fmt: skip
        return Answer(200, self._published.filled("git-commit", values))

    # GraphQL

    def _graphql(self, call: Call) -> Answer:
        schema = _graphql_schema()
        body = call.body if isinstance(call.body, dict) else {}
        document = graphql.parse(body.get("query") or "query { viewer { login } }")
        wrong = [error.message for error in graphql.validate(schema, document)]
        wrong += [f"unknown key {key}" for key in body if key not in ("query", "variables", "operationName")]
        self.violations += [f"GraphQL is asked wrongly: {one}" for one in wrong]
        done = graphql.graphql_sync(schema, body["query"], _Root(self), variable_values=body.get("variables"))
        answer: dict[str, Any] = {"data": done.data}
        if done.errors:
            known = [error.original_error for error in done.errors]
            if not all(isinstance(error, _GraphqlError) for error in known):
                self.violations += [f"GraphQL: {error.message}" for error in done.errors]
            kinds = [getattr(error, "kind", "INTERNAL") for error in known]
            answer["errors"] = [
                {"type": kind, "path": error.path, "message": error.message}
                for kind, error in zip(kinds, done.errors, strict=True)
            ]
        return Answer(200, answer)


class _GraphqlError(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Root:
    """What the fields of a query or mutation do."""

    def __init__(self, face: GitHubFace) -> None:
        self._face, self._state = face, face.state

    def viewer(self, _info: Any) -> dict[str, str]:
        return {"login": self._state.account}

    def repository(self, _info: Any, owner: str, name: str, **_: Any) -> dict[str, Any]:
        one = self._find(f"{owner}/{name}")

        def pull_request(_info: Any, number: int) -> dict[str, Any]:
            pull = one.pulls[number]
            words = {"none": None, "pending": "PENDING", "failed": "FAILURE", "passed": "SUCCESS"}
            state = words[pull.checks] or ("SUCCESS" if pull.more_checks else None)
            commit = {"oid": one.head_of(pull), "statusCheckRollup": None if state is None else {"state": state}}
            return {"commits": lambda _info, last: {"nodes": [{"commit": commit}][-last:]}}

        return {"pullRequest": pull_request}

    def _find(self, name: str) -> Stored:
        one = self._state.find(name)
        if one is None:
            raise _GraphqlError("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")
        if one.rights != "write" or one.archived:
            raise _GraphqlError("FORBIDDEN", "Resource not accessible by integration")
        return one

    def createCommitOnBranch(self, _info: Any, input: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002, N802 - GitHub's names
        place, expected = input["branch"], input["expectedHeadOid"]
        one = self._find(place["repositoryNameWithOwner"])
        head = one.head(place["branchName"])
        if head != expected:
            text = f'Expected branch to point to "{expected}" but it did not. Pull and try again.'
            raise _GraphqlError("STALE_DATA", text)
        added = {file["path"]: base64.b64decode(file["contents"]) for file in input["fileChanges"]["additions"]}
        message = input["message"]
        text = message["headline"] + (f"\n\n{message['body']}" if message.get("body") else "")
        # Its time is that of the commit: no two are the same.
        when = gitstore.EPOCH + int(hashlib.sha256(f"{time.time_ns()}".encode()).hexdigest()[:6], 16)
        made = gitstore.commit(
            one.folder, place["branchName"], added, text, author=_BOT, committer=_WEB_FLOW, when=when
        )
        return {"commit": {"oid": made, "url": f"https://forge.example/{made}"}, "clientMutationId": None}

    def enablePullRequestAutoMerge(self, _info: Any, input: Mapping[str, Any]) -> dict[str, Any]:  # noqa: A002, N802 - GitHub's names
        _, repository, number = input["pullRequestId"].split("_")
        one = self._find(repository)
        pull = one.pulls[int(number)]
        if not one.auto_merge_allowed:
            raise _GraphqlError("UNPROCESSABLE", "Auto merge is not allowed for this repository")
        if pull.auto_merge:
            raise _GraphqlError("UNPROCESSABLE", "Auto merge is enabled already")
        if (state := _merge_state(one, pull)) != "blocked":
            raise _GraphqlError("UNPROCESSABLE", f"Pull request is in {state} status")
        if input.get("expectedHeadOid") not in (None, one.head_of(pull)):
            raise _GraphqlError("STALE_DATA", "Head sha does not match")
        pull.auto_merge = True
        return {"pullRequest": {"id": input["pullRequestId"], "number": pull.number}, "clientMutationId": None}


def _merge_state(one: Stored, pull: Pull) -> str:
    """Return what GitHub says of a pull request without conflicts: a check that is required has to pass."""
    if one.required_checks:
        return "clean" if pull.checks == "passed" else "blocked"
    return "unstable" if pull.checks in ("pending", "failed") else "clean"


def _invalid(name: str, code: str, message: str | None = None) -> RefusalError:
    error = {"resource": "PullRequest", "field": name, "code": code, **({"message": message} if message else {})}
    return RefusalError(422, {"message": "Validation Failed", "errors": [error], "documentation_url": "x"})
