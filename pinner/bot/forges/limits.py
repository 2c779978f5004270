"""Rate limits of forges: pauses, and budgets of new content.

Sources: GitHub, "Rate limits for the REST API" (primary and secondary; content creation) and octokit's
plugin-throttling; GitLab, "Rate limits" (RateLimit-Reset); RFC 9110 §10.2.3 (Retry-After).
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pinner.bot.forges.base import Reply

GITHUB_CONTENT = ((80, 60.0), (500, 3600.0))
"""How many pieces of content (pull requests, comments…) in how many seconds."""
_LIMITED = frozenset({403, 429})
_TOO_MANY = 429
_UNAVAILABLE = 503
_SIGNS = (b"secondary rate limit", b"abuse detection", b"rate limit exceeded")
_DEFAULT_PAUSE = 60.0
"""GitHub: "wait for at least one minute", and exponentially longer then."""
_LARGEST_SPAN = 1e8
"""Seconds: a reset that is larger is a date (of 1973 or later) and no span."""


class Budget(Protocol):
    """How much new content may be made with one token, by this process or all that share a store."""

    async def delay(self) -> float:
        """Return the seconds until something more may be made."""
        ...

    async def take(self, most: float) -> float:
        """Take the turn to make one thing, and return the seconds until then; where those are over ``most``, none."""
        ...

    async def pause(self, seconds: float) -> None:
        """Have nothing made for so long: the forge has asked for it."""
        ...


class LocalBudget:
    """A `Budget` of this process: windows of seconds, and how much may be made in each.

    ``runs`` processes spend the same token: each has its share. ``now`` is the time in seconds since whenever.
    """

    def __init__(self, windows: Iterable[tuple[int, float]], now: Callable[[], float], runs: int = 1) -> None:
        shares = [(max(1, count // runs), span) for count, span in windows]
        self._windows = tuple((count, span, deque[float](maxlen=count)) for count, span in shares)
        self._now = now
        self._not_before = now()

    async def delay(self) -> float:
        """Return the seconds until something more may be made."""
        return self._turn() - self._now()

    def _turn(self) -> float:
        full = [made[0] + span for count, span, made in self._windows if len(made) == count]
        return max([self._now(), self._not_before, *full])

    async def take(self, most: float) -> float:
        """Take the next turn, and return the seconds until then; where those are over ``most``, none is taken."""
        turn = self._turn()
        seconds = turn - self._now()
        if seconds <= most:
            for _, _, made in self._windows:
                made.append(turn)
        return seconds

    async def pause(self, seconds: float) -> None:
        """Have nothing made for so long."""
        self._not_before = max(self._not_before, self._now() + seconds)


def pause_asked_for(reply: Reply, wall: float, attempt: int) -> float | None:
    """Return the seconds that ``reply`` asks us to wait before the next attempt; None where it is no such answer.

    ``wall`` is the time in seconds since the epoch, ``attempt`` counts from 1.
    """
    from pinner.http.retry import retry_after  # noqa: PLC0415 - with asyncio

    if reply.status not in _LIMITED and reply.status != _UNAVAILABLE:
        return None
    asked = retry_after(reply.headers.get("retry-after"), wall)
    if asked is not None:
        return max(asked, 0.1)
    if reply.status == _UNAVAILABLE:
        return None
    is_spent = any(reply.headers.get(name) == "0" for name in ("x-ratelimit-remaining", "ratelimit-remaining"))
    if is_spent or reply.status == _TOO_MANY:
        reset = _reset(reply, wall)
        if reset is not None:
            return reset
    if reply.status == _TOO_MANY or any(sign in reply.body.lower() for sign in _SIGNS):
        return float(_DEFAULT_PAUSE * 2 ** (attempt - 1))
    return None


def _reset(reply: Reply, wall: float) -> float | None:
    value = reply.headers.get("x-ratelimit-reset") or reply.headers.get("ratelimit-reset") or ""
    if not (value.isascii() and value.isdecimal()):
        return None
    seconds = float(value[:12])
    # One second more: the forge's clock is not ours.
    return max(1.0, seconds - wall + 1.0) if seconds > _LARGEST_SPAN else seconds
