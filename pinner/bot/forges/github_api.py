"""GitHub API beside REST: authentication as a GitHub App, and the GraphQL client.

Sources: docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App" and "Authenticating as a GitHub App
installation"; RFC 7515 (JWS), RFC 7518 §3.3 (RS256); docs.github.com/graphql (npm @octokit/graphql-schema).
"""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from pinner.bot.forges.base import (
    BusyError,
    ForbiddenError,
    ForgeError,
    MissingError,
    StaleHeadError,
    epoch,
    message_text,
)
from pinner.errors import ConfigError
from pinner.limits import REPOSITORY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.bot.forges.base import Access
    from pinner.bot.forges.transport import Api
    from pinner.bot.model import NewCommit

_LEFT = REPOSITORY_SECONDS + 60.0
"""Seconds that a token has to be good for where it is handed out: a repository begun with it is finished with it."""
_BACK, _AHEAD = 60, 540
"""Seconds around now that an App's own statement is good for: GitHub takes ten minutes at most, and clocks differ."""
_KEY_BYTES = 64 << 10
ID_VARIABLE, KEY_VARIABLE = "PINNER_APP_ID", "PINNER_APP_KEY_FILE"


class App(NamedTuple):
    """A GitHub App, by what it proves itself with."""

    id: str
    """Its number, or its client id."""
    key: bytes
    """The private key, PEM: a secret."""

    def __repr__(self) -> str:
        """Return it without its key."""
        return f"App(id={self.id!r})"


def app_in(environment: Mapping[str, str]) -> App | None:
    """Return the App that the environment names, None for none; raises `ConfigError` for half of one."""
    name, path = (environment.get(variable, "").strip() for variable in (ID_VARIABLE, KEY_VARIABLE))
    if not name and not path:
        return None
    if not name or not path:
        raise ConfigError(
            f"{ID_VARIABLE if name else KEY_VARIABLE} is set alone", hint=f"an App is {ID_VARIABLE} and {KEY_VARIABLE}"
        )
    return App(name, read_key(path))


def read_key(path: str) -> bytes:
    """Return the private key in a file; raises `ConfigError`, in which nothing of it is."""
    try:
        with Path(path).open("rb") as file:
            return file.read(_KEY_BYTES)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ConfigError(f"{KEY_VARIABLE}: `{path}` cannot be read: {why}") from error


def sign_statement(app: App, wall: float) -> str:
    """Return the JSON Web Token with which ``app`` says who it is at ``wall``, seconds since the epoch.

    Raises `ConfigError` where the key is none, or nothing can sign with it.
    """
    try:
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    except ImportError:
        raise ConfigError("a GitHub App needs a package more", hint="pip install 'image-pinner[app]'") from None
    try:
        key = serialization.load_pem_private_key(app.key, None)
    except (ValueError, TypeError):
        # Not from the exception: it may quote what was in the file.
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError(
            f"{KEY_VARIABLE} holds no private key of an App", hint="GitHub gives one as a .pem file; it has no password"
        )
    now = int(wall)
    said = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part({'iat': now - _BACK, 'exp': now + _AHEAD, 'iss': app.id})}"
    signature = key.sign(said.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    return f"{said}.{_encoded(signature)}"


def _part(value: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


class InstallationTokens:
    """The tokens of an App's installation at one owner, each used until it is about to end."""

    def __init__(self, app: App, access: Access, owner: str) -> None:
        from pinner.http.retry import Clock  # noqa: PLC0415 - with asyncio

        self._app = app
        self._access = access
        self._owner = owner
        self._clock = access.clock or Clock()
        self._alone = asyncio.Lock()
        self._token = ""
        self._ends = 0.0

    async def current(self) -> str:
        """Return a token that is good for half an hour at least; raises `ForgeError`, `ConfigError`."""
        async with self._alone:
            if self._ends - self._clock.wall() < _LEFT:
                self._token, self._ends = await self._fetched()
            return self._token

    async def _fetched(self) -> tuple[str, float]:

        from pinner.bot.forges.transport import Api  # noqa: PLC0415

        statement = sign_statement(self._app, self._clock.wall())
        access = self._access._replace(renewed=None)
        api = Api(addresses(access.server)[0], access, f"Bearer {statement}")
        try:
            number = await self._installation(api)
            found = (await api.call("POST", f"/app/installations/{number}/access_tokens")).json()
        finally:
            await api.aclose()
        token, ends = str(found["token"]), epoch(found.get("expires_at"))
        if ends is None:
            raise ForgeError("GitHub does not say how long the App's token is good for")
        return token, ends

    async def _installation(self, api: Any) -> int:  # noqa: ANN401 - an `Api`
        for kind in ("orgs", "users"):
            try:
                found = (await api.call("GET", f"/{kind}/{quote(self._owner, safe='')}/installation")).json()
                return int(found["id"])
            except MissingError:
                continue
        raise ForgeError(
            f"the App {self._app.id} is not installed for `{self._owner}`", hint="install it there, or set PINNER_TOKEN"
        )


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
        message = f"GitHub refuses: {message_text({'errors': errors})}"
        if "RATE_LIMITED" in kinds:
            raise BusyError(message, hint="a later run goes on where this one stopped", retry_after=_HOUR)
        if "STALE_DATA" in kinds or any(sign in message for sign in _STALE):
            raise StaleHeadError(message)
        raise (ForbiddenError if "FORBIDDEN" in kinds else ForgeError)(message)
