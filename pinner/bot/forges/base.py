"""Forge interface, its errors, and the reading of replies."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pinner.errors import PinnerError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

    from pinner.bot.forges.limits import Budget
    from pinner.bot.model import NewCommit, PullRequest, Repository
    from pinner.http.library import httpx
    from pinner.http.retry import Clock


class ForgeError(PinnerError):
    """The forge gave no usable answer; says what the user can do."""


class ForbiddenError(ForgeError):
    """The token may not do this: read-only, of a fork, or the repository's settings forbid it."""


class MissingError(ForgeError):
    """No such repository, or no right to see it."""


class StaleHeadError(ForgeError):
    """The branch has moved since it was looked at."""


class UnreachableError(ForgeError):
    """Network, time-out or 5xx, however often it was tried; a write may or may not have happened."""


class BusyError(ForgeError):
    """The forge asks for a longer pause than a run may make; a later run goes on where this one stopped."""

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds to wait."""


class AutoMerge(NamedTuple):
    """What came of asking a forge to merge a pull request once its checks pass."""

    is_on: bool = False
    """Whether the forge will merge it."""
    is_new: bool = False
    """Whether this very call has made it so."""
    reason: str = ""
    """Why it will not, without a full stop."""


class Access(NamedTuple):
    """Where a forge is and how it may be spoken to."""

    server: str
    """``https://github.com``, ``https://git.example``: as people open it in a browser, without a slash at its end."""
    token: str | None
    environment: Mapping[str, str]
    """For proxies and certificates, and to tell whose token it is."""
    on_wait: Callable[[str], None] = lambda _: None
    """Told one sentence before each pause that the forge asks for."""
    clock: Clock | None = None
    budget: Budget | None = None
    """Of new content, where others spend it too; None for the forge's own limits, in this process."""
    runs: int = 1
    """How many runs spend the same token at the same time."""
    renewed: Callable[[], Awaitable[str]] | None = None
    """Returns the token to use now, where ``token`` is one of several, each good for a while."""


def missing_names(wanted: Collection[str], there: Collection[str]) -> list[str]:
    """Return those of ``wanted`` that are not ``there``, in their order; forges do not tell upper case from lower."""
    known = {name.lower() for name in there}
    return [name for name in dict.fromkeys(wanted) if name.lower() not in known]


class Forge(Protocol):
    """One repository host with one token. Every call retries what passes (5xx, secondary limits, Retry-After).

    Reading calls have no side effect. Writing calls are idempotent: what is so already is left, what exists already
    (422, 409) counts as made, and so does what was done although its answer was lost. All raise `ForgeError`.
    """

    name: str
    """``github``, ``gitlab``, ``gitea``."""
    body_limit: int
    """The most characters a pull request's body may have."""
    default_token_user: str
    """The user name that goes with a token over HTTP git."""
    signs_commits: bool
    """Whether `commit` is worth it: the forge signs, and the author is a bot and no person's account."""
    adds_at_once: bool
    """Whether `add` takes one request for labels and people together, and does nothing where one of them is wrong."""

    async def aclose(self) -> None:
        """Close every connection."""
        ...

    async def advice(self) -> tuple[str, ...]:
        """Return what the user should know about this token, a sentence each; nothing is written."""
        ...

    async def repository(self, name: str) -> Repository:
        """Return the repository called ``owner/name`` and what the token may do there."""
        ...

    def repositories(self, owner: str, since: float | None = None) -> AsyncIterator[Repository]:
        """Yield the repositories of an organisation, group or user that the token can see; archived ones too.

        With ``since``, in seconds since the epoch, those that nothing has been pushed to after it may be left out.
        """
        ...

    async def open_branches(self, repository: Repository, prefix: str) -> tuple[PullRequest, ...]:
        """Return the open pull requests whose head in ``repository`` itself starts with ``prefix``, newest first.

        They may lack what only a question about each would tell: ``conflicts``, ``auto_merge``.
        """
        ...

    async def closed(self, repository: Repository, branch: str) -> tuple[PullRequest, ...]:
        """Return those whose head is ``branch`` of ``repository`` itself, closed or merged, the newest first."""
        ...

    async def opening_delay(self) -> float:
        """Return 0 where a pull request may be opened within a minute or so; else the seconds until then."""
        ...

    async def take_opening(self) -> float:
        """Wait for the turn to open a pull request, and take it, before any work for it is done.

        Return 0; where a run would not wait so long, take none and return the seconds until then.
        """
        ...

    async def create(self, repository: Repository, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request; where one is open for ``branch`` already, return that one, as it is.

        The turn for it is taken already.
        """
        ...

    async def edit(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        title: str | None = None,
        body: str | None = None,
        base: str | None = None,
    ) -> None:
        """Change title, body or the branch it is for; None leaves it."""
        ...

    async def close(self, repository: Repository, request: PullRequest, body: str | None = None) -> None:
        """Close a pull request without merging it and, in the same step, change its body; None leaves it."""
        ...

    async def add(
        self,
        repository: Repository,
        request: PullRequest,
        *,
        labels: Collection[str] = (),
        assignees: Collection[str] = (),
        reviewers: Collection[str] = (),
    ) -> None:
        """Add what ``request`` lacks of these, and never take any away; a label that is none yet is made.

        A reviewer ``organisation/team`` is a team, where the forge has them.
        """
        ...

    async def enable_auto_merge(
        self, repository: Repository, request: PullRequest, *, on_success: bool = False
    ) -> AutoMerge:
        """Have the forge merge it once the checks that its base branch requires have passed; return what came of it.

        Nothing is merged where none are to be waited for: the forge would merge at once, or refuse, and the reason says
        so. With ``on_success`` it is merged then if, on the commit of ``request``, a check has run and all have
        succeeded.
        Raises `ForbiddenError` where the settings or the token do not allow it.
        """
        ...

    async def commit(self, repository: Repository, commit: NewCommit) -> str | None:
        """Make ``commit`` on a branch of its own, made at its parent, signed by the forge; return its id.

        The branch is the caller's scratch, best named after what is committed: where it has this very commit already
        (the answer was lost, a run was cut short), that one's id is returned. Raises `StaleHeadError` where it has
        another. None where the forge has no such thing: then git pushes. Every file becomes a plain one (100644).
        """
        ...


_BAD, _UNAUTHORIZED, _FORBIDDEN, _MISSING = 400, 401, 403, 404
_READ_ONLY = 423
"""Gitea: the repository is archived."""


class Reply(NamedTuple):
    """One answer, whole."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is what it is
        """Return the body's value, None where it has none; raises `ForgeError` for what is no JSON."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ForgeError("the forge's answer is no JSON", hint="is this the forge's own address?") from None


def check(reply: Reply, method: str, url: httpx.URL, expect: Collection[int]) -> None:
    """Raise what a refusal means, unless its status is one of ``expect``."""
    if reply.status < _BAD or reply.status in expect:
        return
    host, said = url.host, told(reply)
    if reply.status == _UNAUTHORIZED:
        raise ForbiddenError(f"{host} does not accept the token: {said}", hint="has it expired, or is it another's?")
    if reply.status in (_FORBIDDEN, _READ_ONLY):
        raise ForbiddenError(f"{host} does not allow it: {said}", hint=_right_for(method, said))
    if reply.status == _MISSING:
        raise MissingError(f"{host} has no {clean(url.path)}, or the token may not see it", hint="is the name right?")
    raise ForgeError(f"{host} refuses: {said}")


def _right_for(method: str, said: str) -> str:
    """Return what to do about a refusal, which is what people look for in vain."""
    if "GitHub Actions is not permitted to create" in said:
        return "allow it in the repository's Settings → Actions → General → Workflow permissions"
    if "not accessible by integration" in said:
        return (
            "the job needs `permissions: {contents: write, pull-requests: write}`; "
            "a run for a fork's pull request never gets them"
        )
    if (scopes := re.search(r"required=\[([\w:, ]+)\]", said)) is not None:
        # Gitea names the scope that a token was made without.
        return f"the token needs the scope {scopes[1]}"
    return "the token needs the right to " + ("read the repository" if method == "GET" else "write to the repository")


def told(reply: Reply) -> str:
    """Return a refusal's own words."""
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return f"HTTP {reply.status}"
    return message_text(value) or f"HTTP {reply.status}"


def message_text(value: Any) -> str:  # noqa: ANN401 - JSON is what it is
    """Return what a refusal of any forge says in ``message``, ``error`` and ``errors``, on one line."""
    found: list[str] = []
    if isinstance(value, dict):
        for key in ("message", "error", "error_description", "errors"):
            found += _words(value.get(key))
    return clean(": ".join(dict.fromkeys(found)))


def _words(value: Any) -> list[str]:  # noqa: ANN401 - JSON is what it is
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [word for item in value[:5] for word in _words(item)]
    if isinstance(value, dict):
        if isinstance(value.get("message"), str):
            return [value["message"]]
        return [f"{key} {word}" for key, item in list(value.items())[:5] for word in _words(item)]
    return []


def epoch(text: object) -> float | None:
    """Return the seconds since the epoch of a forge's date and time (RFC 3339); None where it is none."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None else moment.timestamp()


def clean(text: str) -> str:
    """Return a forge's text fit for a terminal and one line."""
    from pinner.http.errors import safe_text  # noqa: PLC0415 - only a failure needs it

    return safe_text(text)
