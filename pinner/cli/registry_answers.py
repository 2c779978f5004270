"""Registry answers for a command, with a progress line."""

from __future__ import annotations

from functools import partial

from pinner import pipeline
from pinner._typing import TYPE_CHECKING
from pinner.errors import ConfigError
from pinner.plan import unchanged_plans
from pinner.report.escapes import printable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager, AsyncExitStack
    from typing import Any, Self, TypeVar

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.oci.resolver import Listener, Registry
    from pinner.plan import Plan
    from pinner.scan.suppressions import Operation, Source

    T = TypeVar("T")

_PROGRESS_WIDTH = 40
"""More than the line of progress has."""


def refuse_offline(settings: Settings, operation: str) -> None:
    """Raise `ConfigError` where ``operation`` would have to ask and may neither ask nor remember."""
    if settings.offline and not settings.use_cache and settings.layout is None and operation != "unpin":
        raise ConfigError(
            f"`pinner {operation}` has to ask what tags mean, and --offline with --no-cache forbids it",
            hint="without --no-cache, remembered answers are used; with --layout DIR an OCI layout answers",
        )


def ask(
    context: Context,
    settings: Settings,
    sources: Sequence[Source],
    operation: Operation,
    terminal: Terminal,
    *,
    to_index: bool = False,
) -> tuple[Plan, ...]:
    """Return the plans of ``operation`` (pin or update) for ``sources``; nobody is asked where nothing is open.

    With ``to_index`` an update moves one platform's manifest to the index too.
    """
    settled = unchanged_plans(sources, operation)
    if settled is not None:
        return settled

    async def plans(registry: Registry, on_answer: Callable[[int, int], None]) -> tuple[Plan, ...]:
        if settings.verify:
            from pinner.cli.signature_verifier import verified_registry  # noqa: PLC0415 - only where there is a policy

            registry = verified_registry(context, settings, registry, terminal)
        if operation == "update" and not to_index:
            return await pipeline.update_plans(sources, settings, registry, on_answer)
        return await pipeline.make_plans(sources, operation, settings, registry, on_answer)

    return with_registry(context, settings, terminal, plans)


def with_registry(
    context: Context,
    settings: Settings,
    terminal: Terminal,
    work: Callable[[Registry, Callable[[int, int], None]], Awaitable[T]],
) -> T:
    """Return what ``work`` returns; it is handed what answers, and the function to tell its progress to.

    What the registry warns of is said, and with ``-v`` what else it noted.
    """
    import asyncio  # noqa: PLC0415 - costs start-up time, needed only to ask

    async def run() -> T:
        async with context.connect(settings, context.environment, listener(terminal)) as registry:
            return await with_progress(terminal, partial(work, registry))

    result: T = (context.run or asyncio.run)(run())
    return result


class SharedRegistry:
    """One registry for several askings of a command: tokens and connections are kept from one to the next.

    What it notes at its end is said at the end of the block. Nothing is opened, nor asyncio imported, before somebody
    asks.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._runner: asyncio.Runner | None = None
        self._stack: AsyncExitStack | None = None
        self._opened: Registry | None = None

    @property
    def context(self) -> Context:
        """The context in which all askings are answered by the one registry."""
        return self._context._replace(connect=self._connect, run=self._run)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._runner is not None and self._stack is not None:
            with self._runner:
                self._runner.run(self._stack.aclose())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        import asyncio  # noqa: PLC0415 - costs start-up time, needed only to ask

        self._runner = self._runner or asyncio.Runner()
        return self._runner.run(work)

    def _connect(
        self, settings: Settings, environment: Mapping[str, str], listener: Listener
    ) -> AbstractAsyncContextManager[Registry]:
        from contextlib import AsyncExitStack, asynccontextmanager  # noqa: PLC0415 - as above

        @asynccontextmanager
        async def opened() -> AsyncIterator[Registry]:
            if self._opened is None:
                self._stack = AsyncExitStack()
                connecting = self._context.connect(settings, environment, listener)
                self._opened = await self._stack.enter_async_context(connecting)
            yield self._opened

        return opened()


def listener(terminal: Terminal) -> Listener:
    """Return what says on ``terminal`` what a registry warns of, and with ``-v`` what else it noted."""
    from pinner.oci.resolver import Listener  # noqa: PLC0415 - brings asyncio

    return Listener(partial(_warn, terminal), lambda note: terminal.detail(printable(note)))


def _warn(terminal: Terminal, warning: str) -> None:
    if terminal.interactive:
        # Off with the line of progress, which comes back by itself.
        terminal.status(f"\r{' ' * _PROGRESS_WIDTH}\r")
    terminal.info(f"{terminal.talk_style.severity('warning')}: {printable(warning)}")


DELAY = 1.0
"""Seconds before the line appears."""
_STEP = 0.1


def _asked(answered: int, asked: int) -> str:
    return f"asked {answered} of {asked} images" if asked else "asking the registries"


async def with_progress(
    terminal: Terminal,
    work: Callable[[Callable[[int, int], None]], Awaitable[T]],
    delay: float = DELAY,
    words: Callable[[int, int], str] = _asked,
) -> T:
    """Return what ``work`` returns; it is handed the function to call with how many of how many images are answered.

    ``words`` says that, or what else is counted, in a few words.
    """
    import asyncio  # noqa: PLC0415 - as above

    progress = _Progress(terminal, words)
    if not terminal.interactive:
        return await work(progress.on_answer)
    drawing = asyncio.create_task(progress.draw(delay))
    try:
        return await work(progress.on_answer)
    finally:
        drawing.cancel()
        progress.clear()


class _Progress:
    """The line that says how far the work is."""

    def __init__(self, terminal: Terminal, words: Callable[[int, int], str]) -> None:
        self._terminal = terminal
        self._words = words
        self._state = (0, 0)
        self._shown = 0

    def on_answer(self, answered: int, asked: int) -> None:
        self._state = (answered, asked)

    async def draw(self, delay: float) -> None:
        """Draw it again and again, ``delay`` seconds from now on."""
        from asyncio import sleep  # noqa: PLC0415 - as above

        await sleep(delay)
        while True:
            text = self._words(*self._state)
            # Blanks and not an escape sequence: they clear the line on every terminal.
            self._terminal.status(f"\r{text.ljust(self._shown)}")
            self._shown = len(text)
            await sleep(_STEP)

    def clear(self) -> None:
        if self._shown:
            self._terminal.status(f"\r{' ' * self._shown}\r")
