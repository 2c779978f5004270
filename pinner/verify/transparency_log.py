"""Transparency log entries: inclusion, checkpoint, and that an entry is this signature's.

Sources: RFC 9162 §2.1.3.2, C2SP tlog-checkpoint and signed-note, sigstore's rekor-v2-spec.md §6.1.4; CVE-2022-36056.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate

from pinner.verify.certificate import key_of, load_certificate, load_pem_certificates
from pinner.verify.keys import PublicKey, check_log, load_der_key, load_key, own_hash, raw, spki
from pinner.verify.strict_decoding import MalformedError, load_object, unbase64
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.verify.dsse import Envelope
    from pinner.verify.strict_decoding import Object
    from pinner.verify.trusted_root import Log, TrustedRoot

_NOTE_SEPARATOR = "\n\n"
_DASH = "\u2014 "
_HINT = 4
_MAX_HASHES = 64


class Signed(NamedTuple):
    """What an entry must be about."""

    signature: bytes
    verifier: PublicKey | Certificate
    payload: bytes
    envelope: Envelope | None = None
    """None for a classic signature, which is of the payload itself."""


def _bad(detail: str) -> RefusedError:
    return RefusedError("bad-log-entry", detail)


def _other(detail: str) -> RefusedError:
    return RefusedError("other-log-entry", f"the log's entry is another signature's: {detail}")


def known_log(root: TrustedRoot, key_id: bytes) -> Log:
    """Return the log of ``root`` with this id; raises `RefusedError` (``unknown-log``)."""
    for log in root.logs:
        if log.key_id == key_id:
            return log
    raise RefusedError("unknown-log", f"the trusted root does not know the log {key_id.hex()[:12]}…")


def check_inclusion(log: Log, entry: Object, body: bytes) -> None:
    """Raise `RefusedError` unless ``entry`` proves that ``body`` is in the tree of a checkpoint that ``log`` signed."""
    if "inclusionProof" not in entry:
        raise RefusedError("bad-log-entry", "the log's entry has no proof that it is in the log", "malformed")
    proof = entry.table("inclusionProof")
    size, root_hash = proof.number("treeSize"), proof.bytes("rootHash")
    hashes = [unbase64(text) for text in proof.texts("hashes")]
    if root_of(body, proof.number("logIndex"), size, hashes) != root_hash:
        raise _bad("the proof of inclusion does not lead to the log's root")
    note = proof.table("checkpoint").text("envelope")
    text, separator, signatures = note.partition(_NOTE_SEPARATOR)
    lines = text.split("\n")
    if not separator or len(lines) < 3:  # noqa: PLR2004 - origin, size, root
        raise _bad("the log's checkpoint is none")
    if lines[1] != str(size) or unbase64(lines[2]) != root_hash:
        raise _bad("the log's checkpoint is of another tree")
    is_second = entry.table("kindVersion").text("version") == "0.0.2" and isinstance(log.key, ed25519.Ed25519PublicKey)
    if is_second and lines[0] != (urlsplit(log.url).hostname or lines[0]):
        raise _bad("the log's checkpoint is another log's")
    if not _is_signed(log, f"{text}\n".encode(), signatures, lines[0]):
        raise _bad("the log has not signed its checkpoint")


def _is_signed(log: Log, text: bytes, signatures: str, origin: str) -> bool:
    """Tell whether one of the note's signatures is by ``log``: the others are witnesses'."""
    for line in signatures.split("\n"):
        name, _, data = line.removeprefix(_DASH).rpartition(" ")
        if not line.startswith(_DASH) or not name:
            continue
        try:
            blob = unbase64(data)
            if blob[:_HINT] == _hint(log, name, origin):
                check_log(log.key, blob[_HINT:], text, "the checkpoint")
                return True
        except RefusedError:
            continue
    return False


def _hint(log: Log, name: str, origin: str) -> bytes | None:
    """Return how the log's key is named in a note under ``name``; None where that cannot be the log's name."""
    if isinstance(log.key, ed25519.Ed25519PublicKey):
        if name != origin:
            return None
        return hashlib.sha256(f"{name}\n".encode() + b"\x01" + raw(log.key)).digest()[:_HINT]
    return hashlib.sha256(spki(log.key)).digest()[:_HINT]


def root_of(leaf: bytes, index: int, size: int, hashes: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to (RFC 9162 §2.1.3.2); None where it is none."""
    if index >= size or len(hashes) > _MAX_HASHES:
        return None
    node, last, result = index, size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for sibling in hashes:
        if last == 0:
            return None
        if node & 1 or node == last:
            result = hashlib.sha256(b"\x01" + sibling + result).digest()
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = hashlib.sha256(b"\x01" + result + sibling).digest()
        node, last = node >> 1, last >> 1
    return result if last == 0 else None


def check_is_of(body: bytes, kind: str, version: str, signed: Signed) -> None:
    """Raise `RefusedError` unless the entry ``body``, of ``kind`` and ``version``, is about what was ``signed``."""
    document = load_object(body, "the log's entry")
    if (document.text("kind"), document.text("apiVersion")) != (kind, version):
        raise _other("it is of another kind than the bundle says")
    spec = document.table("spec")
    checks = {
        ("hashedrekord", "0.0.1"): _hashed_record,
        ("hashedrekord", "0.0.2"): _hashed_record_2,
        ("dsse", "0.0.1"): _dsse,
        ("intoto", "0.0.2"): _in_toto,
    }
    if (kind, version) not in checks:
        raise RefusedError("other-log-entry", f"entries of the kind {kind} {version} are none of a signature like this")
    checks[kind, version](spec, signed)


def _hashed_record(spec: Object, signed: Signed) -> None:
    if signed.envelope is not None:
        raise _other("it is of a message and not of an envelope")
    digest = spec.table("data").table("hash")
    if digest.text("algorithm") != "sha256" or digest.text("value") != hashlib.sha256(signed.payload).hexdigest():
        raise _other("the payload differs")
    _same(spec.table("signature").bytes("content"), signed)
    _same_pem(spec.table("signature").table("publicKey").bytes("content"), signed)


def _hashed_record_2(spec: Object, signed: Signed) -> None:
    record = spec.table("hashedRekordV002")
    key = signed.verifier if not isinstance(signed.verifier, Certificate) else key_of(signed.verifier)
    own = own_hash(key)
    content = signed.payload if signed.envelope is None else signed.envelope.signed
    data = record.table("data")
    if data.text("algorithm") != f"SHA2_{own.digest_size * 8}":
        raise _other("the hash is not that of the key's kind")
    if data.bytes("digest") != hashlib.new(own.name, content).digest():
        raise _other("the payload differs")
    signature = record.table("signature")
    _same(signature.bytes("content"), signed)
    verifier = signature.table("verifier")
    if "x509Certificate" in verifier:
        _same_verifier(load_certificate(verifier.table("x509Certificate").bytes("rawBytes")), signed)
    else:
        _same_verifier(load_der_key(verifier.table("publicKey").bytes("rawBytes")), signed)


def _dsse(spec: Object, signed: Signed) -> None:
    _same_payload(spec.table("payloadHash"), signed)
    signatures = spec.tables("signatures")
    if len(signatures) != 1:
        raise _other("it has not one signature")
    _same(signatures[0].bytes("signature"), signed)
    _same_pem(signatures[0].bytes("verifier"), signed)


def _in_toto(spec: Object, signed: Signed) -> None:
    content = spec.table("content")
    _same_payload(content.table("payloadHash"), signed)
    signatures = content.table("envelope").tables("signatures")
    if len(signatures) != 1:
        raise _other("it has not one signature")
    # Base64 of base64: rekor kept it so.
    try:
        _same(unbase64(signatures[0].bytes("sig").decode("ascii")), signed)
    except UnicodeDecodeError:
        raise MalformedError("the log's entry has a signature that is not base64") from None
    _same_pem(signatures[0].bytes("publicKey"), signed)


def _same_payload(digest: Object, signed: Signed) -> None:
    if signed.envelope is None:
        raise _other("it is of an envelope and not of a message")
    if digest.text("algorithm") != "sha256" or digest.text("value") != hashlib.sha256(signed.payload).hexdigest():
        raise _other("the payload differs")


def _same(signature: bytes, signed: Signed) -> None:
    if signature != signed.signature:
        raise _other("the signature differs")


def _same_pem(pem: bytes, signed: Signed) -> None:
    if b"BEGIN CERTIFICATE" in pem:
        found = load_pem_certificates(pem.decode("utf-8", "replace"))
        _same_verifier(found[0], signed)
    else:
        _same_verifier(load_key(pem), signed)


def _same_verifier(found: PublicKey | Certificate, signed: Signed) -> None:
    mine = signed.verifier
    if isinstance(found, Certificate) != isinstance(mine, Certificate):
        raise _other("it is by a key and not by a certificate, or the reverse")
    if _der(found) != _der(mine):
        raise _other("the certificate or key differs")


def _der(verifier: PublicKey | Certificate) -> bytes:
    return verifier.public_bytes(Encoding.DER) if isinstance(verifier, Certificate) else spki(verifier)
