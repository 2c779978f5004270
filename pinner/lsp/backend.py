"""Interface of the language server to the command line: settings, plans, answers that can be cancelled."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from typing import Literal

    from pinner.config import Settings
    from pinner.findings.pin_status import PinStatuses
    from pinner.pipeline import Survey
    from pinner.plan import Plan
    from pinner.scan.discover import Target
    from pinner.scan.suppressions import Source


class Cancellation:
    """Ends questions that are asked in the event loop of another thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._task: tuple[asyncio.AbstractEventLoop, asyncio.Task[object]] | None = None
        self.is_cancelled = False

    def begin(self) -> None:
        """Say that the task that runs now is what is to be ended; raises `asyncio.CancelledError` where it is late."""
        task = asyncio.current_task()
        with self._guard:
            if self.is_cancelled or task is None:
                raise asyncio.CancelledError
            self._task = (asyncio.get_running_loop(), task)

    def end(self) -> None:
        """Say that nothing is asked any more."""
        with self._guard:
            self._task = None

    def cancel(self) -> None:
        """End it, now or as soon as it begins."""
        with self._guard:
            self.is_cancelled = True
            if self._task is not None:
                loop, task = self._task
                loop.call_soon_threadsafe(task.cancel)


class EditRequest(NamedTuple):
    """What is to be done to the open documents of a repository."""

    folder: str
    operation: Literal["pin", "update"]
    targets: list[Target]
    survey: Survey
    path: str
    """The document that edits are wanted for."""


class Backend(Protocol):
    """What the command line gives the server."""

    def settings(self, folder: str) -> Settings:
        """Return the settings of a run in ``folder``. Raises `ConfigError`."""
        ...

    def plans(self, request: EditRequest, cancel: Cancellation) -> tuple[Plan, ...]:
        """Return what ``request`` does; waits for registries. Raises `PinnerError`, `asyncio.CancelledError`."""
        ...

    def statuses(self, folder: str, settings: Settings, source: Source, cancel: Cancellation) -> PinStatuses:
        """Return how the pins of ``source`` stand; waits for registries. Errors are those of `plans`."""
        ...

    @property
    def today(self) -> Callable[[], date]:
        """What tells the day that comments expire by."""
        ...
