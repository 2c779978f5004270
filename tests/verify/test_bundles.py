"""Sigstore bundles: every step of their verification, each broken on its own."""

from __future__ import annotations

import base64
import hashlib
import json
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from images import Blob, Image, to_json
from signed import IMAGE, REPOSITORY, beside, bundle_referrer, place, verdict
from signingkit import (
    BUNDLE,
    IDENTITY,
    ISSUER,
    NOW,
    PROVENANCE,
    Log,
    Sigstore,
    Stamps,
    b64,
    ca,
    compact,
    der,
    dsse_body,
    envelope,
    key_bundle,
    keyless_bundle,
    p256,
    pae,
    pem,
    period,
    sign,
    statement,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from signingkit import PrivateKey

AT = Sigstore()
OTHER = Sigstore()
KEYLESS = {"by": "keyless", "identity": IDENTITY, "issuer": ISSUER, "trusted-root": "root.json"}
NAME = f"{REPOSITORY}:1.0@{IMAGE.digest}"
NOTHING = f"sha256:{'0' * 64}"


def judged(
    folder: Path, bundle: Mapping[str, Any] | bytes, policy: Mapping[str, Any] = KEYLESS, at: Sigstore = AT, **root: Any
) -> dict[str, Any]:
    images = {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [bundle_referrer(IMAGE, bundle)])}
    place(folder, images, at)
    if root:
        (folder / "root.json").write_text(json.dumps(at.trusted_root(**root)))
    return verdict(folder, {**KEYLESS, **policy} if policy.get("by", "keyless") == "keyless" else policy, NAME)


def signed(**more: Any) -> dict[str, Any]:
    return keyless_bundle(AT, IMAGE.digest, **more)


def of(found: Mapping[str, Any]) -> tuple[str, list[str]]:
    return found["verdict"], found["reasons"]


def material(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = bundle["verificationMaterial"]
    return found


def entry(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = material(bundle)["tlogEntries"][0]
    return found


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("stamped", [True, None])
def test_a_keyless_signature_is_verified_by_both_engines(tmp_path: Path, version: int, *, stamped: bool | None) -> None:
    found = judged(tmp_path, signed(version=version, stamped=stamped))
    assert of(found) == ("verified", [])
    assert (found["signer"], found["issuer"], found["by"]) == (IDENTITY, ISSUER, "keyless")
    assert found["engines"] == ["own", "sigstore"]
    assert found["signedAt"] == "2026-11-01T12:00:00Z"
    assert found["subject"] == IMAGE.digest


def test_the_other_spelling_of_the_version_is_the_same(tmp_path: Path) -> None:
    bundle = {**signed(), "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.3"}
    assert of(judged(tmp_path, bundle)) == ("verified", [])


def test_a_name_of_fulcios_own_kind(tmp_path: Path) -> None:
    own = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), der(0x0C, b"bot@acme.test"))
    found = judged(tmp_path, signed(leaf=AT.leaf(own)), {"identity": "bot@acme.test", "log": False})
    assert (of(found), found["signer"]) == (("verified", []), "bot@acme.test")


BROKEN: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "version": ("unsupported", lambda b: b.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2")),
    "no version": ("malformed", lambda b: b.pop("mediaType")),
    "message": (
        "not-an-image-signature",
        lambda b: b.update(messageSignature={"signature": b.pop("dsseEnvelope")["signatures"][0]["sig"]}),
    ),
    "two contents": ("malformed", lambda b: b.update(messageSignature={})),
    "chain": ("malformed", lambda b: material(b).update(x509CertificateChain={"certificates": []})),
    "no certificate": ("malformed", lambda b: material(b).pop("certificate")),
    "a key": ("wrong-key", lambda b: material(b).update(publicKey={"hint": ""}, certificate=None)),
    "two signatures": ("malformed", lambda b: b["dsseEnvelope"]["signatures"].append({"sig": "AA=="})),
    "no entry": ("no-log-entry", lambda b: material(b).update(tlogEntries=[])),
    "no proof": ("bad-log-entry", lambda b: entry(b).pop("inclusionProof")),
    "no kind": ("malformed", lambda b: entry(b).pop("kindVersion")),
    "another kind": ("other-log-entry", lambda b: entry(b)["kindVersion"].update(kind="hashedrekord")),
    "an unknown kind": ("other-log-entry", lambda b: entry(b)["kindVersion"].update(kind="rpm")),
    "unknown log": ("unknown-log", lambda b: entry(b)["logId"].update(keyId=b64(b"x" * 32))),
    "another time": ("bad-log-entry", lambda b: entry(b).update(integratedTime="1800000000")),
    "another index": ("bad-log-entry", lambda b: entry(b).update(logIndex="99")),
    "a path": ("bad-log-entry", lambda b: entry(b)["inclusionProof"]["hashes"].append(b64(b"x" * 32))),
    "a shorter path": ("bad-log-entry", lambda b: entry(b)["inclusionProof"]["hashes"].clear()),
    "another size": ("bad-log-entry", lambda b: entry(b)["inclusionProof"].update(treeSize="4096")),
    "a place outside": ("bad-log-entry", lambda b: entry(b)["inclusionProof"].update(logIndex="9999")),
    "no checkpoint": ("bad-log-entry", lambda b: entry(b)["inclusionProof"]["checkpoint"].update(envelope="")),
    "no promise": ("no-trusted-time", lambda b: entry(b).pop("inclusionPromise")),
    "a promise": (
        "bad-log-entry",
        lambda b: entry(b).update(inclusionPromise={"signedEntryTimestamp": b64(sign(p256(), b""))}),
    ),
    "a payload": ("other-log-entry", lambda b: b["dsseEnvelope"].update(payload=b64(statement(NOTHING)))),
    "a payload's type": (
        "bad-signature",
        lambda b: b["dsseEnvelope"].update(payloadType="application/vnd.in-toto+jsom"),
    ),
    "another signature": (
        "other-log-entry",
        lambda b: b["dsseEnvelope"]["signatures"][0].update(sig=b64(sign(p256(), b""))),
    ),
    "another certificate": (
        "other-log-entry",
        lambda b: material(b)["certificate"].update(rawBytes=b64(AT.leaf().der)),
    ),
    "no certificate at all": ("malformed", lambda b: material(b)["certificate"].update(rawBytes="AAAA")),
    "text for a number": ("malformed", lambda b: entry(b).update(integratedTime="soon")),
    "not base64": ("malformed", lambda b: entry(b)["inclusionProof"].update(rootHash="*")),
    "a list for a table": ("malformed", lambda b: b.update(verificationMaterial=[])),
    "numbers for entries": ("malformed", lambda b: material(b).update(tlogEntries=[1])),
    "text for entries": ("malformed", lambda b: material(b).update(tlogEntries="x")),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_refused_and_says_why(tmp_path: Path, what: str) -> None:
    reason, change = BROKEN[what]
    bundle = deepcopy(signed())
    change(bundle)
    found = judged(tmp_path, bundle)
    assert found["verdict"] == "refused"
    assert reason in found["reasons"]
    assert "signer" not in found


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b'{"mediaType": 1}', b'{"a": 1, "a": 2}', b"[" * 5000, b"\xff", b'{"a": NaN}']
)
def test_no_bytes_end_in_a_traceback(tmp_path: Path, data: bytes) -> None:
    assert of(judged(tmp_path, data)) == ("refused", ["malformed"])


def test_a_log_entry_of_another_signature_is_none_of_this(tmp_path: Path) -> None:
    bundle, other = signed(), signed()
    material(bundle)["tlogEntries"] = material(other)["tlogEntries"]
    assert of(judged(tmp_path, bundle)) == ("refused", ["other-log-entry"])


def test_another_instance_of_the_same_names_is_not_trusted(tmp_path: Path) -> None:
    assert of(judged(tmp_path, keyless_bundle(OTHER, IMAGE.digest))) == ("refused", ["unknown-log"])


def test_a_certificate_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    leaf = AT.leaf(by=ca("inter", ca("root")))
    assert of(judged(tmp_path, signed(leaf=leaf))) == ("refused", ["untrusted-certificate"])


def test_a_leaf_is_no_authority(tmp_path: Path) -> None:
    leaf = AT.leaf(by=AT.leaf())
    assert of(judged(tmp_path, signed(leaf=leaf))) == ("refused", ["untrusted-certificate"])


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"sct": False}, "no-sct"),
        ({"purposes": [ExtendedKeyUsageOID.SERVER_AUTH]}, "untrusted-certificate"),
        ({"more": [(x509.BasicConstraints(ca=True, path_length=None), True)]}, "untrusted-certificate"),
        ({"more": [(x509.PrecertPoison(), True)]}, "untrusted-certificate"),
    ],
)
def test_a_certificate_must_be_as_fulcio_makes_them(tmp_path: Path, more: dict[str, Any], reason: str) -> None:
    assert of(judged(tmp_path, signed(leaf=AT.leaf(**more)))) == ("refused", [reason])


def test_a_certificate_in_no_known_log_is_not_trusted(tmp_path: Path) -> None:
    assert of(judged(tmp_path, signed(), ctlogs=[OTHER.ct.root_entry()])) == ("refused", ["bad-sct"])


def test_logged_after_the_certificate_ended(tmp_path: Path) -> None:
    bundle = signed(leaf=AT.leaf(moment=NOW - timedelta(hours=1)))
    assert of(judged(tmp_path, bundle)) == ("refused", ["untrusted-certificate"])


def test_rekor_2_says_no_time(tmp_path: Path) -> None:
    assert of(judged(tmp_path, signed(version=2, stamped=False))) == ("refused", ["no-trusted-time"])


def test_a_stamp_of_another_authority_gives_no_time(tmp_path: Path) -> None:
    bundle = signed(version=2)
    signature = base64.b64decode(bundle["dsseEnvelope"]["signatures"][0]["sig"])
    token = {"signedTimestamp": b64(Stamps().response(signature))}
    material(bundle)["timestampVerificationData"] = {"rfc3161Timestamps": [token]}
    assert of(judged(tmp_path, bundle)) == ("refused", ["bad-timestamp"])


@pytest.mark.parametrize("token", [b"", b"\x30\x03\x02\x01\x00", b"x" * 40])
def test_a_stamp_that_is_none_does_no_harm_beside_a_log(tmp_path: Path, token: bytes) -> None:
    bundle = signed()
    material(bundle)["timestampVerificationData"] = {"rfc3161Timestamps": [{"signedTimestamp": b64(token)}]}
    found = judged(tmp_path, bundle)
    # The second engine reads no bundle with such a stamp.
    assert found["verdict"] == "refused"
    assert found["reasons"] in (["engines-differ"], ["malformed"])
    assert judged(tmp_path, bundle, {"log": False})["verdict"] == "verified"


def ending(part: str, window: dict[str, str]) -> dict[str, Any]:
    """Return what of a trusted root is so for ``window`` alone."""
    if part == "certificateAuthorities":
        return {part: [{**AT.trusted_root()[part][0], "validFor": window}]}
    entry_ = (AT.log if part == "tlogs" else AT.ct).root_entry()
    return {part: [{**entry_, "publicKey": {**entry_["publicKey"], "validFor": window}}]}


@pytest.mark.parametrize(
    ("part", "reason"),
    [("tlogs", "bad-log-entry"), ("ctlogs", "bad-sct"), ("certificateAuthorities", "untrusted-certificate")],
)
def test_what_is_trusted_is_so_for_a_time(tmp_path: Path, part: str, reason: str) -> None:
    ended = period(NOW - timedelta(days=20), NOW - timedelta(seconds=1))
    assert of(judged(tmp_path, signed(), **ending(part, ended))) == ("refused", [reason])
    inside = period(NOW - timedelta(days=20), NOW)
    assert of(judged(tmp_path, signed(), **ending(part, inside))) == ("verified", [])


def test_a_time_ahead_of_the_clock_is_no_time(tmp_path: Path) -> None:
    later = NOW + timedelta(days=20)
    found = judged(tmp_path, signed(moment=later))
    assert found["verdict"] == "refused"
    assert "no-trusted-time" in found["reasons"]


IDENTITIES: list[tuple[dict[str, Any], str]] = [
    ({"identity": IDENTITY.replace("release", "test")}, "wrong-identity"),
    ({"identity": IDENTITY.upper()}, "wrong-identity"),
    ({"issuer": "https://gitlab.com"}, "wrong-identity"),
    ({"identity-regex": r"https://github\.com/acme/app"}, "wrong-identity"),
    ({"identity-regex": r"https://github\.com/acme/app/.*"}, ""),
    ({"github": "acme/app"}, ""),
    ({"github": "acme/other"}, "wrong-identity"),
    ({"github": "Acme/App"}, "wrong-identity"),
    ({"github": "acme/app", "workflow": ".github/workflows/release.yml"}, ""),
    ({"github": "acme/app", "workflow": "acme/app/.github/workflows/release.yml"}, ""),
    ({"github": "acme/app", "workflow": ".github/workflows/test.yml"}, "wrong-identity"),
    ({"claims": {"source-ref": "refs/tags/v1.0.0"}}, ""),
    ({"claims": {"source-ref": "refs/heads/main"}}, "wrong-identity"),
    ({"claims": {"source-visibility": "public"}}, "wrong-identity"),
    ({"claims": {"workflow-sha": "abc"}}, "wrong-identity"),
]


@pytest.mark.parametrize(("policy", "reason"), IDENTITIES)
def test_who_signed_is_held_against_the_policy(tmp_path: Path, policy: dict[str, Any], reason: str) -> None:
    images = {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [bundle_referrer(IMAGE, signed())])}
    place(tmp_path, images, AT)
    asked = {**KEYLESS, **policy}
    if "identity-regex" in policy or "github" in policy:
        del asked["identity"]
    if "github" in policy:
        del asked["issuer"]
    found = verdict(tmp_path, asked, NAME)
    assert of(found) == (("refused", [reason]) if reason else ("verified", []))


def test_a_reusable_workflow_signs_for_the_repository_that_calls_it(tmp_path: Path) -> None:
    caller = "https://github.com/acme/app/.github/workflows/ci.yml@refs/heads/main"
    shared = "https://github.com/other/shared/.github/workflows/build.yml@refs/heads/main"
    leaf = AT.leaf(shared, claims={12: "https://github.com/acme/app", 18: caller})
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [bundle_referrer(IMAGE, signed(leaf=leaf))])}, AT)
    policy = {"by": "keyless", "github": "acme/app", "trusted-root": "root.json"}
    assert verdict(tmp_path, policy, NAME)["signer"] == shared
    assert of(verdict(tmp_path, {**policy, "workflow": ".github/workflows/ci.yml"}, NAME)) == ("verified", [])
    assert of(verdict(tmp_path, {**policy, "github": "other/shared"}, NAME)) == ("refused", ["wrong-identity"])


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (statement(NOTHING), ("refused", ["other-image"])),
        (statement(IMAGE.digest, "https://spdx.dev/Document"), ("unsigned", ["other-statement"])),
        (statement(IMAGE.digest, _type="https://in-toto.io/Statement/v2"), ("refused", ["not-an-image-signature"])),
        (statement(IMAGE.digest, subject=[{"digest": {"sha512": "0" * 128}}]), ("refused", ["other-image"])),
        (statement(IMAGE.digest, subject=[]), ("refused", ["other-image"])),
        (statement(IMAGE.digest).replace(b"predicateType", b"predicateKind"), ("refused", ["malformed"])),
        (statement(IMAGE.digest).replace(b'"https://sigstore.dev/cosign/sign/v1"', b"5"), ("refused", ["malformed"])),
        (
            statement(
                IMAGE.digest, subject=[{"digest": {"sha256": "0" * 64}}, {"digest": {"sha256": IMAGE.digest[7:]}}]
            ),
            ("verified", []),
        ),
    ],
)
def test_what_is_signed_must_be_this_image(tmp_path: Path, payload: bytes, expected: tuple[str, list[str]]) -> None:
    assert of(judged(tmp_path, signed(payload=payload))) == expected


def test_provenance_counts_where_the_policy_says_so(tmp_path: Path) -> None:
    bundle = signed(payload=statement(IMAGE.digest, PROVENANCE))
    assert of(judged(tmp_path, bundle)) == ("unsigned", ["other-statement"])
    assert of(judged(tmp_path, bundle, {"attestations": [PROVENANCE]})) == ("verified", [])


ENV = {"digest": {"sha256": IMAGE.digest[7:]}, "annotations": {"env": "prod", "team": "a"}}


@pytest.mark.parametrize(
    ("subjects", "wanted", "expected"),
    [
        ([ENV], {"env": "prod"}, ("verified", [])),
        ([ENV], {"env": "prod", "team": "b"}, ("refused", ["wrong-annotation"])),
        (
            [{"digest": {"sha256": "0" * 64}, "annotations": {"env": "prod"}}, {**ENV, "annotations": {"env": "test"}}],
            {"env": "prod"},
            ("refused", ["wrong-annotation"]),
        ),
        ([{"digest": ENV["digest"]}], {"env": "prod"}, ("refused", ["wrong-annotation"])),
    ],
)
def test_annotations_are_those_of_the_subject_that_is_the_image(
    tmp_path: Path, subjects: list[dict[str, Any]], wanted: dict[str, str], expected: tuple[str, list[str]]
) -> None:
    bundle = signed(payload=statement(IMAGE.digest, subject=subjects))
    assert of(judged(tmp_path, bundle, {"annotations": wanted})) == expected


@pytest.mark.parametrize("change", [{"config": None}, {"layers": [{"digest": "sha256:0", "size": -1}]}])
def test_a_manifest_that_is_none_takes_nothing_from_the_signature_beside_it(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    good = bundle_referrer(IMAGE, signed())
    broken = Image(Blob(good.media_type, to_json({**json.loads(good.top.data), **change})), good.blobs)
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [broken, good])}, AT)
    assert of(verdict(tmp_path, KEYLESS, NAME)) == ("verified", [])


def test_a_payload_that_is_no_statement_is_no_image_signature(tmp_path: Path) -> None:
    leaf, payload, kind = AT.leaf(), statement(IMAGE.digest), "application/json"
    signature = sign(leaf.key, pae(payload, kind))
    logged = AT.log.entry(dsse_body(payload, signature, leaf.pem.encode()), ("dsse", "0.0.1"))
    bundle = {
        "mediaType": BUNDLE,
        "verificationMaterial": {"certificate": {"rawBytes": b64(leaf.der)}, "tlogEntries": [logged]},
        "dsseEnvelope": envelope(payload, signature, kind),
    }
    assert of(judged(tmp_path, bundle)) == ("refused", ["not-an-image-signature"])


def test_an_entry_in_the_form_of_in_toto(tmp_path: Path) -> None:
    leaf, payload = AT.leaf(), statement(IMAGE.digest)
    signature = sign(leaf.key, pae(payload))
    inner = {"publicKey": b64(leaf.pem.encode()), "sig": b64(b64(signature).encode())}
    hash_ = {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}
    spec = {"content": {"envelope": {"payloadType": "x", "signatures": [inner]}, "payloadHash": hash_}}
    body = compact({"apiVersion": "0.0.2", "kind": "intoto", "spec": spec})
    bundle = {
        "mediaType": BUNDLE,
        "verificationMaterial": {
            "certificate": {"rawBytes": b64(leaf.der)},
            "tlogEntries": [AT.log.entry(body, ("intoto", "0.0.2"))],
        },
        "dsseEnvelope": envelope(payload, signature),
    }
    # The second engine does not know such entries: the own one alone accepts them where no log is asked for.
    assert of(judged(tmp_path, bundle)) == ("refused", ["engines-differ"])
    assert of(judged(tmp_path, bundle, {"log": False})) == ("verified", [])


@pytest.mark.parametrize("key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)])
def test_keys_that_the_second_engine_cannot_judge(tmp_path: Path, key: Any) -> None:
    bundle = signed(leaf=AT.leaf(key=key))
    assert of(judged(tmp_path, bundle)) == ("refused", ["unsupported"])
    assert of(judged(tmp_path, bundle, {"log": False})) == ("verified", [])


def test_several_entries_are_more_than_the_second_engine_judges(tmp_path: Path) -> None:
    bundle = signed()
    material(bundle)["tlogEntries"] *= 2
    assert of(judged(tmp_path, bundle)) == ("refused", ["unsupported"])
    material(bundle)["tlogEntries"] *= 5
    assert of(judged(tmp_path, bundle)) == ("unknown", [])


KEYS: dict[str, PrivateKey] = {
    "P-256": p256(),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "RSA": rsa.generate_private_key(65537, 3072),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_of_every_kind(tmp_path: Path, kind: str) -> None:
    key = KEYS[kind]
    (tmp_path / "a.pub").write_bytes(pem(key))
    (tmp_path / "b.pub").write_bytes(pem(p256()))
    policy = {"by": "key", "key": ["b.pub", "a.pub"], "log": False}
    found = judged(tmp_path, key_bundle(key, IMAGE.digest), policy)
    assert (of(found), found["signer"]) == (("verified", []), "a.pub")
    verdict_, reasons = of(judged(tmp_path, key_bundle(key, IMAGE.digest), {**policy, "key": "b.pub"}))
    assert (verdict_, reasons) == ("refused", ["bad-signature"])


def test_a_bad_signature_of_ed25519_may_be_one_that_is_not_supported(tmp_path: Path) -> None:
    key = KEYS["Ed25519"]
    (tmp_path / "a.pub").write_bytes(pem(key))
    bundle = key_bundle(key, IMAGE.digest)
    bundle["dsseEnvelope"]["signatures"][0]["sig"] = b64(sign(key, b"something else"))
    found = judged(tmp_path, bundle, {"by": "key", "key": "a.pub", "log": False})
    assert of(found) == ("refused", ["unsupported", "bad-signature"])


def test_a_key_and_a_log(tmp_path: Path) -> None:
    key = p256()
    (tmp_path / "a.pub").write_bytes(pem(key))
    policy = {"by": "key", "key": "a.pub", "trusted-root": "root.json"}
    found = judged(tmp_path, key_bundle(key, IMAGE.digest, log=AT.log), policy)
    assert of(found) == ("verified", [])
    assert found["log"]["url"] == "https://log.acme.test"
    assert of(judged(tmp_path, key_bundle(key, IMAGE.digest), policy)) == ("refused", ["no-log-entry"])
    found = judged(tmp_path, key_bundle(key, IMAGE.digest, log=Log()), policy)
    assert of(found) == ("refused", ["unknown-log"])


def test_a_certificate_where_the_policy_wants_a_key(tmp_path: Path) -> None:
    (tmp_path / "a.pub").write_bytes(pem(p256()))
    assert of(judged(tmp_path, signed(), {"by": "key", "key": "a.pub", "log": False})) == ("refused", ["wrong-key"])


def test_a_bundle_names_no_repository(tmp_path: Path) -> None:
    assert of(judged(tmp_path, signed(), {"match-repository": True})) == ("refused", ["unsupported"])


def test_roots_as_json_lines(tmp_path: Path) -> None:
    images = {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [bundle_referrer(IMAGE, signed())])}
    place(tmp_path, images, AT)
    lines = [json.dumps(one.trusted_root()) for one in (OTHER, AT)]
    (tmp_path / "root.json").write_text("\n".join(lines))
    assert of(verdict(tmp_path, KEYLESS, NAME)) == ("verified", [])
    (tmp_path / "root.json").write_text("\n".join([lines[0], lines[0]]))
    assert of(verdict(tmp_path, KEYLESS, NAME)) == ("refused", ["unknown-log"])


def test_a_root_without_logs_asks_for_none(tmp_path: Path) -> None:
    bundle = signed(version=2)
    material(bundle)["tlogEntries"] = []
    assert of(judged(tmp_path, bundle, tlogs=[])) == ("verified", [])
    assert of(judged(tmp_path, bundle)) == ("refused", ["no-log-entry"])
