"""Cosign's signature under a tag: a layer, its payload and its annotations, verified in order.

Source: cosign's specs/SIGNATURE_SPEC.md; containers/image docs/containers-signature.5.md for the payload's type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.reference import repository_of
from pinner.verify.certificate import check_sct, key_of, load_pem_certificates, trusted_chain
from pinner.verify.keys import PublicKey, check_classic, key_id
from pinner.verify.strict_decoding import MalformedError, Object, load_object, unbase64
from pinner.verify.timestamps import promised_time, token_time
from pinner.verify.transparency_log import Signed, check_is_of, known_log
from pinner.verify.trust import check_identity
from pinner.verify.verdict import RefusedError, Signer, UntoldError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cryptography.x509 import Certificate

    from pinner.verify.trust import Trust
    from pinner.verify.trusted_root import TrustedRoot

_SIGNATURE = "dev.cosignproject.cosign/signature"
_COSIGN = "dev.sigstore.cosign/"
_TYPE = "cosign container image signature"
_FUTURE = 86_400


class Layer(NamedTuple):
    """One classic signature: the payload, and what its layer says of it."""

    payload: bytes
    annotations: Mapping[str, object]


class Wanted(NamedTuple):
    """What a signature must be of."""

    digest: str
    repository: str
    """``ghcr.io/acme/app``."""


def verify_classic(layer: Layer, wanted: Wanted, trust: Trust, now: float) -> Signer:
    """Return who signed, where ``trust`` accepts it; ``now`` in seconds since 1970. Raises `RefusedError`."""
    notes = Object(layer.annotations, "the layer's annotations")
    signature = notes.bytes(_SIGNATURE)
    if trust.policy.by == "key":
        signer = _by_keys(layer, notes, signature, trust, now)
    else:
        signer = _first_root(layer, notes, signature, trust, now)
    named = _check_claims(layer.payload, wanted, trust)
    if repository_of(named) == wanted.repository:
        return signer
    return signer._replace(detail=f"signed under the name {named[:120]}")


def _entry_time(
    layer: Layer, notes: Object, verifier: PublicKey | Certificate, root: TrustedRoot
) -> tuple[datetime, tuple[str, int]]:
    """Return when a log promised to add this signature, and the log and index. Raises `RefusedError`."""
    bundle = load_object(notes.text(f"{_COSIGN}bundle").encode(), "the signature's bundle")
    payload = bundle.table("Payload")
    try:
        key_id_ = bytes.fromhex(payload.text("logID"))
    except ValueError:
        raise MalformedError("the log's id is not hex") from None
    log, index = known_log(root, key_id_), payload.number("logIndex")
    promise = bundle.bytes("SignedEntryTimestamp")
    moment = promised_time(log, promise, payload.text("body"), payload.number("integratedTime"), index)
    signed = Signed(notes.bytes(_SIGNATURE), verifier, layer.payload)
    check_is_of(payload.bytes("body"), "hashedrekord", "0.0.1", signed)
    return moment, (log.url, index)


def _times(
    layer: Layer, notes: Object, verifier: PublicKey | Certificate, trust: Trust, root: TrustedRoot, now: float
) -> tuple[list[datetime], tuple[str, int] | None]:
    """Return the trusted times of a signature, and its log entry; the policy may want one."""
    needs_log = trust.wants_log(root)
    times, place, refused = [], None, None
    if f"{_COSIGN}bundle" in notes and (needs_log or root.logs):
        moment, place = _entry_time(layer, notes, verifier, root)
        times.append(moment)
    elif needs_log:
        raise RefusedError("no-log-entry", "it has no entry of a transparency log")
    if f"{_COSIGN}rfc3161timestamp" in notes and root.timestamps:
        stamp = load_object(notes.text(f"{_COSIGN}rfc3161timestamp").encode(), "the signature's time stamp")
        try:
            times.append(token_time(stamp.bytes("SignedRFC3161Timestamp"), notes.bytes(_SIGNATURE), root.timestamps))
        except RefusedError as refusal:
            refused = refusal
    if not times and refused is not None:
        raise refused
    if any(moment.timestamp() > now + _FUTURE for moment in times):
        raise RefusedError("bad-log-entry", "it was made in the future", "bad-timestamp", "no-trusted-time")
    return times, place


def _by_keys(layer: Layer, notes: Object, signature: bytes, trust: Trust, now: float) -> Signer:
    root = trust.root_with_logs

    def verified(name: str, key: PublicKey) -> Signer:
        times: list[datetime] = []
        place = None
        if trust.wants_log(root):
            if root is None:
                raise UntoldError("there is no trusted root")
            times, place = _times(layer, notes, key, trust, root, now)
        check_classic(key, signature, layer.payload)
        return Signer("key", name, None, key_id(key), max(times) if times else None, place)

    try:
        return trust.by_first_key(verified)
    except RefusedError as refusal:
        if f"{_COSIGN}certificate" not in notes:
            raise
        detail = "it is signed with a certificate, and the policy wants a key"
        raise RefusedError(refusal.reasons[0], detail, *refusal.reasons[1:], "wrong-key") from None


def _first_root(layer: Layer, notes: Object, signature: bytes, trust: Trust, now: float) -> Signer:
    if f"{_COSIGN}certificate" not in notes:
        raise RefusedError("wrong-key", "it is signed with a key, and the policy wants a certificate")
    return trust.by_first_root(lambda root: _keyless(layer, notes, signature, trust, root, now))


def _keyless(layer: Layer, notes: Object, signature: bytes, trust: Trust, root: TrustedRoot, now: float) -> Signer:
    leaves = load_pem_certificates(notes.text(f"{_COSIGN}certificate"))
    if len(leaves) != 1:
        raise MalformedError("the signature has not one certificate")
    leaf = leaves[0]
    others = load_pem_certificates(notes.text(f"{_COSIGN}chain")) if notes.optional(f"{_COSIGN}chain") else []
    times, place = _times(layer, notes, leaf, trust, root, now)
    if not times:
        raise RefusedError("no-trusted-time", "nobody trusted says when it was made")
    chain = trusted_chain(leaf, others, root, times)
    check_sct(chain, root)
    name, issuer = check_identity(leaf, trust.policy)
    check_classic(key_of(leaf), signature, layer.payload)
    return Signer("keyless", name, issuer, key_id(key_of(leaf)), max(times), place)


def _check_claims(payload: bytes, wanted: Wanted, trust: Trust) -> str:
    """Return the repository that the payload names, where what it claims is so. Raises `RefusedError`."""
    document = load_object(payload, "the payload")
    critical = document.table("critical")
    if critical.text("type") != _TYPE:
        raise RefusedError("not-an-image-signature", f"what is signed is a `{critical.text('type')[:60]}`")
    digest = critical.table("image").text("docker-manifest-digest")
    if digest != wanted.digest:
        raise RefusedError("other-image", f"it is of {digest[:19]}…")
    named = critical.table("identity").optional("docker-reference") or ""
    # Of a tag beside it, as podman and skopeo write it, nothing is asked; cosign calls Docker Hub ``index.docker.io``.
    if trust.policy.match_repository and repository_of(named) != wanted.repository:
        raise RefusedError("other-repository", f"it is signed under the name {named[:120] or 'of nothing'}")
    optional = document.members.get("optional")
    for name, value in trust.policy.annotations:
        found = optional.get(name) if isinstance(optional, dict) else None
        if found != value:
            raise RefusedError("wrong-annotation", f"its annotation {name} is {str(found)[:60]} and not {value}")
    return named


def signature_of(annotations: Mapping[str, object]) -> bytes | None:
    """Return the signature that a layer carries, None where it carries none that can be read."""
    value = annotations.get(_SIGNATURE)
    try:
        return unbase64(value) if isinstance(value, str) else None
    except MalformedError:
        return None
