"""Gate before what is written: only what the policy on signatures accepts, and the signer of before goes on."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from pinner.errors import SignatureError, UnavailableError
from pinner.oci.types import Signature

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pinner.config.verify import SignaturePolicy
    from pinner.model import Resolved
    from pinner.oci.resolver import Allowance, Registry
    from pinner.oci.types import Attachment, Config, Depth, Image
    from pinner.reference import Digest, ImageReference, Platform
    from pinner.registry.artifacts import ArtifactReader
    from pinner.verify.verdict import Judged, Verdict
    from pinner.verify.verifier import Answer, Verifier

_REF_CLASS = re.compile(r"(refs/[a-z]+)/.*")
_UNSAID = frozenset({"name", "where", "mode", "images", "remembers"})
"""What of a policy says nothing about signers."""


def policy_mark(policy: SignaturePolicy) -> str:
    """Return the policy's name, and eight hex digits that are others where it says another thing about signers."""
    said = {name: value for name, value in policy._asdict().items() if name not in _UNSAID}
    return f"{policy.name}@{hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]}"


def signature_of(verdict: Verdict, policy: SignaturePolicy, before: Signature | None = None) -> Signature | None:
    """Return what is written down of a verified image; None where it is not.

    Of several good signatures it is the last one, and one by who signed ``before`` where there is one: that another
    has signed it as well takes nothing away.
    """
    if before is not None:
        same = [one for one in verdict.signatures if one.signer is not None and is_same_signer(before, _record(one))]
        verdict = verdict._replace(signatures=tuple(same)) if same else verdict
    accepted = verdict.accepted
    return None if accepted is None else _record(accepted)._replace(subject=verdict.subject, policy=policy_mark(policy))


def _record(judged: Judged) -> Signature:
    """Return what one good signature says of who made it."""
    signer = judged.signer
    assert signer is not None  # noqa: S101 - only those that satisfy a policy are asked about
    moment = None if signer.signed_at is None else f"{signer.signed_at:%Y-%m-%dT%H:%M:%SZ}"
    return Signature(signer.by, signer.name, "", judged.place, signer.issuer, signer.key_id, moment, signer.log)


def is_same_signer(one: Signature, other: Signature) -> bool:
    """Tell whether two signatures are by the same: a workflow is so in every version, not for another kind of ref."""
    if one.by != other.by:
        return False
    if one.by in ("key", "dct"):
        return one.key_id == other.key_id
    return (_who(one.signer), one.issuer) == (_who(other.signer), other.issuer)


def _who(signer: str) -> tuple[str, str]:
    path, _, ref = signer.rpartition("@") if "://" in signer else (signer, "", "")
    match = _REF_CLASS.fullmatch(ref)
    return (path, match[1]) if match is not None else (signer, "")


def signer_change(before: Signature | None, after: Signature, *, remembers: bool = False) -> str:
    """Return why ``after`` does not simply go on where ``before`` was, in one clause; empty where it does.

    A policy that says something else by now than when ``before`` was written down has been changed on purpose: but not
    where there is none, and who signed first is remembered (``remembers``).
    """
    if before is None or (not remembers and _mark(before.policy) != _mark(after.policy)):
        return ""
    if not is_same_signer(before, after):
        return f"it is signed by {after.signer}, and what it would replace by {before.signer}"
    if before.signed_at is not None and (after.signed_at or "") < before.signed_at:
        return f"its signature is of {after.signed_at or 'no known time'}, older than that of what it would replace"
    return ""


def _mark(policy: str) -> str:
    return policy.rpartition("@")[2]


_NAMES = {"PIN106": "unsigned", "PIN107": "signature-invalid", "PIN108": "signer-changed"}


def refusal(reference: ImageReference, digest: Digest, rule: str, why: str) -> SignatureError:
    """Return the error that keeps ``digest`` from being written."""
    hint = "`pinner verify` tells more; where it is meant, say so in [[verify]]"
    error = SignatureError(f"`{reference.familiar}`: {digest.short} {why} ({rule} {_NAMES[rule]})", hint=hint)
    error.rule = rule
    return error


def check_answer(reference: ImageReference, digest: Digest, answer: Answer) -> None:
    """Raise `SignatureError` for a digest that its policy does not accept, `UnavailableError` where that is unknown."""
    verdict = answer.verdict
    if answer.is_accepted or answer.policy.remembers:
        return
    reasons = f": {', '.join(verdict.reasons)}" if verdict.reasons else ""
    detail = f"; {verdict.detail}" if verdict.detail else ""
    if verdict.outcome == "unknown":
        raise UnavailableError(f"`{reference.familiar}`: who signed {digest.short} could not be determined{detail}")
    if verdict.outcome == "unsigned":
        raise refusal(reference, digest, "PIN106", f"is unsigned{reasons}{detail}")
    raise refusal(reference, digest, "PIN107", f"has no signature that counts{reasons}{detail}")


class VerifiedRegistry:
    """A `pinner.oci.resolver.Registry` that refuses what ``verifier`` does.

    ``recorded`` is who signed before, by canonical name: another signer, or an older signature, is refused as well.
    With ``compares_files`` that is what the file holds, where nothing is recorded.
    """

    def __init__(
        self,
        registry: Registry,
        verifier: Verifier,
        recorded: Mapping[str, Signature] | None = None,
        on_warning: Callable[[str], None] = lambda _: None,
        *,
        compares_files: bool = False,
    ) -> None:
        self._registry = registry
        self._verifier = verifier
        self._recorded = recorded or {}
        self._warn = on_warning
        self._compares_files = compares_files

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the tag of ``reference`` means now, where its policy accepts that. Raises `ResolveError`."""
        resolved = await self._registry.resolve(reference, platform)
        if resolved.digest != reference.digest:
            await self._vetted(reference, resolved.digest)
        return resolved

    async def signature(self, reference: ImageReference, after: ImageReference | None = None) -> Signature | None:
        """Return who signed the digest of ``reference``; see `pinner.oci.resolver.Registry`."""
        if reference.digest is None:
            return None
        return await self._vetted(reference, reference.digest, after or reference)

    async def _vetted(
        self, reference: ImageReference, digest: Digest, after: ImageReference | None = None
    ) -> Signature | None:
        answer = await self._verifier.verify(reference, digest)
        if answer is None:
            return None
        check_answer(reference, digest, answer)
        return self._gone_on(
            reference,
            digest,
            answer,
            await self._before(after or reference, digest, is_raised=after not in (None, reference)),
        )

    def _gone_on(
        self, reference: ImageReference, digest: Digest, answer: Answer, before: Signature | None
    ) -> Signature | None:
        """Return who signed ``digest``, whom the policy accepts; raises where that does not go on from ``before``."""
        signature = signature_of(answer.verdict, answer.policy, before)
        remembers = answer.policy.remembers
        if signature is not None:
            why = signer_change(before, signature, remembers=remembers)
            if why:
                raise refusal(reference, digest, "PIN108", f"is held back: {why}")
            return signature
        verdict = answer.verdict
        if remembers and before is not None:
            if verdict.outcome == "unknown":
                words = f"`{reference.familiar}`: who signed {digest.short} could not be determined"
                raise UnavailableError(f"{words}: {verdict.detail}")
            why = verdict.detail or f"it is {verdict.outcome}"
            if before.signer not in why:
                why += f", and what it would replace is signed by {before.signer}"
            raise refusal(reference, digest, "PIN108", f"is held back: {why}")
        if not remembers or verdict.outcome != "unsigned":
            self._warn(f"`{reference.familiar}`: {digest.short} is {verdict.outcome}: {verdict.detail}")
        return None

    async def _before(self, reference: ImageReference, digest: Digest, *, is_raised: bool) -> Signature | None:
        """Return who signed what ``reference`` was: by the lock, else, where files count, what it holds."""
        recorded = self._recorded.get(reference.canonical)
        looks = self._compares_files or is_raised
        if recorded is not None or not looks or reference.digest is None or reference.digest == digest:
            return recorded
        answer = await self._verifier.verify(reference, reference.digest)
        return None if answer is None else signature_of(answer.verdict, answer.policy)

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        """Return what is served under the digest of ``reference``, or its tag."""
        return await self._registry.describe(reference, depth, platforms)

    async def config(self, reference: ImageReference) -> Config | None:
        """Return the config under the digest of ``reference``, or None."""
        return await self._registry.config(reference)

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
        """Return what lies beside ``reference``."""
        return await self._registry.attachments(reference)

    async def list_tags(self, reference: ImageReference, wanted: str = "") -> tuple[str, ...]:
        """Return every tag in the repository of ``reference``."""
        return await self._registry.list_tags(reference, wanted)

    async def allowance(self, registry: str, reference: ImageReference | None = None) -> Allowance:
        """Return how much ``registry`` lets us fetch."""
        return await self._registry.allowance(registry, reference)

    def artifacts(self, reference: ImageReference) -> ArtifactReader:
        """Return what reads the signatures of ``reference``."""
        return self._registry.artifacts(reference)
