"""Verification of one image's digest: signatures found by scheme, each judged, the verdict concluded."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import ConfigError, ResolveError
from pinner.verify.docker_content_trust import UnsignedError, Wanted, verify_dct
from pinner.verify.notation import Stores, Subject, check_authenticity, check_integrity, verify_notation
from pinner.verify.notation_envelope import read_envelope
from pinner.verify.notation_trust_policy import Statement, TrustPolicyError, read_store, statement_for, user_folder
from pinner.verify.remote import Remote
from pinner.verify.revocation import revocation_of
from pinner.verify.signature_search import Found, FoundSignatures, children_of, find_signatures
from pinner.verify.strict_decoding import MalformedError
from pinner.verify.verdict import Judged, RefusedError, Signer, Verdict, conclude, judge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from cryptography.x509 import Certificate

    from pinner.config import Settings
    from pinner.config.verify import SignaturePolicy
    from pinner.reference import Digest, ImageReference
    from pinner.registry.artifacts import ArtifactReader
    from pinner.verify.notation import Revocation
    from pinner.verify.trust import Trust
    from pinner.verify.verifier import Verifier, VerifierContext

_SCHEMES = frozenset({"bundle", "classic"})
_MAX_PLATFORMS = 50
_MAX_TAGS = 20


class Sources(NamedTuple):
    """Where everything is read from that a verdict depends on."""

    image: ArtifactReader
    """The image's repository."""
    signatures: ArtifactReader
    """The repository of its signatures: the same, unless the policy says otherwise."""
    list_tags: Callable[[ImageReference], Awaitable[tuple[str, ...]]] | None
    """Lists the repository's tags, where that costs nothing: of a layout."""
    world: VerifierContext
    settings: Settings


async def verify_digest(reference: ImageReference, digest: Digest, trust: Trust, sources: Sources) -> Verdict:
    """Return what the policy of ``trust`` makes of ``digest``, which ``reference`` means.

    What cannot be looked up is ``unknown``; nothing is raised.
    """
    try:
        return await _with_neighbours(reference, digest, trust, sources)
    except ResolveError as error:
        return Verdict("unknown", subject=str(digest), detail=error.message)
    except ExceptionGroup as group:
        errors = group.exceptions
        if all(isinstance(error, ResolveError) for error in errors):
            return Verdict("unknown", subject=str(digest), detail=getattr(errors[0], "message", ""))
        raise


async def _with_neighbours(reference: ImageReference, digest: Digest, trust: Trust, sources: Sources) -> Verdict:
    """Return the verdict on ``digest``; where nothing counts that is its own, with what is above or below it."""
    verdict = await _verdict(reference, digest, trust, sources)
    looks_around = verdict.outcome == "refused" and (trust.policy.via_index or trust.policy.via_platforms)
    if verdict.outcome != "unsigned" and not looks_around:
        return verdict
    around = await _through_index(reference, digest, trust, sources, verdict)
    # A signature by somebody else, which anybody can add, takes nothing away from one that counts.
    return around if verdict.outcome == "unsigned" or around.outcome == "verified" else verdict


async def _verdict(reference: ImageReference, digest: Digest, trust: Trust, sources: Sources) -> Verdict:
    if trust.policy.by == "notation":
        return await verify_notation_image(reference, digest, trust, sources)
    signatures = await find_signatures(sources.signatures, digest, _SCHEMES)
    return judge_all(signatures, reference, digest, trust, sources.world.clock())


def judge_all(
    signatures: FoundSignatures, reference: ImageReference, digest: Digest, trust: Trust, now: float
) -> Verdict:
    """Return the verdict on ``digest`` from what was found beside it."""
    judged = tuple(
        judge(found.scheme, found.place, partial(_signer, found, reference, digest, trust, now))
        for found in signatures.found
    )
    return conclude(judged, str(digest), signatures.cut)


def _signer(found: Found, reference: ImageReference, digest: Digest, trust: Trust, now: float) -> Signer:
    if found.content is None:
        raise MalformedError(found.problem)
    if found.scheme == "bundle":
        from pinner.verify.sigstore_bundle import verify_bundle  # noqa: PLC0415 - each scheme brings its own needs

        return verify_bundle(found.content, str(digest), trust, now)
    from pinner.verify.cosign_tag import Layer, Wanted, verify_classic  # noqa: PLC0415 - the same

    layer = Layer(found.content, found.annotations)
    return verify_classic(layer, Wanted(str(digest), reference.repository), trust, now)


async def _through_index(
    reference: ImageReference, digest: Digest, trust: Trust, sources: Sources, verdict: Verdict
) -> Verdict:
    """Return ``verdict``, of an unsigned digest, with what is signed above or below it."""
    children = children_of(await sources.image.manifest(str(digest)))[:_MAX_PLATFORMS]
    if children:
        below = await asyncio.gather(*(_verdict(reference, child, trust, sources) for child in children))
        good = [one for one in below if one.outcome == "verified"]
        if trust.policy.via_platforms and len(good) == len(below):
            return good[0]._replace(detail="every platform's manifest is signed, the index is not")
        return (
            _with(verdict, "only-platforms-signed", "platforms of the index are signed, and not itself")
            if good
            else verdict
        )
    for index in await _indexes(reference, digest, sources):
        above = await _verdict(reference, index, trust, sources)
        if above.outcome == "verified":
            if trust.policy.via_index:
                return above._replace(detail="the index that lists it is signed, the manifest itself is not")
            return _with(verdict, "only-index-signed", "the index that lists it is signed, and not itself")
    return verdict


def _with(verdict: Verdict, reason: str, detail: str) -> Verdict:
    return verdict._replace(reasons=(reason, *verdict.reasons), detail=detail)


async def _indexes(reference: ImageReference, digest: Digest, sources: Sources) -> list[Digest]:
    """Return the indexes that list ``digest``: the tag's, and in a layout those of every tag."""
    from pinner.reference import Digest as DigestType  # noqa: PLC0415 - only of an unsigned image

    tags: tuple[str, ...] = () if reference.tag is None else (reference.tag,)
    if not tags and sources.list_tags is not None:
        tags = tuple(tag for tag in await sources.list_tags(reference) if not tag.startswith("sha256-"))[:_MAX_TAGS]
    found = await asyncio.gather(*(sources.image.manifest(tag) for tag in tags))
    return [DigestType.parse(one.digest) for one in found if one is not None and digest in children_of(one)]


async def verify_notation_image(reference: ImageReference, digest: Digest, trust: Trust, sources: Sources) -> Verdict:
    """Return the verdict on ``digest``. Raises `ResolveError`, and `ConfigError` for a trust policy that is none."""
    policy, world = trust.policy, sources.world
    folder = policy.config if policy.config is not None else user_folder(world.environment, sys.platform)
    try:
        statement = statement_for(folder, world.read, reference.repository, policy.where)
    except TrustPolicyError as error:
        return _no_policy(digest, f"notation's trust policy is not valid: {error.message}")
    if statement is None:
        return _no_policy(digest, f"notation's trust policy says nothing of {reference.repository}")
    if statement.is_skip:
        return _no_policy(digest, f"notation's trust policy `{statement.name}` skips {reference.repository}")
    try:
        stores = _stores(folder, statement, sources, policy.where)
    except RefusedError as refusal:
        return Verdict("refused", (*refusal.reasons, "no-policy"), (), str(digest), refusal.detail)
    signatures = await find_signatures(sources.signatures, digest, frozenset({"notation"}))
    if not signatures.found:
        return conclude((), str(digest), signatures.cut)
    manifest = await sources.image.manifest(str(digest))
    if manifest is None:
        return Verdict("unknown", subject=str(digest), detail="the registry does not have the image itself")
    subject = Subject(str(digest), len(manifest.body), manifest.media_type)
    now = datetime.fromtimestamp(world.clock(), UTC)
    judged = [await _judged(found, subject, statement, stores, sources, now) for found in signatures.found]
    return conclude(tuple(judged), str(digest), signatures.cut)


def _no_policy(digest: Digest, detail: str) -> Verdict:
    return Verdict("refused", ("no-policy",), (), str(digest), detail)


def _stores(folder: str, statement: Statement, sources: Sources, where: str) -> Stores:
    world = sources.world
    found: dict[str, list[Certificate]] = {"ca": [], "signingAuthority": [], "tsa": []}
    empty = []
    try:
        for kind, name in dict.fromkeys(statement.stores):
            inside = read_store(folder, kind, name, lambda place: world.list_(world.place(place)), world.read)
            found[kind] += inside
            if not inside:
                empty.append(f"{kind}:{name}")
    except OSError as error:
        raise ConfigError(f"{where}: the trust store cannot be read: {error}") from None
    ca, authority, tsa = (tuple(certificates) for certificates in found.values())
    has_tsa = any(kind == "tsa" for kind, _ in statement.stores)
    return Stores(ca, authority, tsa, has_tsa, tuple(empty))


async def _judged(
    found: Found, subject: Subject, statement: Statement, stores: Stores, sources: Sources, now: datetime
) -> Judged:
    revocation: Revocation = {}
    if found.content is not None and statement.actions["revocation"] != "skip":
        revocation = await _revocation(found.content, found.media_type, statement, stores, sources, now)

    def work() -> tuple[Signer, tuple[str, ...]]:
        if found.content is None:
            raise MalformedError(found.problem)
        return verify_notation((found.content, found.media_type), subject, statement, stores, now, revocation)

    return judge("notation", found.place, work)


async def _revocation(
    content: bytes, media_type: str, statement: Statement, stores: Stores, sources: Sources, now: datetime
) -> Revocation:
    """Return what is told of the certificates of an envelope that is authentic: nobody else's addresses are asked."""
    try:
        envelope = read_envelope(content, media_type)
        check_integrity(envelope)
        check_authenticity(envelope, statement, stores)
    except Exception:  # noqa: BLE001 - the verdict says what is wrong with it
        return {}
    remote = Remote(sources.world.environment, offline=sources.settings.offline)
    try:
        return await revocation_of(envelope.chain, remote.get, now)
    finally:
        await remote.aclose()


async def verify_dct_image(
    reference: ImageReference, digest: Digest, policy: SignaturePolicy, verifier: Verifier
) -> Verdict:
    """Return the verdict on ``digest`` under the tag of ``reference``. Raises `ResolveError`."""
    server = policy.server or ""
    if "://" not in server:
        server = verifier.world.place(server)
    remote = Remote(verifier.world.environment, offline=verifier.settings.offline and verifier.settings.layout is None)
    try:
        documents = await remote.metadata(server, reference.repository)
    finally:
        await remote.aclose()
    met, seen = verifier.met(reference.repository)
    pinned = policy.root_keys or tuple(filter(None, (met,)))
    least = max(policy.min_version or 0, seen)
    wanted = Wanted(reference.repository, reference.tag or "", str(digest), pinned, least, policy.server or "")
    return judged_metadata(documents, wanted, verifier)


def judged_metadata(documents: dict[str, bytes | None], wanted: Wanted, verifier: Verifier) -> Verdict:
    """Return the verdict on what a server's metadata say."""
    unsigned: list[str] = []

    def work() -> tuple[Signer, tuple[str, ...]]:
        try:
            return verify_dct(documents, wanted, verifier.now)
        except UnsignedError as error:
            unsigned.append(str(error))
            raise

    judged = judge("dct", wanted.server, work)
    if unsigned:
        return Verdict("unsigned", subject=wanted.digest, detail=unsigned[0])
    return conclude((judged,), wanted.digest)
