"""Resolution of the fleet's images: one pass asks each that is due once, and workers read what it found."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pinner import __version__
from pinner.bot.batch import SharedRegistry
from pinner.errors import (
    NotFoundError,
    RateLimitedError,
    ResolveError,
    UnauthorizedError,
    UnavailableError,
    UnsupportedError,
)
from pinner.fleet.catalog import Answered, backoff, images_to_ask, keep_answers
from pinner.fleet.shared_answers import Answers
from pinner.model import Question, Resolved, Unresolved
from pinner.oci.resolver import resolve_all
from pinner.reference import Digest, ImageReference

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from pinner.fleet.catalog import Asked
    from pinner.fleet.config import FleetSettings
    from pinner.fleet.sources import Fleet
    from pinner.fleet.store import Store
    from pinner.http.retry import Clock
    from pinner.model import Answer
    from pinner.oci.resolver import Registry
    from pinner.oci.types import Depth, Image
    from pinner.reference import Platform


_KINDS: Mapping[str, type[ResolveError]] = MappingProxyType(
    {kind.__name__: kind for kind in (NotFoundError, UnauthorizedError, UnsupportedError)}
)
"""The failures that are remembered as what they were; of any other it is said that it may pass."""
_UNTOLD = -1
"""Of whether an image is signed: its registry does not tell."""


async def ask_images(fleet: Fleet, before: float) -> tuple[int, int]:
    """Ask about every image whose time comes by ``before``, each once; return how many that were and how many moved.

    The digest is what pinner's own question says, whoever gave the hint to ask.
    """
    store, clock = fleet.store, fleet.clock
    wanted = await store.aside(lambda: images_to_ask(store, before))
    references = {one.name: parsed for one in wanted if (parsed := ImageReference.try_parse(one.name)) is not None}
    answers = await resolve_all(map(Question, references.values()), fleet.registry)
    found = [
        _answered(one, answers.get(Question(references[one.name]).key) if one.name in references else None, fleet)
        for one in wanted
    ]
    moved = await store.aside(lambda: keep_answers(store, found, clock.wall()))
    return len(wanted), moved


def _answered(one: Asked, answer: Answer | None, fleet: Fleet) -> Answered:
    if isinstance(answer, Resolved):
        return answer_record(one.name, answer, fleet.settings, fleet.clock)
    note = _noted(answer.error) if isinstance(answer, Unresolved) else "it is no image's name"
    return Answered(one.name, None, ask_at=fleet.clock.wall() + backoff(one.failures, fleet.clock.chance()), note=note)


def answer_record(name: str, resolved: Resolved, settings: FleetSettings, clock: Clock) -> Answered:
    """Return what is kept of a registry's answer: it is asked again within ``every``, up to a fifth sooner.

    Never later: what moves just after it was asked about is to be known in that time.
    """
    pause = settings.every * (0.8 + 0.2 * clock.chance())
    return Answered(name, str(resolved.digest), resolved.media_type, clock.wall() + pause, settings.settle_of(name))


async def look_for_signatures(fleet: Fleet, most: int) -> int:
    """Look once beside each new digest whether it is signed, at most so many; return how many were looked at."""
    store = fleet.store
    sql = """select name, digest from image
        where digest is not null and signed is null and failures = 0 order by name limit ?"""
    wanted = await store.aside(lambda: store.read(sql, most))
    for name, digest in wanted:
        try:
            beside = await fleet.registry.attachments(ImageReference.parse(name).at(Digest.parse(digest)))
        except (RateLimitedError, UnavailableError):
            continue
        except ResolveError:
            # Asked again it would say the same, and keep the others waiting.
            signed = _UNTOLD
        else:
            signed = int(any("sig" in one.kind or "notary" in one.kind for one in beside))
        update = "update image set signed = ? where name = ? and digest = ? returning id"
        await store.aside(partial(store.read, update, signed, name, digest))
    return len(wanted)


class PassingRegistry(SharedRegistry):
    """A `SharedRegistry` for a process that lives long: who asks at the same moment shares the answer, nobody later."""

    async def _once(self, key: tuple[object, ...], ask: Callable[[], Awaitable[object]]) -> Any:  # noqa: ANN401 - each key's own
        try:
            return await super()._once(key, ask)
        finally:
            self._asked.pop(key, None)


class StoredRegistry(PassingRegistry):
    """A `pinner.oci.resolver.Registry` that takes from the store what tags mean and what digests stand for.

    It remembers nothing in memory. What the store does not know, or not any more, one process asks and keeps for all.
    """

    def __init__(self, registry: Registry, store: Store, settings: FleetSettings, clock: Clock) -> None:
        super().__init__(registry)
        self._answers = Answers(store, clock, settings.stalled)
        self._settings = settings

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the tag of ``reference`` means now, as far as the fleet knows."""
        if platform is not None:
            return await super().resolve(reference, platform)
        store, name, clock = self._answers.store, reference.canonical, self._answers.clock

        def keep(answer: Resolved | ResolveError) -> None:
            if isinstance(answer, Resolved):
                found = answer_record(name, answer, self._settings, clock)
            else:
                found = Answered(name, None, ask_at=clock.wall() + backoff(0, 0.5), note=_noted(answer))
            keep_answers(store, [found], clock.wall())

        async def ask() -> Resolved | ResolveError:
            try:
                return await super(StoredRegistry, self).resolve(reference, None)
            except ResolveError as error:
                return error

        answer = await self._answers.once(f"resolve {name}", lambda: known_answer(store, name, clock.wall()), ask, keep)
        if isinstance(answer, Resolved):
            return answer
        raise answer

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        """Return what is served under the digest of ``reference``: fetched once, and for good."""
        ask = partial(super().describe, reference, depth, platforms)
        if reference.digest is None:
            return await ask()
        some = "" if platforms is None else ",".join(sorted(map(str, platforms)))
        key = f"{__version__} {depth} {reference.repository}@{reference.digest} {some}"
        return await self._answers.image(key, ask)


def _noted(error: ResolveError) -> str:
    return f"{type(error).__name__}: {error.message}"


def known_answer(store: Store, name: str, now: float) -> Resolved | ResolveError | None:
    """Return what the store says of a tag that need not be asked about yet; None where it knows nothing fresh."""
    sql = "select digest, media_type, failures, note from image where name = ? and ask_at > ?"
    for digest, media_type, failures, note in store.run(lambda session: session.execute(sql, (name, now))):
        if failures:
            kind, _, message = str(note).partition(": ")
            return _KINDS.get(kind, UnavailableError)(message or str(note))
        if digest is not None:
            return Resolved(Digest.parse(digest), media_type, is_hashed=False)
    return None
