"""Signature artifacts of a repository: lists, manifests and blobs as raw bytes, each hashed.

Sources: distribution-spec 1.1, "Listing Referrers" and "Referrers Tag Schema"; cosign's SIGNATURE_SPEC.md for its tag.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import IntegrityError, NotFoundError, UnsupportedError
from pinner.http.client import Call
from pinner.http.errors import reply_error
from pinner.oci.manifests import ACCEPT, MAX_MANIFEST, OCI_INDEX
from pinner.reference import Digest
from pinner.registry.referrers import MAX_PAGES, NOT_KNOWN, next_page
from pinner.registry.repository import claimed_digest, nothing_remembered

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from pinner.http.errors import Reply
    from pinner.http.library import httpx
    from pinner.oci.types import Signature
    from pinner.reference import ImageReference
    from pinner.registry.mirrors import Source
    from pinner.registry.retries import Question
    from pinner.registry.session import Session

_OK = 200


class RawManifest(NamedTuple):
    """A manifest as it was sent."""

    digest: str
    media_type: str
    body: bytes


class ArtifactLocations(NamedTuple):
    """What a registry has beside a digest, by where it may lie."""

    pages: tuple[bytes, ...] | None
    """The registry's own list of referrers; None where it keeps none."""
    fallback: RawManifest | None
    """What stands under the tag of clients that keep the list themselves."""
    classic: RawManifest | None
    """What stands under cosign's tag."""
    is_cut: bool = False
    """Whether the list went on."""


class ArtifactReader:
    """Reads one repository's signatures. Everything raises `ResolveError` but for what is not there: None."""

    def __init__(self, session: Session, source: Source, offline: bool) -> None:  # noqa: FBT001 - one of three that go together
        self._session = session
        self._source = source
        self._offline = offline

    async def beside(self, digest: Digest) -> ArtifactLocations:
        """Return what lies beside ``digest``: the three places are asked at once."""
        tag = f"{digest.algorithm}-{digest.hex}"
        async with self._question() as question, asyncio.TaskGroup() as group:
            listed = group.create_task(self._listed(question, digest))
            fallback = group.create_task(self._manifest(question, tag))
            classic = group.create_task(self._manifest(question, f"{tag}.sig"))
        pages, is_cut = listed.result()
        return ArtifactLocations(pages, fallback.result(), classic.result(), is_cut)

    async def manifest(self, selector: str) -> RawManifest | None:
        """Return the manifest under a tag or a digest."""
        async with self._question() as question:
            return await self._manifest(question, selector)

    async def blob(self, digest: Digest, limit: int) -> bytes | None:
        """Return a blob of at most ``limit`` bytes."""
        async with self._question() as question:
            url = question.endpoint.blob(self._source.repository, str(digest))
            try:
                reply = await self._session.ask(question, Call("GET", {}, limit, expected=digest), url)
            except NotFoundError:
                # A layout that lacks a blob says so by itself.
                return None
            if not self._is_there(question, reply):
                return None
            _verify(question, reply.body, digest)
            return reply.body

    @property
    def host(self) -> str:
        """What messages call the registry."""
        return self._source.endpoint.host

    def _question(self) -> AbstractAsyncContextManager[Question]:
        if self._offline:
            raise nothing_remembered(self._source.endpoint.host)
        return self._session.question(self._source.endpoint, self._source.repository)

    async def _manifest(self, question: Question, selector: str) -> RawManifest | None:
        url = question.endpoint.manifest(self._source.repository, selector)
        expected = Digest.parse(selector) if ":" in selector else None
        reply = await self._session.ask(question, Call("GET", {"Accept": ACCEPT}, MAX_MANIFEST, expected=expected), url)
        if not self._is_there(question, reply):
            return None
        digest = expected or claimed_digest(reply) or Digest("sha256", hashlib.sha256(reply.body).hexdigest())
        _verify(question, reply.body, digest)
        media_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
        return RawManifest(str(digest), media_type, reply.body)

    @staticmethod
    def _is_there(question: Question, reply: Reply) -> bool:
        if reply.status == _OK:
            return True
        error = reply_error(reply, question.host.name, has_credentials=question.credentials is not None)
        if isinstance(error, NotFoundError):
            return False
        raise error

    async def _listed(self, question: Question, digest: Digest) -> tuple[tuple[bytes, ...] | None, bool]:
        """Return the pages of the registry's list, None where it keeps none, and whether there are more."""
        host = question.host
        if not host.lists_referrers:
            return None, False
        first = question.endpoint.base.join(f"{self._source.repository}/referrers/{digest}")
        pages: list[bytes] = []
        asked: set[httpx.URL] = set()
        url: httpx.URL | None = first
        while url is not None and url not in asked and len(pages) < MAX_PAGES:
            asked.add(url)
            reply = await self._session.ask(question, Call("GET", {"Accept": OCI_INDEX}, MAX_MANIFEST), url)
            is_index = reply.headers.get("content-type", "").partition(";")[0].strip().lower() == OCI_INDEX
            if url is first and (reply.status in NOT_KNOWN or (reply.status == _OK and not is_index)):
                host.lists_referrers = False
                return None, False
            if reply.status != _OK:
                raise reply_error(reply, host.name)
            if not is_index:
                raise UnsupportedError(f"{host.name} breaks off its list of what lies beside {digest}")
            pages.append(reply.body)
            url = next_page(reply, first)
        return tuple(pages), url is not None


class Signatures:
    """The part of a registry that has signatures; what a policy makes of them is not its business."""

    async def signature(
        self,
        reference: ImageReference,  # noqa: ARG002 - the protocol's
        after: ImageReference | None = None,  # noqa: ARG002 - the protocol's
    ) -> Signature | None:
        """Return None: nobody asks who signed."""
        return None

    def artifacts(self, reference: ImageReference) -> ArtifactReader:
        """Return what reads the signatures in the repository of ``reference``; mirrors are not asked."""
        return ArtifactReader(*self._reader(reference))

    def _reader(self, reference: ImageReference) -> tuple[Session, Source, bool]:
        """Return the session and the source that have them, and whether nobody may be asked."""
        raise NotImplementedError


def _verify(question: Question, body: bytes, digest: Digest) -> None:
    if hashlib.new(digest.algorithm, body).hexdigest() != digest.hex:
        raise IntegrityError(f"{question.host.name} sent something else than {digest}")
