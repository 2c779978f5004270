"""Notation's signatures under its own trust policy: JWS and COSE, each check broken on its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from notarykit import Notation, signing_leaf, write_trust
from signed import IMAGE, REPOSITORY, beside, notation_referrer, place, verdict
from signingkit import NOW, START, Issued, Stamps, b64, ca, usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from signingkit import PrivateKey

ROOT = ca("root", length=1)
INTER = ca("inter", ROOT, length=0)
LEAF = signing_leaf(INTER)
THIRD = ca("third", INTER)
STRANGER = ca("root")
OTHER = (signing_leaf(STRANGER), STRANGER)
CHAIN = (LEAF, INTER, ROOT)
STAMPS = Stamps()
NAME = f"{REPOSITORY}:1.0@{IMAGE.digest}"
GOOD = Notation(CHAIN, IMAGE.digest, len(IMAGE.top.data))
JWS, COSE = "application/jose+json", "application/cose"


def judged(
    folder: Path,
    signed: Notation | bytes,
    media_type: str = JWS,
    stores: Mapping[str, Sequence[Issued]] | None = None,
    now: float | None = None,
    **policy: Any,
) -> tuple[str, list[str], list[str]]:
    data = signed if isinstance(signed, bytes) else signed.cose() if media_type == COSE else signed.jws()
    images = {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [notation_referrer(IMAGE, data, media_type)])}
    place(folder, images)
    write_trust(folder / "trust", stores or {"ca:acme": [ROOT]}, **policy)
    found = verdict(folder, {"by": "notation", "config": "trust"}, NAME, now=now)
    return found["verdict"], found["reasons"], found.get("warnings", [])


@pytest.mark.parametrize("media_type", [JWS, COSE])
@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("ES256", None),
        ("ES384", ec.generate_private_key(ec.SECP384R1())),
        ("ES512", ec.generate_private_key(ec.SECP521R1())),
        ("PS256", rsa.generate_private_key(65537, 2048)),
        ("PS384", rsa.generate_private_key(65537, 3072)),
    ],
)
def test_every_algorithm_in_both_envelopes(
    tmp_path: Path, media_type: str, algorithm: str, key: PrivateKey | None
) -> None:
    chain = (signing_leaf(INTER, key=key), INTER, ROOT)
    assert judged(tmp_path, replace(GOOD, chain=chain, algorithm=algorithm), media_type) == ("verified", [], [])
    verdict_, reasons, _ = judged(
        tmp_path / "other", replace(GOOD, chain=chain, algorithm=algorithm, digest="sha256:0"), media_type
    )
    assert (verdict_, reasons) == ("refused", ["other-image"])


def leaf(**more: Any) -> tuple[Issued, Issued, Issued]:
    return (signing_leaf(INTER, **more), INTER, ROOT)


WRONG: dict[str, tuple[Notation, list[str]]] = {
    "size": (replace(GOOD, size=1), ["other-image"]),
    "media type": (replace(GOOD, media_type="application/vnd.oci.image.index.v1+json"), ["other-image"]),
    "algorithm": (replace(GOOD, algorithm="ES384"), ["bad-signature", "malformed"]),
    "content": (replace(GOOD, content="application/json"), ["malformed", "not-an-image-signature"]),
    "scheme": (replace(GOOD, scheme="notary.other"), ["unsupported"]),
    "no time": (replace(GOOD, times={}), ["malformed"]),
    "both times": (
        replace(GOOD, times={"signingTime": NOW, "authenticSigningTime": NOW}),
        ["malformed"],
    ),
    "time of the other scheme": (replace(GOOD, times={"authenticSigningTime": NOW}), ["malformed"]),
    "nothing critical": (replace(GOOD, critical=()), ["malformed"]),
    "critical and not there": (replace(GOOD, critical=("signingScheme", "expiry")), ["malformed"]),
    "for answers about certificates": (
        replace(GOOD, chain=leaf(purposes=[ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.OCSP_SIGNING])),
        ["untrusted-certificate"],
    ),
    "unknown critical": (
        replace(GOOD, critical=("signingScheme", "acme.rule"), more={"acme.rule": "x"}),
        ["unsupported", "malformed"],
    ),
    "a plugin": (
        replace(
            GOOD,
            critical=("signingScheme", "verificationPlugin"),
            more={"io.cncf.notary.verificationPlugin": "acme"},
        ),
        ["unsupported"],
    ),
    "expiry not critical": (
        replace(GOOD, times={"signingTime": NOW, "expiry": NOW + timedelta(days=1)}),
        ["malformed"],
    ),
    "ends before it begins": (
        replace(
            GOOD, times={"signingTime": NOW, "expiry": NOW - timedelta(days=1)}, critical=("signingScheme", "expiry")
        ),
        ["malformed"],
    ),
    "expired": (
        replace(
            GOOD,
            times={"signingTime": NOW - timedelta(days=3), "expiry": NOW - timedelta(days=1)},
            critical=("signingScheme", "expiry"),
        ),
        ["expired"],
    ),
    "no root": (replace(GOOD, chain=CHAIN[:2]), ["untrusted-certificate"]),
    "not in order": (replace(GOOD, chain=(LEAF, ROOT, INTER)), ["untrusted-certificate"]),
    "another root": (
        replace(GOOD, chain=OTHER),
        ["untrusted-certificate"],
    ),
    "longer than allowed": (
        replace(GOOD, chain=(signing_leaf(THIRD), THIRD, INTER, ROOT)),
        ["untrusted-certificate"],
    ),
    "a leaf as issuer": (replace(GOOD, chain=(signing_leaf(LEAF), *CHAIN)), ["untrusted-certificate"]),
    "for servers": (
        replace(GOOD, chain=leaf(purposes=[ExtendedKeyUsageOID.SERVER_AUTH])),
        ["untrusted-certificate"],
    ),
    "for anything": (
        replace(GOOD, chain=leaf(purposes=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])),
        ["untrusted-certificate"],
    ),
    "for encryption": (
        replace(GOOD, chain=leaf(uses=usage(signature=True, key_encipherment=True))),
        ["untrusted-certificate"],
    ),
    "not for signatures": (replace(GOOD, chain=leaf(uses=usage(crl_sign=True))), ["untrusted-certificate"]),
    "an authority": (
        replace(GOOD, chain=leaf(more=[(x509.BasicConstraints(ca=True, path_length=None), True)])),
        ["untrusted-certificate"],
    ),
    "ended": (
        replace(GOOD, chain=leaf(window=(START, NOW - timedelta(days=1)))),
        ["untrusted-certificate"],
    ),
    "another name": (
        replace(GOOD, chain=leaf(subject=("C=DE", "ST=BE", "O=Other"))),
        ["wrong-identity"],
    ),
}


@pytest.mark.parametrize("media_type", [JWS, COSE])
@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_refused_and_says_why(tmp_path: Path, what: str, media_type: str) -> None:
    signed, reasons = WRONG[what]
    assert judged(tmp_path, signed, media_type)[:2] == ("refused", reasons)


@pytest.mark.parametrize("what", [*WRONG, "good"])
def test_audit_lets_everything_but_the_signature_and_the_image_pass(tmp_path: Path, what: str) -> None:
    signed, reasons = {**WRONG, "good": (GOOD, [])}[what]
    found = judged(tmp_path, signed, signatureVerification={"level": "audit"})
    is_logged = what in ("good", "expired", "another root", "ended", "another name")
    assert found == (("verified", [], reasons) if is_logged else ("refused", reasons, []))


def test_permissive_overlooks_times_and_not_who_signed(tmp_path: Path) -> None:
    level = {"level": "permissive"}
    assert judged(tmp_path, WRONG["expired"][0], signatureVerification=level) == ("verified", [], ["expired"])
    found = judged(tmp_path / "b", WRONG["another name"][0], signatureVerification=level)
    assert found == ("refused", ["wrong-identity"], [])
    level = {"level": "strict", "override": {"expiry": "skip"}}  # type: ignore[dict-item] # JSON's own
    # As notation-go: nothing but revocation may be left out.
    assert judged(tmp_path / "c", WRONG["expired"][0], signatureVerification=level)[:2] == ("refused", ["no-policy"])


def test_skip_is_never_called_verified(tmp_path: Path) -> None:
    found = judged(tmp_path, GOOD, signatureVerification={"level": "skip"}, trustStores=[], trustedIdentities=[])
    assert found == ("refused", ["no-policy"], [])


def test_a_scope_is_exact(tmp_path: Path) -> None:
    assert judged(tmp_path, GOOD, registryScopes=[REPOSITORY])[0] == "verified"
    assert judged(tmp_path / "b", GOOD, registryScopes=[f"{REPOSITORY}2"])[:2] == ("refused", ["no-policy"])


def test_who_may_sign_is_anybody_of_the_store_or_a_name_with_commas(tmp_path: Path) -> None:
    comma = replace(GOOD, chain=leaf(subject=("C=DE", "ST=BE", "O=Acme, Inc.")))
    identity = r"x509.subject: C=DE, ST=BE, O=Acme\, Inc."
    assert judged(tmp_path, comma, trustedIdentities=[identity])[0] == "verified"
    assert judged(tmp_path / "b", comma, trustedIdentities=["*"])[0] == "verified"


def test_a_signing_authority_has_a_store_of_its_own(tmp_path: Path) -> None:
    signed = replace(
        GOOD,
        scheme="notary.x509.signingAuthority",
        times={"authenticSigningTime": NOW},
        critical=("signingScheme", "authenticSigningTime"),
    )
    assert judged(tmp_path, signed)[:2] == ("refused", ["untrusted-certificate"])
    assert judged(tmp_path / "b", signed, stores={"signingAuthority:acme": [ROOT]})[0] == "verified"
    late = {"authenticSigningTime": NOW - timedelta(days=400)}
    found = judged(tmp_path / "c", replace(signed, times=late), stores={"signingAuthority:acme": [ROOT]})
    assert found[:2] == ("refused", ["untrusted-certificate"])


def test_a_time_stamp_outlives_the_certificate(tmp_path: Path) -> None:
    chain = leaf(window=(START, NOW + timedelta(hours=1)))
    stores = {"ca:acme": [ROOT], "tsa:t": [STAMPS.root]}
    later = (NOW + timedelta(days=5)).timestamp()
    stamped = replace(GOOD, chain=chain, stamp=STAMPS.token)
    for number, media_type in enumerate((JWS, COSE)):
        assert judged(tmp_path / str(number), stamped, media_type, stores, later) == ("verified", [], [])
    assert judged(tmp_path / "c", stamped, now=later)[:2] == ("refused", ["untrusted-certificate"])
    found = judged(tmp_path / "d", replace(GOOD, chain=chain), stores=stores)
    assert found[:2] == ("refused", ["no-trusted-time"])
    other = replace(GOOD, chain=chain, stamp=Stamps().token)
    assert judged(tmp_path / "e", other, stores=stores)[:2] == ("refused", ["bad-timestamp"])
    late = replace(GOOD, chain=chain, stamp=lambda signature: STAMPS.token(signature, NOW + timedelta(days=2)))
    assert judged(tmp_path / "f", late, stores=stores, now=later)[:2] == ("refused", ["untrusted-certificate"])


def test_a_stamp_may_be_wanted_only_of_what_has_ended(tmp_path: Path) -> None:
    stores = {"ca:acme": [ROOT], "tsa:t": [STAMPS.root]}
    level = {"level": "strict", "verifyTimestamp": "afterCertExpiry"}
    assert judged(tmp_path, GOOD, stores=stores, signatureVerification=level)[0] == "verified"


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", JWS),
        (b"{}", JWS),
        (b"", COSE),
        (b"\xd2\x84\x40\xa0\x40\x40", COSE),
        (b"\x84" * 3000, COSE),
        (b"\xd2\x80", COSE),
        (GOOD.cose() + b"\x00", COSE),
        (GOOD.jws().replace(b'"payload":"', b'"payload":"='), JWS),
        (GOOD.jws().replace(b'"x5c":["', b'"x5c":["AA'), JWS),
    ],
)
def test_no_bytes_end_in_a_traceback(tmp_path: Path, data: bytes, media_type: str) -> None:
    verdict_, reasons, _ = judged(tmp_path, data, media_type)
    assert (verdict_, reasons) == ("refused", ["malformed"])


def test_an_envelope_of_another_type_is_no_signature_that_can_be_read(tmp_path: Path) -> None:
    verdict_, reasons, _ = judged(tmp_path, GOOD.jws(), "application/xml")
    assert (verdict_, reasons) == ("refused", ["malformed"])


@pytest.mark.parametrize("critical", [("signingScheme", "signingScheme"), ("signingScheme", "signingTime")])
def test_a_jws_calls_critical_only_what_must_be_and_once(tmp_path: Path, critical: tuple[str, ...]) -> None:
    signed = replace(GOOD, critical=critical)
    assert judged(tmp_path / "jws", signed)[:2] == ("refused", ["malformed"])
    assert judged(tmp_path / "cose", signed, COSE)[:2] == ("verified", [])


@pytest.mark.parametrize(
    ("stores", "missing", "reasons"),
    [
        ({"ca:acme": [ROOT]}, "ca:absent", ["untrusted-certificate"]),
        ({"ca:acme": [ROOT]}, "signingAuthority:absent", []),
        ({"ca:acme": [ROOT], "tsa:acme": [STAMPS.root]}, "tsa:absent", ["untrusted-certificate"]),
    ],
)
def test_a_store_that_is_named_must_have_a_certificate(
    tmp_path: Path, stores: dict[str, list[Issued]], missing: str, reasons: list[str]
) -> None:
    found = judged(tmp_path, replace(GOOD, stamp=STAMPS.token), stores=stores, trustStores=[*stores, missing])
    assert found[:2] == ("refused" if reasons else "verified", reasons)


@pytest.mark.parametrize("identity", ["c=DE, st=BE, o=Acme", "C=, ST=BE, O=Acme"])
def test_the_parts_of_a_name_are_written_in_capitals_and_not_empty(tmp_path: Path, identity: str) -> None:
    found = judged(tmp_path, GOOD, trustedIdentities=[f"x509.subject: {identity}"])
    assert found[:2] == ("refused", ["no-policy"])


def test_one_good_signature_is_enough(tmp_path: Path) -> None:
    bad = notation_referrer(IMAGE, WRONG["expired"][0].jws())
    good = notation_referrer(IMAGE, GOOD.jws())
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE, **beside(IMAGE, [bad, good])})
    write_trust(tmp_path / "trust", {"ca:acme": [ROOT]})
    found = verdict(tmp_path, {"by": "notation", "config": "trust"}, NAME)
    assert found["verdict"] == "verified"
    assert [one["verified"] for one in found["signatures"]] == [False, True]
    assert found["signer"] == "CN=release,O=Acme,ST=BE,C=DE"


def test_no_signature_is_unsigned(tmp_path: Path) -> None:
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE})
    write_trust(tmp_path / "trust", {"ca:acme": [ROOT]})
    assert verdict(tmp_path, {"by": "notation", "config": "trust"}, NAME)["verdict"] == "unsigned"


def test_the_unprotected_stamp_must_be_bytes(tmp_path: Path) -> None:
    data = replace(GOOD, token=b"x").jws().replace(b64(b"x").encode(), b"***")
    assert judged(tmp_path, data)[:2] == ("refused", ["malformed"])
