"""Repository requests: manifests and configs, each verified by its hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinner.errors import IntegrityError, InvalidReferenceError
from pinner.http.client import Call
from pinner.http.errors import reply_error
from pinner.http.network_failures import UnreachedError
from pinner.http.retry import PASSING
from pinner.model import Resolved
from pinner.oci.manifests import ACCEPT, MAX_CONFIG, MAX_MANIFEST, known_type, read_manifest
from pinner.reference import Digest
from pinner.registry.cache import TagKey
from pinner.registry.images import Fetched, PlatformSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.http.errors import Reply
    from pinner.http.library import httpx
    from pinner.reference import Platform
    from pinner.registry.cache import Cache
    from pinner.registry.retries import Question
    from pinner.registry.session import Session

_OK, _NOT_MODIFIED = 200, 304
# A registry that does not know HEAD says so in one of these ways; the rest of the run is spared the attempt.
_NO_HEAD = frozenset({405, 501})


@dataclass(frozen=True, slots=True)
class RemoteRepository:
    """Asks the registry, or the cache for what a digest names."""

    session: Session
    question: Question
    path: str
    cache: Cache | None
    stands_in: bool = False
    """Whether it answers in another registry's place: it may have a tag, and not the digest that the tag means."""

    async def resolve(self, tag: str, platform: Platform | None) -> Resolved:
        """Return what ``tag`` means now: hashed, or as a header says where fetching it would be a pull."""
        if platform is None and self.session.counts_pulls(self.question):
            claimed = await self.claimed(tag)
            if claimed is not None and self.session.counts_pulls(self.question):
                return claimed
        # A HEAD may save a pull where the tag was fetched before; else it would be a request more.
        fetched = await self.fetch(tag, None, head=platform is not None and self._last_seen(tag) is not None)
        if platform is None:
            return Resolved(fetched.digest, fetched.content.media_type)
        return await PlatformSearch(self, platform).find(fetched, self.question.endpoint.host)

    async def claimed(self, tag: str) -> Resolved | None:
        """Return what the registry's headers say a tag is; None where they do not say enough to be used.

        It is hashed where the cache has what the digest names.
        """
        host = self.question.host
        if host.refuses_head:
            return None
        url = self.question.endpoint.manifest(self.path, tag)
        reply = await self.session.ask(self.question, Call("HEAD", {"Accept": ACCEPT}, MAX_MANIFEST), url)
        if reply.status in PASSING:
            raise reply_error(reply, host.name)
        host.refuses_head = reply.status in _NO_HEAD
        if reply.status != _OK:
            # Nexus answers 404 to HEAD alone; for the others the GET's body says why.
            return None
        media_type = known_type(reply.headers.get("content-type"))
        try:
            digest = claimed_digest(reply)
        except InvalidReferenceError:
            digest = None
        if digest is None or media_type is None:
            return None
        self._serves(digest, tag)
        return Resolved(digest, media_type, is_hashed=self._kept(digest) is not None)

    async def kind(self, tag: str, digest: Digest | None) -> Resolved | None:
        """Return digest and media type of ``digest``, or of ``tag`` where there is none; None if a HEAD does not tell.

        It may tell where fetching would be a pull, and of content that was fetched before, whether it is still there.
        Raises `IntegrityError` where the registry answers for another digest.
        """
        is_kept = digest is not None and self._kept(digest) is not None
        if not is_kept and not self.session.counts_pulls(self.question):
            return None
        if digest and is_kept and self._is_served(digest, is_in_doubt=True):
            return None
        claimed = await self.claimed(str(digest or tag))
        if claimed is None or (not is_kept and not self.session.counts_pulls(self.question)):
            return None
        if digest is None:
            return claimed
        if claimed.digest.algorithm != digest.algorithm:
            return None
        if claimed.digest != digest:
            raise IntegrityError(f"{self.question.host.name} answers with {claimed.digest} for {digest}")
        return claimed

    async def fetch(self, tag: str, digest: Digest | None, *, head: bool = True) -> Fetched:
        """Return what ``digest`` names, or what ``tag`` means now where there is none; ``head`` allows a HEAD before.

        Without ``head`` the question is whether the digest is there. With a cache a HEAD comes first where fetching
        would be a pull, for a tag's digest may be known, and everywhere for a known digest, which may be gone from
        here, or never have been in this repository. What it names is remembered, who serves it is not.
        """
        if head and self.cache is not None:
            if digest is None and self.session.counts_pulls(self.question):
                claimed = await self.claimed(tag)
                if claimed is not None and self.session.counts_pulls(self.question):
                    digest = claimed.digest
                    self.cache.keep_seen(self._key(tag), digest)
            elif digest is not None and not self._is_served(digest) and self._kept(digest):
                await self.kind(tag, digest)
        if digest is not None and self._is_served(digest, is_in_doubt=not head):
            return await self.manifest(str(digest), digest)
        return await self._download(str(digest or tag), digest)

    async def manifest(self, selector: str, expected: Digest | None) -> Fetched:
        """Return a manifest whose bytes hash to ``expected`` and to what the registry claims.

        Where the cache knows ``expected`` nobody is asked: for what a tag means, or an index names.
        """
        if expected and (kept := self._kept(expected)):
            return kept
        return await self._download(selector, expected, is_there=True)

    def _kept(self, digest: Digest) -> Fetched | None:
        kept = None if self.cache is None else self.cache.content(digest, MAX_MANIFEST)
        return None if kept is None else Fetched(digest, read_manifest(kept[1], kept[0] or None), len(kept[1]))

    async def _download(self, selector: str, expected: Digest | None, *, is_there: bool = False) -> Fetched:
        """Return what is served; ``is_there`` where an index says so: a refusal is then no answer to be expected."""
        known = None if expected else self._last_seen(selector)
        reply = await self._ask_for(selector, expected if is_there else None, known)
        if known and reply.status == _NOT_MODIFIED:
            if _names(reply, known.digest):
                self._serves(known.digest, selector)
                return known
            reply = await self._ask_for(selector, expected, None)
        fetched = self._hashed(reply, expected)
        self._serves(fetched.digest, selector)
        if self.cache is not None:
            self.cache.keep_content(fetched.digest, reply.headers.get("content-type", ""), reply.body)
            if expected is None:
                self.cache.keep_seen(self._key(selector), fetched.digest)
        return fetched

    def _key(self, tag: str) -> TagKey:
        return TagKey(str(self.question.endpoint.base), self.path, tag, None)

    def _last_seen(self, tag: str) -> Fetched | None:
        """Return what ``tag`` meant when it was asked for last, where the cache still has it."""
        digest = None if self.cache is None else self.cache.last_seen(self._key(tag))
        return None if digest is None else self._kept(digest)

    async def _ask_for(self, selector: str, expected: Digest | None, known: Fetched | None) -> Reply:
        """Return the reply for a manifest; with ``known``, status 304 may say that it is still that one (RFC 9110 §13).

        Distribution's entity tag is the digest in quotes; who has another one sends the manifest again.
        """
        headers = {"Accept": ACCEPT}
        if known is not None:
            headers["If-None-Match"] = f'"{known.digest}"'
        url = self.question.endpoint.manifest(self.path, selector)
        return await self._get(url, headers, MAX_MANIFEST, expected)

    def _hashed(self, reply: Reply, expected: Digest | None) -> Fetched:
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
        content = read_manifest(reply.body, content_type, reply.url.netloc.decode("ascii"))
        return Fetched(digest, content, len(reply.body))

    def _serves(self, digest: Digest, selector: str) -> None:
        """Remember that the repository has ``digest``, as its answer for ``selector``, a tag or a digest, says."""
        key = (str(self.question.endpoint.base), self.path, digest)
        self.session.served[key] = self.session.served.get(key, False) or selector == str(digest)

    def _is_served(self, digest: Digest, *, is_in_doubt: bool = False) -> bool:
        """Tell whether this run has seen that the repository has the manifest ``digest``.

        Where that is in doubt, what stands in for a registry must have been asked for the digest, not for a tag.
        """
        by_digest = self.session.served.get((str(self.question.endpoint.base), self.path, digest))
        return by_digest is not None and (by_digest or not (is_in_doubt and self.stands_in))

    async def config(self, digest: Digest, *, is_there: bool = True) -> bytes:
        """Return the bytes of a config, hashed; ``is_there`` where a manifest says so."""
        if self.cache and (kept := self.cache.content(digest, MAX_CONFIG)):
            return kept[1]
        reply = await self._get(
            self.question.endpoint.blob(self.path, str(digest)), {}, MAX_CONFIG, digest if is_there else None
        )
        self._verify(reply.body, digest)
        # What somebody took for an image ID may be a layer's digest.
        if self.cache is not None and reply.body.lstrip()[:1] == b"{":
            self.cache.keep_content(digest, "", reply.body)
        return reply.body

    async def _get(self, url: httpx.URL, headers: Mapping[str, str], limit: int, expected: Digest | None) -> Reply:
        reply = await self.session.ask(self.question, Call("GET", headers, limit, expected=expected), url)
        if reply.status != _OK and not (reply.status == _NOT_MODIFIED and "If-None-Match" in headers):
            is_known = self.question.credentials is not None
            raise reply_error(reply, self.question.host.name, self.question.endpoint.missing, has_credentials=is_known)
        return reply

    def _verify(self, body: bytes, digest: Digest) -> None:
        if hashlib.new(digest.algorithm, body).hexdigest() != digest.hex:
            raise IntegrityError(f"{self.question.host.name} sent something else than {digest}")


def claimed_digest(reply: Reply) -> Digest | None:
    """Return the digest that a reply's header claims, None where there is none or it is empty.

    Raises `InvalidReferenceError` for one that is no digest, `IntegrityError` for two that differ.
    """
    claims = {value.strip() for value in reply.headers.get_list("docker-content-digest")} - {""}
    if len(claims) > 1:
        raise IntegrityError(f"{reply.url.host} claims two digests for one manifest")
    return Digest.parse(claims.pop()) if claims else None


def _names(reply: Reply, digest: Digest) -> bool:
    """Tell whether ``reply``, which has no body to hash, names ``digest`` or nothing."""
    try:
        return claimed_digest(reply) in (None, digest)
    except (InvalidReferenceError, IntegrityError):
        return False


def _is_delimited(reply: Reply) -> bool:
    # A body that ends with the connection may have been cut short, and nothing would show it.
    return "content-length" in reply.headers or "transfer-encoding" in reply.headers


@dataclass(frozen=True, slots=True)
class RememberedRepository:
    """Has what the cache has; asks nobody."""

    host: str
    cache: Cache | None

    async def manifest(self, selector: str, expected: Digest | None) -> Fetched:
        """Return the manifest of the digest that is ``expected``; raises `UnreachedError` for what is not known."""
        digest = expected or Digest.parse(selector)
        kept = self._kept(digest, MAX_MANIFEST)
        return Fetched(digest, read_manifest(kept[1], kept[0] or None), len(kept[1]))

    async def config(self, digest: Digest) -> bytes:
        """Return the bytes of a config; raises `UnreachedError`."""
        return self._kept(digest, MAX_CONFIG)[1]

    def _kept(self, digest: Digest, limit: int) -> tuple[str, bytes]:
        kept = None if self.cache is None else self.cache.content(digest, limit)
        if kept is None:
            raise nothing_remembered(self.host)
        return kept


def nothing_remembered(host: str) -> UnreachedError:
    """Return the error for a question that only ``host`` could answer, where nobody may be asked."""
    return UnreachedError(
        f"no answer of {host} is remembered and --offline forbids to ask", hint="run it once without --offline"
    )
