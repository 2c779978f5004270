"""Certificates of keyless signatures: the chain at a time, usages, the embedded SCT, identity and claims.

Sources: RFC 5280 §6, RFC 6962 §3.2, Fulcio's docs/oid-info.md and certificate-specification.md.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from pinner.config.verify import CLAIMS
from pinner.verify.keys import PublicKey, check_log, spki, supported
from pinner.verify.strict_decoding import MalformedError, der_text, plain_text
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

    from pinner.verify.trusted_root import Log, TrustedRoot

_T = TypeVar("_T", bound=x509.ExtensionType)
_FULCIO = "1.3.6.1.4.1.57264.1."
_OTHER_NAME = x509.ObjectIdentifier(f"{_FULCIO}7")
_ISSUER, _OLD_ISSUER = f"{_FULCIO}8", f"{_FULCIO}1"
_LAST_RAW = 6
_MAX_CHAIN = 8
_CODE = frozenset({ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
_KNOWN_CRITICAL = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.CERTIFICATE_POLICIES,
    }
)


def _untrusted(detail: str) -> RefusedError:
    return RefusedError("untrusted-certificate", detail)


def load_certificate(der: bytes) -> x509.Certificate:
    """Return the certificate in ``der``; raises `MalformedError`, also for extensions that cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        list(certificate.extensions)
    except (ValueError, x509.UnsupportedGeneralNameType):
        raise MalformedError("the certificate cannot be read") from None
    return certificate


def load_pem_certificates(text: str) -> list[x509.Certificate]:
    """Return the certificates in PEM ``text``; raises `MalformedError`."""
    try:
        found = x509.load_pem_x509_certificates(text.encode())
        for certificate in found:
            list(certificate.extensions)
    except (ValueError, x509.UnsupportedGeneralNameType):
        raise MalformedError("there is no certificate in PEM") from None
    return found


def key_of(certificate: x509.Certificate) -> PublicKey:
    """Return the certificate's key; raises `RefusedError` for a kind that is not supported."""
    try:
        return supported(certificate.public_key())
    except ValueError:
        raise MalformedError("the certificate's key cannot be read") from None


def is_valid_at(certificate: x509.Certificate, moment: datetime) -> bool:
    """Tell whether ``moment`` is in the certificate's validity, both ends inside."""
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether ``issuer`` has the name that ``certificate`` names and the key that signed it."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def may_issue(certificate: x509.Certificate, below: int) -> bool:
    """Tell whether ``certificate`` is a CA's that may have ``below`` CAs under it (RFC 5280 §4.2.1.9, §4.2.1.3)."""
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return False
    if constraints.path_length is not None and constraints.path_length < below:
        return False
    usage = extension(certificate, x509.KeyUsage)
    return usage is None or usage.key_cert_sign


def extension(certificate: x509.Certificate, kind: type[_T]) -> _T | None:
    """Return the extension of a kind; None where there is none."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _has_unknown_critical(certificate: x509.Certificate) -> bool:
    return any(one.critical and one.oid not in _KNOWN_CRITICAL for one in certificate.extensions)


def chain_at(
    leaf: x509.Certificate, intermediates: Sequence[x509.Certificate], root: x509.Certificate, moment: datetime
) -> list[x509.Certificate] | None:
    """Return the chain from ``leaf`` to ``root``, every link valid at ``moment``; None where there is none."""

    def climb(chain: list[x509.Certificate]) -> list[x509.Certificate] | None:
        last = chain[-1]
        for issuer in (root, *intermediates):
            if issuer in chain or last.issuer != issuer.subject or not may_issue(issuer, len(chain) - 1):
                continue
            if not is_valid_at(issuer, moment) or _has_unknown_critical(issuer) or not is_issued_by(last, issuer):
                continue
            if not _may_sign_for_code(issuer):
                continue
            longer = [*chain, issuer]
            found = longer if issuer == root else climb(longer) if len(longer) < _MAX_CHAIN else None
            if found is not None:
                return found
        return None

    return climb([leaf]) if is_valid_at(leaf, moment) else None


def _may_sign_for_code(issuer: x509.Certificate) -> bool:
    """Tell whether an authority's own purposes, where it names some, are those of code: Go's crypto/x509 nests them."""
    purposes = extension(issuer, x509.ExtendedKeyUsage)
    return purposes is None or any(one in _CODE for one in purposes)


def check_leaf(leaf: x509.Certificate) -> None:
    """Raise `RefusedError` unless ``leaf`` is made for signing code and is no CA."""
    usage, purposes = extension(leaf, x509.KeyUsage), extension(leaf, x509.ExtendedKeyUsage)
    constraints = extension(leaf, x509.BasicConstraints)
    if purposes is None or ExtendedKeyUsageOID.CODE_SIGNING not in purposes:
        raise _untrusted("the certificate is not for signing code")
    if usage is None or not usage.digital_signature:
        raise _untrusted("the certificate's key is not for signatures")
    if constraints is not None and constraints.ca:
        raise _untrusted("the certificate is an authority's own")
    if _has_unknown_critical(leaf):
        raise _untrusted("the certificate has a critical extension that is not known")


def trusted_chain(
    leaf: x509.Certificate, others: Sequence[x509.Certificate], root: TrustedRoot, times: Iterable[datetime]
) -> list[x509.Certificate]:
    """Return the chain from ``leaf`` to an authority of ``root`` that holds at every one of ``times``.

    ``others`` may be intermediates, never roots. Raises `RefusedError`.
    """
    check_leaf(leaf)
    chain: list[x509.Certificate] = []
    for moment in times:
        found = None
        for authority in root.authorities:
            if authority.window.holds(moment):
                found = chain_at(leaf, (*authority.chain[:-1], *others), authority.chain[-1], moment)
            if found is not None:
                break
        if found is None:
            raise _untrusted(_why(leaf, root, moment))
        chain = found
    return chain


def _why(leaf: x509.Certificate, root: TrustedRoot, moment: datetime) -> str:
    when = f"{moment:%Y-%m-%d %H:%M:%S}"
    if not is_valid_at(leaf, moment):
        return (
            f"it was signed at {when}, and the certificate is of "
            f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M:%S} to {leaf.not_valid_after_utc:%Y-%m-%d %H:%M:%S}"
        )
    if not any(authority.window.holds(moment) for authority in root.authorities):
        return f"the trusted root has no authority for {when}"
    return "no trusted authority issued the certificate"


def check_sct(chain: Sequence[x509.Certificate], root: TrustedRoot) -> None:
    """Raise `RefusedError` unless a log of certificates that is trusted says that it has the chain's first."""
    leaf, issuer = chain[0], chain[1]
    listed = extension(leaf, x509.PrecertificateSignedCertificateTimestamps)
    if listed is None or not len(listed):
        raise RefusedError("no-sct", "the certificate has no proof that it is in a log of certificates (SCT)")
    known = {log.key_id: log for log in root.ct_logs}
    for sct in listed:
        log = known.get(sct.log_id)
        if log is not None and log.window.holds(sct.timestamp.replace(tzinfo=UTC)) and _is_good(sct, log, leaf, issuer):
            return
    raise RefusedError("bad-sct", "no trusted log of certificates has signed the certificate's SCT")


def _is_good(sct: SignedCertificateTimestamp, log: Log, leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    tbs = leaf.tbs_precertificate_bytes
    seconds = sct.timestamp.replace(tzinfo=UTC)
    milliseconds = int(seconds.timestamp()) * 1000 + seconds.microsecond // 1000
    signed = b"".join(
        (
            b"\x00\x00",  # v1, certificate_timestamp
            milliseconds.to_bytes(8),
            b"\x00\x01",  # precert_entry
            hashlib.sha256(spki(key_of(issuer))).digest(),
            len(tbs).to_bytes(3),
            tbs,
            len(sct.extension_bytes).to_bytes(2),
            sct.extension_bytes,
        )
    )
    try:
        check_log(log.key, sct.signature, signed, "the SCT", "bad-sct")
    except RefusedError:
        return False
    return True


def names_of(leaf: x509.Certificate) -> tuple[str, ...]:
    """Return whom the certificate is of: e-mail addresses, URIs, DNS names, and Fulcio's own kind of name."""
    names = extension(leaf, x509.SubjectAlternativeName) or ()
    found = []
    for name in names:
        if isinstance(name, x509.RFC822Name | x509.UniformResourceIdentifier | x509.DNSName):
            found.append(name.value)
        elif isinstance(name, x509.OtherName) and name.type_id == _OTHER_NAME:
            found.append(der_text(name.value))
    return tuple(found)


def _unrecognised(leaf: x509.Certificate, oid: str) -> bytes | None:
    for one in leaf.extensions:
        if one.oid.dotted_string == oid and isinstance(one.value, x509.UnrecognizedExtension):
            return one.value.value
    return None


def issuer_of(leaf: x509.Certificate) -> str | None:
    """Return the OpenID issuer that vouched for the identity."""
    newer, older = _unrecognised(leaf, _ISSUER), _unrecognised(leaf, _OLD_ISSUER)
    if newer is not None:
        return der_text(newer)
    return None if older is None else plain_text(older)


def claim_of(leaf: x509.Certificate, name: str) -> str | None:
    """Return a claim by its name in `CLAIMS`; None where the certificate has none."""
    number = CLAIMS[name]
    data = _unrecognised(leaf, f"{_FULCIO}{number}")
    if data is None:
        return None
    return plain_text(data) if number <= _LAST_RAW else der_text(data)
