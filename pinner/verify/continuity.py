"""Continuity of signers: who signed a digest against who signed the one before it. No cryptography."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from pinner.oci.types import Signature

if TYPE_CHECKING:
    from pinner.config.verify import SignaturePolicy
    from pinner.verify.verdict import Verdict

_REF_CLASS = re.compile(r"(refs/[a-z]+)/.*")
_UNSAID = frozenset({"name", "where", "mode", "images"})


def policy_mark(policy: SignaturePolicy) -> str:
    """Return the policy's name, and eight hex digits that are others where it says another thing about signers."""
    said = {name: value for name, value in policy._asdict().items() if name not in _UNSAID}
    return f"{policy.name}@{hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:8]}"


def signature_of(verdict: Verdict, policy: SignaturePolicy) -> Signature | None:
    """Return what is written down of a verified image; None where it is not."""
    accepted = verdict.accepted
    if accepted is None or accepted.signer is None:
        return None
    signer = accepted.signer
    moment = None if signer.signed_at is None else f"{signer.signed_at:%Y-%m-%dT%H:%M:%SZ}"
    return Signature(
        signer.by,
        signer.name,
        verdict.subject,
        accepted.place,
        signer.issuer,
        signer.key_id,
        moment,
        signer.log,
        policy_mark(policy),
    )


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


def what_changed(before: Signature | None, after: Signature) -> str:
    """Return why ``after`` does not simply go on where ``before`` was, in one clause; empty where it does.

    A policy that says something else by now than when ``before`` was written down has been changed on purpose.
    """
    if before is None or _mark(before.policy) != _mark(after.policy):
        return ""
    if not is_same_signer(before, after):
        return f"it is signed by {after.signer}, and what it would replace by {before.signer}"
    if before.signed_at is not None and (after.signed_at or "") < before.signed_at:
        return f"its signature is of {after.signed_at or 'no known time'}, older than that of what it would replace"
    return ""


def _mark(policy: str) -> str:
    return policy.rpartition("@")[2]
