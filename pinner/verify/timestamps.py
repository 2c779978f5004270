"""Trusted times of a signature: RFC 3161 time stamps, and a log's promise (SET).

Sources: RFC 3161, RFC 5652; Rekor's SignedEntryTimestamp over RFC 8785 JSON; sigstore client-spec §4.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from pinner.verify.keys import check_log
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate

    from pinner.verify.trusted_root import Authority, Log

_GRANTED = bytes.fromhex("3003020100")
"""PKIStatusInfo that says granted: what a bare token is wrapped with, for the library reads whole responses."""


def token_time(response: bytes, signature: bytes, authorities: Sequence[Authority]) -> datetime:
    """Return when an authority of ``authorities`` stamped ``signature``. Raises `RefusedError` (``bad-timestamp``)."""
    why = "the trusted root has no time stamp authority" if not authorities else "no trusted authority made it"
    for authority in authorities:
        first, *between = authority.chain[:-1] or authority.chain
        builder = VerifierBuilder(tsa_certificate=first, intermediates=between, roots=[authority.chain[-1]])
        try:
            moment = _verified(builder, response, signature)
        except RefusedError as refusal:
            why = refusal.detail
            continue
        if authority.window.holds(moment):
            return moment
        why = f"its authority was not trusted at {moment:%Y-%m-%d %H:%M:%S}"
    raise RefusedError("bad-timestamp", f"the time stamp is not to be trusted: {why}")


def bare_token_time(token: bytes, signature: bytes, roots: Sequence[Certificate]) -> datetime:
    """Return when an authority under one of ``roots`` stamped ``signature``: a token without its response.

    Raises `RefusedError` (``bad-timestamp``).
    """
    body = _GRANTED + token
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    response = b"\x30" + (bytes([len(body)]) if len(body) < 0x80 else bytes([0x80 | len(size)]) + size) + body  # noqa: PLR2004 - DER
    try:
        return _verified(VerifierBuilder(roots=list(roots)), response, signature)
    except RefusedError as refusal:
        raise RefusedError("bad-timestamp", f"the time stamp is not to be trusted: {refusal.detail}") from None


def _verified(builder: VerifierBuilder, response: bytes, signature: bytes) -> datetime:
    try:
        answer = decode_timestamp_response(response)
        builder.build().verify_message(answer, signature)
        return answer.tst_info.gen_time.astimezone(UTC)
    except VerificationError as error:
        raise RefusedError("bad-timestamp", str(error)[:100]) from None
    except Exception as error:  # noqa: BLE001 - the library's parser, on a stranger's bytes
        raise RefusedError("bad-timestamp", f"it cannot be read ({type(error).__name__})") from None


def promised_time(log: Log, promise: bytes, body: str, seconds: int, index: int) -> datetime:
    """Return the time that a log put into its promise (SET) to add ``body``, base64. Raises `RefusedError`."""
    # For these four members, sorted and without blanks, this is RFC 8785's form.
    members = {"body": body, "integratedTime": seconds, "logID": log.key_id.hex(), "logIndex": index}
    signed = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    check_log(log.key, promise, signed, "the log's promise")
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise RefusedError("bad-log-entry", "the log's time is none") from None
    if not log.window.holds(moment):
        raise RefusedError("bad-log-entry", f"the log was not trusted at {moment:%Y-%m-%d %H:%M:%S}")
    return moment
