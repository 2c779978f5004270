"""Public keys of signatures: the one caller of cryptography's ``verify``.

Sources: cosign's SIGNATURE_SPEC.md, sigstore's algorithm registry, RFC 7518 (JWS), the Notary project's signature
specification, notary's TUF keys.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)
from cryptography.x509 import load_pem_x509_certificate

from pinner.verify.strict_decoding import MalformedError
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey

_CURVES: dict[str, tuple[hashes.HashAlgorithm, int]] = {
    "secp256r1": (hashes.SHA256(), 32),
    "secp384r1": (hashes.SHA384(), 48),
    "secp521r1": (hashes.SHA512(), 66),
}
_RSA_HASHES: dict[int, hashes.HashAlgorithm] = {2048: hashes.SHA256(), 3072: hashes.SHA384(), 4096: hashes.SHA512()}
_RSA_BITS = range(2048, 4096 + 1)
_JWS_NAMES = {"sha256": "256", "sha384": "384", "sha512": "512"}


def load_key(data: bytes) -> PublicKey:
    """Return the public key in PEM ``data``, or of the certificate there. Raises `RefusedError`."""
    try:
        if b"BEGIN CERTIFICATE" in data:
            return supported(load_pem_x509_certificate(data).public_key())
        return supported(load_pem_public_key(data))
    except UnsupportedAlgorithm:
        raise RefusedError("unsupported", "the key's algorithm is not supported") from None
    except ValueError:
        raise MalformedError("there is no public key in PEM") from None


def load_der_key(data: bytes) -> PublicKey:
    """Return the public key in DER ``data`` (SubjectPublicKeyInfo). Raises `RefusedError`."""
    try:
        return supported(load_der_public_key(data))
    except UnsupportedAlgorithm:
        raise RefusedError("unsupported", "the key's algorithm is not supported") from None
    except ValueError:
        raise MalformedError("there is no public key in DER") from None


def supported(key: object) -> PublicKey:
    """Return ``key`` where its kind is one that signatures are verified with; else raise `RefusedError`."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name in _CURVES:
            return key
        raise RefusedError("unsupported", f"keys on the curve {key.curve.name} are not supported")
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size in _RSA_BITS:
            return key
        raise RefusedError("unsupported", f"RSA keys of {key.key_size} bits are not supported: 2048 to 4096 are")
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise RefusedError("unsupported", f"keys of the kind {type(key).__name__} are not supported")


def spki(key: PublicKey) -> bytes:
    """Return the DER of ``key``: what two keys are compared by."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def raw(key: ed25519.Ed25519PublicKey) -> bytes:
    """Return the 32 bytes of an Ed25519 key."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(key: PublicKey) -> str:
    """Return the SHA-256 of the key's DER, in hex."""
    return hashlib.sha256(spki(key)).hexdigest()


def is_p256(key: object) -> bool:
    """Tell a key on P-256."""
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"


def _is_good(key: PublicKey, signature: bytes, message: bytes, hash_: hashes.HashAlgorithm) -> bool:
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(hash_))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, message, padding.PKCS1v15(), hash_)
        else:
            key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _check(
    key: PublicKey, signature: bytes, message: bytes, choices: Sequence[hashes.HashAlgorithm], what: str, reason: str
) -> None:
    if not any(_is_good(key, signature, message, hash_) for hash_ in choices):
        raise RefusedError(reason, f"{what} is not by this key, or of something else")


def own_hash(key: PublicKey) -> hashes.HashAlgorithm:
    """Return the hash that goes with a key: of its curve's size, SHA-256 for the others."""
    return _CURVES[key.curve.name][0] if isinstance(key, ec.EllipticCurvePublicKey) else hashes.SHA256()


def check_classic(key: PublicKey, signature: bytes, payload: bytes) -> None:
    """Raise `RefusedError` unless ``signature`` is of ``payload``: SHA-256 whatever the key, as cosign has it."""
    _check(key, signature, payload, (hashes.SHA256(),), "the signature", "bad-signature")


def check_dsse(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Raise `RefusedError` unless ``signature`` is of ``message``: by the key's own hash, or SHA-256."""
    if isinstance(key, ed25519.Ed25519PublicKey) and not _is_good(key, signature, message, hashes.SHA256()):
        detail = "the signature is not pure Ed25519 by this key; cosign 3 writes Ed25519ph, which is not supported"
        raise RefusedError("unsupported", detail, "bad-signature")
    _check(key, signature, message, (own_hash(key), hashes.SHA256()), "the signature", "bad-signature")


def check_log(key: PublicKey, signature: bytes, message: bytes, what: str, reason: str = "bad-log-entry") -> None:
    """Raise `RefusedError` unless a log signed ``message``: SHA-256, or Ed25519."""
    _check(key, signature, message, (hashes.SHA256(),), what, reason)


def jws_algorithm(key: PublicKey) -> str:
    """Return the one algorithm, by its JWS name, that a notation key signs with. Raises `RefusedError`."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ES{_JWS_NAMES[_CURVES[key.curve.name][0].name]}"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_HASHES:
        return f"PS{_JWS_NAMES[_RSA_HASHES[key.key_size].name]}"
    raise RefusedError(
        "unsupported", "the key is none that notation signs with: RSA 2048, 3072, 4096 or P-256, 384, 521"
    )


def check_notation(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Raise `RefusedError` unless ``signature`` is of ``message``, by the algorithm that the key fixes."""
    jws_algorithm(key)
    if isinstance(key, rsa.RSAPublicKey):
        return check_pss(key, signature, message, _RSA_HASHES[key.key_size])
    return check_raw_ecdsa(key, signature, message)


def check_pss(key: PublicKey, signature: bytes, message: bytes, hash_: hashes.HashAlgorithm | None = None) -> None:
    """Raise `RefusedError` unless ``signature`` is RSASSA-PSS of ``message``, the salt as long as the hash."""
    hash_ = hash_ or hashes.SHA256()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            return key.verify(signature, message, padding.PSS(padding.MGF1(hash_), hash_.digest_size), hash_)
    except InvalidSignature:
        pass
    raise RefusedError("bad-signature", "the signature is not by this key, or of something else")


def check_raw_ecdsa(key: PublicKey, signature: bytes, message: bytes) -> None:
    """Raise `RefusedError` unless ``signature`` is ECDSA of ``message``, written as r and s of the curve's size."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        hash_, size = _CURVES[key.curve.name]
        if len(signature) == 2 * size:
            r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
            if r and s and _is_good(key, encode_dss_signature(r, s), message, hash_):
                return
    raise RefusedError("bad-signature", "the signature is not by this key, or of something else")


def check_with(key: PublicKey, signature: bytes, message: bytes, hash_: hashes.HashAlgorithm | None) -> bool:
    """Tell whether ``signature`` is of ``message``, by the hash that the message names."""
    return _is_good(key, signature, message, hash_ or hashes.SHA256())
