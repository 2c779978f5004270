"""Registry resolver: asks registries, or an OCI layout in their place, what names mean.

For a tag one GET, whose body is hashed, and by Docker Hub, which counts GETs as pulls, one HEAD, which is believed.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, NamedTuple, Self, TypeVar

from pinner.errors import NotFoundError, ResolveError, UnsupportedError
from pinner.http.client import HttpClient
from pinner.http.connections import check_places
from pinner.http.errors import safe_text, with_prefix, with_reference
from pinner.http.network_failures import UnreachedError
from pinner.http.rate_limit_headers import Notices
from pinner.http.retry import Clock, RetryPolicy
from pinner.oci.resolver import NOBODY, Listener
from pinner.oci.types import Image
from pinner.reference import DOCKER_HUB
from pinner.registry.artifacts import Signatures
from pinner.registry.auth.credentials import CredentialFinder
from pinner.registry.cache import TagKey, age, cache_of, remembered_for
from pinner.registry.images import describe_fetched, image_config
from pinner.registry.layout import layout_of, layout_source
from pinner.registry.mirrors import Mirrors, Source
from pinner.registry.rate_limit_query import probe_for, query_rate_limit
from pinner.registry.referrers import find_attachments
from pinner.registry.repository import RememberedRepository, RemoteRepository, nothing_remembered
from pinner.registry.session import Session
from pinner.registry.tag_list import list_key, read_list

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
    from types import TracebackType

    from pinner.config import Settings
    from pinner.http.library import httpx
    from pinner.model import Resolved
    from pinner.oci.resolver import Allowance
    from pinner.oci.types import Attachment, Config, Depth
    from pinner.reference import ImageReference, Platform

_T = TypeVar("_T")

FRESH = 60 * 60.0
"""Seconds for which nobody is asked for a list of tags again."""
# Questions at once for each host: as many as a token is shared by, so that its waiters are all at work.
_DEFAULT_JOBS = 32
# Hosts that hold much traffic from one address against it.
_CAREFUL_JOBS = {DOCKER_HUB: 16, "ghcr.io": 16}


class _Want(NamedTuple):
    """What a question wants of a source."""

    manifests: int
    """How many are to be fetched: registries count them."""
    by_tag: bool = False
    """Whether a tag is to be told: sources that are not trusted with tags come last."""
    from_mirrors: bool = True
    deed: str = "resolve"
    """What cannot be done where nobody answers."""


class RegistryResolver(Signatures):
    """Answers from the registries of the settings; a `pinner.oci.resolver.Registry` and a context manager."""

    def __init__(
        self,
        settings: Settings,
        *,
        environment: Mapping[str, str],
        transport: httpx.AsyncBaseTransport | None = None,
        listener: Listener = NOBODY,
        retry_policy: RetryPolicy | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``environment`` has the proxies and the credentials' places. ``transport`` answers instead of the network.

        Raises `ConfigError` for a layout, an endpoint or a file of authorities that is none; `resolve` never does.
        """
        check_places(settings)
        self._registries, self._layout = settings.registries, settings.layout
        self._notes, self._warnings = list[str](), list[str]()
        self._ages, self._listener = list[float](), listener
        self._mirrors = Mirrors(environment, self._warn, self._note)
        transport = layout_of(settings) or transport
        jobs = settings.jobs or _DEFAULT_JOBS
        retry_policy, clock = replace(retry_policy or RetryPolicy(), run=settings.timeout), clock or Clock()
        self._cache = cache_of(settings, environment, clock)
        self._is_offline = settings.offline and settings.layout is None
        self._clock = clock
        self._notices = Notices(self._warn)
        self._http_client = HttpClient(environment, retry_policy, jobs, transport, self._notices)
        self._finder = CredentialFinder(environment, self._warn)
        self._session = Session(
            self._http_client, self._finder, retry_policy, clock, jobs, {} if settings.jobs else _CAREFUL_JOBS
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know although it stopped nothing."""
        return (*self._warnings, *self._remembered())

    def _remembered(self) -> Iterator[str]:
        if self._ages:
            count = f"{len(self._ages)} remembered answer{'' if len(self._ages) == 1 else 's'}"
            yield f"nobody was asked: {count}, the oldest from {age(max(self._ages))}"

    def _warn(self, message: str) -> None:
        if message not in self._warnings:
            self._warnings.append(message)
            self._listener.warning(message)

    def _note(self, message: str) -> None:
        if message not in self._notes:
            self._notes.append(message)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for message in self._remembered():
            self._listener.warning(message)
        for message in self._notes:
            self._listener.note(message)
        await self._http_client.aclose()
        if self._cache is not None:
            self._cache.trim()

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the tag of ``reference`` means now; with ``platform``, that platform's manifest.

        Raises `ResolveError`, its message naming the reference.
        """
        tag = reference.tag or "latest"

        async def ask(source: Source) -> Resolved:
            key = TagKey(str(source.endpoint.base), source.repository, tag, None if platform is None else str(platform))
            if self._is_offline:
                return await self._recall(source, key)
            async with self._session.question(source.endpoint, source.repository) as question:
                repository = RemoteRepository(self._session, question, source.repository, self._cache, source.stands_in)
                resolved = await repository.resolve(tag, platform)
                if self._cache is not None:
                    self._cache.keep_answer(key, question.credentials, resolved)
                return resolved._replace(is_mirrored=source.stands_in)

        return await self._first(reference, ask, _Want(0 if platform is None else 1, by_tag=True))

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        """Return what is served under the digest of ``reference``, or its tag; see `pinner.oci.resolver.Registry`."""

        async def ask(source: Source) -> Image:
            if self._is_offline:
                remembered = RememberedRepository(source.endpoint.host, self._cache)
                digest = reference.digest
                if digest is None:
                    key = TagKey(str(source.endpoint.base), source.repository, reference.tag or "latest", None)
                    digest = (await self._recall(source, key)).digest
                fetched = await remembered.manifest(str(digest), digest)
                return await describe_fetched(remembered, fetched, depth, platforms)
            async with self._session.question(source.endpoint, source.repository) as question:
                repository = RemoteRepository(self._session, question, source.repository, self._cache, source.stands_in)
                tag = reference.tag or "latest"
                if depth == "kind" and (kind := await repository.kind(tag, reference.digest)):
                    return Image(kind.digest, kind.media_type, (), is_hashed=kind.is_hashed)
                fetched = await repository.fetch(tag, reference.digest, head=depth != "kind")
                return await describe_fetched(repository, fetched, depth, platforms)

        return await self._first(reference, ask, _Want(0 if depth == "kind" else 1, by_tag=reference.digest is None))

    async def config(self, reference: ImageReference) -> Config | None:
        """Return the config that lies in the repository under the digest of ``reference``, or None."""
        digest = reference.digest
        if digest is None:
            return None

        async def ask(source: Source) -> Config | None:
            if self._is_offline:
                return image_config(
                    await RememberedRepository(source.endpoint.host, self._cache).config(digest), digest
                )
            async with self._session.question(source.endpoint, source.repository) as question:
                repository = RemoteRepository(self._session, question, source.repository, self._cache, source.stands_in)
                return image_config(await repository.config(digest, is_there=False), digest)

        try:
            return await self._first(reference, ask, _Want(0))
        except (NotFoundError, UnsupportedError):
            # Nothing there, or a layer: larger than any config.
            return None

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
        """Return what lies beside the digest of ``reference``, or its tag's; see `pinner.oci.resolver.Registry`.

        Mirrors are not asked: one that has the image need not have what speaks of it.
        """
        digest = reference.digest or (await self.resolve(reference, None)).digest

        async def ask(source: Source) -> tuple[Attachment, ...]:
            if self._is_offline:
                raise nothing_remembered(source.endpoint.host)
            async with self._session.question(source.endpoint, source.repository) as question:
                repository = RemoteRepository(self._session, question, source.repository, self._cache, source.stands_in)
                return await find_attachments(repository, digest, self._warn)

        return await self._first(reference, ask, _Want(0, from_mirrors=False))

    async def list_tags(self, reference: ImageReference, wanted: str = "") -> tuple[str, ...]:
        """Return every tag in the repository of ``reference``; see `pinner.oci.resolver.Registry`.

        A list is remembered for an hour, and after that asked for only where it is another by now.
        """

        async def ask(source: Source) -> tuple[str, ...]:
            key = list_key(source)
            known = await remembered_for(
                self._cache, self._finder, source, lambda cache, credentials: cache.tags(key, credentials)
            )
            seconds = inf if known is None else self._clock.wall() - known.time
            if known is not None and (self._is_offline or 0 <= seconds < FRESH):
                self._ages += [seconds] if self._is_offline else []
                return known.tags
            if self._is_offline:
                raise nothing_remembered(source.endpoint.host)
            return await read_list(self._session, source, self._cache, known, wanted)

        bare = reference._replace(written=reference.repository, tag=None, digest=None)
        return await self._first(bare, ask, _Want(0, by_tag=True, deed="list the tags of"))

    async def allowance(self, registry: str, reference: ImageReference | None = None) -> Allowance:
        """Return how much ``registry`` lets us fetch; see `pinner.oci.resolver.Registry`."""
        try:
            source = next(one for one in self._sources(reference or probe_for(registry)) if not one.is_mirror)
            if self._is_offline:
                raise nothing_remembered(source.endpoint.host)
            return await query_rate_limit(self._session, self._notices, source, registry, reference)
        except ResolveError as error:
            raise with_prefix(error, f"cannot tell what {safe_text(registry)} lets be fetched") from None

    async def _first(self, reference: ImageReference, ask: Callable[[Source], Awaitable[_T]], want: _Want) -> _T:
        """Return what the first source answers that has an answer. Raises `ResolveError`, naming the reference."""
        try:
            if not reference.domain:
                hint = "a registry's name has letters, digits, dots and hyphens"
                raise NotFoundError("it names no registry", hint=hint)
            return await self._in_turn(reference, ask, want)
        except ResolveError as error:
            # Without the chain: what lies under it may hold what must not be shown.
            raise with_reference(error, reference, want.deed) from None

    async def _in_turn(self, reference: ImageReference, ask: Callable[[Source], Awaitable[_T]], want: _Want) -> _T:
        """Ask one source after the other; those that are not trusted with tags only where nobody else is reached."""
        failure: ResolveError = UnreachedError("there is nobody to ask")
        sources = [source for source in self._sources(reference) if want.from_mirrors or not source.is_mirror]
        if want.by_tag:
            sources.sort(key=lambda one: not one.resolves)
        for source in sources:
            is_doubtful = want.by_tag and not source.resolves
            if (source.is_last_resort or is_doubtful) and not isinstance(failure, UnreachedError):
                continue
            host = source.endpoint.base.host
            try:
                with self._notices.wanting(host, 0 if source.is_mirror else want.manifests):
                    answer = await ask(source)
            except ResolveError as error:
                failure = failure if is_doubtful else error
                continue
            if is_doubtful:
                self._warn(
                    f"{reference.domain} cannot be reached: its mirror {host} said what tags mean, and may be behind"
                )
            return answer
        raise failure

    async def _recall(self, source: Source, key: TagKey) -> Resolved:
        """Return what ``source`` answered at some time, to anybody or to somebody with the credentials that we have."""
        remembered = await remembered_for(
            self._cache, self._finder, source, lambda cache, credentials: cache.answer(key, credentials)
        )
        if remembered is None:
            raise nothing_remembered(source.endpoint.host)
        self._ages.append(self._clock.wall() - remembered.time)
        return remembered.resolved

    def _reader(self, reference: ImageReference) -> tuple[Session, Source, bool]:
        own = next(source for source in self._sources(reference) if not source.is_mirror)
        return self._session, own, self._is_offline

    def _sources(self, reference: ImageReference) -> tuple[Source, ...]:
        if self._layout is None:
            return self._mirrors.sources(reference.domain, reference.path, self._registries)
        return (layout_source(self._layout, reference),)
