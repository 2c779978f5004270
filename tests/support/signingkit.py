"""Signs images as cosign, notation and notary do, with a small Fulcio, logs and a time stamp authority of its own.

Only what a signer needs: keys are made anew each time and never kept. `drawn_from` has them be the same in every run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Body: TypeAlias = "Callable[[Mapping[str, Any]], Mapping[str, Any]]"

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
"""When everything is signed."""
START, END = NOW - timedelta(days=30), NOW + timedelta(days=3650)
IDENTITY = "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.0.0"
ISSUER = "https://token.actions.githubusercontent.com"
SIGN = "https://sigstore.dev/cosign/sign/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"
_FULCIO = "1.3.6.1.4.1.57264.1."
_SCT_LIST = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
CLAIMS = {
    9: IDENTITY,
    11: "github-hosted",
    12: "https://github.com/acme/app",
    14: "refs/tags/v1.0.0",
    18: IDENTITY,
    20: "push",
}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


_draws: list[random.Random] = [random.SystemRandom()]


@contextmanager
def drawn_from(seed: str) -> Iterator[None]:
    """Make keys on P-256 and Ed25519 and serial numbers of ``seed``; signatures by them are the same in every run."""
    _draws.append(random.Random(seed))  # noqa: S311 - the same in every run
    try:
        yield
    finally:
        _draws.pop()


def p256() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(_draws[-1].getrandbits(255) + 1, ec.SECP256R1())


def ed25519_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.from_private_bytes(_draws[-1].randbytes(32))


def serial_number() -> int:
    return _draws[-1].getrandbits(159) + 1


def sign(key: PrivateKey, message: bytes, hash_: hashes.HashAlgorithm | None = None) -> bytes:
    hash_ = hash_ or hashes.SHA256()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(hash_, deterministic_signing=True))
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hash_)
    return key.sign(message)


def spki(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def der(tag: int, *parts: bytes) -> bytes:
    """Return a DER element."""
    body = b"".join(parts)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(size)]) + size + body


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    body = bytearray([first * 40 + second])
    for arc in rest:
        part = [arc & 0x7F]
        while arc := arc >> 7:
            part.append(0x80 | (arc & 0x7F))
        body += bytes(reversed(part))
    return der(0x06, bytes(body))


def name(*parts: str) -> x509.Name:
    kinds = {
        "C": NameOID.COUNTRY_NAME,
        "ST": NameOID.STATE_OR_PROVINCE_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "CN": NameOID.COMMON_NAME,
    }
    return x509.Name([x509.NameAttribute(kinds[one.partition("=")[0]], one.partition("=")[2]) for one in parts])


@dataclass
class Issued:
    """A key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()


def issue(
    subject: x509.Name,
    key: PrivateKey,
    by: Issued | None,
    extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    window: tuple[datetime, datetime] = (START, END),
    hash_: hashes.SHA256 | hashes.SHA384 | None = None,
) -> Issued:
    """Return the certificate of ``subject``, by ``by`` or by itself."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if by is None else by.certificate.subject)
        .public_key(key.public_key())
        .serial_number(serial_number())
        .not_valid_before(window[0])
        .not_valid_after(window[1])
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    signer = key if by is None else by.key
    return Issued(key, _signed(builder, signer, hash_ or hashes.SHA256()))


def _signed(
    builder: x509.CertificateBuilder, signer: PrivateKey, hash_: hashes.SHA256 | hashes.SHA384
) -> x509.Certificate:
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        return builder.sign(signer, None)
    return builder.sign(signer, hash_, ecdsa_deterministic=isinstance(signer, ec.EllipticCurvePrivateKey) or None)


def usage(*, signature: bool = False, certificates: bool = False, **more: bool) -> x509.KeyUsage:
    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign")
    flags = {one: more.get(one, False) for one in names}
    return x509.KeyUsage(
        digital_signature=signature, key_cert_sign=certificates, encipher_only=False, decipher_only=False, **flags
    )


def ca(
    common: str, by: Issued | None = None, key: PrivateKey | None = None, length: int | None = None, **more: Any
) -> Issued:
    extensions = [
        (x509.BasicConstraints(ca=True, path_length=length), True),
        (usage(certificates=True, crl_sign=True), True),
    ]
    return issue(name("O=acme.test", f"CN={common}"), key or p256(), by, extensions, **more)


@dataclass
class Log:
    """A transparency log: Rekor's first or second version."""

    host: str = "log.acme.test"
    version: int = 1
    leaves: list[bytes] = field(default_factory=lambda: [b"an entry of somebody", b"another"])

    @cached_property
    def key(self) -> PrivateKey:
        return p256() if self.version == 1 else ed25519_key()

    @property
    def origin(self) -> str:
        return f"{self.host} - 1" if self.version == 1 else self.host

    @property
    def key_id(self) -> bytes:
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            return hashlib.sha256(f"{self.host}\n".encode() + b"\x01" + raw).digest()
        return hashlib.sha256(spki(self.key)).digest()

    def root_entry(self, window: tuple[datetime, datetime | None] = (START, None)) -> dict[str, Any]:
        return {
            "baseUrl": f"https://{self.host}",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": b64(spki(self.key)),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256" if self.version == 1 else "PKIX_ED25519",
                "validFor": period(*window),
            },
            "logId": {"keyId": b64(self.key_id)},
        }

    def promise(self, body: bytes, moment: datetime, index: int) -> bytes:
        members = {
            "body": b64(body),
            "integratedTime": int(moment.timestamp()),
            "logID": self.key_id.hex(),
            "logIndex": index,
        }
        return sign(self.key, compact(members))

    def entry(self, body: bytes, kind: tuple[str, str], moment: datetime = NOW) -> dict[str, Any]:
        """Return the entry of a bundle for ``body``, which is added to the log."""
        self.leaves.append(body)
        index, size = len(self.leaves) - 1, len(self.leaves)
        root = tree_hash(self.leaves)
        note = f"{self.origin}\n{size}\n{b64(root)}\n"
        signature = self.key_id[:4] + sign(self.key, note.encode())
        entry: dict[str, Any] = {
            "logIndex": str(index),
            "logId": {"keyId": b64(self.key_id)},
            "kindVersion": {"kind": kind[0], "version": kind[1]},
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": b64(root),
                "treeSize": str(size),
                "hashes": [b64(one) for one in tree_path(self.leaves, index)],
                "checkpoint": {"envelope": f"{note}\n\u2014 {self.host} {b64(signature)}\n"},
            },
            "canonicalizedBody": b64(body),
        }
        if self.version == 1:
            entry["integratedTime"] = str(int(moment.timestamp()))
            entry["inclusionPromise"] = {"signedEntryTimestamp": b64(self.promise(body, moment, index))}
        return entry


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:])).digest()


def tree_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    if len(leaves) == 1:
        return []
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < split:
        return [*tree_path(leaves[:split], index), tree_hash(leaves[split:])]
    return [*tree_path(leaves[split:], index - split), tree_hash(leaves[:split])]


def period(start: datetime, end: datetime | None) -> dict[str, str]:
    found = {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
    return found if end is None else {**found, "end": f"{end:%Y-%m-%dT%H:%M:%SZ}"}


@dataclass
class Stamps:
    """A time stamp authority (RFC 3161)."""

    common: str = "tsa"

    @cached_property
    def root(self) -> Issued:
        return ca(f"{self.common}-root")

    @cached_property
    def leaf(self) -> Issued:
        extensions = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (usage(signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True),
            (x509.SubjectKeyIdentifier.from_public_key(self.root.key.public_key()), False),
        ]
        return issue(name("O=acme.test", f"CN={self.common}"), p256(), self.root, extensions)

    def token(self, signature: bytes, moment: datetime = NOW) -> bytes:
        """Return the ContentInfo of a time stamp over ``signature``."""
        sha256 = der(0x30, oid("2.16.840.1.101.3.4.2.1"))
        imprint = der(0x30, sha256, der(0x04, hashlib.sha256(signature).digest()))
        when = der(0x18, f"{moment:%Y%m%d%H%M%SZ}".encode())
        info = der(0x30, der(0x02, b"\x01"), oid("1.2.3.4"), imprint, der(0x02, b"\x05"), when)
        certificate = self.leaf.certificate
        essence = der(0x30, der(0x04, hashlib.sha256(self.leaf.der).digest()))
        attributes = (
            der(0x30, oid("1.2.840.113549.1.9.3"), der(0x31, oid("1.2.840.113549.1.9.16.1.4"))),
            der(0x30, oid("1.2.840.113549.1.9.4"), der(0x31, der(0x04, hashlib.sha256(info).digest()))),
            der(0x30, oid("1.2.840.113549.1.9.16.2.47"), der(0x31, der(0x30, der(0x30, essence)))),
        )
        ordered = b"".join(sorted(attributes))
        signed = sign(self.leaf.key, der(0x31, ordered))
        serial = certificate.serial_number
        number = der(0x02, serial.to_bytes(serial.bit_length() // 8 + 1))
        signer = der(
            0x30,
            der(0x02, b"\x01"),
            der(0x30, certificate.issuer.public_bytes(), number),
            sha256,
            der(0xA0, ordered),
            der(0x30, oid("1.2.840.10045.4.3.2")),
            der(0x04, signed),
        )
        content = der(0x30, oid("1.2.840.113549.1.9.16.1.4"), der(0xA0, der(0x04, info)))
        certificates = der(0xA0, self.leaf.der)
        data = der(0x30, der(0x02, b"\x03"), der(0x31, sha256), content, certificates, der(0x31, signer))
        return der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, data))

    def response(self, signature: bytes, moment: datetime = NOW) -> bytes:
        """Return the TimeStampResp around the token."""
        return der(0x30, der(0x30, der(0x02, b"\x00")), self.token(signature, moment))

    def root_entry(self, window: tuple[datetime, datetime | None] = (START, None)) -> dict[str, Any]:
        return authority_entry((self.leaf, self.root), window)


def authority_entry(
    chain: Sequence[Issued], window: tuple[datetime, datetime | None] = (START, None)
) -> dict[str, Any]:
    return {
        "subject": {"organization": "acme.test", "commonName": "root"},
        "uri": "https://log.acme.test",
        "certChain": {"certificates": [{"rawBytes": b64(one.der)} for one in chain]},
        "validFor": period(*window),
    }


@dataclass
class Sigstore:
    """An instance of Sigstore: Fulcio, a log of certificates, Rekor's two versions, a time stamp authority."""

    log: Log = field(default_factory=Log)
    second: Log = field(default_factory=lambda: Log("rekor2.acme.test", 2))
    ct: Log = field(default_factory=lambda: Log("ct.acme.test"))
    stamps: Stamps = field(default_factory=Stamps)

    @cached_property
    def root(self) -> Issued:
        return ca("root")

    @cached_property
    def inter(self) -> Issued:
        return ca("inter", self.root)

    def trusted_root(self, **more: Any) -> dict[str, Any]:
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.log.root_entry(), self.second.root_entry()],
            "ctlogs": [self.ct.root_entry()],
            "certificateAuthorities": [authority_entry((self.inter, self.root))],
            "timestampAuthorities": [self.stamps.root_entry()],
            **more,
        }

    def leaf(
        self,
        identity: str | x509.GeneralName = IDENTITY,
        issuer: str = ISSUER,
        *,
        key: PrivateKey | None = None,
        claims: Mapping[int, str] | None = None,
        by: Issued | None = None,
        moment: datetime = NOW,
        sct: bool = True,
        more: Sequence[tuple[x509.ExtensionType, bool]] = (),
        purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.CODE_SIGNING,),
    ) -> Issued:
        """Return a certificate as Fulcio issues it, for ten minutes."""
        by, key = by or self.inter, key or p256()
        san = x509.UniformResourceIdentifier(identity) if isinstance(identity, str) else identity
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (usage(signature=True), True),
            (x509.ExtendedKeyUsage(list(purposes)), False),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key()), False),
            (x509.SubjectAlternativeName([san]), True),
            (_fulcio(1, issuer.encode()), False),
            (_fulcio(8, der(0x0C, issuer.encode())), False),
            *((_fulcio(number, der(0x0C, text.encode())), False) for number, text in (claims or CLAIMS).items()),
            *more,
        ]
        window = moment - timedelta(minutes=5), moment + timedelta(minutes=5)
        serial = serial_number()
        first = self._build(key, by, extensions, window, serial)
        if not sct:
            return first
        listed = self._sct(first.certificate.tbs_certificate_bytes, by, moment)
        return self._build(key, by, [*extensions, (listed, False)], window, serial)

    @staticmethod
    def _build(
        key: PrivateKey,
        by: Issued,
        extensions: Sequence[tuple[x509.ExtensionType, bool]],
        window: tuple[datetime, datetime],
        serial: int,
    ) -> Issued:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(by.certificate.subject)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(window[0])
            .not_valid_after(window[1])
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return Issued(key, _signed(builder, by.key, hashes.SHA256()))

    def _sct(self, tbs: bytes, by: Issued, moment: datetime) -> x509.UnrecognizedExtension:
        when = int(moment.timestamp() * 1000).to_bytes(8)
        issuer = hashlib.sha256(spki(by.key)).digest()
        signed = b"\x00\x00" + when + b"\x00\x01" + issuer + len(tbs).to_bytes(3) + tbs + b"\x00\x00"
        signature = sign(self.ct.key, signed)
        sct = b"\x00" + self.ct.key_id + when + b"\x00\x00" + b"\x04\x03" + len(signature).to_bytes(2) + signature
        listed = len(sct).to_bytes(2) + sct
        return x509.UnrecognizedExtension(_SCT_LIST, der(0x04, len(listed).to_bytes(2) + listed))


def _fulcio(number: int, value: bytes) -> x509.UnrecognizedExtension:
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{_FULCIO}{number}"), value)


def statement(digest: str, predicate: str = SIGN, **more: Any) -> bytes:
    subject = [{"digest": {"sha256": digest.partition(":")[2]}}]
    return compact(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subject,
            "predicateType": predicate,
            "predicate": {},
            **more,
        }
    )


def pae(payload: bytes, kind: str = IN_TOTO) -> bytes:
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)


def own_hash(key: PrivateKey) -> hashes.HashAlgorithm:
    size = key.curve.key_size if isinstance(key, ec.EllipticCurvePrivateKey) else 256
    return {256: hashes.SHA256(), 384: hashes.SHA384(), 521: hashes.SHA512()}[size]


def dsse_body(payload: bytes, signature: bytes, verifier: bytes) -> bytes:
    """Return the entry of Rekor 1 for an envelope."""
    spec = {
        "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(b"envelope" + payload).hexdigest()},
        "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
        "signatures": [{"signature": b64(signature), "verifier": b64(verifier)}],
    }
    return compact({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})


def second_body(payload: bytes, signature: bytes, leaf: Issued, kind: str = IN_TOTO) -> bytes:
    """Return the entry of Rekor 2 for an envelope."""
    own = own_hash(leaf.key)
    digest = hashlib.new(own.name, pae(payload, kind)).digest()
    verifier = {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "x509Certificate": {"rawBytes": b64(leaf.der)}}
    record = {
        "data": {"algorithm": f"SHA2_{own.digest_size * 8}", "digest": b64(digest)},
        "signature": {"content": b64(signature), "verifier": verifier},
    }
    return compact({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": record}})


def record_body(payload: bytes, signature: bytes, verifier: bytes) -> bytes:
    """Return the entry of Rekor 1 for a message."""
    spec = {
        "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}},
        "signature": {"content": b64(signature), "publicKey": {"content": b64(verifier)}},
    }
    return compact({"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": spec})


def envelope(payload: bytes, signature: bytes, kind: str = IN_TOTO) -> dict[str, Any]:
    return {"payload": b64(payload), "payloadType": kind, "signatures": [{"sig": b64(signature)}]}


def keyless_bundle(
    at: Sigstore,
    digest: str,
    leaf: Issued | None = None,
    *,
    version: int = 1,
    payload: bytes | None = None,
    moment: datetime = NOW,
    stamped: bool | None = None,
) -> dict[str, Any]:
    """Return the bundle of a keyless signature of ``digest``, logged by Rekor ``version``."""
    leaf = leaf or at.leaf(moment=moment)
    payload = payload or statement(digest)
    signature = sign(leaf.key, pae(payload), own_hash(leaf.key))
    if version == 1:
        entry = at.log.entry(dsse_body(payload, signature, leaf.pem.encode()), ("dsse", "0.0.1"), moment)
    else:
        entry = at.second.entry(second_body(payload, signature, leaf), ("hashedrekord", "0.0.2"))
    material: dict[str, Any] = {"certificate": {"rawBytes": b64(leaf.der)}, "tlogEntries": [entry]}
    if stamped is True or (stamped is None and version != 1):
        token = {"signedTimestamp": b64(at.stamps.response(signature, moment))}
        material["timestampVerificationData"] = {"rfc3161Timestamps": [token]}
    return {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope(payload, signature)}


def key_bundle(key: PrivateKey, digest: str, payload: bytes | None = None, log: Log | None = None) -> dict[str, Any]:
    """Return the bundle of a signature of ``digest`` by ``key``."""
    payload = payload or statement(digest)
    signature = sign(key, pae(payload), own_hash(key))
    material: dict[str, Any] = {"publicKey": {"hint": b64(hashlib.sha256(spki(key)).digest())}}
    if log is not None:
        material["tlogEntries"] = [log.entry(dsse_body(payload, signature, pem(key)), ("dsse", "0.0.1"))]
    return {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope(payload, signature)}


def classic_payload(
    repository: str,
    digest: str,
    optional: Mapping[str, str] | None = None,
    kind: str = "cosign container image signature",
) -> bytes:
    critical = {
        "identity": {"docker-reference": repository},
        "image": {"docker-manifest-digest": digest},
        "type": kind,
    }
    return json.dumps({"critical": critical, "optional": optional}, separators=(",", ":")).encode()


def set_annotation(log: Log, body: bytes, moment: datetime = NOW) -> str:
    payload = {"body": b64(body), "integratedTime": int(moment.timestamp()), "logIndex": 7, "logID": log.key_id.hex()}
    return json.dumps({"SignedEntryTimestamp": b64(log.promise(body, moment, 7)), "Payload": payload})


def classic_annotations(
    signer: PrivateKey | Issued,
    payload: bytes,
    at: Sigstore | None = None,
    *,
    moment: datetime = NOW,
    signature: bytes | None = None,
) -> dict[str, str]:
    """Return a classic layer's annotations, with what ``at`` logged where it is given."""
    key = signer.key if isinstance(signer, Issued) else signer
    signature = signature or sign(key, payload)
    found = {"dev.cosignproject.cosign/signature": b64(signature)}
    verifier = signer.pem.encode() if isinstance(signer, Issued) else pem(key)
    if at is not None:
        found["dev.sigstore.cosign/bundle"] = set_annotation(at.log, record_body(payload, signature, verifier), moment)
    if isinstance(signer, Issued):
        found["dev.sigstore.cosign/certificate"] = signer.pem
        if at is not None:
            found["dev.sigstore.cosign/chain"] = at.inter.pem + at.root.pem
    return found


def raw_signature(key: PrivateKey, message: bytes) -> bytes:
    """Return a signature as JWS and COSE have it."""
    if isinstance(key, rsa.RSAPrivateKey):
        hash_: hashes.HashAlgorithm = {2048: hashes.SHA256(), 3072: hashes.SHA384()}[key.key_size]
        return key.sign(message, padding.PSS(padding.MGF1(hash_), hash_.digest_size), hash_)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(own_hash(key), deterministic_signing=True)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size) + s.to_bytes(size)
