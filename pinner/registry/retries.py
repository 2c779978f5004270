"""Retries of registry requests, with host-wide pauses and judged redirects."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from pinner.errors import RateLimitedError, UnavailableError
from pinner.http.addresses import origin
from pinner.http.errors import safe_address
from pinner.http.library import httpx
from pinner.http.network_failures import UnreachedError
from pinner.http.retry import PASSING, backoff, retry_after

if TYPE_CHECKING:
    from pinner.http.addresses import Endpoint
    from pinner.http.client import Call, HttpClient
    from pinner.http.errors import Reply
    from pinner.http.retry import Clock, RetryPolicy
    from pinner.registry.auth.credentials import Credentials
    from pinner.registry.auth.token_requests import ChallengeTemplate

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HostPauses:
    """Lets the first through and the others when it is opened: one question finds out how a host wants to be asked."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._is_taken = False

    async def enter(self) -> bool:
        """Return True for the first, who opens the gate at the end whatever happens; False when it stands open."""
        if not self._is_taken:
            self._is_taken = True
            return True
        await self._open.wait()
        return False

    def open(self) -> None:
        """Let everybody through."""
        self._open.set()


@dataclass(slots=True, eq=False)
class HostState:
    """What a run has learned about one host."""

    name: str
    """What messages call it."""
    base: httpx.URL
    """Its address up to ``/v2/``."""
    login: str | None
    """Where its credentials are kept; None for a host that a redirect named: it gets none."""
    ca: str | None
    slots: asyncio.Semaphore
    """One for each question at work."""
    gate: HostPauses = field(default_factory=HostPauses)
    waiting: dict[str, int] = field(default_factory=dict)
    """How many questions are open about each repository, as addresses have it: one token may do for several."""
    challenge_template: ChallengeTemplate | None = None
    asks_basic: bool = False
    refuses_head: bool = False
    tells_by_head: bool | None = None
    """Whether a HEAD tells what is there: Nexus answers 404 to every one. None until it was tried on what is there."""
    lists_referrers: bool = True
    """False once it has shown that it does not know that question."""
    has_answered: bool = False
    has_let_in: bool = False
    """Whether a question got what it asked for."""
    failure: UnreachedError | None = None
    """Why nobody need try again: it could never be connected to."""
    not_before: float = 0.0
    """When the pause ends that it asked for, by the clock."""


@dataclass(slots=True)
class Question:
    """One question at work: where it is asked, and the time it has."""

    endpoint: Endpoint
    host: HostState
    timer: asyncio.Timeout
    run_end: float
    """When the time of all questions is over, by the event loop's clock; infinity where it never is."""
    paused: float = 0.0
    """Seconds waited because a registry asked for it."""
    credentials: Credentials | None = None
    """Those that opened the door, if any were needed."""


class RequestSender:
    """Sends calls, again where that may help."""

    def __init__(self, http_client: HttpClient, retry_policy: RetryPolicy, clock: Clock) -> None:
        self.http_client = http_client
        self._retry_policy = retry_policy
        self._clock = clock

    async def send(self, question: Question, host: HostState, call: Call, url: httpx.URL) -> Reply:
        """Return the reply of the last attempt, whatever its status.

        Raises `UnreachedError` if that brought none, `RateLimitedError` for a pause longer than our patience.
        """
        for attempt in count(1):
            await self._pause(question, host)
            try:
                reply = await self.http_client.send(call, url, host.ca)
            except UnreachedError as error:
                if not error.of_host:
                    # It is this question's own trouble: the others need not wait until it is given up.
                    host.gate.open()
                if not error.passing or attempt >= self._retry_policy.attempts:
                    raise
            else:
                host.has_answered = True
                if reply.status not in PASSING:
                    return reply
                pause = retry_after(reply.headers.get("retry-after"), self._clock.wall())
                if pause is not None:
                    self._heed(question, host, pause)
                if attempt >= self._retry_policy.attempts:
                    return reply
                if pause is not None:
                    continue
            await self._clock.sleep(backoff(attempt, self._retry_policy, self._clock.chance()))
        raise AssertionError  # the count has no end

    def _heed(self, question: Question, host: HostState, pause: float) -> None:
        """Have everybody who asks ``host`` wait; refuse if it is too long for this question."""
        host.not_before = max(host.not_before, self._clock.now() + pause)
        if question.paused + pause > self._retry_policy.budget:
            raise self._too_long(host, pause)

    async def _pause(self, question: Question, host: HostState) -> None:
        pause = host.not_before - self._clock.now()
        if pause <= 0:
            return
        if question.paused + pause > self._retry_policy.budget:
            raise self._too_long(host, pause)
        question.paused += pause
        if (end := question.timer.when()) is not None:
            # The host's pause is not the question's own time.
            question.timer.reschedule(min(end + pause, question.run_end))
        await self._clock.sleep(pause)

    @staticmethod
    def _too_long(host: HostState, pause: float) -> RateLimitedError:
        return RateLimitedError(
            f"{host.name} asks for a pause of {pause:.0f} seconds",
            hint=f"wait {pause:.0f} seconds, or log in for a higher limit",
            retry_after=pause,
        )


def redirect_target(reply: Reply) -> httpx.URL | None:
    """Return where ``reply`` sends us, made safe to follow; None where it does not. Raises `UnavailableError`.

    Never from HTTPS to HTTP; a user name in the address is dropped, not used.
    """
    location = reply.headers.get("location")
    if reply.status not in _REDIRECTS or not location:
        return None
    refused = f"{reply.url.host} redirects to `{safe_address(location, reply.secrets)}`, which pinner does not follow"
    try:
        target = reply.url.join(location)
    except httpx.InvalidURL:
        raise UnavailableError(f"{refused}: no address") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise UnavailableError(f"{refused}: no address")
    if target.userinfo:
        host = safe_address(target.host, reply.secrets)
        refused = f"{reply.url.host} redirects to an address on {host}, which pinner does not follow"
        target = target.copy_with(userinfo=b"")
    if reply.url.scheme == "https" and target.scheme == "http":
        raise UnavailableError(f"{refused}: plain HTTP")
    return target.copy_with(fragment=None)


def is_same_origin(first: httpx.URL, second: httpx.URL) -> bool:
    """Say whether what was given to ``first`` may be given to ``second``: scheme, host and port alike."""
    return origin(first) == origin(second)
