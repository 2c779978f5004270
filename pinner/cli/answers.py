"""Registry answers for a command."""

from __future__ import annotations

from functools import partial

from pinner import pipeline
from pinner._typing import TYPE_CHECKING
from pinner.errors import ConfigError
from pinner.plan import settled_plans
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeVar

    from pinner.cli.context import Context
    from pinner.cli.terminal import Terminal
    from pinner.config import Settings
    from pinner.oci.resolver import Registry
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
    settled = settled_plans(sources, operation)
    if settled is not None:
        return settled

    async def plans(registry: Registry, on_answer: Callable[[int, int], None]) -> tuple[Plan, ...]:
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

    from pinner.cli.online import with_progress  # noqa: PLC0415 - brings asyncio

    async def run() -> T:
        async with context.connect(settings, context.environment) as registry:
            said: list[str] = []
            # At once: the warning of a limit, say, is of use before it is reached.
            warn = partial(_warn, terminal, said)
            getattr(registry, "tell", lambda _: None)(warn)
            try:
                return await with_progress(terminal, partial(work, registry))
            finally:
                # A credentials file that cannot be read, say: why an image is not to be had may be there.
                for warning in getattr(registry, "warnings", ()):
                    warn(warning)
                terminal.detail(*map(printable, getattr(registry, "notes", ())))

    return asyncio.run(run())


def _warn(terminal: Terminal, said: list[str], warning: str) -> None:
    """Say ``warning`` unless it is among those that were ``said``."""
    if warning not in said:
        said.append(warning)
        if terminal.interactive:
            # Off with the line of progress, which comes back by itself.
            terminal.status(f"\r{' ' * _PROGRESS_WIDTH}\r")
        terminal.info(f"{terminal.talk_style.severity('warning')}: {printable(warning)}")
