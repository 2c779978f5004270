"""Public Python API: each command as a function, imported from `pinner`; `aio` has the same as coroutines."""

from __future__ import annotations

import asyncio
from functools import wraps
from typing import TYPE_CHECKING

from pinner.api import aio
from pinner.api.files import Found, check, find, unpin

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, ParamSpec, TypeVar

    P = ParamSpec("P")
    T = TypeVar("T")

__all__ = ["Found", "aio", "check", "find", "identify", "inspect", "lock", "pin", "resolve", "unpin", "update"]


def _run(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Return ``work`` as a function that waits for it, in an event loop of its own."""

    @wraps(work)
    def run(*arguments: P.args, **options: P.kwargs) -> T:
        return asyncio.run(work(*arguments, **options))

    return run


pin = _run(aio.pin)
update = _run(aio.update)
lock = _run(aio.lock)
resolve = _run(aio.resolve)
inspect = _run(aio.inspect)
identify = _run(aio.identify)
