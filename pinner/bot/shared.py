"""One registry for many repositories: each question is asked once a run, however many ask it at the same moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pinner.errors import RateLimitedError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from pinner.image import Attachment, Config, Depth, Image
    from pinner.model import Resolved
    from pinner.reference import ImageReference, Platform
    from pinner.resolve import Allowance, Registry


class SharedRegistry:
    """A `pinner.resolve.Registry` that remembers, for a run, what another one said.

    What may pass (no connection, a limit) is not remembered: a later repository asks again.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._asked: dict[tuple[object, ...], asyncio.Task[Any]] = {}

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the tag of ``reference`` means now."""
        key = ("resolve", reference.canonical, platform)
        answer: Resolved = await self._once(key, lambda: self._registry.resolve(reference, platform))
        return answer

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        """Return what is served under the digest of ``reference``, or under its tag."""
        wanted = None if platforms is None else frozenset(platforms)
        key = ("describe", reference.canonical, reference.digest, depth, wanted)
        image: Image = await self._once(key, lambda: self._registry.describe(reference, depth, platforms))
        return image

    async def config(self, reference: ImageReference) -> Config | None:
        """Return the config under the digest of ``reference``, or None."""
        key = ("config", reference.repository, reference.digest)
        config: Config | None = await self._once(key, lambda: self._registry.config(reference))
        return config

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
        """Return what lies beside ``reference``."""
        key = ("attachments", reference.canonical, reference.digest)
        found: tuple[Attachment, ...] = await self._once(key, lambda: self._registry.attachments(reference))
        return found

    async def allowance(self, registry: str, reference: ImageReference | None = None) -> Allowance:
        """Return how much ``registry`` lets us fetch: that is another with every question."""
        return await self._registry.allowance(registry, reference)

    async def aclose(self) -> None:
        """End what nobody waits for any more."""
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    async def _once(self, key: tuple[object, ...], ask: Callable[[], Awaitable[object]]) -> Any:  # noqa: ANN401 - each key's own
        task = self._asked.get(key)
        if task is None or _may_be_better_now(task):
            task = self._asked[key] = asyncio.ensure_future(ask())
        # Whoever asked first may give up; the others still want to know.
        return await asyncio.shield(task)


def _may_be_better_now(task: asyncio.Task[Any]) -> bool:
    if not task.done() or task.cancelled():
        return task.done()
    return isinstance(task.exception(), RateLimitedError | UnavailableError)
