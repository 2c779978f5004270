"""GitHub GraphQL client: signed commits, auto-merge, the App's identity.

Source: docs.github.com/graphql (npm @octokit/graphql-schema).
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from pinner.bot.forges.base import BusyError, ForbiddenError, ForgeError, StaleHeadError, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.bot.forges.transport import Api
    from pinner.bot.model import NewCommit

_COMMIT = """mutation($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}"""
_AUTO_MERGE = """mutation($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { pullRequest { number } }
}"""
_VIEWER = "query { viewer { login } }"
_CHECKS = """query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) { commits(last: 1) { nodes { commit { oid statusCheckRollup { state } } } } }
  }
}"""
_HOUR = 3600.0
_STALE = ("Expected branch to point to", "Head sha", "head sha")


def addresses(server: str) -> tuple[str, str]:
    """Return the addresses of REST and GraphQL for what people open in a browser."""
    scheme, _, host = server.partition("://")
    if host == "github.com":
        return "https://api.github.com", "https://api.github.com/graphql"
    if host.endswith(".ghe.com"):
        return f"{scheme}://api.{host}", f"{scheme}://api.{host}/graphql"
    return f"{server}/api/v3", f"{server}/api/graphql"


class GraphQl:
    """GraphQL at ``address``, over the connections of ``api``."""

    def __init__(self, api: Api, address: str) -> None:
        self._api = api
        self._address = address

    async def viewer(self) -> str:
        """Return the login behind the token; an App's too."""
        return str((await self._ask(_VIEWER, {}))["viewer"]["login"])

    async def commit(self, repository: str, commit: NewCommit) -> str:
        """Commit on a branch that is at the commit's parent; return the id. Raises `StaleHeadError`."""
        headline, _, rest = commit.message.partition("\n")
        added = [{"path": file.path, "contents": base64.b64encode(file.after).decode()} for file in commit.files]
        values = {
            "branch": {"repositoryNameWithOwner": repository, "branchName": commit.branch},
            "expectedHeadOid": commit.parent,
            "message": {"headline": headline, "body": rest.strip("\n")},
            "fileChanges": {"additions": added},
        }
        answer = await self._ask(_COMMIT, {"input": values})
        return str(answer["createCommitOnBranch"]["commit"]["oid"])

    async def enable_auto_merge(self, node: str, head: str, method: str) -> None:
        """Have a pull request merged by ``method`` once its checks pass, while its head is ``head``."""
        values = {"pullRequestId": node, "expectedHeadOid": head, "mergeMethod": method.upper()}
        await self._ask(_AUTO_MERGE, {"input": values})

    async def checks(self, repository: str, number: int, head: str) -> str | None:
        """Return what all checks and statuses of a pull request's commit ``head`` come to: ``SUCCESS``, ``PENDING``.

        None where there is none. Raises `StaleHeadError` where another commit is its last.
        """
        owner, _, name = repository.partition("/")
        answer = await self._ask(_CHECKS, {"owner": owner, "name": name, "number": number})
        last = answer["repository"]["pullRequest"]["commits"]["nodes"][-1]["commit"]
        if last["oid"] != head:
            raise StaleHeadError(f"pull request {number} of {repository} has moved on: it is not merged")
        return None if last["statusCheckRollup"] is None else str(last["statusCheckRollup"]["state"])

    async def _ask(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return ``data``; GraphQL's refusals come with status 200."""
        body = {"query": query, "variables": variables}
        answer = (await self._api.call("POST", self._address, body=body)).json()
        if not isinstance(answer, dict):
            raise ForgeError("GitHub's GraphQL gives no answer that could be read")
        errors = answer.get("errors") or []
        data = answer.get("data")
        if isinstance(data, dict) and not errors:
            return data
        kinds = {error.get("type") for error in errors}
        message = f"GitHub refuses: {words({'errors': errors})}"
        if "RATE_LIMITED" in kinds:
            raise BusyError(message, hint="a later run goes on where this one stopped", retry_after=_HOUR)
        if "STALE_DATA" in kinds or any(sign in message for sign in _STALE):
            raise StaleHeadError(message)
        raise (ForbiddenError if "FORBIDDEN" in kinds else ForgeError)(message)
