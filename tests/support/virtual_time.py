"""An event loop whose time passes by sleeping alone: no timer is waited for, and none comes late on a busy machine."""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Moves the time on to the next timer instead of waiting for it, unless a thread is at work."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0 or self.threads:
            return super().select(timeout)
        self.time += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop for code that talks to doubles in this process: what sleeps and what has a limit of time takes no time."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.time

    def run_in_executor(  # type: ignore[override] # any arguments, for any function
        self, executor: Any, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        self._virtual.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_is_done)
        return future

    async def shutdown_default_executor(self, *_: object) -> None:
        # From Python 3.12 on threads have so many seconds to end, which would be none here.
        await super().shutdown_default_executor()

    def _thread_is_done(self, _: asyncio.Future[Any]) -> None:
        self._virtual.threads -= 1


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Return what ``main`` returns, run in a `VirtualLoop`."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
