"""Many repositories on a forge double, seen to without a clock that waits."""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from forge_talk import access

from pinner.bot.batch import Job, Registries, run_all
from pinner.bot.context import BotContext, Scope
from pinner.bot.forges import connect
from pinner.bot.forges.github_api import InstallationTokens
from pinner.bot.forges.limits import LocalBudget
from pinner.bot.git.program import Login
from pinner.cache.first_seen import FirstSeenStore
from pinner.config.load import load_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from forge_double import ForgeDouble
    from forge_talk import Waits

    from pinner.bot.batch import Report
    from pinner.bot.forges.github_api import App
    from pinner.config import Settings
    from pinner.oci.resolver import Registry

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def see_to(
    forge: ForgeDouble,
    registry: Registry,
    names: Sequence[str] | None = None,
    *,
    at_once: int = 4,
    patience: float = 600.0,
    content: Sequence[tuple[int, float]] | None = None,
    app: App | None = None,
    waits: Waits | None = None,
    on_report: Callable[[Report], None] = lambda _: None,
) -> list[Report]:
    """Run the bot over ``names``, or over what ``acme`` has; return the reports in their order.

    ``content`` is how many pull requests may be opened in how many seconds; None for what the forge says.
    """

    @contextlib.asynccontextmanager
    async def connected(_settings: Settings) -> AsyncIterator[Registry]:
        yield registry

    async def run() -> list[Report]:
        reports: list[Report] = []

        def tell(report: Report) -> None:
            reports.append(report)
            on_report(report)

        where = access(forge, waits)
        if content is not None and where.clock is not None:
            where = where._replace(budget=LocalBudget(content, where.clock.now))
        if app is not None:
            renewed = InstallationTokens(app, where, "acme").current
            where = where._replace(token=await renewed(), renewed=renewed)
        client = connect(forge.face, where)
        async with Registries(connected) as registries:
            world = BotContext(
                client,
                Login(client.default_token_user, where.token or ""),
                os.environ,
                date(2026, 11, 1),
                NOON,
                FirstSeenStore(None, NOON),
                load_settings,
                registries.registry,
                renewed=where.renewed,
            )
            if names is None:
                jobs = [Job(one.name, world, forge.url, one) async for one in client.repositories("acme")]
            else:
                jobs = [Job(name, world, forge.url) for name in names]
            try:
                await run_all(jobs, Scope(), tell, at_once, patience)
            finally:
                await client.aclose()
        return reports

    return asyncio.run(run())
