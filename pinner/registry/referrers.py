"""Referrers of an image: signatures, attestations, SBOMs, found and not verified.

Sources: distribution-spec 1.1, "Listing Referrers" and "Referrers Tag Schema"; cosign's specs/SIGNATURE_SPEC.md and
ATTESTATION_SPEC.md for its tags.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.errors import NotFoundError, UnsupportedError
from pinner.http.client import Call
from pinner.http.errors import reply_error, safe_text
from pinner.oci.manifests import MAX_MANIFEST, OCI_INDEX, Index, Manifest, read_manifest
from pinner.oci.types import Attachment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pinner.http.errors import Reply
    from pinner.http.library import httpx
    from pinner.oci.manifests import Descriptor
    from pinner.reference import Digest
    from pinner.registry.repository import RemoteRepository

MAX_REFERRERS = 1000
"""Of one digest."""
MAX_PAGES = 50
_MAX_OPENED = 20
"""Referrers fetched to learn what they are, where the list does not say: each is a pull."""
COSIGN_SUFFIXES = (".sig", ".att", ".sbom")
_OK = 200
NOT_KNOWN = frozenset({400, 404, 405, 406, 410, 501})
"""What a registry answers that does not know the question; HTML with status 200 is the same."""
_NEXT = re.compile(r'<([^>]{1,4096})>\s*;[^,]*\brel="?next"?', re.IGNORECASE)

# image-spec, manifest.md: an artifact whose type is its config's, which is empty, is what its layers are. Registries
# list a Sigstore bundle so that was pushed without an `artifactType`.
_SAYS_NOTHING = frozenset({None, "", "application/vnd.oci.empty.v1+json"})


async def find_attachments(
    repository: RemoteRepository, subject: Digest, warn: Callable[[str], None]
) -> tuple[Attachment, ...]:
    """Return what speaks of ``subject`` in its repository, each once.

    The registry is asked for the list; one that keeps none has it under a tag, if its clients keep it there. Cosign's
    own tags are looked for as well: they are in no list. Raises `ResolveError`.
    """
    host = repository.question.host
    if host.tells_by_head is None:
        host.tells_by_head = await repository.claimed(str(subject)) is not None
    listed = await _listed(repository, subject, warn)
    if listed is None:
        listed = await _listed_under_tag(repository, subject)
    found: list[Attachment] = []
    unclear = 0
    for one in listed[:MAX_REFERRERS]:
        kind: str | None = one.artifact_type or one.media_type
        if one.artifact_type in _SAYS_NOTHING and unclear < _MAX_OPENED:
            unclear += 1
            kind = await _kind(repository, one, subject)
        if kind is not None:
            found.append(Attachment(one.digest, safe_text(kind), subject))
    for suffix in COSIGN_SUFFIXES:
        digest = await _tagged(repository, f"{subject.algorithm}-{subject.hex}{suffix}")
        if digest is not None:
            found.append(Attachment(digest, suffix, subject))
    return tuple(dict.fromkeys(found))


async def _listed(
    repository: RemoteRepository, subject: Digest, warn: Callable[[str], None]
) -> Sequence[Descriptor] | None:
    """Return the registry's own list; None where it keeps none."""
    host = repository.question.host
    if not host.lists_referrers:
        return None
    first = repository.question.endpoint.base.join(f"{repository.path}/referrers/{subject}")
    url: httpx.URL | None = first
    found: list[Descriptor] = []
    asked: set[httpx.URL] = set()
    while url is not None:
        asked.add(url)
        reply = await repository.session.ask(repository.question, Call("GET", {"Accept": OCI_INDEX}, MAX_MANIFEST), url)
        page = _read_page(reply)
        if page is None and url is first:
            host.lists_referrers = reply.status != _OK and reply.status not in NOT_KNOWN
            if host.lists_referrers:
                raise reply_error(reply, host.name)
            return None
        if page is None:
            raise UnsupportedError(f"{host.name} breaks off its list of what lies beside {subject}")
        found += page.children
        url = next_page(reply, first)
        if url is not None and (url in asked or len(asked) >= MAX_PAGES or len(found) >= MAX_REFERRERS):
            warn(f"{host.name} has a list without end of what lies beside {subject}: its beginning was read")
            url = None
    return found


def _read_page(reply: Reply) -> Index | None:
    """Return the index that a registry lists referrers in; None for anything else."""
    if reply.status != _OK:
        return None
    try:
        content = read_manifest(reply.body, reply.headers.get("content-type"))
    except UnsupportedError:
        return None
    return content if isinstance(content, Index) and content.media_type == OCI_INDEX else None


def next_page(reply: Reply, first: httpx.URL) -> httpx.URL | None:
    """Return where the list goes on: of the address that the registry gives, only its query is heeded."""
    match = _NEXT.search(reply.headers.get("link", ""))
    if match is None:
        return None
    query = match[1].partition("#")[0].partition("?")[2]
    return first.copy_with(query=query.encode("ascii", "ignore"))


async def _kind(repository: RemoteRepository, one: Descriptor, subject: Digest) -> str | None:
    """Return what ``one`` is, from its own manifest; None where that speaks of something else or is not there."""
    try:
        content = (await repository.manifest(str(one.digest), one.digest)).content
    except NotFoundError:
        return None
    if not isinstance(content, Manifest):
        return content.media_type
    if content.subject not in (None, subject):
        return None
    if content.artifact_type not in _SAYS_NOTHING:
        return content.artifact_type
    layers = (layer.media_type for layer in content.layers)
    types = (content.config.media_type, *layers)
    return next((type_ for type_ in types if type_ not in _SAYS_NOTHING), content.config.media_type)


async def _listed_under_tag(repository: RemoteRepository, subject: Digest) -> Sequence[Descriptor]:
    digest = await _tagged(repository, f"{subject.algorithm[:32]}-{subject.hex[:64]}")
    if digest is None:
        return ()
    content = (await repository.manifest(str(digest), digest)).content
    return content.children if isinstance(content, Index) else ()


async def _tagged(repository: RemoteRepository, tag: str) -> Digest | None:
    """Return the digest under ``tag``; None where there is none. By a HEAD: Docker Hub may count each GET as a pull."""
    if repository.question.host.tells_by_head:
        claimed = await repository.claimed(tag)
        return None if claimed is None else claimed.digest
    try:
        return (await repository.manifest(tag, None)).digest
    except NotFoundError:
        return None
