"""Continuity of signers: who signed a digest against who signed the one before it. No cryptography."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from pinner.oci.types import Signature

if TYPE_CHECKING:
    from pinner.config.verify import SignaturePolicy
    from pinner.verify.verdict import Judged, Verdict

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


def what_changed(before: Signature | None, after: Signature, *, remembers: bool = False) -> str:
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
