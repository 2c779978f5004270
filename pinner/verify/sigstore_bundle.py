"""Sigstore bundle 0.3 with a DSSE envelope, verified step by step, then by the sigstore library.

Sources: sigstore protobuf-specs, sigstore_bundle.proto; client-spec §4; cosign's specs/BUNDLE_SPEC.md.
"""

from __future__ import annotations

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding

from pinner.verify.certificate import check_sct, key_of, load_certificate, trusted_chain
from pinner.verify.dsse import SIGNATURE_PREDICATE, Envelope, check_statement, predicate_of, read_envelope
from pinner.verify.keys import PublicKey, check_dsse, is_p256, key_id
from pinner.verify.strict_decoding import MalformedError, Object, load_object
from pinner.verify.timestamps import promised_time, token_time
from pinner.verify.transparency_log import Signed, check_inclusion, check_is_of, known_log
from pinner.verify.trust import check_identity
from pinner.verify.verdict import RefusedError, Signer, UntoldError

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.x509 import Certificate
    from sigstore.verify import Verifier

    from pinner.verify.trust import Trust
    from pinner.verify.trusted_root import TrustedRoot

_VERSIONS = ("application/vnd.dev.sigstore.bundle.v0.3+json", "application/vnd.dev.sigstore.bundle+json;version=0.3")
_MAX_ENTRIES = 8
_MAX_TOKENS = 8
_FUTURE = 86_400
"""Seconds that a trusted time may be ahead of the clock, which may be wrong."""


class _Bundle(NamedTuple):
    envelope: Envelope
    verifier: Certificate | None
    """None where a key is to verify it."""
    entries: tuple[Object, ...]
    tokens: tuple[bytes, ...]
    source: bytes


def read_bundle(data: bytes) -> _Bundle:
    """Return the bundle in ``data``; raises `RefusedError` for one of another version, or of a message."""
    document = load_object(data, "the bundle")
    version = document.text("mediaType")
    if version not in _VERSIONS:
        raise RefusedError("unsupported", f"the bundle is of another version than 0.3: {version[:80]}")
    if ("dsseEnvelope" in document) == ("messageSignature" in document):
        raise MalformedError("the bundle has not one content")
    if "messageSignature" in document:
        raise RefusedError("not-an-image-signature", "the bundle signs a message and not a statement about an image")
    envelope = read_envelope(document.table("dsseEnvelope"))
    material = document.table("verificationMaterial")
    if "x509CertificateChain" in material or ("certificate" in material) == ("publicKey" in material):
        raise MalformedError("the bundle has not one certificate or key")
    leaf = None
    if "certificate" in material:
        leaf = load_certificate(material.table("certificate").bytes("rawBytes"))
    stamps = material.table("timestampVerificationData") if "timestampVerificationData" in material else None
    tokens = () if stamps is None else tuple(one.bytes("signedTimestamp") for one in stamps.tables("rfc3161Timestamps"))
    return _Bundle(envelope, leaf, material.tables("tlogEntries"), tokens, data)


def is_attestation(data: bytes, accepted: tuple[str, ...]) -> str | None:
    """Return what a bundle attests where that is none of ``accepted`` nor a signature; None for everything else."""
    try:
        envelope = read_envelope(load_object(data, "the bundle").table("dsseEnvelope"))
    except RefusedError:
        return None
    predicate = predicate_of(envelope)
    return None if predicate is None or predicate in (SIGNATURE_PREDICATE, *accepted) else predicate


def verify_bundle(data: bytes, digest: str, trust: Trust, now: float) -> Signer:
    """Return who signed ``digest`` with the bundle ``data``, where ``trust`` accepts it; ``now`` in seconds since 1970.

    Raises `RefusedError`, and `UntoldError` where there are more entries than are looked at.
    """
    predicate = is_attestation(data, trust.policy.attestations)
    if predicate is not None:
        raise RefusedError("other-statement", f"it attests {predicate[:100]} and is no signature")
    bundle = read_bundle(data)
    if trust.policy.match_repository:
        raise RefusedError("unsupported", "a bundle does not say for which repository it is (match-repository)")
    if len(bundle.entries) > _MAX_ENTRIES or len(bundle.tokens) > _MAX_TOKENS:
        raise UntoldError(f"a bundle has more than {_MAX_ENTRIES} log entries or time stamps")
    if trust.policy.by == "key":
        return _by_key(bundle, digest, trust, now)
    return trust.by_first_root(lambda root: _keyless(bundle, digest, trust, root, now))


def _times(bundle: _Bundle, root: TrustedRoot, now: float) -> list[datetime]:
    """Return every trusted time of the signature: of authorities, and of logs that promise it."""
    found, refused = [], None
    for token in bundle.tokens:
        try:
            found.append(_past(token_time(token, bundle.envelope.signature, root.timestamps), now, "bad-timestamp"))
        except RefusedError as refusal:
            refused = refusal
    for entry in bundle.entries:
        if "inclusionPromise" in entry:
            log = known_log(root, entry.table("logId").bytes("keyId"))
            promise = entry.table("inclusionPromise").bytes("signedEntryTimestamp")
            body = entry.text("canonicalizedBody")
            moment = promised_time(log, promise, body, entry.number("integratedTime"), entry.number("logIndex"))
            found.append(_past(moment, now, "bad-log-entry"))
    if not found and refused is not None:
        raise refused
    return found


def _past(moment: datetime, now: float, reason: str) -> datetime:
    if moment.timestamp() > now + _FUTURE:
        raise RefusedError(reason, f"it was made in the future: {moment:%Y-%m-%d %H:%M:%S}", "no-trusted-time")
    return moment


def _check_entries(
    bundle: _Bundle, root: TrustedRoot, verifier: PublicKey | Certificate, times: list[datetime]
) -> tuple[str, int] | None:
    """Return the first entry's log and index, where every entry is in its log and is this signature's."""
    first = None
    signed = Signed(bundle.envelope.signature, verifier, bundle.envelope.payload, bundle.envelope)
    for entry in bundle.entries:
        log = known_log(root, entry.table("logId").bytes("keyId"))
        for moment in times:
            if not log.window.holds(moment):
                raise RefusedError("bad-log-entry", f"the log was not trusted at {moment:%Y-%m-%d %H:%M:%S}")
        body, version = entry.bytes("canonicalizedBody"), entry.table("kindVersion")
        check_inclusion(log, entry, body)
        check_is_of(body, version.text("kind"), version.text("version"), signed)
        first = first or (log.url, entry.number("logIndex"))
    return first


def _keyless(bundle: _Bundle, digest: str, trust: Trust, root: TrustedRoot, now: float) -> Signer:
    leaf = bundle.verifier
    if leaf is None:
        raise RefusedError("wrong-key", "it is signed with a key, and the policy wants a certificate")
    needs_log = trust.wants_log(root)
    if needs_log and not bundle.entries:
        raise RefusedError("no-log-entry", "it has no entry of a transparency log")
    entries = bundle if needs_log or root.logs else bundle._replace(entries=())
    times = _times(entries, root, now)
    if not times and bundle.entries and root.logs:
        # An unknown log is said before that its time is missing.
        for entry in bundle.entries:
            known_log(root, entry.table("logId").bytes("keyId"))
    if not times:
        raise RefusedError("no-trusted-time", "nobody trusted says when it was made")
    log = _check_entries(entries, root, leaf, times)
    chain = trusted_chain(leaf, (), root, times)
    check_sct(chain, root)
    name, issuer = check_identity(leaf, trust.policy)
    check_dsse(key_of(leaf), bundle.envelope.signature, bundle.envelope.signed)
    check_statement(bundle.envelope, digest, trust.policy.attestations, trust.policy.annotations)
    engines: tuple[str, ...] = ("own",)
    if needs_log:
        check_second(bundle.source, leaf, bundle.envelope, root, len(bundle.entries))
        engines = ("own", "sigstore")
    return Signer("keyless", name, issuer, key_id(key_of(leaf)), max(times), log, engines)


def _by_key(bundle: _Bundle, digest: str, trust: Trust, now: float) -> Signer:
    if bundle.verifier is not None:
        raise RefusedError("wrong-key", "it is signed with a certificate, and the policy wants a key")
    return trust.by_first_key(lambda name, key: _by_one_key(bundle, digest, trust, (name, key), now))


def _by_one_key(bundle: _Bundle, digest: str, trust: Trust, named: tuple[str, PublicKey], now: float) -> Signer:
    name, key = named
    root = trust.root_with_logs
    log, times = None, []
    if trust.wants_log(root):
        if root is None:
            raise UntoldError("there is no trusted root")
        if not bundle.entries:
            raise RefusedError("no-log-entry", "it has no entry of a transparency log")
        times = _times(bundle, root, now)
        log = _check_entries(bundle, root, key, times)
    check_dsse(key, bundle.envelope.signature, bundle.envelope.signed)
    check_statement(bundle.envelope, digest, trust.policy.attestations, trust.policy.annotations)
    return Signer("key", name, None, key_id(key), max(times) if times else None, log)


def check_second(source: bytes, leaf: Certificate, envelope: Envelope, root: TrustedRoot, entries: int) -> None:
    """Raise `RefusedError` unless the library verifies the bundle ``source`` too, and sees what was seen here.

    ``engines-differ`` where it does not; ``unsupported`` where it cannot judge: a key that is not on P-256, or several
    log entries.
    """
    if not is_p256(key_of(leaf)) or entries != 1:
        detail = "the second engine knows keys on P-256 and one log entry alone"
        raise RefusedError("unsupported", detail)
    from sigstore.models import Bundle  # noqa: PLC0415 - 330 ms, only for a bundle that is good so far

    try:
        bundle = Bundle.from_json(source)
        kind, payload = _verifier(root.source).verify_dsse(bundle, _Same(leaf))
        seen = bundle.signing_certificate.public_bytes(Encoding.DER)
    except Exception as error:  # noqa: BLE001 - whatever it raises, it does not agree
        why = (str(error).splitlines() or [type(error).__name__])[0][:120]
        detail = f"the second engine, sigstore, refuses it: {why}"
        raise RefusedError("engines-differ", detail) from None
    mine = leaf.public_bytes(Encoding.DER), envelope.payload_type, envelope.payload
    if (seen, kind, payload) != mine:
        raise RefusedError("engines-differ", "the second engine, sigstore, reads another certificate or payload")


class _Same:
    """The library's policy for a certificate: the one that the identity was read from."""

    def __init__(self, leaf: Certificate) -> None:
        self._leaf = leaf

    def verify(self, cert: Certificate) -> None:
        """Raise `ValueError` for another certificate."""
        if cert != self._leaf:
            raise ValueError("another certificate")


@lru_cache(maxsize=4)
def _verifier(root: bytes) -> Verifier:
    from sigstore.models import TrustedRoot as LibraryRoot  # noqa: PLC0415 - as above
    from sigstore.verify import Verifier  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory(prefix="pinner-") as folder:
        # It reads a root from a file alone.
        file = Path(folder, "trusted_root.json")
        file.write_bytes(root)
        return Verifier(trusted_root=LibraryRoot.from_file(str(file)))
