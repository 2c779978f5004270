"""Notation's signature envelopes: JWS and COSE, read strictly; the only importer of cbor2.

Sources: notaryproject/specifications, signature-envelope-jws.md, signature-envelope-cose.md and
signature-specification.md; RFC 7515, RFC 9052.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.verify.certificate import load_certificate
from pinner.verify.strict_decoding import MalformedError, load_object, read_time, unbase64, unbase64url
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

JWS, COSE = "application/jose+json", "application/cose"
_CONTENT = "application/vnd.cncf.notary.payload.v1+json"
_PREFIX = "io.cncf.notary."
_SCHEME, _TIME, _EXPIRY = f"{_PREFIX}signingScheme", f"{_PREFIX}signingTime", f"{_PREFIX}expiry"
_AUTHENTIC = f"{_PREFIX}authenticSigningTime"
_PLUGIN, _PLUGIN_VERSION = f"{_PREFIX}verificationPlugin", f"{_PREFIX}verificationPluginMinVersion"
_STAMP = f"{_PREFIX}timestampSignature"
X509, AUTHORITY = "notary.x509", "notary.x509.signingAuthority"
_KNOWN = frozenset({_SCHEME, _TIME, _EXPIRY, _AUTHENTIC, _PLUGIN, _PLUGIN_VERSION})
_COSE_SIGN_1 = 18
_ALG, _CRIT, _TYPE, _CHAIN = 1, 2, 3, 33
_COSE_ALGORITHMS = {-7: "ES256", -35: "ES384", -36: "ES512", -37: "PS256", -38: "PS384", -39: "PS512"}
_MAX_CHAIN = 10


class NotationEnvelope(NamedTuple):
    """A signature of notation, read and not yet believed."""

    payload: bytes
    signed: bytes
    """What the signature is of."""
    signature: bytes
    chain: tuple[Certificate, ...]
    algorithm: str
    scheme: str
    signed_at: datetime
    """What the signer says."""
    expiry: datetime | None
    token: bytes | None
    """A time stamp over the signature."""


def read_envelope(data: bytes, media_type: str) -> NotationEnvelope:
    """Return the envelope in ``data``. Raises `RefusedError`."""
    if media_type == JWS:
        return _jws(data)
    if media_type == COSE:
        return _cose(data)
    raise RefusedError("unsupported", f"an envelope of the type {media_type[:60]} is not known")


def _jws(data: bytes) -> NotationEnvelope:
    document = load_object(data, "the signature")
    payload, protected = document.text("payload"), document.text("protected")
    headers = load_object(unbase64url(protected), "the signature's header")
    plain = document.table("header")
    chain = tuple(load_certificate(unbase64(text)) for text in plain.texts("x5c"))
    times = {name: read_time(headers.text(name)) for name in (_TIME, _AUTHENTIC, _EXPIRY) if name in headers}
    critical = headers.texts("crit")
    if len(set(critical)) < len(critical) or _TIME in critical:
        # RFC 7515 §4.1.11 for the first, notation-core-go for both; of COSE neither says so.
        raise MalformedError("the signature calls critical what must not be, or twice")
    common = _Common(headers.members, critical, headers.text("cty"), times, chain)
    return _checked(
        common,
        NotationEnvelope(
            payload=unbase64url(payload),
            signed=f"{protected}.{payload}".encode("ascii", "replace"),
            signature=unbase64url(document.text("signature")),
            chain=chain,
            algorithm=headers.text("alg"),
            scheme=headers.text(_SCHEME),
            signed_at=datetime.min.replace(tzinfo=UTC),
            expiry=times.get(_EXPIRY),
            token=plain.bytes(_STAMP) if _STAMP in plain else None,
        ),
    )


def _cose(data: bytes) -> NotationEnvelope:
    import cbor2  # noqa: PLC0415 - only for this envelope

    try:
        stream = BytesIO(data)
        message = cbor2.load(stream)
        tag, (protected, plain, payload, signature) = message.tag, message.value
        headers = cbor2.loads(protected)
        signed = cbor2.dumps(["Signature1", protected, b"", payload])
    except Exception as error:  # noqa: BLE001 - the library's parser, on a stranger's bytes
        raise MalformedError(f"the signature is no COSE_Sign1 ({type(error).__name__})") from None
    if tag != _COSE_SIGN_1 or stream.read():
        raise MalformedError("the signature is no COSE_Sign1")
    _check_kinds(headers, plain, payload, signature)
    given = plain.get(_CHAIN)
    chain = tuple(load_certificate(one) for one in ([given] if isinstance(given, bytes) else given))
    times = {name: _cose_time(headers[name]) for name in (_TIME, _AUTHENTIC, _EXPIRY) if name in headers}
    token = plain.get(_STAMP)
    if token is not None and not isinstance(token, bytes):
        raise MalformedError("the signature's time stamp is none")
    common = _Common(headers, tuple(headers.get(_CRIT, ())), headers.get(_TYPE), times, chain)
    algorithm = _COSE_ALGORITHMS.get(headers.get(_ALG), "")
    scheme = headers.get(_SCHEME)
    if not isinstance(scheme, str):
        raise MalformedError("the signature has no scheme")
    unknown = datetime.min.replace(tzinfo=UTC)
    envelope = NotationEnvelope(
        payload, signed, signature, chain, algorithm, scheme, unknown, times.get(_EXPIRY), token
    )
    return _checked(common, envelope)


def _check_kinds(headers: object, plain: object, payload: object, signature: object) -> None:
    if not isinstance(headers, Mapping) or not isinstance(plain, Mapping):
        raise MalformedError("the signature's headers are none")
    if not isinstance(payload, bytes) or not isinstance(signature, bytes):
        raise MalformedError("the signature has no content")
    given = plain.get(_CHAIN)
    given = [given] if isinstance(given, bytes) else given
    if not isinstance(given, Sequence) or not all(isinstance(one, bytes) for one in given):
        raise MalformedError("the signature has no certificates")


def _cose_time(value: object) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise MalformedError("the signature has a time that is none")
    return value.astimezone(UTC)


class _Common(NamedTuple):
    """What both envelopes have in their protected headers."""

    headers: Mapping[Any, object]
    critical: tuple[object, ...]
    content: object
    times: Mapping[str, datetime]
    chain: tuple[Certificate, ...]


def _checked(common: _Common, envelope: NotationEnvelope) -> NotationEnvelope:
    """Return ``envelope`` with its time, where its headers are as the specification wants them."""
    if common.content != _CONTENT:
        raise RefusedError("malformed", "what is signed is no payload of notation", "not-an-image-signature")
    if not common.chain or len(common.chain) > _MAX_CHAIN:
        raise MalformedError("the signature has no chain of certificates that could be one")
    _check_critical(common, envelope.scheme)
    name, other = (_AUTHENTIC, _TIME) if envelope.scheme == AUTHORITY else (_TIME, _AUTHENTIC)
    if envelope.scheme not in (X509, AUTHORITY):
        raise RefusedError("unsupported", f"the signing scheme {envelope.scheme[:60]} is not known")
    if name not in common.times or other in common.times:
        raise MalformedError("the signature's scheme and its signing time do not go together")
    if envelope.expiry is not None and envelope.expiry <= common.times[name]:
        raise MalformedError("the signature ends before it is made")
    return envelope._replace(signed_at=common.times[name])


def _check_critical(common: _Common, scheme: str) -> None:
    plugin = common.headers.get(_PLUGIN)
    if plugin is not None:
        raise RefusedError("unsupported", f"it is for the verification plugin {str(plugin)[:60]}")
    unknown = [name for name in common.critical if name not in _KNOWN]
    if unknown:
        raise RefusedError(
            "unsupported", f"it has a critical header that is not known: {str(unknown[0])[:60]}", "malformed"
        )
    needed = {_SCHEME} | ({_EXPIRY} & common.headers.keys()) | ({_AUTHENTIC} if scheme == AUTHORITY else set())
    if not needed <= set(common.critical) or not set(common.critical) <= common.headers.keys():
        raise MalformedError("the signature does not call critical what must be")
