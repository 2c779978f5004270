"""Artefacts and policies made to be taken for good ones; each is judged as the real tool's source has it.

Sources: notation-go verifier/trustpolicy and verifier/truststore; notary's tuf/tuf.go (paths of a delegation) and
tuf/signed/verify.go (thresholds); Go's crypto/x509 (purposes are nested).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from images import make_image
from notarykit import Notary, canonical, signing_leaf, write_copies, write_trust
from notarykit import Notation as Signed
from signed import IMAGE, REPOSITORY, Layer, beside, bundle_referrer, notation_referrer, place, verdict
from signingkit import (
    IDENTITY,
    ISSUER,
    NOW,
    Issued,
    Sigstore,
    b64,
    ca,
    classic_annotations,
    classic_payload,
    issue,
    keyless_bundle,
    name,
    p256,
    usage,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = f"{REPOSITORY}:1.0@{IMAGE.digest}"
ROOT = ca("root")
INTER = ca("inter", ROOT)
CHAIN = (signing_leaf(INTER), INTER, ROOT)
GOOD = Signed(CHAIN, IMAGE.digest, len(IMAGE.top.data))
MINE = "x509.subject: C=DE, ST=BE, O=Acme"
AT = Sigstore()
KEYLESS = {"by": "keyless", "identity": IDENTITY, "issuer": ISSUER, "trusted-root": "root.json"}


def by_notation(folder: Path, document: Mapping[str, Any] | None = None, **statement: Any) -> tuple[str, list[str]]:
    """Return verdict and reasons for a good signature under a trust policy."""
    place(folder, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [notation_referrer(IMAGE, GOOD.jws())])})
    write_trust(folder / "trust", {"ca:acme": [ROOT]}, **statement)
    if document is not None:
        (folder / "trust" / "trustpolicy.json").write_text(json.dumps(document))
    found = verdict(folder, {"by": "notation", "config": "trust"}, NAME)
    return found["verdict"], found["reasons"]


@pytest.mark.parametrize(
    "statement",
    [
        {"registryScopes": ["127.0.0.1:9601/*"]},
        {"registryScopes": ["*", REPOSITORY]},
        {"registryScopes": []},
        {"registryScopes": [REPOSITORY, REPOSITORY]},
        {"registryScopes": ["127.0.0.1:9601"]},
        {"registryScopes": [f"https://{REPOSITORY}"]},
        {"registryScopes": [REPOSITORY, f"{REPOSITORY}:1.0"]},
        {"trustedIdentities": ["*", MINE]},
        {"trustedIdentities": [MINE, f"{MINE}, CN=release"]},
        {"trustedIdentities": [f"{MINE}, CN=release", MINE]},
        {"trustedIdentities": ["anybody", MINE]},
        {"trustedIdentities": [f"{MINE}, O=Other"]},
        {"trustedIdentities": [f"{MINE}+CN=release"]},
        {"trustedIdentities": []},
        {"trustStores": []},
        {"name": ""},
        {"signatureVerification": {"level": "skip"}},
        {"signatureVerification": {"level": "strict", "override": {"authenticity": "skip"}}},
        {"signatureVerification": {"level": "strict", "override": {"integrity": "log"}}},
        {"signatureVerification": {"level": "skip", "override": {"revocation": "log"}}},
        {"signatureVerification": {"level": "strict", "verifyTimestamp": "never"}},
    ],
    ids=str,
)
def test_a_trust_policy_that_notation_does_not_follow_lets_nobody_sign(
    tmp_path: Path, statement: Mapping[str, Any]
) -> None:
    assert by_notation(tmp_path, **statement) == ("refused", ["no-policy"])


@pytest.mark.parametrize(
    "statement",
    [
        {"trustedIdentities": ["*"]},
        {"registryScopes": [REPOSITORY, "ghcr.io/acme/a__b.c-d/e"]},
        {"trustedIdentities": ["x509.subject: C=DE, ST=BE, O=Other", f"{MINE}, CN=release"]},
        {"signatureVerification": {"level": "strict", "override": {"revocation": "skip"}}},
        {"signatureVerification": {"level": "strict", "verifyTimestamp": ""}},
    ],
    ids=str,
)
def test_a_trust_policy_that_it_follows(tmp_path: Path, statement: Mapping[str, Any]) -> None:
    assert by_notation(tmp_path, **statement) == ("verified", [])


def test_statements_of_one_name_or_one_scope_are_no_policy(tmp_path: Path) -> None:
    one: dict[str, Any] = {
        "name": "a",
        "registryScopes": [REPOSITORY],
        "signatureVerification": {"level": "strict"},
        "trustStores": ["ca:acme"],
        "trustedIdentities": [MINE],
    }
    others: tuple[dict[str, Any], ...] = ({"registryScopes": ["*"]}, {"name": "b"})
    for number, other in enumerate(others):
        document = {"version": "1.0", "trustPolicies": [one, {**one, **other}]}
        assert by_notation(tmp_path / str(number), document) == ("refused", ["no-policy"])
    assert by_notation(tmp_path / "none", {"version": "1.0", "trustPolicies": []}) == ("refused", ["no-policy"])


def test_a_leaf_in_a_trust_store_anchors_nothing(tmp_path: Path) -> None:
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [notation_referrer(IMAGE, GOOD.jws())])})
    write_trust(tmp_path / "trust", {"ca:acme": [CHAIN[0]]})
    found = verdict(tmp_path, {"by": "notation", "config": "trust"}, NAME)
    assert (found["verdict"], found["reasons"]) == ("refused", ["untrusted-certificate", "no-policy"])


def test_a_certificate_that_signed_itself_anchors_itself(tmp_path: Path) -> None:
    alone = signing_leaf(INTER)
    alone = issue(name("C=DE", "ST=BE", "O=Acme"), alone.key, None, [(usage(signature=True), True)])
    signed = replace(GOOD, chain=(alone,))
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [notation_referrer(IMAGE, signed.jws())])})
    write_trust(tmp_path / "trust", {"ca:acme": [alone]})
    assert verdict(tmp_path, {"by": "notation", "config": "trust"}, NAME)["verdict"] == "verified"


def test_an_organisation_beside_the_trusted_one_in_a_name_is_another(tmp_path: Path) -> None:
    chain = (signing_leaf(INTER, ("C=DE", "ST=BE", "O=Evil", "O=Acme")), INTER, ROOT)
    signed = replace(GOOD, chain=chain)
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [notation_referrer(IMAGE, signed.jws())])})
    write_trust(tmp_path / "trust", {"ca:acme": [ROOT]})
    found = verdict(tmp_path, {"by": "notation", "config": "trust"}, NAME)
    assert (found["verdict"], found["reasons"]) == ("refused", ["wrong-identity"])


def authority(*purposes: x509.ObjectIdentifier) -> Issued:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (usage(certificates=True), True),
        (x509.ExtendedKeyUsage(list(purposes)), False),
    ]
    return issue(name("O=acme.test", "CN=purposes"), p256(), AT.root, extensions)


@pytest.mark.parametrize(
    ("purposes", "expected"),
    [
        ((ExtendedKeyUsageOID.SERVER_AUTH,), ("refused", ["untrusted-certificate"])),
        ((ExtendedKeyUsageOID.CODE_SIGNING,), ("verified", [])),
        ((ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,), ("verified", [])),
    ],
)
def test_an_authority_for_servers_signs_no_certificate_for_code(
    tmp_path: Path, purposes: tuple[x509.ObjectIdentifier, ...], expected: tuple[str, list[str]]
) -> None:
    between = authority(*purposes)
    leaf = AT.leaf(by=between)
    payload = classic_payload(REPOSITORY, IMAGE.digest)
    notes = classic_annotations(leaf, payload, AT) | {"dev.sigstore.cosign/chain": between.pem + AT.root.pem}
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, layers=[Layer(payload, notes)])}, AT)
    found = verdict(tmp_path, KEYLESS, NAME)
    assert (found["verdict"], found["reasons"]) == expected


def test_of_two_signatures_the_bad_one_takes_nothing_away_and_adds_nothing(tmp_path: Path) -> None:
    other = make_image("other")
    bad = bundle_referrer(IMAGE, keyless_bundle(AT, other.digest))
    good = bundle_referrer(IMAGE, keyless_bundle(AT, IMAGE.digest))
    for number, (listed, expected) in enumerate(
        (((bad, good), "verified"), ((good, bad), "verified"), ((bad,), "refused"))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        place(folder, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, list(listed))}, AT)
        assert verdict(folder, KEYLESS, NAME)["verdict"] == expected


def test_a_tag_that_is_signed_says_nothing_of_the_digest_beside_it(tmp_path: Path) -> None:
    other = make_image("other")
    images = {f"{REPOSITORY}:1.0": IMAGE, f"{REPOSITORY}:2.0": other}
    place(tmp_path, {**images, **beside(IMAGE, [bundle_referrer(IMAGE, keyless_bundle(AT, IMAGE.digest))])}, AT)
    assert verdict(tmp_path, KEYLESS, f"{REPOSITORY}:1.0@{other.digest}")["verdict"] == "unsigned"
    assert verdict(tmp_path, KEYLESS, f"{REPOSITORY}:2.0@{IMAGE.digest}")["verdict"] == "verified"


@dataclass
class Crafted(Notary):
    """A notary server whose metadata are changed before they are signed."""

    thresholds: Mapping[str, int] = field(default_factory=dict)
    paths: tuple[str, ...] = ("",)
    twice: bool = False

    def _signed(self, role: str, content: dict[str, Any], signer: str | None = None) -> bytes:
        if role == "root":
            for one, number in self.thresholds.items():
                if one in content["roles"]:
                    content["roles"][one]["threshold"] = number
        if role == "targets" and content["delegations"]["roles"]:
            content["delegations"]["roles"][0] |= {
                "paths": list(self.paths),
                "threshold": self.thresholds.get("targets/releases", 1),
            }
        data = super()._signed(role, content, signer)
        if self.twice:
            document = json.loads(data)
            document["signatures"] *= 2
            return canonical(document)
        return data


def by_dct(folder: Path, notary: Notary, root: str | None = None, digest: str = IMAGE.digest) -> tuple[str, list[str]]:
    folder.mkdir(exist_ok=True)
    place(folder, {f"{REPOSITORY}:1.0": IMAGE})
    write_copies(folder / "notary", notary.documents())
    policy = {"by": "dct", "server": "notary", "root-keys": [root or notary.root_id]}
    found = verdict(folder, policy, f"{REPOSITORY}:1.0@{digest}", now=NOW.timestamp())
    return found["verdict"], found["reasons"]


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "targets/releases"])
def test_one_key_that_signs_twice_is_not_two(tmp_path: Path, role: str) -> None:
    tags = {"1.0": IMAGE.digest}
    assert by_dct(tmp_path / "a", Crafted(REPOSITORY, tags, tags, twice=True)) == ("verified", [])
    crafted = Crafted(REPOSITORY, tags, tags, thresholds={role: 2}, twice=True)
    assert by_dct(tmp_path / "b", crafted) == ("refused", ["bad-signature"])


def test_a_threshold_of_none_is_no_threshold(tmp_path: Path) -> None:
    crafted = Crafted(REPOSITORY, {"1.0": IMAGE.digest}, thresholds={"targets": 0})
    assert by_dct(tmp_path, crafted) == ("refused", ["malformed"])


@pytest.mark.parametrize(
    ("paths", "expected"),
    [(("",), "verified"), (("1.", "x"), "verified"), (("2.",), "unsigned"), ((), "unsigned")],
)
def test_releases_speak_of_the_tags_that_they_may(tmp_path: Path, paths: tuple[str, ...], expected: str) -> None:
    crafted = Crafted(REPOSITORY, {}, {"1.0": IMAGE.digest}, paths=paths)
    assert by_dct(tmp_path, crafted) == (expected, [])


def test_releases_that_may_not_speak_of_a_tag_do_not_hide_targets(tmp_path: Path) -> None:
    other = make_image("other")
    crafted = Crafted(REPOSITORY, {"1.0": IMAGE.digest}, {"1.0": other.digest}, paths=("2.",))
    assert by_dct(tmp_path, crafted) == ("verified", [])


def test_the_root_is_pinned_by_its_certificate_or_by_its_key(tmp_path: Path) -> None:
    notary = Notary(REPOSITORY, {"1.0": IMAGE.digest})
    public = notary.root.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = {"keytype": "ecdsa", "keyval": {"private": None, "public": b64(public)}}
    bare = hashlib.sha256(canonical(key)).hexdigest()
    assert bare != notary.root_id
    assert by_dct(tmp_path / "a", notary, bare) == ("verified", [])
    stranger = p256().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key["keyval"] = {"private": None, "public": base64.b64encode(stranger).decode()}
    other = hashlib.sha256(canonical(key)).hexdigest()
    assert by_dct(tmp_path / "b", notary, other) == ("refused", ["wrong-key"])
