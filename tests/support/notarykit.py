"""Signs as notation (JWS and COSE) and as notary (Docker Content Trust) do."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from images import to_json
from signingkit import END, NOW, START, Issued, b64, b64url, compact, issue, name, p256, raw_signature, usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from signingkit import PrivateKey

ALGORITHMS = {"ES256": -7, "ES384": -35, "ES512": -36, "PS256": -37, "PS384": -38, "PS512": -39}
PAYLOAD = "application/vnd.cncf.notary.payload.v1+json"
PREFIX = "io.cncf.notary."


def signing_leaf(
    by: Issued,
    subject: Sequence[str] = ("C=DE", "ST=BE", "O=Acme", "CN=release"),
    *,
    key: PrivateKey | None = None,
    window: tuple[datetime, datetime] = (START, END),
    purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.CODE_SIGNING,),
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    uses: x509.KeyUsage | None = None,
) -> Issued:
    """Return a certificate to sign with, by ``by``."""
    extensions: list[tuple[x509.ExtensionType, bool]] = [(uses or usage(signature=True), True), *more]
    if purposes:
        extensions.append((x509.ExtendedKeyUsage(list(purposes)), False))
    return issue(name(*subject), key or p256(), by, extensions, window)


@dataclass
class Notation:
    """What goes into an envelope; each part can be given another value."""

    chain: Sequence[Issued]
    digest: str
    size: int
    media_type: str = "application/vnd.oci.image.manifest.v1+json"
    algorithm: str = "ES256"
    scheme: str = "notary.x509"
    content: str = PAYLOAD
    times: Mapping[str, datetime] = field(default_factory=lambda: {"signingTime": NOW})
    critical: Sequence[str] = ("signingScheme",)
    more: Mapping[Any, Any] = field(default_factory=dict)
    token: bytes | None = None
    stamp: Any = None
    """Makes the time stamp over the signature."""

    @property
    def payload(self) -> bytes:
        target = {"digest": self.digest, "mediaType": self.media_type, "size": self.size}
        return compact({"targetArtifact": target})

    def _plain(self, signature: bytes) -> bytes | None:
        return self.stamp(signature) if self.stamp is not None else self.token

    def jws(self) -> bytes:
        headers: dict[str, object] = {
            "alg": self.algorithm,
            "crit": [f"{PREFIX}{one}" if "." not in one else one for one in self.critical],
            "cty": self.content,
            f"{PREFIX}signingScheme": self.scheme,
            **{f"{PREFIX}{one}": f"{moment:%Y-%m-%dT%H:%M:%SZ}" for one, moment in self.times.items()},
            **self.more,
        }
        protected, payload = b64url(compact(headers)), b64url(self.payload)
        signature = raw_signature(self.chain[0].key, f"{protected}.{payload}".encode())
        plain: dict[str, object] = {"x5c": [b64(one.der) for one in self.chain]}
        token = self._plain(signature)
        if token is not None:
            plain[f"{PREFIX}timestampSignature"] = b64(token)
        return compact({"payload": payload, "protected": protected, "header": plain, "signature": b64url(signature)})

    def cose(self) -> bytes:
        headers: dict[object, object] = {
            1: ALGORITHMS[self.algorithm],
            2: [f"{PREFIX}{one}" if "." not in one else one for one in self.critical],
            3: self.content,
            f"{PREFIX}signingScheme": self.scheme,
            **{f"{PREFIX}{one}": cbor2.CBORTag(1, int(moment.timestamp())) for one, moment in self.times.items()},
            **self.more,
        }
        protected = cbor2.dumps(headers)
        signature = raw_signature(self.chain[0].key, cbor2.dumps(["Signature1", protected, b"", self.payload]))
        plain: dict[object, object] = {33: [one.der for one in self.chain]}
        token = self._plain(signature)
        if token is not None:
            plain[f"{PREFIX}timestampSignature"] = token
        return cbor2.dumps(cbor2.CBORTag(18, [protected, plain, self.payload, signature]))


def write_trust(folder: Path, stores: Mapping[str, Sequence[Issued]], **policy: Any) -> None:
    """Write a configuration folder of notation: ``stores`` by ``ca:acme``; ``policy`` over a strict statement."""
    statement = {
        "name": "acme",
        "registryScopes": ["*"],
        "signatureVerification": {"level": "strict"},
        "trustStores": list(stores),
        "trustedIdentities": ["x509.subject: C=DE, ST=BE, O=Acme"],
        **policy,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trustpolicy.json").write_bytes(to_json({"version": "1.0", "trustPolicies": [statement]}))
    for store, certificates in stores.items():
        kind, _, title = store.partition(":")
        place = folder / "truststore" / "x509" / kind / title
        place.mkdir(parents=True)
        (place / "all.pem").write_text("".join(one.pem for one in certificates))


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass
class Notary:
    """A notary server's metadata of one collection."""

    name: str
    tags: Mapping[str, str]
    """Digests by tag, in targets."""
    releases: Mapping[str, str] | None = None
    """Those of targets/releases; None where there is no such delegation."""
    expires: Mapping[str, datetime] = field(default_factory=dict)
    version: int = 3
    common: str | None = None

    def __post_init__(self) -> None:
        self.keys = {role: p256() for role in ("timestamp", "snapshot", "targets", "releases")}
        self.root = issue(name(f"CN={self.common or self.name}"), p256(), None)

    @staticmethod
    def _public(kind: str, data: bytes) -> tuple[str, dict[str, object]]:
        key: dict[str, object] = {"keytype": kind, "keyval": {"private": None, "public": b64(data)}}
        return hashlib.sha256(canonical(key)).hexdigest(), key

    def _key(self, role: str) -> tuple[str, dict[str, object]]:
        if role == "root":
            return self._public("ecdsa-x509", self.root.pem.encode())
        data = self.keys[role].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return self._public("ecdsa", data)

    @property
    def root_id(self) -> str:
        return self._key("root")[0]

    def _signed(self, role: str, content: dict[str, object], signer: str | None = None) -> bytes:
        kind = "Targets" if role.startswith("targets") else role.capitalize()
        expires = self.expires.get(role, NOW + timedelta(days=20))
        signed = {
            "_type": kind,
            "expires": f"{expires:%Y-%m-%dT%H:%M:%S.123456789Z}",
            "version": self.version,
            **content,
        }
        by = signer or role
        key = self.root.key if by == "root" else self.keys[by]
        signature = {"keyid": self._key(by)[0], "method": "ecdsa", "sig": b64(raw_signature(key, canonical(signed)))}
        return canonical({"signed": signed, "signatures": [signature]})

    def documents(self) -> dict[str, bytes]:
        """Return every file by its role."""
        roles = ("root", "snapshot", "targets", "timestamp")
        root = {
            "consistent_snapshot": False,
            "keys": dict(self._key(role) for role in roles),
            "roles": {role: {"keyids": [self._key(role)[0]], "threshold": 1} for role in roles},
        }
        found = {"root": self._signed("root", root)}
        delegations: dict[str, object] = {"keys": {}, "roles": []}
        if self.releases is not None:
            key_id, key = self._key("releases")
            role = {"name": "targets/releases", "keyids": [key_id], "threshold": 1, "paths": [""]}
            delegations = {"keys": {key_id: key}, "roles": [role]}
            found["targets/releases"] = self._signed("targets/releases", _targets(self.releases), "releases")
        found["targets"] = self._signed("targets", {"delegations": delegations, **_targets(self.tags)})
        listed = {role: _meta(found[role]) for role in found}
        found["snapshot"] = self._signed("snapshot", {"meta": listed})
        found["timestamp"] = self._signed("timestamp", {"meta": {"snapshot": _meta(found["snapshot"])}})
        return found


def _targets(tags: Mapping[str, str]) -> dict[str, object]:
    listed = {
        tag: {"hashes": {"sha256": b64(bytes.fromhex(digest.partition(":")[2]))}, "length": 400}
        for tag, digest in tags.items()
    }
    return {"targets": listed}


def _meta(data: bytes) -> dict[str, object]:
    hashes = {kind: b64(hashlib.new(kind, data).digest()) for kind in ("sha256", "sha512")}
    return {"hashes": hashes, "length": len(data)}


def write_copies(folder: Path, documents: Mapping[str, bytes]) -> None:
    """Write metadata as a folder that stands for a server."""
    folder.mkdir(parents=True, exist_ok=True)
    for role, data in documents.items():
        (folder / f"{role.replace('/', '_')}.json").write_bytes(data)
