"""`RegistryResolver`: asks registries, or an OCI layout in their place, what names mean.

For a tag one HEAD; a GET only where a registry leaves something out, and then what came is hashed and not believed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from pinner.errors import IntegrityError, InvalidReferenceError, NotFoundError, ResolveError
from pinner.memory import cache_directory
from pinner.model import Resolved
from pinner.reference import Digest
from pinner.registry.cache import Cache, TagKey, age
from pinner.registry.credentials import CredentialFinder
from pinner.registry.failures import failure, named
from pinner.registry.hosts import check_endpoint, endpoint_for
from pinner.registry.line import Call
from pinner.registry.manifests import ACCEPT, MAX_CONFIG, MAX_MANIFEST, known_type, read_manifest
from pinner.registry.mirrors import Mirrors, Source
from pinner.registry.notices import Notices
from pinner.registry.platforms import Fetched, PlatformSearch
from pinner.registry.retry import PASSING, Clock, Patience
from pinner.registry.session import Session
from pinner.registry.tls import check_ca
from pinner.registry.wire import UnreachedError, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    import httpx

    from pinner.config import Settings
    from pinner.reference import ImageReference, Platform
    from pinner.registry.failures import Reply
    from pinner.registry.line import Question
    from pinner.registry.notices import RateLimit

_DEFAULT_JOBS = 16
"""Questions at once for each host: more HTTP/1.1 connections than that make httpcore slower, not faster."""
_OK = 200
# A registry that does not know HEAD says so in one of these ways; the rest of the run is spared the attempt.
_NO_HEAD = frozenset({405, 501})
_LAYOUT_HINT = (
    "a layout names its images in full by the annotation org.opencontainers.image.ref.name: "
    "`skopeo copy --all docker://nginx:1.27 oci:FOLDER:docker.io/library/nginx:1.27`"
)


class RegistryResolver:
    """Answers from the registries that the settings describe; a `pinner.resolve.Resolver` and a context manager."""

    def __init__(
        self,
        settings: Settings,
        *,
        environment: Mapping[str, str],
        transport: httpx.AsyncBaseTransport | None = None,
        on_warning: Callable[[str], None] | None = None,
        patience: Patience | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``environment`` has the proxies and the credentials' places. ``transport`` answers instead of the network.

        Raises `ConfigError` for a layout, an endpoint or a file of authorities that is none; `resolve` never does.
        """
        for options in settings.registries.values():
            check_endpoint(options)
            if options.ca is not None:
                check_ca(options.ca)
        self._registries = settings.registries
        self._mirrors = Mirrors(environment, self._warn)
        self._layout = settings.layout
        if settings.layout is not None:
            from pinner.registry.layout import LayoutTransport  # noqa: PLC0415 - only where there is a layout

            transport = LayoutTransport(settings.layout)
        jobs = settings.jobs or _DEFAULT_JOBS
        patience, clock = patience or Patience(), clock or Clock()
        self._warnings: list[str] = []
        self._on_warning = on_warning
        folder = cache_directory(environment) if settings.use_cache and settings.layout is None else None
        self._cache = None if folder is None else Cache(folder, clock.wall)
        self._is_offline = settings.offline and settings.layout is None
        self._ages: list[float] = []
        self._clock = clock
        self._notices = Notices(self._warn)
        self._wire = Wire(environment, patience, jobs, transport, self._notices)
        self._finder = CredentialFinder(environment, self._warn)
        self._session = Session(self._wire, self._finder, patience, clock, jobs)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know although it stopped nothing."""
        if not self._ages:
            return tuple(self._warnings)
        count = f"{len(self._ages)} remembered answer{'' if len(self._ages) == 1 else 's'}"
        return (*self._warnings, f"nobody was asked: {count}, the oldest from {age(max(self._ages))}")

    @property
    def rate_limits(self) -> tuple[RateLimit, ...]:
        """What the hosts that have a limit on fetching said of it last."""
        return self._notices.rate_limits

    def _warn(self, message: str) -> None:
        if message not in self._warnings:
            self._warnings.append(message)
            if self._on_warning is not None:
                self._on_warning(message)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._wire.aclose()
        if self._cache is not None:
            self._cache.trim()

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the tag of ``reference`` means now; with ``platform``, that platform's manifest.

        Raises `ResolveError`, its message naming the reference.
        """
        try:
            return await self._resolve(reference, platform)
        except ResolveError as error:
            # Without the chain: what lies under it may hold what must not be shown.
            raise named(error, reference) from None

    async def _resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        if not reference.domain:
            raise NotFoundError("it names no registry", hint="a registry's name has letters, digits, dots and hyphens")
        *others, last = self._sources(reference)
        tag = reference.tag or "latest"
        for source in others:
            try:
                return await self._ask(source, tag, platform)
            except source.yields_to:
                continue
        with self._notices.wanting(last.endpoint.base.host, 0 if platform is None else 1):
            return await self._ask(last, tag, platform)

    async def _ask(self, source: Source, tag: str, platform: Platform | None) -> Resolved:
        key = TagKey(str(source.endpoint.base), source.repository, tag, None if platform is None else str(platform))
        if self._is_offline:
            return await self._recall(source, key)
        async with self._session.question(source.endpoint, source.repository) as question:
            repository = _Repository(self._session, question, source.repository, self._cache)
            resolved = await repository.resolve(tag, platform)
            if self._cache is not None:
                self._cache.keep_answer(key, question.credentials, resolved)
            return resolved

    async def _recall(self, source: Source, key: TagKey) -> Resolved:
        """Return what ``source`` answered at some time, to anybody or to somebody with the credentials that we have."""
        remembered = None
        if self._cache is not None:
            remembered = self._cache.answer(key, None)
            if remembered is None:
                credentials = await self._finder.find(source.endpoint.login, source.repository)
                remembered = None if credentials is None else self._cache.answer(key, credentials)
        if remembered is None:
            raise UnreachedError(
                f"no answer of {source.endpoint.host} is remembered and --offline forbids to ask",
                hint="run it once without --offline",
            )
        self._ages.append(self._clock.wall() - remembered.time)
        return remembered.resolved

    def _sources(self, reference: ImageReference) -> tuple[Source, ...]:
        if self._layout is None:
            return self._mirrors.sources(reference.domain, reference.path, self._registries)
        label = f"the OCI layout {self._layout}"
        endpoint = replace(endpoint_for(reference.domain, {}), label=label, missing=_LAYOUT_HINT)
        return (Source(endpoint, reference.path, ResolveError),)


@dataclass(frozen=True, slots=True)
class _Repository:
    """One repository as one question sees it."""

    session: Session
    question: Question
    path: str
    cache: Cache | None

    async def resolve(self, tag: str, platform: Platform | None) -> Resolved:
        """Return what ``tag`` means now."""
        if platform is None and (claimed := await self.claimed(tag)) is not None:
            return claimed
        fetched = await self.manifest(tag, None)
        if platform is None:
            return Resolved(fetched.digest, fetched.content.media_type)
        return await PlatformSearch(self, platform).find(fetched, self.question.endpoint.host)

    async def claimed(self, tag: str) -> Resolved | None:
        """Return what the registry's headers say a tag is; None where they do not say enough to be used."""
        host = self.question.host
        if host.refuses_head:
            return None
        url = self.question.endpoint.manifest(self.path, tag)
        reply = await self.session.ask(self.question, Call("HEAD", {"Accept": ACCEPT}, MAX_MANIFEST), url)
        if reply.status in PASSING:
            raise failure(reply, host.name)
        host.refuses_head = reply.status in _NO_HEAD
        if reply.status != _OK:
            # Nexus answers 404 to HEAD alone; for the others the GET's body says why.
            return None
        media_type = known_type(reply.headers.get("content-type"))
        try:
            digest = claimed_digest(reply)
        except InvalidReferenceError:
            digest = None
        return None if digest is None or media_type is None else Resolved(digest, media_type)

    async def manifest(self, selector: str, expected: Digest | None) -> Fetched:
        """Return a manifest whose bytes hash to ``expected`` and to what the registry claims."""
        if expected and self.cache and (kept := self.cache.content(expected, MAX_MANIFEST)):
            return Fetched(expected, read_manifest(kept[1], kept[0] or None), len(kept[1]))
        url = self.question.endpoint.manifest(self.path, selector)
        reply = await self._get(url, {"Accept": ACCEPT}, MAX_MANIFEST)
        content_type = reply.headers.get("content-type")
        # Schema 1 is told first: its digest is not that of its bytes, and no lie.
        known_type(content_type)
        try:
            claimed = claimed_digest(reply)
        except InvalidReferenceError:
            raise IntegrityError(f"{self.question.host.name} names a digest that is none") from None
        if expected is None and claimed is None and not _is_delimited(reply):
            raise IntegrityError(f"{self.question.host.name} does not say where its manifest ends")
        for digest in filter(None, (expected, claimed)):
            self._verify(reply.body, digest)
        digest = expected or claimed or Digest("sha256", hashlib.sha256(reply.body).hexdigest())
        fetched = Fetched(digest, read_manifest(reply.body, content_type), len(reply.body))
        if self.cache is not None:
            self.cache.keep_content(digest, content_type or "", reply.body)
        return fetched

    async def config(self, digest: Digest) -> bytes:
        """Return the bytes of a config, hashed."""
        if self.cache and (kept := self.cache.content(digest, MAX_CONFIG)):
            return kept[1]
        reply = await self._get(self.question.endpoint.blob(self.path, str(digest)), {}, MAX_CONFIG)
        self._verify(reply.body, digest)
        if self.cache is not None:
            self.cache.keep_content(digest, "", reply.body)
        return reply.body

    async def _get(self, url: httpx.URL, headers: Mapping[str, str], limit: int) -> Reply:
        reply = await self.session.ask(self.question, Call("GET", headers, limit), url)
        if reply.status != _OK:
            raise failure(reply, self.question.host.name, self.question.endpoint.missing)
        return reply

    def _verify(self, body: bytes, digest: Digest) -> None:
        if hashlib.new(digest.algorithm, body).hexdigest() != digest.hex:
            raise IntegrityError(f"{self.question.host.name} sent something else than {digest}")


def claimed_digest(reply: Reply) -> Digest | None:
    """Return the digest that a reply's header claims, None where there is none.

    Raises `InvalidReferenceError` for one that is no digest, `IntegrityError` for two that differ.
    """
    claims = {value.strip() for value in reply.headers.get_list("docker-content-digest")}
    if len(claims) > 1:
        raise IntegrityError(f"{reply.url.host} claims two digests for one manifest")
    return Digest.parse(claims.pop()) if claims else None


def _is_delimited(reply: Reply) -> bool:
    # A body that ends with the connection may have been cut short, and nothing would show it.
    return "content-length" in reply.headers or "transfer-encoding" in reply.headers
