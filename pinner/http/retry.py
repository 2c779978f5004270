"""HTTP retry policy: attempts, back-off, Retry-After, and the clock that tests replace."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PASSING = frozenset({408, 429, 500, 502, 503, 504, 522})
"""The statuses that may be gone at the next attempt."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How much time one question may take, in seconds."""

    attempts: int = 4
    budget: float = 30.0
    """The pauses a registry may ask for with Retry-After, all together."""
    deadline: float = 30.0
    """Everything else: a byte now and then keeps no question alive for longer."""
    run: float | None = None
    """All questions together, from the first one on."""
    connect: float = 5.0
    read: float = 10.0
    first_delay: float = 0.25
    longest_delay: float = 20.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time and chance, as the client sees them."""

    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    """Seconds since the epoch: only dates in Retry-After are compared with it."""
    chance: Callable[[], float] = random.random


def backoff(attempt: int, retry_policy: RetryPolicy, chance: float) -> float:
    """Return the seconds before the attempt after the ``attempt``-th (from 1), ``chance`` in [0, 1): full jitter."""
    return chance * min(retry_policy.longest_delay, retry_policy.first_delay * 2.0 ** (attempt - 1))


def retry_after(value: str | None, wall: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, of a number or a date; None where it says nothing."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        seconds: float = parsedate_to_datetime(value).timestamp() - wall
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds)
