"""Corners of what verifies: keys and JSON that are refused, lists that lie, policies that cannot be read."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.x509.oid import NameOID
from images import MANIFEST_TYPE, Blob, Image, digest_of, make_index, to_json
from signed import CLASSIC, IMAGE, REPOSITORY, bundle_referrer, classic, fallback, notation_referrer, referrer
from signed import Layer as Signed
from signingkit import (
    BUNDLE,
    IDENTITY,
    ISSUER,
    NOW,
    Sigstore,
    b64,
    ca,
    classic_annotations,
    classic_payload,
    der,
    oid,
    p256,
    pem,
    raw_signature,
    sign,
    spki,
)

from pinner.config.verify import SignaturePolicy
from pinner.errors import ConfigError
from pinner.oci.types import Signature
from pinner.reference import Digest, ImageReference
from pinner.registry.artifacts import ArtifactLocations, RawManifest
from pinner.verify import keys
from pinner.verify.cosign_tag import Layer, Wanted, signature_of, verify_classic
from pinner.verify.notation_trust_policy import (
    name_parts,
    plain_files,
    read_name,
    read_store,
    statement_for,
    user_folder,
)
from pinner.verify.policy import GITHUB_ISSUER, accepts_record, check_extra, key_ids, policy_for
from pinner.verify.signature_search import MAX_BLOB, MAX_LAYERS, children_of, find_signatures
from pinner.verify.strict_decoding import (
    MalformedError,
    Object,
    der_text,
    load_object,
    read_time,
    unbase64,
    unbase64url,
)
from pinner.verify.trust import Trust
from pinner.verify.trusted_root import read_trusted_roots
from pinner.verify.verdict import RefusedError, UntoldError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
AT = Sigstore()
STRANGER = Sigstore()
KEY = p256()
RSA = rsa.generate_private_key(65537, 2048)
SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505 - one that is to be refused
DSA = dsa.generate_private_key(1024)  # noqa: S505 - one that is to be refused
EDWARDS = ed25519.Ed25519PrivateKey.generate()
UNKNOWN_KEY = der(0x30, der(0x30, oid("1.2.3.4")), der(0x03, b"\x00key"))
SIGNATURE = "dev.cosignproject.cosign/signature"
COSIGN = "dev.sigstore.cosign/"
PAYLOAD = classic_payload(REPOSITORY, IMAGE.digest)
KEYLESS = SignaturePolicy("keyless", identity=IDENTITY, issuer=ISSUER)
BY_KEY = SignaturePolicy("key", key=("a.pub",))


# The choice of a policy


def test_without_what_verifies_there_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    check_extra()
    monkeypatch.setitem(sys.modules, "cbor2", None)
    with pytest.raises(ConfigError, match="without cbor2, which is not installed") as raised:
        check_extra()
    assert "image-pinner[verify]" in str(raised.value.hint)


@pytest.mark.parametrize(
    ("images", "by", "fits"),
    [
        ((), "key", True),
        (("ghcr.io/acme/*",), "key", True),
        (("ghcr.io/other/*",), "key", False),
        (("!ghcr.io/acme/*",), "key", False),
        (("ghcr.io/acme/*", "!ghcr.io/acme/app"), "key", False),
        (("ghcr.io/acme/*", "!ghcr.io/acme/tool"), "key", True),
        ((), "none", False),
    ],
)
def test_the_first_policy_that_fits_is_the_one(images: tuple[str, ...], by: str, *, fits: bool) -> None:
    policy = SignaturePolicy(by, images=images)
    assert policy_for(ImageReference.parse("ghcr.io/acme/app:1"), [policy]) == (policy if fits else None)


def recorded(by: str, signer: str = "", **more: Any) -> Signature:
    return Signature(by, signer, IMAGE.digest, IMAGE.digest, **more)


@pytest.mark.parametrize(
    ("policy", "signature", "accepted"),
    [
        (BY_KEY, recorded("keyless"), False),
        (BY_KEY, recorded("key", key_id="1"), True),
        (BY_KEY, recorded("key", key_id="2"), False),
        (SignaturePolicy("dct"), recorded("dct", key_id="1"), True),
        (SignaturePolicy("dct", root_keys=("1",)), recorded("dct", key_id="1"), True),
        (SignaturePolicy("dct", root_keys=("1",)), recorded("dct", key_id="2"), False),
        (SignaturePolicy("notation"), recorded("notation"), True),
        (KEYLESS, recorded("keyless", IDENTITY, issuer=ISSUER), True),
        (KEYLESS, recorded("keyless", IDENTITY, issuer="https://other.test"), False),
        (KEYLESS, recorded("keyless", f"{IDENTITY}2", issuer=ISSUER), False),
        (SignaturePolicy("keyless", github="acme/app"), recorded("keyless", issuer=GITHUB_ISSUER), True),
        (SignaturePolicy("keyless", github="acme/app"), recorded("keyless", issuer="https://other.test"), False),
        (SignaturePolicy("keyless", identity_regex="a+", issuer="i"), recorded("keyless", "aa", issuer="i"), True),
        (SignaturePolicy("keyless", identity_regex="a+", issuer="i"), recorded("keyless", "aab", issuer="i"), False),
    ],
)
def test_what_a_lock_recorded_is_judged_by_todays_policy(
    policy: SignaturePolicy, signature: Signature, *, accepted: bool
) -> None:
    assert accepts_record(policy, signature, {"a.pub": "1"}) is accepted


def test_ids_of_keys_are_those_of_verification() -> None:
    files = {
        "a.pub": pem(KEY),
        "text": b"no key",
        "broken": b"-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----",
    }

    def read(name: str) -> bytes:
        if name not in files:
            raise FileNotFoundError(name)
        return files[name]

    policies = [SignaturePolicy("key", key=("a.pub", "text")), SignaturePolicy("key", key=("broken", "gone"))]
    assert key_ids(policies, read) == {"a.pub": keys.key_id(KEY.public_key())}


# Classic signatures


def noted(signer: Any = KEY, payload: bytes = PAYLOAD, at: Sigstore | None = AT, **more: Any) -> dict[str, Any]:
    return dict(classic_annotations(signer, payload, at, **more))


def stamped(notes: Mapping[str, Any], *, of: bytes | None = None) -> dict[str, Any]:
    stamp = AT.stamps.response(of or unbase64(notes[SIGNATURE]))
    told = {key: value for key, value in notes.items() if key != f"{COSIGN}bundle"}
    return {**told, f"{COSIGN}rfc3161timestamp": json.dumps({"SignedRFC3161Timestamp": b64(stamp)})}


def trust(policy: SignaturePolicy, *instances: Sigstore, key: Any = KEY, **root: Any) -> Trust:
    roots = tuple(one for at in instances for one in read_trusted_roots(json.dumps(at.trusted_root(**root)).encode()))
    return Trust(policy, (("a.pub", key.public_key()),) if policy.by == "key" else (), roots)


def no_hex(notes: dict[str, Any]) -> dict[str, Any]:
    bundle = json.loads(notes[f"{COSIGN}bundle"])
    bundle["Payload"]["logID"] = "xyz"
    return {**notes, f"{COSIGN}bundle": json.dumps(bundle)}


LEAF = AT.leaf()
UNLOGGED = trust(BY_KEY._replace(log=False))
NO_LOGS = trust(KEYLESS, AT, tlogs=[])
OTHER_KIND = classic_payload(REPOSITORY, IMAGE.digest, kind="cosign attestation")
OTHER_NAME = classic_payload("ghcr.io/acme/other", IMAGE.digest)
NOTED_PAYLOAD = classic_payload(REPOSITORY, IMAGE.digest, {"stage": "test"})
OTHER_IMAGE = classic_payload(REPOSITORY, f"sha256:{'0' * 64}")
REFUSED: dict[str, tuple[dict[str, Any], bytes, Trust, tuple[str, ...]]] = {
    "a log's id that is not hex": (no_hex(noted()), PAYLOAD, trust(BY_KEY, AT), ("malformed",)),
    "no entry of a log": (noted(at=None), PAYLOAD, trust(BY_KEY, AT), ("no-log-entry",)),
    "a log that is not trusted": (noted(), PAYLOAD, trust(BY_KEY, STRANGER), ("unknown-log",)),
    "made in the future": (
        noted(moment=NOW + timedelta(days=2)),
        PAYLOAD,
        trust(BY_KEY, AT),
        ("bad-log-entry", "bad-timestamp", "no-trusted-time"),
    ),
    "a stamp on something else": (stamped(noted(LEAF), of=b"else"), PAYLOAD, NO_LOGS, ("bad-timestamp",)),
    "no time at all": (noted(LEAF), PAYLOAD, NO_LOGS, ("no-trusted-time",)),
    "a certificate where a key is wanted": (noted(LEAF, at=None), PAYLOAD, UNLOGGED, ("bad-signature", "wrong-key")),
    "another key": (noted(p256(), at=None), PAYLOAD, UNLOGGED, ("bad-signature",)),
    "a key where a certificate is wanted": (noted(), PAYLOAD, trust(KEYLESS, AT), ("wrong-key",)),
    "two certificates": (
        {**noted(LEAF), f"{COSIGN}certificate": LEAF.pem * 2},
        PAYLOAD,
        trust(KEYLESS, AT),
        ("malformed",),
    ),
    "the identity before the log that one root does not know": (
        noted(LEAF),
        PAYLOAD,
        trust(KEYLESS._replace(identity="https://other.test"), STRANGER, AT),
        ("wrong-identity",),
    ),
    "of another kind": (noted(payload=OTHER_KIND, at=None), OTHER_KIND, UNLOGGED, ("not-an-image-signature",)),
    "of another image": (noted(payload=OTHER_IMAGE, at=None), OTHER_IMAGE, UNLOGGED, ("other-image",)),
    "under another name": (
        noted(payload=OTHER_NAME, at=None),
        OTHER_NAME,
        trust(BY_KEY._replace(log=False, match_repository=True)),
        ("other-repository",),
    ),
    "another annotation": (
        noted(payload=NOTED_PAYLOAD, at=None),
        NOTED_PAYLOAD,
        trust(BY_KEY._replace(log=False, annotations=(("stage", "live"),))),
        ("wrong-annotation",),
    ),
    "no annotation": (
        noted(at=None),
        PAYLOAD,
        trust(BY_KEY._replace(log=False, annotations=(("stage", "live"),))),
        ("wrong-annotation",),
    ),
}


@pytest.mark.parametrize(("notes", "payload", "by", "reasons"), REFUSED.values(), ids=REFUSED)
def test_a_classic_signature_is_refused(
    notes: dict[str, Any], payload: bytes, by: Trust, reasons: tuple[str, ...]
) -> None:
    with pytest.raises(RefusedError) as raised:
        verify_classic(Layer(payload, notes), Wanted(IMAGE.digest, REPOSITORY), by, NOW.timestamp())
    assert raised.value.reasons == reasons


@pytest.mark.parametrize(("notes", "policy"), [(noted(), BY_KEY._replace(log=True)), (noted(LEAF), KEYLESS)])
def test_without_a_trusted_root_it_is_not_told(notes: dict[str, Any], policy: SignaturePolicy) -> None:
    with pytest.raises(UntoldError, match="there is no trusted root"):
        verify_classic(Layer(PAYLOAD, notes), Wanted(IMAGE.digest, REPOSITORY), trust(policy), NOW.timestamp())


def test_a_stamp_stands_for_the_log() -> None:
    layer = Layer(PAYLOAD, stamped(noted(LEAF)))
    signer = verify_classic(layer, Wanted(IMAGE.digest, REPOSITORY), NO_LOGS, NOW.timestamp())
    assert (signer.by, signer.name, signer.issuer, signer.signed_at, signer.log) == (
        "keyless",
        IDENTITY,
        ISSUER,
        NOW,
        None,
    )


def test_another_name_is_told_where_it_is_allowed() -> None:
    layer = Layer(OTHER_NAME, noted(payload=OTHER_NAME, at=None))
    signer = verify_classic(layer, Wanted(IMAGE.digest, REPOSITORY), UNLOGGED, NOW.timestamp())
    assert (signer.name, signer.detail) == ("a.pub", "signed under the name ghcr.io/acme/other")


@pytest.mark.parametrize(
    ("written", "repository", "is_same"),
    [
        (f"{REPOSITORY}:1.0", REPOSITORY, True),
        (f"{REPOSITORY}:1.0@{IMAGE.digest}", REPOSITORY, True),
        ("index.docker.io/library/nginx", "docker.io/library/nginx", True),
        (f"{REPOSITORY}/other", REPOSITORY, False),
        (REPOSITORY.upper(), REPOSITORY, False),
        ("", REPOSITORY, False),
    ],
)
def test_a_name_is_of_the_repository_with_a_tag_as_well(written: str, repository: str, *, is_same: bool) -> None:
    payload = classic_payload(written, IMAGE.digest)
    layer, policy = Layer(payload, noted(payload=payload, at=None)), BY_KEY._replace(log=False, match_repository=True)
    if is_same:
        signer = verify_classic(layer, Wanted(IMAGE.digest, repository), trust(policy), NOW.timestamp())
        assert signer.detail == ""
    else:
        with pytest.raises(RefusedError, match="it is signed under the name"):
            verify_classic(layer, Wanted(IMAGE.digest, repository), trust(policy), NOW.timestamp())


@pytest.mark.parametrize(
    ("notes", "expected"),
    [({SIGNATURE: "AAE="}, b"\x00\x01"), ({SIGNATURE: "%"}, None), ({SIGNATURE: 1}, None), ({}, None)],
)
def test_the_signature_that_a_layer_carries(notes: dict[str, object], expected: bytes | None) -> None:
    assert signature_of(notes) == expected


# What lies beside an image


def as_raw(image: Image) -> RawManifest:
    return RawManifest(image.digest, image.media_type, image.top.data)


class Shelf(NamedTuple):
    """A repository in memory, as `find_signatures` reads one."""

    around: ArtifactLocations
    images: tuple[Image, ...] = ()
    missing: frozenset[str] = frozenset()
    short: frozenset[str] = frozenset()

    async def beside(self, _: Digest) -> ArtifactLocations:
        return self.around

    async def manifest(self, selector: str) -> RawManifest | None:
        return next((as_raw(one) for one in self.images if one.digest == selector), None)

    async def blob(self, digest: Digest, limit: int) -> bytes | None:
        blobs = [blob for one in self.images for blob in one.blobs if blob.digest == str(digest)]
        if not blobs or str(digest) in self.missing:
            return None
        assert len(blobs[0].data) <= limit
        return blobs[0].data[1:] if str(digest) in self.short else blobs[0].data


def found_on(shelf: Shelf) -> tuple[list[tuple[str, bytes | None, str]], str]:
    schemes = frozenset({"bundle", "classic", "notation"})
    findings = asyncio.run(find_signatures(shelf, Digest.parse(IMAGE.digest), schemes))
    return [(one.scheme, one.content, one.problem) for one in findings.found], findings.cut


def listed(*images: Image, **more: Any) -> Shelf:
    return Shelf(ArtifactLocations((fallback(images).top.data,), None, None), images, **more)


def tagged(image: Image, **more: Any) -> Shelf:
    return Shelf(ArtifactLocations((), None, as_raw(image)), (image,), **more)


def changed(image: Image, change: Callable[[dict[str, Any]], object]) -> Image:
    manifest = json.loads(image.top.data)
    change(manifest)
    return Image(Blob(image.media_type, to_json(manifest)), image.blobs)


GOOD = bundle_referrer(IMAGE, b"{}")
ONE = classic([Signed(b"payload", {SIGNATURE: "AAE="})])
COSIGN_KIND = "application/vnd.dev.cosign.artifact.sig.v1+json"
MANY = classic([Signed(b"%d" % number, {}) for number in range(MAX_LAYERS + 1)])
BIG = classic([Signed(b"x" * (MAX_BLOB + 1), {}), Signed(b"payload", {})])
SHELVES: dict[str, tuple[Shelf, list[tuple[str, bytes | None, str]]]] = {
    "a bundle": (listed(GOOD), [("bundle", b"{}", "")]),
    "notation": (listed(notation_referrer(IMAGE, b"jws")), [("notation", b"jws", "")]),
    "cosign's referrer": (
        listed(referrer(IMAGE, COSIGN_KIND, Blob(CLASSIC, b"payload"))),
        [("classic", b"payload", "")],
    ),
    "an index": (listed(make_index([IMAGE])), []),
    "of another kind": (listed(referrer(IMAGE, "application/spdx+json", Blob("text/plain", b"x"))), []),
    "without a type": (listed(changed(GOOD, lambda one: one.update(artifactType=1))), []),
    "listed and gone": (listed(GOOD)._replace(images=()), []),
    "two layers": (
        listed(changed(GOOD, lambda one: one["layers"].append(one["layers"][0]))),
        [("bundle", None, "a bundle's manifest must have one layer, of the type application/vnd.dev.sigstore.bundle")],
    ),
    "a layer of another type": (
        listed(referrer(IMAGE, BUNDLE, Blob("text/plain", b"{}"))),
        [("bundle", None, "a bundle's manifest must have one layer, of the type application/vnd.dev.sigstore.bundle")],
    ),
    "a digest that is none": (
        listed(changed(GOOD, lambda one: one["layers"][0].update(digest="sha256:0"))),
        [("bundle", None, "a layer has a digest that is none")],
    ),
    "no size": (
        listed(changed(GOOD, lambda one: one["layers"][0].pop("size"))),
        [("bundle", None, "a referrer's manifest.layers: `size` is not a whole number")],
    ),
    "no blob": (
        listed(GOOD, missing=frozenset({digest_of(b"{}")})),
        [("bundle", None, "the registry has the signature's manifest and not its content")],
    ),
    "a blob that is shorter": (
        listed(GOOD, short=frozenset({digest_of(b"{}")})),
        [("bundle", None, "the signature is not as long as its manifest says")],
    ),
    "classic": (tagged(ONE), [("classic", b"payload", "")]),
    "classic with no list of layers": (
        tagged(changed(ONE, lambda one: one.update(layers=1))),
        [("classic", None, "the signature's manifest: `layers` is not a list")],
    ),
    "classic with another layer": (
        tagged(changed(ONE, lambda one: one["layers"][0].update(mediaType="text/plain"))),
        [],
    ),
    "classic with annotations that are none": (
        tagged(changed(ONE, lambda one: one["layers"][0].update(annotations=[1]))),
        [("classic", None, "the signature's manifest.layers: `annotations` is not an object")],
    ),
}


@pytest.mark.parametrize(("shelf", "expected"), SHELVES.values(), ids=SHELVES)
def test_what_claims_to_be_a_signature(shelf: Shelf, expected: list[tuple[str, bytes | None, str]]) -> None:
    assert found_on(shelf) == (expected, "")


def test_a_limit_that_cuts_is_told_and_leaves_the_other_schemes() -> None:
    shelf = Shelf(ArtifactLocations((fallback([GOOD]).top.data,), None, as_raw(MANY)), (GOOD, MANY))
    found, cut = found_on(shelf)
    assert [scheme for scheme, _, _ in found] == ["bundle", *["classic"] * MAX_LAYERS]
    assert cut == f"there are more than {MAX_LAYERS} signatures of {IMAGE.digest}"


def test_what_is_too_large_is_told_and_not_fetched() -> None:
    assert found_on(tagged(BIG)) == (
        [("classic", b"payload", "")],
        f"a signature of {IMAGE.digest} is larger than 1 MB",
    )


def test_a_list_without_end_is_told() -> None:
    assert (
        found_on(Shelf(ArtifactLocations((), None, None, is_cut=True)))[1]
        == f"the list of what lies beside {IMAGE.digest} has no end"
    )


def entries(*values: object) -> RawManifest:
    return RawManifest("", MANIFEST_TYPE["oci"], to_json({"manifests": list(values)}))


ATTESTATION = {"digest": digest_of(b"b"), "annotations": {"vnd.docker.reference.type": "attestation-manifest"}}


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (None, ()),
        (entries({"digest": IMAGE.digest}, ATTESTATION), (Digest.parse(IMAGE.digest),)),
        (entries({"digest": IMAGE.digest}, {"digest": "sha256:0"}), ()),
        (entries({"digest": IMAGE.digest}, 1), ()),
        (RawManifest("", "", b"<html>"), ()),
        (as_raw(IMAGE), ()),
    ],
)
def test_the_images_of_an_index(manifest: RawManifest | None, expected: tuple[Digest, ...]) -> None:
    assert children_of(manifest) == expected


# Keys


@pytest.mark.parametrize("key", [KEY, RSA, EDWARDS])
def test_a_key_is_the_same_in_pem_der_and_as_a_certificate(key: Any) -> None:
    assert keys.spki(keys.load_key(pem(key))) == keys.spki(keys.load_der_key(spki(key))) == spki(key)


def test_a_certificate_stands_for_its_key() -> None:
    issued = ca("root")
    assert keys.spki(keys.load_key(issued.pem.encode())) == spki(issued.key)


PEM_UNKNOWN = f"-----BEGIN PUBLIC KEY-----\n{b64(UNKNOWN_KEY)}\n-----END PUBLIC KEY-----\n".encode()
WRONG_KEYS: list[tuple[Callable[[bytes], object], bytes, str, str]] = [
    (keys.load_key, b"no key", "malformed", "there is no public key in PEM"),
    (keys.load_key, b"-----BEGIN CERTIFICATE-----", "malformed", "there is no public key in PEM"),
    (keys.load_der_key, b"no key", "malformed", "there is no public key in DER"),
    (keys.load_key, PEM_UNKNOWN, "unsupported", "the key's algorithm is not supported"),
    (keys.load_der_key, UNKNOWN_KEY, "unsupported", "the key's algorithm is not supported"),
]


@pytest.mark.parametrize(("load", "data", "reason", "detail"), WRONG_KEYS)
def test_what_is_no_key_is_refused(load: Callable[[bytes], object], data: bytes, reason: str, detail: str) -> None:
    with pytest.raises(RefusedError) as raised:
        load(data)
    assert (raised.value.reasons, raised.value.detail) == ((reason,), detail)


@pytest.mark.parametrize(
    ("key", "detail"),
    [
        (ec.generate_private_key(ec.SECP256K1()), "keys on the curve secp256k1 are not supported"),
        (SHORT, "RSA keys of 1024 bits are not supported: 2048 to 4096 are"),
        (DSA, "keys of the kind DSAPublicKey are not supported"),
        (ed448.Ed448PrivateKey.generate(), "keys of the kind Ed448PublicKey are not supported"),
        (x25519.X25519PrivateKey.generate(), "keys of the kind X25519PublicKey are not supported"),
    ],
)
def test_keys_that_nothing_is_verified_with(key: Any, detail: str) -> None:
    for load, data in ((keys.load_key, pem(key)), (keys.load_der_key, spki(key))):
        with pytest.raises(RefusedError) as raised:
            load(data)
        assert raised.value.reasons == ("unsupported",)
        assert raised.value.detail == detail


@pytest.mark.parametrize("key", [EDWARDS, rsa.generate_private_key(65537, 2304)])
def test_keys_that_notation_does_not_sign_with(key: Any) -> None:
    with pytest.raises(RefusedError) as raised:
        keys.check_notation(key.public_key(), sign(key, b"message"), b"message")
    assert raised.value.reasons == ("unsupported",)


@pytest.mark.parametrize(
    ("check", "key", "signature"),
    [
        (keys.check_pss, RSA, raw_signature(RSA, b"other")),
        (keys.check_pss, RSA, sign(RSA, b"message")),
        (keys.check_pss, KEY, raw_signature(KEY, b"message")),
        (keys.check_raw_ecdsa, KEY, raw_signature(KEY, b"other")),
        (keys.check_raw_ecdsa, KEY, sign(KEY, b"message")),
        (keys.check_raw_ecdsa, KEY, bytes(64)),
        (keys.check_raw_ecdsa, RSA, raw_signature(RSA, b"message")),
    ],
    ids=["pss-other", "pss-pkcs1", "pss-ecdsa", "ecdsa-other", "ecdsa-der", "ecdsa-zeros", "ecdsa-rsa"],
)
def test_signatures_in_another_writing_are_bad(check: Callable[..., None], key: Any, signature: bytes) -> None:
    with pytest.raises(RefusedError) as raised:
        check(key.public_key(), signature, b"message")
    assert raised.value.reasons == ("bad-signature",)


def test_the_hash_that_a_message_names_is_the_one() -> None:
    signature = sign(KEY, b"message", SHA384())
    assert keys.check_with(KEY.public_key(), signature, b"message", SHA384())
    assert not keys.check_with(KEY.public_key(), signature, b"message", None)
    assert keys.check_with(KEY.public_key(), sign(KEY, b"message"), b"message", None)


# Strict reading

VALUES = Object({"number": 1, "mixed": ["a", 1], "text": "%", "negative": -1, "true": True}, "it")


@pytest.mark.parametrize(
    ("ask", "detail"),
    [
        (lambda: VALUES.texts("mixed"), "it: `mixed` is not a list of texts"),
        (lambda: VALUES.tables("mixed"), "it: `mixed` is not a list of objects"),
        (lambda: VALUES.items("number"), "it: `number` is not a list"),
        (lambda: VALUES.table("number"), "it: `number` is not an object"),
        (lambda: VALUES.text("number"), "it: `number` is not a text"),
        (lambda: VALUES.number("negative"), "it: `negative` is not a whole number"),
        (lambda: VALUES.number("true"), "it: `true` is not a whole number"),
        (lambda: VALUES.bytes("text"), "it: `text` is not base64"),
        (lambda: VALUES.time("text"), "it: `text` is not a time"),
        (lambda: load_object(b"[" * 65 + b"]" * 65, "it"), "it is not proper JSON"),
        (lambda: load_object(b'{"a": 1, "a": 1}', "it"), "it is not proper JSON"),
        (lambda: load_object(b'{"a": NaN}', "it"), "it is not proper JSON"),
        (lambda: load_object(b"\xff", "it"), "it is not proper JSON"),
        (lambda: load_object(b"[]", "it"), "it is not a JSON object"),
        (lambda: unbase64("AA"), "not base64"),
        (lambda: unbase64("AB=="), "not base64"),
        (lambda: unbase64url("A"), "not base64url"),
        (lambda: unbase64url("AB"), "not base64url"),
        (lambda: unbase64url("AA=="), "not base64url"),
        (lambda: read_time("2026-13-01T00:00:00Z"), "not a time"),
        (lambda: read_time("0001-01-01T00:00:00+01:00"), "not a time"),
        (lambda: read_time("2026-11-01 00:00:00"), "not a time"),
        (lambda: der_text(b"\x0c"), "an extension is no UTF8String"),
        (lambda: der_text(b"\x13\x01a"), "an extension is no UTF8String"),
        (lambda: der_text(b"\x0c\x02a"), "an extension is no UTF8String"),
        (lambda: der_text(b"\x0c\x01ab"), "an extension is no UTF8String"),
        (lambda: der_text(b"\x0c\x01\xff"), "a text is not UTF-8"),
    ],
)
def test_what_two_readers_could_read_in_two_ways(ask: Callable[[], object], detail: str) -> None:
    with pytest.raises(MalformedError) as raised:
        ask()
    assert (raised.value.reasons, raised.value.detail) == (("malformed",), detail)


def test_what_can_be_read_in_one_way() -> None:
    assert der_text(der(0x0C, b"a" * 200)) == "a" * 200
    assert read_time("2026-11-01T12:00:00.5+02:00") == datetime(2026, 11, 1, 10, 0, 0, 500000, tzinfo=UTC)
    assert load_object(b'{"a":' * 63 + b"1" + b"}" * 63, "it").table("a").what == "it.a"


# Notation's trust policy


@pytest.mark.parametrize(
    ("environment", "system", "expected"),
    [
        ({"HOME": "/home/a"}, "linux", "/home/a/.config/notation"),
        ({"HOME": "/home/a", "XDG_CONFIG_HOME": "/etc/a"}, "linux", "/etc/a/notation"),
        ({"HOME": "/home/a"}, "darwin", "/home/a/Library/Application Support/notation"),
        ({"HOME": "/home/a", "APPDATA": "/data"}, "win32", "/data/notation"),
        ({"HOME": "/home/a"}, "win32", "/home/a/notation"),
    ],
)
def test_where_notation_keeps_its_policy(environment: dict[str, str], system: str, expected: str) -> None:
    # The separator is that of the system the test runs on.
    assert user_folder(environment, system).replace(os.sep, "/") == expected


def statement(**more: Any) -> dict[str, Any]:
    return {
        "name": "acme",
        "registryScopes": ["*"],
        "signatureVerification": {"level": "strict"},
        "trustStores": ["ca:acme"],
        "trustedIdentities": ["*"],
        **more,
    }


def reader(files: Mapping[str, object]) -> Callable[[str], bytes]:
    def read(path: str) -> bytes:
        found = files.get(Path(path).name)
        if found is None:
            raise FileNotFoundError(path)
        if isinstance(found, OSError):
            raise found
        return to_json(found)

    return read


def policies(*statements: Mapping[str, Any], version: str = "1.0") -> Callable[[str], bytes]:
    return reader({"trustpolicy.json": {"version": version, "trustPolicies": list(statements)}})


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (reader({}), "[[verify]]: there is no trustpolicy.json in folder"),
        (
            reader({"trustpolicy.oci.json": PermissionError(13, "Permission denied")}),
            "[[verify]]: cannot read trustpolicy.oci.json in folder: Permission denied",
        ),
        (policies(version="2.0"), "[[verify]]: folder: the trust policy is of another version than 1.0"),
        (
            policies(statement(signatureVerification={"level": "lax"})),
            "[[verify]]: folder: the trust policy has a level that is none: lax",
        ),
        (
            policies(statement(signatureVerification={"level": "strict", "override": {"expiry": "ignore"}})),
            "[[verify]]: folder: the trust policy overrides what cannot be: expiry",
        ),
        (
            policies(statement(signatureVerification={"level": "strict", "override": {"integrity": "log"}})),
            "[[verify]]: folder: the trust policy overrides what cannot be: integrity",
        ),
        (
            policies(statement(trustStores=["ca:../acme"])),
            "[[verify]]: folder: the trust policy names a store that is none: ca:../acme",
        ),
        (
            policies(statement(trustedIdentities=["x509.subject: C=DE, O=Acme"])),
            "[[verify]]: folder: a trusted identity needs C, ST and O",
        ),
        (
            policies(statement(trustedIdentities=["x509.subject: C=DE, C=FR"])),
            "[[verify]]: folder: a trusted identity is no distinguished name:  C=DE, C=FR",
        ),
    ],
)
def test_a_trust_policy_that_cannot_be_followed(read: Callable[[str], bytes], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        statement_for("folder", read, "ghcr.io/acme/app", "[[verify]]")
    assert str(raised.value).partition("\n")[0] == message


def test_the_statement_of_a_repository() -> None:
    mine = statement(
        name="mine",
        registryScopes=["ghcr.io/acme/app"],
        signatureVerification={
            "level": "permissive",
            "override": {"revocation": "skip"},
            "verifyTimestamp": "afterCertExpiry",
        },
        trustStores=["ca:acme", "tsa:stamps"],
        trustedIdentities=["plugin:rule", "x509.subject: C=DE, S=BE, O=Acme"],
    )
    skipped = statement(signatureVerification={"level": "skip"}, trustStores=[], trustedIdentities=[])
    read = policies(skipped, mine)
    found = statement_for("folder", read, "ghcr.io/acme/app", "[[verify]]")
    assert found is not None
    assert (found.name, found.is_skip, found.stamps_always) == ("mine", False, False)
    assert found.actions == {
        "authenticity": "enforce",
        "authenticTimestamp": "log",
        "expiry": "log",
        "revocation": "skip",
    }
    assert found.stores == (("ca", "acme"), ("tsa", "stamps"))
    assert found.identities == ({"C": "DE", "ST": "BE", "O": "Acme"},)
    other = statement_for("folder", read, "ghcr.io/acme/app2", "[[verify]]")
    assert other is not None
    assert (other.name, other.is_skip, other.identities, other.stamps_always) == ("acme", True, (), True)
    assert statement_for("folder", policies(mine), "ghcr.io/acme/app2", "[[verify]]") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"C=DE, S = BE, O=Acme\, Inc.", {"C": "DE", "ST": "BE", "O": "Acme, Inc."}),
        ("C=DE,st=BE", {"C": "DE", "st": "BE"}),
        (r"O=a\2Cb;C=DE;L=Berlin", {"O": "a,b", "C": "DE", "L": "Berlin"}),
        (r"O=Caf\C3\A9,C=FR", {"O": "Café", "C": "FR"}),
        (r"O=a\\,C=DE", {"O": "a\\", "C": "DE"}),
        (r"O=a\\\,b", {"O": r"a\,b"}),
        (r"O=Acme\ , C=DE", {"O": "Acme ", "C": "DE"}),
        (r"O=\ Acme\  ,C=DE", {"O": " Acme ", "C": "DE"}),
        (r"C=DE,O=Acme\ ", {"O": "Acme ", "C": "DE"}),
        (r"O=a\\ ,C=DE", {"O": "a\\", "C": "DE"}),
    ],
)
def test_a_distinguished_name_is_read_as_rfc_4514_writes_it(text: str, expected: dict[str, str]) -> None:
    assert read_name(text) == expected


@pytest.mark.parametrize(
    "text", ["", "C", "=DE", "C=DE,", "C=DE,C=FR", "S=BE,ST=BE", r"O=Caf\E9", "C=DE+L=B", "C=#1302", "O=a\\"]
)
def test_what_is_no_distinguished_name(text: str) -> None:
    with pytest.raises(MalformedError):
        read_name(text)


@pytest.mark.parametrize(
    "parts",
    [
        [[(NameOID.ORGANIZATION_NAME, "Evil")], [(NameOID.ORGANIZATION_NAME, "Acme")]],
        [[(NameOID.ORGANIZATION_NAME, "Acme"), (NameOID.COMMON_NAME, "a")]],
        [[(NameOID.ORGANIZATION_NAME, "Acme")], [(NameOID.EMAIL_ADDRESS, "a@acme.test")]],
    ],
)
def test_a_name_that_notation_cannot_read_is_nobodys(parts: list[list[tuple[x509.ObjectIdentifier, str]]]) -> None:
    name = x509.Name([x509.RelativeDistinguishedName([x509.NameAttribute(*one) for one in rdn]) for rdn in parts])
    with pytest.raises(RefusedError, match="none of a trust policy"):
        name_parts(name)


def stored(folder: Path, store: str = "acme") -> list[str]:
    found = read_store(str(folder), "ca", store, plain_files, lambda path: Path(path).read_bytes())
    return [name_parts(one.subject)["CN"] for one in found]


def test_a_trust_store_is_of_plain_files(tmp_path: Path) -> None:
    place = tmp_path / "truststore" / "x509" / "ca" / "acme"
    (place / "folder.pem").mkdir(parents=True)
    (place / "a.PEM").write_text(ca("one").pem + ca("two").pem)
    (place / "b.cer").write_bytes(ca("three").der)
    (place / "readme.txt").write_text("not a certificate")
    assert stored(tmp_path) == ["one", "two", "three"]
    assert stored(tmp_path, "none") == []
    assert plain_files(str(tmp_path / "none")) == ()
    (place / "c.crt").write_bytes(b"no certificate")
    with pytest.raises(MalformedError, match="a certificate that is none"):
        stored(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_a_link_in_a_trust_store_is_left_out(tmp_path: Path) -> None:
    place = tmp_path / "truststore" / "x509" / "ca" / "acme"
    place.mkdir(parents=True)
    (place / "a.pem").write_text(ca("one").pem)
    (tmp_path / "outside.pem").write_text(ca("two").pem)
    (place / "link.pem").symlink_to(tmp_path / "outside.pem")
    assert stored(tmp_path) == ["one"]
