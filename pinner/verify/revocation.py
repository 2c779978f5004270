"""Revocation of certificates: OCSP, then lists (CRL), asked for at the addresses that the certificates name.

Sources: RFC 6960, RFC 5280 §5; notaryproject/specifications, trust-store-trust-policy.md.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from pinner.errors import ResolveError
from pinner.verify.certificate import extension, is_issued_by, is_valid_at, key_of
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from pinner.verify.keys import PublicKey

    Get = Callable[[str, bytes | None], Awaitable[bytes]]
    """Returns what an address answers to a GET, or to a POST of an OCSP request. Raises `ResolveError`."""

_GOOD, _REVOKED = "good", "revoked"
_MAX_PLACES = 4
_UNTOLD = (ResolveError, RefusedError, UnsupportedAlgorithm, ValueError, TypeError)


def certificate_id(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of the certificate, in hex."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


async def revocation_of(chain: Sequence[x509.Certificate], get: Get, now: datetime) -> dict[str, str]:
    """Return for every certificate of ``chain`` but the root ``good``, ``revoked``, or why it is not told.

    One that names no address cannot be revoked, and is ``good``.
    """
    found = {}
    for certificate, issuer in pairwise(chain):
        found[certificate_id(certificate)] = await _state(certificate, issuer, get, now)
    return found


async def _state(certificate: x509.Certificate, issuer: x509.Certificate, get: Get, now: datetime) -> str:
    responders, lists = _responders(certificate), _lists(certificate)
    if not responders and not lists:
        return _GOOD
    why = ""
    for url in responders:
        try:
            return await _asked(certificate, issuer, url, get, now)
        except _UNTOLD as error:
            why = _clause(url, error)
    for url in lists:
        try:
            return _listed(certificate, issuer, await get(url, None), now)
        except _UNTOLD as error:
            why = _clause(url, error)
    return f"revocation status is unknown: {why}"


def _clause(url: str, error: Exception) -> str:
    return f"{url[:100]}: {getattr(error, 'message', None) or str(error) or 'cannot be read'}"


def _responders(certificate: x509.Certificate) -> list[str]:
    access = extension(certificate, x509.AuthorityInformationAccess) or ()
    found = [
        str(one.access_location.value)
        for one in access
        if one.access_method == AuthorityInformationAccessOID.OCSP
        and isinstance(one.access_location, x509.UniformResourceIdentifier)
    ]
    return found[:_MAX_PLACES]


def _lists(certificate: x509.Certificate) -> list[str]:
    points = extension(certificate, x509.CRLDistributionPoints) or ()
    names = [name for point in points for name in (point.full_name or ())]
    return [str(one.value) for one in names if isinstance(one, x509.UniformResourceIdentifier)][:_MAX_PLACES]


async def _asked(certificate: x509.Certificate, issuer: x509.Certificate, url: str, get: Get, now: datetime) -> str:
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1()).build()  # noqa: S303 - RFC 6960
    answer = ocsp.load_der_ocsp_response(await get(url, request.public_bytes(Encoding.DER)))
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise ValueError("the responder does not tell")
    if answer.serial_number != certificate.serial_number or not _is_answered_by(answer, issuer, now):
        raise ValueError("the answer is not signed by who may")
    if answer.this_update_utc > now or (answer.next_update_utc is not None and answer.next_update_utc < now):
        raise ValueError("the answer is of another time")
    states = {ocsp.OCSPCertStatus.GOOD: _GOOD, ocsp.OCSPCertStatus.REVOKED: _REVOKED}
    if answer.certificate_status not in states:
        raise ValueError("the responder does not know the certificate")
    return states[answer.certificate_status]


def _is_answered_by(answer: ocsp.OCSPResponse, issuer: x509.Certificate, now: datetime) -> bool:
    """Tell whether the issuer signed ``answer``, or somebody whom it let sign (RFC 6960 §4.2.2.2)."""
    keys: list[PublicKey] = [key_of(issuer)]
    for one in answer.certificates:
        purposes = extension(one, x509.ExtendedKeyUsage) or ()
        if ExtendedKeyUsageOID.OCSP_SIGNING in purposes and is_valid_at(one, now) and is_issued_by(one, issuer):
            keys.append(key_of(one))
    from pinner.verify.keys import check_with  # noqa: PLC0415 - the one place that needs it

    hash_ = answer.signature_hash_algorithm
    return any(check_with(key, answer.signature, answer.tbs_response_bytes, hash_) for key in keys)


def _listed(certificate: x509.Certificate, issuer: x509.Certificate, data: bytes, now: datetime) -> str:
    revoked = x509.load_pem_x509_crl(data) if data.startswith(b"-----") else x509.load_der_x509_crl(data)
    if revoked.issuer != issuer.subject or not revoked.is_signature_valid(key_of(issuer)):
        raise ValueError("the list is not signed by the issuer")
    if revoked.next_update_utc is None or revoked.next_update_utc < now:
        raise ValueError("the list has ended")
    if revoked.last_update_utc > now:
        raise ValueError("the list is of a time to come")
    if any(one.critical and not isinstance(one.value, x509.IssuingDistributionPoint) for one in revoked.extensions):
        raise ValueError("the list has a critical extension that is not known")
    entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None:
        return _REVOKED
    if any(not _covers(one.value, certificate) for one in revoked.extensions):
        raise ValueError("the list is not about such certificates")
    return _GOOD


def _covers(scope: x509.ExtensionType, certificate: x509.Certificate) -> bool:
    """Tell whether a list of that ``scope`` would name ``certificate`` if it were revoked (RFC 5280 §5.2.5)."""
    if not isinstance(scope, x509.IssuingDistributionPoint):
        return True
    constraints = extension(certificate, x509.BasicConstraints)
    is_ca = constraints is not None and constraints.ca
    excluded = scope.only_contains_user_certs if is_ca else scope.only_contains_ca_certs
    return not excluded and not scope.only_contains_attribute_certs and scope.only_some_reasons is None
