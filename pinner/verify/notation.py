"""Notation signatures, checked as a trust policy of notation wants it.

Sources: notaryproject/specifications, trust-store-trust-policy.md and signature-specification.md; notation-go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from pinner.verify.certificate import extension, is_issued_by, is_valid_at, key_of
from pinner.verify.keys import check_notation, jws_algorithm, key_id
from pinner.verify.notation_envelope import AUTHORITY, NotationEnvelope, read_envelope
from pinner.verify.notation_trust_policy import Statement, name_parts
from pinner.verify.strict_decoding import MalformedError, load_object
from pinner.verify.timestamps import bare_token_time
from pinner.verify.verdict import RefusedError, Signer, UntoldError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

_T = TypeVar("_T", bound=x509.ExtensionType)
_FORBIDDEN = frozenset(
    {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.SERVER_AUTH,
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.TIME_STAMPING,
        ExtendedKeyUsageOID.OCSP_SIGNING,
    }
)


class Subject(NamedTuple):
    """The image's descriptor."""

    digest: str
    size: int
    media_type: str


class Stores(NamedTuple):
    """The certificates of a statement's trust stores, by kind."""

    ca: tuple[x509.Certificate, ...] = ()
    authority: tuple[x509.Certificate, ...] = ()
    tsa: tuple[x509.Certificate, ...] = ()
    has_tsa: bool = False
    """Whether the statement names a store of time stamp authorities."""
    empty: tuple[str, ...] = ()
    """Those without a certificate: ``ca:acme``. Notation makes nothing of the others of that kind then."""

    def check(self, kind: str) -> None:
        """Raise `RefusedError` where a store of ``kind`` that the statement names has no certificate."""
        for name in self.empty:
            if name.startswith(f"{kind}:"):
                raise _untrusted(f"the trust store {name} has no certificate")


Revocation = Mapping[str, str]
"""By the SHA-256 of a certificate: ``good``, ``revoked`` or why it is not told."""


def verify_notation(
    found: tuple[bytes, str],
    subject: Subject,
    statement: Statement,
    stores: Stores,
    now: datetime,
    revocation: Revocation,
) -> tuple[Signer, tuple[str, ...]]:
    """Return who signed ``subject`` with an envelope (bytes, media type), and the codes of what was overlooked.

    Raises `RefusedError`, and `UntoldError` where a revocation that counts is not told.
    """
    envelope = read_envelope(*found)
    check_integrity(envelope)
    outcome = _Outcome([], [], [])
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("authenticity", lambda: check_authenticity(envelope, statement, stores)),
        ("expiry", lambda: _check_expiry(envelope, now)),
        ("authenticTimestamp", lambda: _check_time(envelope, statement, stores, now)),
        ("revocation", lambda: check_revocation(envelope.chain, revocation)),
    )
    for name, check in checks:
        outcome.add(statement.actions[name], check)
    outcome.add("enforce", lambda: _check_payload(envelope.payload, subject))
    outcome.conclude()
    leaf, anchor = envelope.chain[0].subject.rfc4514_string(), envelope.chain[-1].subject.rfc4514_string()
    signer = Signer("notation", leaf, anchor, key_id(key_of(envelope.chain[0])), _stamp_time(envelope, stores))
    return signer, tuple(dict.fromkeys(outcome.warnings))


class _Outcome(NamedTuple):
    """What a trust policy's checks came to."""

    warnings: list[str]
    refused: list[RefusedError]
    untold: list[str]

    def add(self, action: str, check: Callable[[], None]) -> None:
        """Make ``check`` and keep what it says, as ``action`` (enforce, log, skip) has it."""
        if action == "skip":
            return
        try:
            check()
        except RefusedError as refusal:
            if action == "log":
                self.warnings.append(refusal.reasons[0])
            else:
                self.refused.append(refusal)
        except UntoldError as error:
            if action == "log":
                self.warnings.append("revocation-unknown")
            else:
                self.untold.append(error.detail)

    def conclude(self) -> None:
        """Raise `RefusedError` or `UntoldError` where a check that is enforced did not pass."""
        if self.refused:
            first = self.refused[0]
            others = [reason for one in self.refused for reason in one.reasons]
            raise RefusedError(first.reasons[0], first.detail, *others)
        if self.untold:
            raise UntoldError(self.untold[0])


def check_integrity(envelope: NotationEnvelope) -> None:
    """Raise `RefusedError` unless the envelope is signed by the first certificate of a chain that holds."""
    key = key_of(envelope.chain[0])
    if envelope.algorithm != jws_algorithm(key):
        detail = f"the header says {envelope.algorithm or 'no known algorithm'}, the key is one of {jws_algorithm(key)}"
        raise RefusedError("bad-signature", detail, "malformed")
    check_notation(key, envelope.signature, envelope.signed)
    check_chain(envelope.chain)


def _untrusted(detail: str) -> RefusedError:
    return RefusedError("untrusted-certificate", detail)


def check_chain(chain: Sequence[x509.Certificate]) -> None:
    """Raise `RefusedError` unless ``chain`` goes from a leaf to a self-signed root, each fit for what it does."""
    for certificate in chain:
        algorithm = certificate.signature_hash_algorithm
        if algorithm is None or algorithm.name in ("sha1", "md5"):
            raise _untrusted("a certificate of the chain is signed with SHA-1 or a hash that is not known")
    for position, certificate in enumerate(chain):
        issuer = chain[min(position + 1, len(chain) - 1)]
        if not is_issued_by(certificate, issuer):
            raise _untrusted("the certificates are no chain that ends in a root")
        if position:
            _check_ca(certificate, position - 1)
    _check_leaf(chain[0], is_alone=len(chain) == 1)


def _check_ca(certificate: x509.Certificate, below: int) -> None:
    constraints = _critical(certificate, x509.BasicConstraints)
    usage = _critical(certificate, x509.KeyUsage)
    if constraints is None or not constraints.ca:
        raise _untrusted("a certificate of the chain is no authority's")
    if constraints.path_length is not None and constraints.path_length < below:
        raise _untrusted("the chain is longer than one of its authorities allows")
    if usage is None or not usage.key_cert_sign:
        raise _untrusted("a certificate of the chain may not sign certificates")


def _check_leaf(leaf: x509.Certificate, *, is_alone: bool) -> None:
    constraints = extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca and not is_alone:
        raise _untrusted("the signing certificate is an authority's own")
    usage = _critical(leaf, x509.KeyUsage)
    if usage is None or not usage.digital_signature:
        raise _untrusted("the signing certificate's key is not for signatures")
    other = usage.key_encipherment or usage.data_encipherment or usage.key_agreement
    if other or usage.key_cert_sign or usage.crl_sign:
        raise _untrusted("the signing certificate's key is for more than signatures")
    purposes = extension(leaf, x509.ExtendedKeyUsage)
    if purposes is not None and any(one in _FORBIDDEN for one in purposes):
        raise _untrusted("the signing certificate is for something else than signing code")


def _critical(certificate: x509.Certificate, kind: type[_T]) -> _T | None:
    """Return the extension of ``kind`` where it is there and critical."""
    try:
        found = certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None
    return found.value if found.critical else None


def check_authenticity(envelope: NotationEnvelope, statement: Statement, stores: Stores) -> None:
    """Raise `RefusedError` unless ``stores`` anchor the chain and ``statement`` names the signer."""
    stores.check("signingAuthority" if envelope.scheme == AUTHORITY else "ca")
    anchors = stores.authority if envelope.scheme == AUTHORITY else stores.ca
    if not any(certificate in anchors for certificate in envelope.chain):
        raise _untrusted("no certificate of its chain is in the trust store")
    if statement.identities is None:
        return
    mine = name_parts(envelope.chain[0].subject)
    if not any(name.items() <= mine.items() for name in statement.identities):
        name = envelope.chain[0].subject.rfc4514_string()
        raise RefusedError("wrong-identity", f"it is signed by {name}, whom the trust policy does not name")


def _check_expiry(envelope: NotationEnvelope, now: datetime) -> None:
    if envelope.expiry is not None and now >= envelope.expiry:
        raise RefusedError("expired", f"the signature has ended on {envelope.expiry:%Y-%m-%d %H:%M:%S}")


def _check_time(envelope: NotationEnvelope, statement: Statement, stores: Stores, now: datetime) -> None:
    if envelope.scheme == AUTHORITY:
        _check_valid(envelope.chain, envelope.signed_at)
        return
    has_ended = not all(is_valid_at(certificate, now) for certificate in envelope.chain)
    if not stores.has_tsa or not (statement.stamps_always or has_ended):
        _check_valid(envelope.chain, now)
        return
    if envelope.token is None:
        raise RefusedError("no-trusted-time", "the trust policy wants a time stamp, and it has none")
    stores.check("tsa")
    _check_valid(envelope.chain, bare_token_time(envelope.token, envelope.signature, stores.tsa))


def _check_valid(chain: Sequence[x509.Certificate], moment: datetime) -> None:
    for certificate in chain:
        if not is_valid_at(certificate, moment):
            detail = (
                f"a certificate is of {certificate.not_valid_before_utc:%Y-%m-%d} to "
                f"{certificate.not_valid_after_utc:%Y-%m-%d}, and {moment:%Y-%m-%d} counts"
            )
            raise _untrusted(detail)


def _stamp_time(envelope: NotationEnvelope, stores: Stores) -> datetime | None:
    """Return when the signature was made, where somebody trusted says so."""
    if envelope.scheme == AUTHORITY:
        return envelope.signed_at
    if envelope.token is None or not stores.tsa:
        return None
    try:
        return bare_token_time(envelope.token, envelope.signature, stores.tsa)
    except RefusedError:
        return None


def check_revocation(chain: Sequence[x509.Certificate], revocation: Revocation) -> None:
    """Raise `RefusedError` (``revoked``), or `UntoldError` where it is not told, for a certificate of ``chain``."""
    from pinner.verify.revocation import certificate_id  # noqa: PLC0415 - the one place that needs it

    states = [revocation.get(certificate_id(certificate), "good") for certificate in chain]
    if "revoked" in states:
        raise RefusedError("revoked", "a certificate of its chain is revoked")
    untold = next((state for state in states if state != "good"), None)
    if untold is not None:
        raise UntoldError(untold)


def _check_payload(payload: bytes, subject: Subject) -> None:
    try:
        target = load_object(payload, "the payload").table("targetArtifact")
        named = target.text("digest"), target.number("size"), target.text("mediaType")
    except MalformedError as error:
        raise RefusedError("malformed", error.detail) from None
    if named != tuple(subject):
        what = f"it is of {named[0][:19]}…" if named[0] != subject.digest else "it names another size or media type"
        raise RefusedError("other-image", what)
