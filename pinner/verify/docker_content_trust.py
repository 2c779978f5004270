"""Docker Content Trust (Notary v1): the signed metadata of a repository, and the digest that a tag has in it.

Sources: notary's docs/service_architecture.md and tuf/; TUF 1.0 as notary 0.7 has it; OLPC canonical JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.x509.oid import NameOID

from pinner.verify.certificate import is_valid_at
from pinner.verify.keys import PublicKey, check_log, check_pss, check_raw_ecdsa, load_der_key, load_key, spki, supported
from pinner.verify.strict_decoding import MalformedError, Object, load_object
from pinner.verify.verdict import RefusedError, Signer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

ROLES = ("root", "timestamp", "snapshot", "targets", "targets/releases")
_NEEDED = ("root", "timestamp", "snapshot", "targets")
_RELEASES = "targets/releases"
_HASHES = ("sha256", "sha512")
_MAX_KEYS = 64
_NO_TAG = "/"
"""What no tag begins with: a role without paths is delegated nothing."""


class Wanted(NamedTuple):
    """What is asked of a repository's metadata."""

    name: str
    """The collection's name (GUN): registry and repository."""
    tag: str
    digest: str
    root_keys: tuple[str, ...]
    """Ids of the root's keys that are trusted; none: whoever is met first."""
    min_version: int
    """Of the timestamp: an older one is a rollback."""
    server: str


class _Role(NamedTuple):
    """Who may sign a role's metadata: keys by their ids, and how many of them must."""

    keys: Mapping[str, PublicKey]
    threshold: int


class UnsignedError(Exception):
    """There is no such repository, or no such tag in it."""


def canonical(value: object) -> bytes:
    """Return OLPC's canonical JSON of ``value``: keys sorted, no blanks, of the escapes only quote and backslash."""
    if isinstance(value, dict):
        return b"{" + b",".join(canonical(str(key)) + b":" + canonical(value[key]) for key in sorted(value)) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(canonical, value)) + b"]"
    if isinstance(value, str):
        return b'"' + value.replace("\\", "\\\\").replace('"', '\\"').encode("utf-8", "surrogatepass") + b'"'
    if value is None or isinstance(value, bool | int):
        return json.dumps(value).encode()
    raise MalformedError("the metadata has a number that is not whole")


def verify_dct(documents: Mapping[str, bytes | None], wanted: Wanted, now: datetime) -> tuple[Signer, tuple[str, ...]]:
    """Return the repository's signer where its metadata, by role, say that the tag has the digest.

    A warning ``trust-on-first-use`` says that nobody vouched for the root. Raises `RefusedError`, and `UnsignedError`
    where the repository or the tag is not signed.
    """
    if documents.get("root") is None and documents.get("timestamp") is None:
        raise UnsignedError("the server knows no signed metadata of this repository")
    for role in _NEEDED:
        if documents.get(role) is None:
            raise MalformedError(f"the server has no {role} metadata of this repository")
    root, pinned = _root(_bytes(documents, "root"), wanted, now)
    timestamp = _signed(_bytes(documents, "timestamp"), "timestamp", _role(root, "timestamp"), now)
    if timestamp.number("version") < wanted.min_version:
        detail = f"the timestamp's version is {timestamp.number('version')}, and {wanted.min_version} was seen before"
        raise RefusedError("rollback", detail)
    snapshot_bytes = _bytes(documents, "snapshot")
    _check_listed(timestamp.table("meta"), "snapshot", snapshot_bytes)
    snapshot = _signed(snapshot_bytes, "snapshot", _role(root, "snapshot"), now)
    meta = snapshot.table("meta")
    for role in ("root", "targets"):
        _check_listed(meta, role, _bytes(documents, role))
    targets = _signed(_bytes(documents, "targets"), "targets", _role(root, "targets"), now)
    releases = _releases(documents, meta, targets, wanted.tag, now)
    _check_tag([one for one in (releases, targets) if one is not None], wanted)
    warnings = () if wanted.root_keys else ("trust-on-first-use",)
    # The version is kept as a log's index is: an older one is a rollback from then on.
    return Signer("dct", wanted.name, wanted.server, pinned, log=(wanted.server, timestamp.number("version"))), warnings


def _bytes(documents: Mapping[str, bytes | None], role: str) -> bytes:
    return documents[role] or b""


def _root(data: bytes, wanted: Wanted, now: datetime) -> tuple[Object, str]:
    """Return the root's content and the id of its key that is trusted."""
    document = load_object(data, "the root metadata")
    signed = document.table("signed")
    role = _role(signed, "root")
    names = {one: {one, _bare_id(key)} for one, key in role.keys.items()}
    trusted = [one for one in role.keys if not wanted.root_keys or not names[one].isdisjoint(wanted.root_keys)]
    if not trusted:
        found = next(iter(role.keys), "none")
        raise RefusedError("wrong-key", f"the root's key is {found[:16]}…, which is not trusted")
    good = _check_signatures(document, "root", role)
    pinned = next((one for one in trusted if one in good), None)
    if pinned is None:
        raise RefusedError("bad-signature", "the root is not signed by the key that is trusted", "wrong-key")
    _check_certificate(signed, pinned, wanted.name, now)
    _check_content(signed, "root", now)
    return signed, pinned


def _bare_id(key: PublicKey) -> str:
    """Return the id of ``key`` itself, without the certificate around it: what `notary key list` shows."""
    kind = "ecdsa" if isinstance(key, EllipticCurvePublicKey) else "rsa"
    public = {"private": None, "public": base64.b64encode(spki(key)).decode()}
    return hashlib.sha256(canonical({"keytype": kind, "keyval": public})).hexdigest()


def _check_certificate(root: Object, key_id: str, name: str, now: datetime) -> None:
    key = root.table("keys").table(key_id)
    if not key.text("keytype").endswith("-x509"):
        return
    certificate = _certificate(key)
    names = [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if name not in names:
        detail = f"the root's certificate is for {names[0][:80] if names else 'nobody'}"
        raise RefusedError("other-repository", detail, "untrusted-certificate")
    if not is_valid_at(certificate, now):
        ended = f"the root's certificate is of {certificate.not_valid_before_utc:%Y-%m-%d} to "
        raise RefusedError("expired", f"{ended}{certificate.not_valid_after_utc:%Y-%m-%d}", "untrusted-certificate")


def _certificate(key: Object) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(key.table("keyval").bytes("public"))
    except ValueError:
        raise MalformedError("the root's certificate cannot be read") from None


def _role(root: Object, name: str) -> _Role:
    role = root.table("roles").table(name)
    keys = root.table("keys")
    return _keys_of(role, keys, name)


def _keys_of(role: Object, keys: Object, name: str) -> _Role:
    ids, threshold = role.texts("keyids"), role.number("threshold")
    if threshold < 1 or not ids or len(ids) > _MAX_KEYS:
        raise MalformedError(f"nobody may sign the {name} metadata")
    found = {}
    for one in dict.fromkeys(ids):
        key = keys.table(one)
        public = {"private": None, "public": key.table("keyval").text("public")}
        own = canonical({"keytype": key.text("keytype"), "keyval": public})
        if hashlib.sha256(own).hexdigest() != one:
            raise MalformedError("a key's id is not its own")
        found[one] = _key(key)
    return _Role(found, threshold)


def _key(key: Object) -> PublicKey:
    kind, public = key.text("keytype"), key.table("keyval").bytes("public")
    if kind.endswith("-x509"):
        return supported(_certificate(key).public_key())
    if kind == "ed25519":
        # The 32 bytes alone: wrapped as a key of that kind (RFC 8410).
        return load_der_key(bytes.fromhex("302a300506032b6570032100") + public)
    return load_key(public) if public.startswith(b"-----") else load_der_key(public)


def _signed(data: bytes, name: str, role: _Role, now: datetime) -> Object:
    document = load_object(data, f"the {name} metadata")
    _check_signatures(document, name, role)
    signed = document.table("signed")
    _check_content(signed, name, now)
    return signed


def _check_content(signed: Object, name: str, now: datetime) -> None:
    kind = "Targets" if name.startswith("targets") else name.capitalize()
    if signed.text("_type").lower() != kind.lower():
        raise MalformedError(f"the {name} metadata is of another kind")
    if signed.time("expires") <= now:
        raise RefusedError("expired", f"the {name} metadata has ended on {signed.text('expires')[:10]}")


def _check_signatures(document: Object, name: str, role: _Role) -> set[str]:
    """Return the ids of the keys that signed; raises `RefusedError` where they are too few."""
    message = canonical(document.table("signed").members)
    good = set()
    for one in document.tables("signatures")[:_MAX_KEYS]:
        key = role.keys.get(one.text("keyid"))
        if key is not None and _is_good(key, one.text("method"), one.bytes("sig"), message):
            good.add(one.text("keyid"))
    if len(good) < role.threshold:
        detail = f"the {name} metadata has {len(good)} good signatures where {role.threshold} are needed"
        raise RefusedError("bad-signature", detail)
    return good


def _is_good(key: PublicKey, method: str, signature: bytes, message: bytes) -> bool:
    try:
        if method == "ecdsa":
            check_raw_ecdsa(key, signature, message)
        elif method == "rsapss":
            check_pss(key, signature, message)
        elif method in ("eddsa", "rsapkcs1v15"):
            check_log(key, signature, message, "the metadata", "bad-signature")
        else:
            return False
    except RefusedError:
        return False
    return True


def _check_listed(meta: Object, name: str, data: bytes) -> None:
    """Raise `RefusedError` unless ``data`` is what ``meta`` lists under ``name``: its length and every hash."""
    listed = meta.table(name)
    hashes = listed.table("hashes")
    known = [one for one in _HASHES if one in hashes]
    if not known or "sha256" not in known:
        raise MalformedError(f"no hash of the {name} metadata is listed")
    same = all(hashes.bytes(one) == hashlib.new(one, data).digest() for one in known)
    if listed.number("length") != len(data) or not same:
        raise RefusedError("bad-signature", f"the {name} metadata is not that which is signed for")


def _releases(
    documents: Mapping[str, bytes | None], meta: Object, targets: Object, tag: str, now: datetime
) -> Object | None:
    """Return the content of targets/releases, where ``tag`` is looked for first; None where it may not be there."""
    if "delegations" not in targets:
        return None
    delegations = targets.table("delegations")
    role = next((one for one in delegations.tables("roles") if one.text("name") == _RELEASES), None)
    if role is None or _RELEASES not in meta or not tag.startswith(role.texts("paths") or (_NO_TAG,)):
        return None
    data = documents.get(_RELEASES)
    if data is None:
        raise MalformedError("the server has no targets/releases metadata although it is signed for")
    _check_listed(meta, _RELEASES, data)
    return _signed(data, _RELEASES, _keys_of(role, delegations.table("keys"), _RELEASES), now)


def _check_tag(places: Sequence[Object], wanted: Wanted) -> None:
    for place in places:
        targets = place.table("targets")
        if not wanted.tag and any(_digest_of(targets, tag) == wanted.digest for tag in targets.members):
            return
        if wanted.tag not in targets:
            continue
        digest = _digest_of(targets, wanted.tag)
        if digest == wanted.digest:
            return
        raise RefusedError("other-image", f"the tag {wanted.tag} is signed for {digest[:19]}…")
    raise UnsignedError(f"{f'the tag {wanted.tag}' if wanted.tag else 'the digest'} is not among those that are signed")


def _digest_of(targets: Object, tag: str) -> str:
    return f"sha256:{targets.table(tag).table('hashes').bytes('sha256').hex()}"
