"""Notation for one image: trust policy, envelopes and revocation fetched, judged, the verdict concluded."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pinner.errors import ConfigError
from pinner.verify.envelope import read_envelope
from pinner.verify.find import find_signatures
from pinner.verify.notation import Stores, Subject, check_authenticity, check_integrity, verify_notation
from pinner.verify.remote import Remote
from pinner.verify.revocation import revocation_of
from pinner.verify.strict_decoding import MalformedError
from pinner.verify.trust_policy import Statement, TrustPolicyError, read_store, statement_for, user_folder
from pinner.verify.verdict import Judged, RefusedError, Signer, Verdict, concluded, judge

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from pinner.reference import Digest, ImageReference
    from pinner.verify.find import Found
    from pinner.verify.notation import Revocation
    from pinner.verify.policy import Trust
    from pinner.verify.run import Sources


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
    findings = await find_signatures(sources.signatures, digest, frozenset({"notation"}))
    if not findings.found:
        return concluded((), str(digest), findings.cut)
    manifest = await sources.image.manifest(str(digest))
    if manifest is None:
        return Verdict("unknown", subject=str(digest), detail="the registry does not have the image itself")
    subject = Subject(str(digest), len(manifest.body), manifest.media_type)
    now = datetime.fromtimestamp(world.clock(), UTC)
    judged = [await _judged(found, subject, statement, stores, sources, now) for found in findings.found]
    return concluded(tuple(judged), str(digest), findings.cut)


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
