"""Bot runs over many repositories, concurrent and isolated, each question asked once."""

from __future__ import annotations

import asyncio
import re
import zlib
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlsplit

from pinner.bot.context import Published
from pinner.bot.decide import COUNTED
from pinner.bot.publish import publish
from pinner.bot.workspace import remove_abandoned, workspace
from pinner.errors import ConfigError, PinnerError, RateLimitedError, UnavailableError
from pinner.limits import REPOSITORY_SECONDS
from pinner.report.changes import has_refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from pinner.bot.context import BotContext, Scope
    from pinner.bot.model import Repository
    from pinner.config import Settings
    from pinner.model import Resolved
    from pinner.oci.resolver import Allowance, Registry
    from pinner.oci.types import Attachment, Config, Depth, Image, Signature
    from pinner.reference import ImageReference, Platform
    from pinner.registry.artifacts import ArtifactReader


class SharedRegistry:
    """A `pinner.oci.resolver.Registry` that remembers, for a run, what another one said.

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

    async def list_tags(self, reference: ImageReference, wanted: str = "") -> tuple[str, ...]:
        """Return every tag in the repository of ``reference``."""
        key = ("tags", reference.repository, wanted)
        found: tuple[str, ...] = await self._once(key, lambda: self._registry.list_tags(reference, wanted))
        return found

    async def signature(self, reference: ImageReference, after: ImageReference | None = None) -> Signature | None:
        """Return who signed ``reference``: that is each repository's own policy."""
        return await self._registry.signature(reference, after)

    def artifacts(self, reference: ImageReference) -> ArtifactReader:
        """Return what reads the signatures of ``reference``: what is fetched is verified for every repository."""
        return self._registry.artifacts(reference)

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


AT_ONCE = 4
"""Repositories that are seen to at the same time."""
PATIENCE = float(REPOSITORY_SECONDS)
"""Seconds that one repository may take."""
_SHARD = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")


class Job(NamedTuple):
    """One repository to see to."""

    name: str
    """``owner/name``."""
    world: BotContext
    server: str
    """``https://github.com``: where the token may go."""
    repository: Repository | None = None
    """Where it was listed; None for one that was named, and is still to be asked for."""


class UnreachableRepository(NamedTuple):
    """One repository that cannot be seen to: its forge was not to be found."""

    name: str
    error: PinnerError


class Report(NamedTuple):
    """What became of one repository."""

    name: str
    published: Published | None = None
    error: PinnerError | None = None

    @property
    def is_complete(self) -> bool:
        """Tell whether everything could be told and done."""
        done = self.published
        return done is not None and not (
            done.failures or done.unreadable or any(step.error is not None for step in done.steps)
        )

    @property
    def is_refused(self) -> bool:
        """Tell whether something is held back for who signed it, or nobody."""
        done = self.published
        return done is not None and (
            has_refused(done.failures) or any(held.is_signer_changed for step in done.steps for held in step.held_back)
        )


class Shard(NamedTuple):
    """One of several runs that share the work."""

    number: int
    """From 0."""
    of: int

    def has(self, name: str) -> bool:
        """Tell whether the repository called ``name`` is this run's: by its CRC-32, the same on every machine."""
        return zlib.crc32(name.encode("utf-8", "surrogatepass")) % self.of == self.number


def parse_shard(text: str) -> Shard:
    """Return the shard that ``text``, ``0/4`` to ``3/4``, means; raises `ConfigError`."""
    match = _SHARD.fullmatch(text)
    if match is None or int(match[1]) >= int(match[2]):
        raise ConfigError(
            f"--shard: there is no shard `{text}`", hint="of four runs, the shards are 0/4, 1/4, 2/4, 3/4"
        )
    return Shard(int(match[1]), int(match[2]))


class Registries:
    """The registries of a run: one for all repositories whose settings reach them in the same way."""

    share: Callable[[Registry, Settings], SharedRegistry] = staticmethod(lambda registry, _: SharedRegistry(registry))
    """Makes of what is connected what all repositories ask."""

    def __init__(self, connect: Callable[[Settings], AbstractAsyncContextManager[Registry]]) -> None:
        self._connect = connect
        self._stack = AsyncExitStack()
        self._open: dict[str, SharedRegistry] = {}
        self._alone = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for registry in self._open.values():
            await registry.aclose()
        await self._stack.aclose()

    async def registry(self, settings: Settings) -> Registry:
        """Return what answers for ``settings``; raises `ConfigError`."""
        options = settings.layout, settings.offline, settings.jobs, settings.use_cache, settings.timeout
        key = repr((sorted(settings.registries.items()), options))
        async with self._alone:
            if key not in self._open:
                registry = await self._stack.enter_async_context(self._connect(settings))
                self._open[key] = self.share(registry, settings)
        return self._open[key]


async def run_all(
    jobs: Sequence[Job | UnreachableRepository],
    scope: Scope,
    on_report: Callable[[Report], None],
    at_once: int = AT_ONCE,
    patience: float = PATIENCE,
) -> None:
    """See to every one of ``jobs``, ``at_once`` at a time; ``on_report`` is told of each, in their order.

    A run that is cut short leaves nothing half done: another one goes on.
    """
    slots = asyncio.Semaphore(at_once)
    remove_abandoned()

    async def one(job: Job | UnreachableRepository) -> Report:
        async with slots:
            return await run_one(job, scope, patience)

    tasks = [asyncio.create_task(one(job)) for job in jobs]
    try:
        for task in tasks:
            on_report(await task)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def run_one(job: Job | UnreachableRepository, scope: Scope, patience: float = PATIENCE) -> Report:
    """See to one repository; every error is part of the report."""
    if isinstance(job, UnreachableRepository):
        return Report(job.name, error=job.error)
    try:
        async with asyncio.timeout(patience):
            return Report(job.name, await _published(job, scope))
    except TimeoutError:
        return Report(job.name, error=PinnerError(f"took longer than {patience:g} seconds", hint="run pinner again"))
    except PinnerError as error:
        return Report(job.name, error=error)
    except Exception as error:  # noqa: BLE001 - one repository's trouble must not be another's
        return Report(job.name, error=_told(error))


async def _published(job: Job, scope: Scope) -> Published:
    listed = job.repository is not None
    repository = job.repository or await job.world.forge.repository(job.name)
    if listed and repository.is_fork:
        return Published(repository, skipped="it is a fork")
    repository = repository._replace(clone_url=_clone_url(repository, job.server))
    with workspace() as folder:
        return await publish(repository, scope, job.world, folder)


def _clone_url(repository: Repository, server: str) -> str:
    """Return where to clone from: the token goes to no other host than the one it is for."""
    there, here = urlsplit(repository.clone_url), urlsplit(server)
    if there.scheme == "file" or (there.scheme, there.netloc) == (here.scheme, here.netloc):
        return repository.clone_url
    return f"{server}/{repository.name}.git"


def _told(error: Exception) -> PinnerError:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, PinnerError):
        return error
    if isinstance(error, OSError):
        return PinnerError((error.strerror or str(error)).lower())
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return PinnerError(f"internal error: {what}", hint="please report it")


def tally(reports: Iterable[Report]) -> dict[str, int]:
    """Return how many pull requests or repositories came to what, the most telling first."""
    counts = dict.fromkeys(COUNTED, 0)
    for report in reports:
        done = report.published
        if done is None:
            counts["failed"] += 1
        elif done.skipped is not None:
            counts["skipped"] += 1
        elif done.later is not None:
            counts["later"] += 1
        elif not done.steps:
            counts["nothing"] += 1
        else:
            for step in done.steps:
                counts["failed" if step.error is not None else step.decision.outcome] += 1
    return {outcome: count for outcome, count in counts.items() if count}
