"""Output of ``verify``: who signed which image, and why a signature does not count."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from pinner.report.records import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.errors import PinnerError
    from pinner.reference import Digest, ImageReference
    from pinner.report.style import Style
    from pinner.schema.records import CheckedRecord, JudgedRecord, SignedRecord, VerificationRecord
    from pinner.verify.verdict import Judged, Signer
    from pinner.verify.verifier import Answer


class Checked(NamedTuple):
    """One image, and what its policy makes of it."""

    reference: ImageReference
    digest: Digest | None = None
    answer: Answer | None = None
    """None where no policy fits it, or its digest could not be determined."""
    error: PinnerError | None = None


def render_checked(checked: Sequence[Checked], format_: str, style: Style) -> list[str]:
    """Return the lines of a report in ``format_``: text, json or sarif."""
    if format_ == "json":
        record: VerificationRecord = {"version": VERSION, "images": [image_json(one) for one in checked]}
        return [json.dumps(record, indent=2, ensure_ascii=False)]
    return [line for one in checked for line in _text(one, style)]


def image_json(one: Checked) -> CheckedRecord:
    """Return what is told of one image, as JSON has it."""
    digest = None if one.digest is None else str(one.digest)
    return {"image": str(one.reference), "digest": digest, **signed_json(one)}


def signed_json(one: Checked) -> SignedRecord:
    """Return what the policy makes of one image, as JSON has it."""
    if one.answer is None:
        if one.error is None:
            return {"verdict": None, "reasons": [], "detail": "no policy"}
        return {"verdict": "unknown", "reasons": [], "detail": one.error.message}
    verdict, policy = one.answer.verdict, one.answer.policy
    found: SignedRecord = {
        "verdict": verdict.outcome,
        "reasons": list(verdict.reasons),
        "policy": policy.name,
        "mode": policy.mode,
        "warnings": list(verdict.warnings),
        "signatures": [_signature_json(signature) for signature in verdict.signatures],
    }
    if verdict.detail:
        found["detail"] = verdict.detail
    if verdict.signer is not None and verdict.accepted is not None:
        _add_signer(found, verdict.signer, verdict.accepted.place, verdict.subject)
    return found


def _add_signer(found: SignedRecord, signer: Signer, place: str, subject: str) -> None:
    """Add who signed, as the lock has it too: what is not known is left out."""
    found |= {"by": signer.by, "signer": signer.name, "subject": subject, "place": place}
    if signer.issuer is not None:
        found["issuer"] = signer.issuer
    if signer.key_id is not None:
        found["keyId"] = signer.key_id
    if signer.signed_at is not None:
        found["signedAt"] = f"{signer.signed_at:%Y-%m-%dT%H:%M:%SZ}"
    if signer.log is not None:
        found["log"] = {"url": signer.log[0], "index": signer.log[1]}
    found["engines"] = list(signer.engines)


def _signature_json(signature: Judged) -> JudgedRecord:
    found: JudgedRecord = {
        "scheme": signature.scheme,
        "place": signature.place,
        "verified": signature.signer is not None,
        "reasons": list(signature.reasons),
    }
    if signature.signer is not None:
        found["signer"] = signature.signer.name
    if detail := signature.detail or ("" if signature.signer is None else signature.signer.detail):
        found["detail"] = detail
    return found


def signer_words(signer: Signer) -> str:
    """Return ``https://… (of https://…), logged 2026-11-30, entry 1234 of rekor.sigstore.dev``."""
    words = signer.name
    if signer.issuer is not None:
        words += f" (of {signer.issuer})"
    if signer.signed_at is not None:
        words += f", {'logged' if signer.log else 'stamped'} {signer.signed_at:%Y-%m-%d}"
    if signer.log is not None and signer.by != "dct":
        words += f", entry {signer.log[1]} of {signer.log[0].partition('://')[2] or signer.log[0]}"
    return words


def _text(one: Checked, style: Style) -> Iterator[str]:
    name = str(one.reference)
    if one.answer is None:
        yield f"{name}: not verified: {'no policy' if one.error is None else 'its digest could not be determined'}"
        return
    first, *others = answer_lines(one.answer, style)
    yield f"{name}: {first}"
    yield from others


def answer_lines(answer: Answer, style: Style) -> Iterator[str]:
    """Yield what a policy makes of an image: first the verdict, then what there is to say of it, indented."""
    verdict = answer.verdict
    if verdict.signer is not None:
        yield f"{style.good('verified')}: signed by {signer_words(verdict.signer)}"
        notes = [*verdict.warnings, *filter(None, (verdict.detail, verdict.signer.detail))]
        yield from (f"  note: {note}" for note in notes)
        return
    severity = style.severity("warning" if answer.is_accepted else "error")
    reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
    yield f"{severity}: {verdict.outcome}{reasons}{f': {verdict.detail}' if verdict.detail else ''}"
    for signature in verdict.signatures if len(verdict.signatures) > 1 else ():
        yield f"  {signature.scheme} {signature.place[:19]}…: {signature.detail or ', '.join(signature.reasons)}"
    if verdict.may_be_stale_root and answer.root_name:
        yield f"  help: it was held against {answer.root_name}; `pinner trust update` fetches a newer one"
