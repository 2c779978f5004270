"""Corners of verification: what is said on the command line, and every check that hardly anything trips over."""

from __future__ import annotations

import asyncio
import hashlib
import json
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from fakes import FakeResolver, digest_of
from images import make_image
from notarykit import Notary, Notation, canonical, signing_leaf
from signed import IMAGE, REPOSITORY, beside, bundle_referrer, place, toml
from signingkit import (
    IDENTITY,
    ISSUER,
    NOW,
    Log,
    Sigstore,
    Stamps,
    b64,
    ca,
    compact,
    der,
    dsse_body,
    envelope,
    issue,
    key_bundle,
    keyless_bundle,
    name,
    p256,
    pem,
    record_body,
    second_body,
    sign,
    spki,
    usage,
)
from world import outcome, world

from pinner.cli.context import connect_to_registries
from pinner.config import Settings
from pinner.config.verify import SignaturePolicy
from pinner.errors import SignatureError, UnavailableError
from pinner.export.signatures import export_policies
from pinner.oci.resolver import NOBODY
from pinner.oci.types import Signature
from pinner.reference import Digest, ImageReference
from pinner.report.signatures import Checked, image_json, render_checked, signer_words
from pinner.report.style import Style
from pinner.verify import certificate as certificates
from pinner.verify.docker_content_trust import UnsignedError, verify_dct
from pinner.verify.docker_content_trust import Wanted as WantedTag
from pinner.verify.dsse import read_envelope as read_dsse
from pinner.verify.gate import VerifiedRegistry, check_answer, signer_change
from pinner.verify.notation import Stores, Subject, verify_notation
from pinner.verify.notation_envelope import COSE, JWS, read_envelope
from pinner.verify.notation_trust_policy import CHECKS, Statement
from pinner.verify.revocation import certificate_id
from pinner.verify.strict_decoding import Object
from pinner.verify.transparency_log import Signed, check_inclusion, check_is_of
from pinner.verify.trusted_root import read_trusted_roots
from pinner.verify.verdict import Judged, RefusedError, Signer, UntoldError, Verdict
from pinner.verify.verifier import Answer, Verifier, VerifierContext, files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from images import Image
    from world import Outcome

AT = Sigstore()
TRUSTED = read_trusted_roots(json.dumps(AT.trusted_root()).encode())[0]
FIRST, SECOND = make_image("app one"), make_image("app two")
NAME = f"{REPOSITORY}:1.0"
OTHER = IDENTITY.replace("release.yml", "nightly.yml")
KEYLESS = {"by": "keyless", "github": "acme/app", "trusted-root": "root.json", "name": "acme"}
REFERENCE = ImageReference.parse("ghcr.io/acme/app:1.0")
DIGEST = Digest.parse(IMAGE.digest)
POLICY = SignaturePolicy("key", name="acme", key=("a.pub",))


# The command line.


def signed(image: Image, identity: str = IDENTITY, repository: str = REPOSITORY) -> dict[str, Image]:
    bundle = keyless_bundle(AT, image.digest, AT.leaf(identity))
    return beside(image, [bundle_referrer(image, bundle)], repository=repository)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place(tmp_path, {NAME: FIRST, f"{REPOSITORY}:2.0": SECOND, **signed(FIRST)}, AT)
    (tmp_path / "Dockerfile").write_text(f"FROM {NAME}\n")
    (tmp_path / ".git").mkdir()
    return tmp_path


def run(folder: Path, *arguments: str, policy: Mapping[str, Any] | None = KEYLESS, more: str = "") -> Outcome:
    (folder / "pinner.toml").write_text(more + ("" if policy is None else toml(policy)))
    context = world(folder)._replace(connect=connect_to_registries)
    return outcome(context, *arguments, "--layout", "layout", "--no-cache")


def test_without_a_policy_nobody_may_sign(folder: Path) -> None:
    ran = run(folder, "verify", NAME, policy=None)
    assert ran.status == 2
    assert "nothing says who may sign" in ran.stderr
    assert "--by key --key FILE" in ran.stderr


@pytest.mark.parametrize(
    "option", [["--key", "a.pub"], ["--identity", IDENTITY], ["--identity-regex", ".*"], ["--github", "acme/app"]]
)
def test_whom_to_trust_says_nothing_without_how(folder: Path, option: list[str]) -> None:
    ran = run(folder, "verify", *option, NAME)
    assert ran.status == 2
    assert "says whom to trust and not how" in ran.stderr


def test_a_policy_on_the_command_line_is_in_the_place_of_the_files(folder: Path) -> None:
    key = p256()
    place(folder, {NAME: FIRST, **beside(FIRST, [bundle_referrer(FIRST, key_bundle(key, FIRST.digest))])}, AT)
    (folder / "a.pub").write_bytes(pem(key))
    (folder / "b.pub").write_bytes(pem(p256()))
    good = run(folder, "verify", "--by", "key", "--key", "a.pub", "--no-log", NAME)
    assert (good.status, "verified: signed by a.pub" in good.stdout) == (0, True), good.stderr
    bad = run(folder, "verify", "--by", "key", "--key", "b.pub", "--no-log", NAME)
    assert (bad.status, "refused" in bad.stdout) == (1, True)


@pytest.mark.parametrize(("names", "status"), [((NAME,), 2), ((), 0), (("Dockerfile",), 0)])
def test_an_image_that_no_policy_fits_is_wrong_only_where_it_is_named(
    folder: Path, names: tuple[str, ...], status: int
) -> None:
    policy = {**KEYLESS, "images": ["ghcr.io/other/*"]}
    ran = run(folder, "verify", *names, policy=policy)
    assert ran.status == status
    assert ran.stdout == f"{NAME}: not verified: no policy\n"
    told = json.loads(run(folder, "verify", "--format", "json", *names, policy=policy).stdout)["images"]
    assert told == [{"image": NAME, "digest": None, "verdict": None, "reasons": [], "detail": "no policy"}]


@pytest.mark.parametrize("names", [(), ("Dockerfile",), (".",), ("Dockerfile", NAME)])
def test_the_images_of_files_are_verified_once_each(folder: Path, names: tuple[str, ...]) -> None:
    ran = run(folder, "verify", *names)
    assert ran.status == 0, ran.stderr
    assert ran.stdout.count(f"{NAME}: verified: signed by {IDENTITY} (of {ISSUER})") == 1


def test_a_tag_that_does_not_exist_is_not_known(folder: Path) -> None:
    ran = run(folder, "verify", f"{REPOSITORY}:9.9")
    assert ran.status == 2
    assert "not verified: its digest could not be determined" in ran.stdout
    assert "error" in ran.stderr
    told = json.loads(run(folder, "verify", "--format", "json", f"{REPOSITORY}:9.9").stdout)["images"][0]
    assert (told["verdict"], told["digest"]) == ("unknown", None)


def test_the_worst_of_several_images_is_the_status(folder: Path) -> None:
    assert run(folder, "verify", NAME, f"{REPOSITORY}:2.0").status == 1
    assert run(folder, "verify", NAME, f"{REPOSITORY}:2.0", f"{REPOSITORY}:9.9").status == 2


def test_what_is_neither_a_file_nor_an_image(folder: Path) -> None:
    ran = run(folder, "verify", "No Such:Thing")
    assert ran.status == 2
    assert "`No Such:Thing` is neither a file nor an image" in ran.stderr


@pytest.mark.parametrize("where", ["acme/signatures", "127.0.0.1:9601/acme/signatures"])
def test_signatures_may_be_in_another_repository(folder: Path, where: str) -> None:
    elsewhere = signed(SECOND, repository="127.0.0.1:9601/acme/signatures")
    place(folder, {NAME: SECOND, **elsewhere}, AT)
    assert run(folder, "verify", NAME).status == 1
    assert run(folder, "verify", NAME, policy={**KEYLESS, "signatures-in": where}).status == 0


# What is reported.


@pytest.mark.parametrize(
    ("signer", "words"),
    [
        (Signer("key", "a.pub"), "a.pub"),
        (Signer("key", "a.pub", signed_at=NOW), "a.pub, stamped 2026-11-01"),
        (Signer("keyless", "x", "y", log=("https://log.example", 7)), "x (of y), entry 7 of log.example"),
        (
            Signer("keyless", "x", signed_at=NOW, log=("log.example", 7)),
            "x, logged 2026-11-01, entry 7 of log.example",
        ),
        (Signer("dct", "x", "y", log=("https://notary.example", 3)), "x (of y)"),
    ],
)
def test_who_signed_in_words(signer: Signer, words: str) -> None:
    assert signer_words(signer) == words


def text(verdict: Verdict, root_name: str = "", mode: str = "enforce") -> list[str]:
    answer = Answer(verdict, POLICY._replace(mode=mode), root_name)
    return render_checked([Checked(REFERENCE, DIGEST, answer)], "text", Style())


def test_several_signatures_are_each_told_with_a_help_for_an_old_root() -> None:
    judged = (
        Judged("bundle", "sha256:0123456789abcdef", reasons=("unknown-log",)),
        Judged("classic", "sha256:fedcba9876543210", reasons=("wrong-key",), detail="by another key"),
    )
    verdict = Verdict("refused", ("unknown-log", "wrong-key"), judged, IMAGE.digest, "why")
    first, *others = text(verdict, "the root of the package")
    assert first == f"{REFERENCE}: error: refused (unknown-log, wrong-key): why"
    assert others == [
        "  bundle sha256:0123456789ab…: unknown-log",
        "  classic sha256:fedcba987654…: by another key",
        "  help: it was held against the root of the package; `pinner trust update` fetches a newer one",
    ]
    assert text(verdict)[-1].endswith("by another key")
    assert text(Verdict("unsigned"), mode="warn") == [f"{REFERENCE}: warning: unsigned"]


def test_a_signer_is_told_as_far_as_it_is_known() -> None:
    bare = Judged("bundle", "sha256:0", Signer("key", "a.pub"))
    told = image_json(Checked(REFERENCE, DIGEST, Answer(Verdict("verified", (), (bare,), IMAGE.digest), POLICY)))
    assert told["signer"] == "a.pub"
    assert not {"issuer", "keyId", "signedAt", "log", "detail"} & told.keys()
    full = Judged("bundle", "sha256:0", Signer("key", "a.pub", "y", "ab", NOW, ("https://l", 7), detail="of x"))
    verdict = Verdict("verified", (), (full,), IMAGE.digest)
    told = image_json(Checked(REFERENCE, DIGEST, Answer(verdict, POLICY)))
    assert (told["issuer"], told["keyId"], told["signedAt"]) == ("y", "ab", "2026-11-01T12:00:00Z")
    assert told["log"] == {"url": "https://l", "index": 7}
    assert told["signatures"] == [
        {"scheme": "bundle", "place": "sha256:0", "verified": True, "reasons": [], "signer": "a.pub", "detail": "of x"}
    ]
    assert text(verdict)[1:] == ["  note: of x"]


# What is exported.


@pytest.mark.parametrize("glob", ["*", "ghcr.io/a?me/*", "nginx", "/**"])
def test_a_glob_that_is_no_scope_is_noted(glob: str) -> None:
    made = export_policies("containers-policy", [POLICY._replace(images=(glob,))], None, lambda _: b"")
    assert made.policies == 0
    assert made.notes == (f"acme: `{glob}` is no scope of policy.json",)


def test_what_notation_has_already_is_noted() -> None:
    policies = [SignaturePolicy("notation", name="theirs"), POLICY, SignaturePolicy("notation", name="x", config="c")]
    made = export_policies("notation-policy", policies, None, lambda _: b"[]")
    assert json.loads(made.text) == {"version": "1.0", "trustPolicies": []}
    assert (made.policies, made.notes) == (0, ("theirs: it is notation's own trust policy already",))


@pytest.mark.parametrize(
    ("policy", "status", "said"),
    [
        ({"by": "key", "key": "a.pub", "images": ["quay.io/*"]}, 3, "there is nothing to verify"),
        ({"by": "notation", "name": "acme"}, 3, "acme: cosign verifies nothing by notation"),
        (
            {"by": "keyless", "identity": "bot@acme.test", "issuer": ISSUER, "trusted-root": "root.json"},
            0,
            f"--certificate-identity bot@acme.test --certificate-oidc-issuer {ISSUER} --trusted-root root.json",
        ),
        (
            {"by": "keyless", "identity-regex": "bot@.*", "issuer": ISSUER, "annotations": {"a": "b"}},
            0,
            f"--certificate-identity-regexp '^(?:bot@.*)$' --certificate-oidc-issuer {ISSUER} -a a=b",
        ),
    ],
)
def test_a_command_for_cosign(folder: Path, policy: Mapping[str, Any], status: int, said: str) -> None:
    assert run(folder, "lock", policy={"by": "none"}).status == 0
    (folder / "pinner.toml").write_text(toml(policy))
    ran = outcome(world(folder), "export", "cosign")
    assert said in ran.stdout + ran.stderr
    assert ran.status == status, ran.stderr


# What a check finds.


@pytest.mark.parametrize(
    ("content", "policy", "more", "is_found"),
    [
        (f"FROM {NAME}@{FIRST.digest}\n", KEYLESS, "", True),
        (f"FROM {NAME}@{FIRST.digest}\n", {**KEYLESS, "mode": "warn"}, "", False),
        (f"FROM {NAME}@{FIRST.digest}\n", KEYLESS, '[rules]\nPIN106 = "off"\n', False),
        (f"FROM {NAME}@{SECOND.digest}\n", KEYLESS, "", False),
        (f"FROM {REPOSITORY}@{FIRST.digest}\n", KEYLESS, "", False),
        (f"ARG X\nFROM $X\nFROM {NAME}@{FIRST.digest}\n", KEYLESS, "", True),
    ],
)
def test_when_the_lock_lacks_a_signer(
    folder: Path, content: str, policy: Mapping[str, Any], more: str, *, is_found: bool
) -> None:
    (folder / "Dockerfile").write_text(f"FROM {NAME}@{FIRST.digest}\n")
    assert run(folder, "lock", policy={"by": "none"}).status == 0
    (folder / "Dockerfile").write_text(content)
    assert ("PIN106" in run(folder, "check", policy=policy, more=more).stdout) == is_found


# The gate.


def gate(registry: FakeResolver, *policies: SignaturePolicy, **more: Any) -> VerifiedRegistry:
    own = VerifierContext(lambda _: pem(p256()), lambda _: (), {}, NOW.timestamp)
    return VerifiedRegistry(registry, Verifier(Settings(verify=policies), registry, own), **more)


def test_what_no_policy_is_about_goes_through_as_it_is() -> None:
    inner = FakeResolver()
    inner.lists[REFERENCE.repository] = ("1.0", "2.0")
    guarded = gate(inner)

    async def ask() -> None:
        resolved = await guarded.resolve(REFERENCE, None)
        pinned = ImageReference.parse(f"ghcr.io/acme/app:1.0@{resolved.digest}")
        assert resolved.digest == digest_of(REFERENCE.canonical)
        assert await guarded.signature(REFERENCE) is None
        assert await guarded.signature(pinned) is None
        assert (await guarded.describe(pinned)).digest == resolved.digest
        assert await guarded.config(pinned) is None
        assert await guarded.attachments(pinned) == ()
        assert await guarded.list_tags(REFERENCE) == ("1.0", "2.0")
        assert (await guarded.allowance("ghcr.io")).registry == "ghcr.io"
        with pytest.raises(UnavailableError, match="nobody has the signatures"):
            guarded.artifacts(pinned)

    asyncio.run(ask())


def test_signatures_that_cannot_be_looked_up_hold_a_tag_back() -> None:
    warned: list[str] = []
    held = gate(FakeResolver(), POLICY)
    warning = gate(FakeResolver(), POLICY._replace(mode="warn"), on_warning=warned.append)

    async def ask() -> None:
        with pytest.raises(UnavailableError, match="could not be determined; nobody has the signatures"):
            await held.resolve(REFERENCE, None)
        resolved = await warning.resolve(REFERENCE, None)
        same = ImageReference.parse(f"{REFERENCE}@{resolved.digest}")
        assert await held.resolve(same, None) == await FakeResolver().resolve(same, None)

    asyncio.run(ask())
    assert [" is unknown: nobody has the signatures" in one for one in warned] == [True]


@pytest.mark.parametrize(
    ("verdict", "rule", "said"),
    [
        (Verdict("unsigned", detail="no tag"), "PIN106", "is unsigned; no tag (PIN106 unsigned)"),
        (Verdict("refused", ("wrong-key",)), "PIN107", "counts: wrong-key (PIN107 signature-invalid)"),
    ],
)
def test_what_is_refused_names_its_rule(verdict: Verdict, rule: str, said: str) -> None:
    with pytest.raises(SignatureError) as caught:
        check_answer(REFERENCE, DIGEST, Answer(verdict, POLICY))
    assert caught.value.rule == rule
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("before", "after", "compares", "is_held"),
    [
        (IDENTITY, OTHER, True, True),
        (IDENTITY, IDENTITY, True, False),
        (IDENTITY, OTHER, False, False),
        (None, OTHER, True, False),
    ],
)
def test_what_a_file_holds_counts_as_before_where_nothing_is_recorded(
    tmp_path: Path, before: str | None, after: str, *, compares: bool, is_held: bool
) -> None:
    old = {} if before is None else signed(FIRST, before)
    place(tmp_path, {NAME: SECOND, f"{REPOSITORY}:old": FIRST, **old, **signed(SECOND, after)}, AT)
    (tmp_path / "pinner.toml").write_text("")
    policy = SignaturePolicy("keyless", name="acme", github="acme/app", trusted_root="root.json")
    settings = Settings(verify=(policy,), layout=str(tmp_path / "layout"))
    own = VerifierContext(files_of(str(tmp_path)), lambda _: (), {}, NOW.timestamp, str(tmp_path))

    async def ask() -> Digest:
        async with connect_to_registries(settings, {}, NOBODY) as registry:
            guarded = VerifiedRegistry(registry, Verifier(settings, registry, own), compares_files=compares)
            reference = ImageReference.parse(f"{NAME}@{FIRST.digest}")
            return (await guarded.resolve(reference, None)).digest

    if is_held:
        with pytest.raises(SignatureError, match=r"is held back: it is signed by .*nightly") as caught:
            asyncio.run(ask())
        assert caught.value.rule == "PIN108"
    else:
        assert str(asyncio.run(ask())) == SECOND.digest


def test_a_file_of_a_policy_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * (4 * 1024 * 1024))
    (tmp_path / "b").write_bytes(b"x" * (4 * 1024 * 1024 + 1))
    read = files_of(str(tmp_path))
    assert len(read("a")) == 4 * 1024 * 1024
    with pytest.raises(OSError, match="larger than 4 MB"):
        read("b")


# Who signed before.


def record(by: str = "keyless", signer: str = IDENTITY, **more: Any) -> Signature:
    return Signature(by, signer, IMAGE.digest, "sha256:0", **{"policy": "acme@1", **more})


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (None, record(), ""),
        (record(), record(signer=IDENTITY.replace("v1.0.0", "v2.0.0")), ""),
        (record(), record(signer=IDENTITY.replace("refs/tags/v1.0.0", "refs/heads/x")), "it is signed by"),
        (record(), record("key"), "it is signed by"),
        (record("key", key_id="a"), record("key", "moved.pub", key_id="a"), ""),
        (record("dct", key_id="a"), record("dct", key_id="b"), "it is signed by"),
        (record(), record(issuer="https://elsewhere"), "it is signed by"),
        (record(), record("key", policy="acme@2"), ""),
        (record(signed_at="2026-11-01T00:00:00Z"), record(signed_at="2026-10-01T00:00:00Z"), "is of 2026-10-01"),
        (record(signed_at="2026-11-01T00:00:00Z"), record(), "is of no known time, older"),
        (record(), record(signed_at="2026-10-01T00:00:00Z"), ""),
    ],
)
def test_when_a_signer_goes_on(before: Signature | None, after: Signature, why: str) -> None:
    found = signer_change(before, after)
    assert why in found
    assert bool(why) == bool(found)


# Certificates.

NO_SIGNER = [(x509.BasicConstraints(ca=True, path_length=None), True), (usage(signature=True), True)]


@pytest.mark.parametrize(
    ("issued", "below", "may"),
    [
        (ca("a"), 5, True),
        (ca("a", length=1), 1, True),
        (ca("a", length=0), 1, False),
        (issue(name("CN=a"), p256(), None), 0, False),
        (issue(name("CN=a"), p256(), None, NO_SIGNER), 0, False),
        (issue(name("CN=a"), p256(), None, NO_SIGNER[:1]), 0, True),
        (AT.leaf(), 0, False),
    ],
)
def test_who_may_issue(issued: Any, below: int, *, may: bool) -> None:
    assert certificates.may_issue(issued.certificate, below) is may


def test_a_dead_end_is_left_for_the_way_to_the_root() -> None:
    root, stranger, key = ca("root"), ca("stranger"), p256()
    dead, inter = ca("inter", stranger, key), ca("inter", root, key)
    leaf = signing_leaf(inter)
    others = (dead.certificate, inter.certificate)
    found = certificates.chain_at(leaf.certificate, others, root.certificate, NOW)
    assert found == [leaf.certificate, inter.certificate, root.certificate]
    assert certificates.chain_at(leaf.certificate, others[:1], root.certificate, NOW) is None


def test_a_key_for_lists_is_not_for_signatures() -> None:
    leaf = signing_leaf(AT.inter, uses=usage(crl_sign=True))
    with pytest.raises(RefusedError, match="key is not for signatures") as caught:
        certificates.check_leaf(leaf.certificate)
    assert caught.value.reasons == ("untrusted-certificate",)


def test_a_log_of_certificates_must_have_signed_what_names_it() -> None:
    chain = [AT.leaf().certificate, AT.inter.certificate, AT.root.certificate]
    certificates.check_sct(chain, TRUSTED)
    other = TRUSTED.ct_logs[0]._replace(key=p256().public_key())
    with pytest.raises(RefusedError) as caught:
        certificates.check_sct(chain, TRUSTED._replace(ct_logs=(other,)))
    assert caught.value.reasons == ("bad-sct",)


def test_names_and_issuers_of_a_certificate() -> None:
    names = [
        x509.DirectoryName(name("CN=somebody")),
        x509.OtherName(x509.ObjectIdentifier("1.2.3"), der(0x0C, b"x")),
        x509.RFC822Name("bot@acme.test"),
        x509.DNSName("acme.test"),
    ]
    old = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1"), b"https://old.test")
    both = issue(name(), p256(), AT.inter, [(x509.SubjectAlternativeName(names), True), (old, False)]).certificate
    assert certificates.names_of(both) == ("bot@acme.test", "acme.test")
    assert certificates.issuer_of(both) == "https://old.test"
    assert certificates.issuer_of(AT.leaf(issuer="https://new.test").certificate) == "https://new.test"
    bare = issue(name("CN=a"), p256(), None).certificate
    assert (certificates.names_of(bare), certificates.issuer_of(bare)) == ((), None)
    assert certificates.claim_of(bare, "source-ref") is None


# Entries of a log.

KEY = p256()
LEAF = AT.leaf()
PAYLOAD = b"a payload"
SIGNATURE = sign(KEY, PAYLOAD)
ENVELOPE = read_dsse(Object(envelope(PAYLOAD, SIGNATURE), "the envelope"))
MESSAGE = Signed(SIGNATURE, KEY.public_key(), PAYLOAD)
ENVELOPED = MESSAGE._replace(envelope=ENVELOPE)


def body(kind: str, version: str, spec: Mapping[str, Any]) -> bytes:
    return compact({"kind": kind, "apiVersion": version, "spec": spec})


def second(verifier: Mapping[str, Any], algorithm: str = "SHA2_256", content: bytes = PAYLOAD) -> bytes:
    record = {
        "data": {"algorithm": algorithm, "digest": b64(hashlib.sha256(content).digest())},
        "signature": {"content": b64(SIGNATURE), "verifier": verifier},
    }
    return body("hashedrekord", "0.0.2", {"hashedRekordV002": record})


def in_toto(signature: bytes = SIGNATURE, count: int = 1, payload: bytes = PAYLOAD, sig: str = "") -> bytes:
    one = {"sig": sig or b64(b64(signature).encode()), "publicKey": b64(pem(KEY))}
    digest = {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()}
    return body("intoto", "0.0.2", {"content": {"payloadHash": digest, "envelope": {"signatures": [one] * count}}})


def dsse(count: int) -> bytes:
    made = json.loads(dsse_body(PAYLOAD, SIGNATURE, pem(KEY)))
    made["spec"]["signatures"] *= count
    return compact(made)


PUBLIC = {"publicKey": {"rawBytes": b64(spki(KEY))}}
RECORD, SECOND_RECORD = ("hashedrekord", "0.0.1"), ("hashedrekord", "0.0.2")
DSSE, IN_TOTO = ("dsse", "0.0.1"), ("intoto", "0.0.2")


@pytest.mark.parametrize(
    ("kind", "data", "about", "why"),
    [
        (RECORD, record_body(PAYLOAD, SIGNATURE, pem(KEY)), MESSAGE, ""),
        (RECORD, record_body(PAYLOAD, SIGNATURE, pem(KEY)), ENVELOPED, "of a message and not of an envelope"),
        (RECORD, record_body(b"other", SIGNATURE, pem(KEY)), MESSAGE, "the payload differs"),
        (RECORD, record_body(PAYLOAD, b"other", pem(KEY)), MESSAGE, "the signature differs"),
        (RECORD, record_body(PAYLOAD, SIGNATURE, pem(p256())), MESSAGE, "certificate or key differs"),
        (RECORD, record_body(PAYLOAD, SIGNATURE, LEAF.pem.encode()), MESSAGE, "by a key and not by a certificate"),
        (RECORD, dsse(1), MESSAGE, "another kind than the bundle says"),
        (("rpm", "0.0.1"), body("rpm", "0.0.1", {}), MESSAGE, "entries of the kind rpm 0.0.1 are none"),
        (SECOND_RECORD, second(PUBLIC), MESSAGE, ""),
        (SECOND_RECORD, second(PUBLIC, algorithm="SHA2_512"), MESSAGE, "not that of the key's kind"),
        (SECOND_RECORD, second(PUBLIC, content=b"other"), MESSAGE, "the payload differs"),
        (SECOND_RECORD, second_body(PAYLOAD, SIGNATURE, LEAF), ENVELOPED, "by a key and not by a certificate"),
        (DSSE, dsse(1), ENVELOPED, ""),
        (DSSE, dsse(1), MESSAGE, "of an envelope and not of a message"),
        (DSSE, dsse(0), ENVELOPED, "it has not one signature"),
        (DSSE, dsse(2), ENVELOPED, "it has not one signature"),
        (IN_TOTO, in_toto(), ENVELOPED, ""),
        (IN_TOTO, in_toto(count=2), ENVELOPED, "it has not one signature"),
        (IN_TOTO, in_toto(b"other"), ENVELOPED, "the signature differs"),
        (IN_TOTO, in_toto(payload=b"other"), ENVELOPED, "the payload differs"),
    ],
)
def test_an_entry_is_this_signatures(kind: tuple[str, str], data: bytes, about: Signed, why: str) -> None:
    if not why:
        check_is_of(data, *kind, about)
        return
    with pytest.raises(RefusedError, match=why) as caught:
        check_is_of(data, *kind, about)
    assert caught.value.reasons == ("other-log-entry",)


def test_an_entry_of_in_toto_keeps_base64_of_base64() -> None:
    with pytest.raises(RefusedError, match="a signature that is not base64") as caught:
        check_is_of(in_toto(sig=b64(b"\xff")), *IN_TOTO, ENVELOPED)
    assert caught.value.reasons == ("malformed",)


def test_a_checkpoint_of_another_log_is_not_this_logs() -> None:
    log = Log("rekor2.acme.test", 2)
    entry = Object(log.entry(b"body", SECOND_RECORD), "the entry")
    known = read_trusted_roots(json.dumps(AT.trusted_root(tlogs=[log.root_entry()])).encode())[0].logs[0]
    check_inclusion(known, entry, b"body")
    with pytest.raises(RefusedError, match="the log's checkpoint is another log's") as caught:
        check_inclusion(known._replace(url="https://elsewhere.test"), entry, b"body")
    assert caught.value.reasons == ("bad-log-entry",)


# Notation.

ROOT = ca("root", length=1)
STAMPS = Stamps()
GOOD = Notation((signing_leaf(ROOT), ROOT), IMAGE.digest, 8)
SUBJECT = Subject(IMAGE.digest, 8, GOOD.media_type)
STATEMENT = Statement(
    "acme", is_skip=False, actions=dict.fromkeys(CHECKS, "enforce"), stores=(("ca", "a"),), identities=None
)


def verified(
    made: Notation,
    revocation: Mapping[str, str] | None = None,
    stores: Stores | None = None,
    on_revocation: str = "enforce",
) -> tuple[Signer, tuple[str, ...]]:
    statement = STATEMENT._replace(actions={**STATEMENT.actions, "revocation": on_revocation}, stamps_always=False)
    anchors = stores or Stores((made.chain[-1].certificate,))
    return verify_notation((made.jws(), JWS), SUBJECT, statement, anchors, NOW, revocation or {})


def test_a_revocation_counts_as_the_trust_policy_has_it() -> None:
    leaf = certificate_id(GOOD.chain[0].certificate)
    assert verified(GOOD, {leaf: "good"})[1] == ()
    with pytest.raises(RefusedError, match="is revoked") as caught:
        verified(GOOD, {leaf: "revoked"})
    assert caught.value.reasons[0] == "revoked"
    assert verified(GOOD, {leaf: "revoked"}, on_revocation="log")[1] == ("revoked",)
    assert verified(GOOD, {leaf: "nobody answers"}, on_revocation="log")[1] == ("revocation-unknown",)
    assert verified(GOOD, {leaf: "nobody answers"}, on_revocation="skip")[1] == ()
    with pytest.raises(UntoldError, match="nobody answers"):
        verified(GOOD, {leaf: "nobody answers"})


@dataclass
class Saying(Notation):
    """An envelope whose payload is another."""

    says: bytes = b""

    @property
    def payload(self) -> bytes:
        return self.says


@pytest.mark.parametrize("says", [b"", b"{}", b'{"targetArtifact": {"digest": 1}}'])
def test_a_payload_that_is_none_is_malformed(says: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        verified(Saying(GOOD.chain, IMAGE.digest, 8, says=says))
    assert caught.value.reasons[0] == "malformed"


def test_a_stamp_of_a_stranger_that_nobody_asked_for_says_no_time() -> None:
    stores = Stores((ROOT.certificate,), tsa=(STAMPS.root.certificate,), has_tsa=True)
    assert verified(replace(GOOD, stamp=STAMPS.token), stores=stores)[0].signed_at == NOW
    assert verified(replace(GOOD, stamp=Stamps().token), stores=stores)[0].signed_at is None


def test_every_authority_of_a_chain_may_sign_certificates_with_a_known_hash() -> None:
    unfit = issue(name("CN=a"), p256(), None, [(x509.BasicConstraints(ca=True, path_length=None), True)])
    with pytest.raises(RefusedError, match="may not sign certificates"):
        verified(replace(GOOD, chain=(signing_leaf(unfit), unfit)))
    hashless = ca("root", key=ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(RefusedError, match="a hash that is not known") as caught:
        verified(replace(GOOD, chain=(signing_leaf(hashless), hashless)))
    assert caught.value.reasons == ("untrusted-certificate",)


def cose(headers: Mapping[Any, Any] | None = None, plain: Mapping[Any, Any] | None = None, **parts: object) -> bytes:
    """Return the good envelope with other headers or parts; None takes a header out."""
    protected, beside_, payload, signature = cbor2.loads(GOOD.cose()).value
    own = {**cbor2.loads(protected), **(headers or {})}
    other = {**beside_, **(plain or {})}
    members = {
        "protected": cbor2.dumps({key: value for key, value in own.items() if value is not None}),
        "headers_beside": {key: value for key, value in other.items() if value is not None},
        "payload": payload,
        "signature": signature,
        **parts,
    }
    return cbor2.dumps(cbor2.CBORTag(18, list(members.values())))


TIME = "io.cncf.notary.signingTime"
STAMP = "io.cncf.notary.timestampSignature"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (cose(plain={STAMP: "text"}), "time stamp is none"),
        (cose({"io.cncf.notary.signingScheme": 1}), "has no scheme"),
        (cose({"io.cncf.notary.signingScheme": None}), "has no scheme"),
        (cose(protected=cbor2.dumps([])), "headers are none"),
        (cose(headers_beside=1), "headers are none"),
        (cose(payload=None), "has no content"),
        (cose(signature="text"), "has no content"),
        (cose(plain={33: None}), "has no certificates"),
        (cose(plain={33: [1]}), "has no certificates"),
        (cose(plain={33: []}), "no chain of certificates that could be one"),
        (cose({TIME: 1793534400}), "a time that is none"),
        (cose({TIME: "2026-11-01"}), "a time that is none"),
        (GOOD.cose() + b"\x00", "no COSE_Sign1"),
        (cbor2.dumps(cbor2.CBORTag(17, cbor2.loads(GOOD.cose()).value)), "no COSE_Sign1"),
    ],
)
def test_an_envelope_of_cose_is_read_strictly(data: bytes, why: str) -> None:
    assert read_envelope(cose(), COSE).signed_at == NOW
    with pytest.raises(RefusedError, match=why) as caught:
        read_envelope(data, COSE)
    assert caught.value.reasons == ("malformed",)


def test_an_envelope_is_of_a_known_type_and_has_no_endless_chain() -> None:
    with pytest.raises(RefusedError, match="application/xml is not known") as caught:
        read_envelope(GOOD.jws(), "application/xml")
    assert caught.value.reasons == ("unsupported",)
    assert len(read_envelope(replace(GOOD, chain=[*GOOD.chain] * 5).jws(), JWS).chain) == 10
    with pytest.raises(RefusedError, match="no chain of certificates"):
        read_envelope(replace(GOOD, chain=[*GOOD.chain] * 5 + [ROOT]).jws(), JWS)


# Docker Content Trust.


class Changed(Notary):
    """A server whose metadata of one role are changed before they are signed, or signed by another role's key."""

    role = ""
    by: str | None = None

    @property
    def targets_id(self) -> str:
        return self._key("targets")[0]

    def unreadable_key(self) -> tuple[str, dict[str, object]]:
        return self._public("ecdsa-x509", b"no certificate")

    def change(self, content: dict[str, Any]) -> None:
        """Leave it as it is."""

    def _signed(self, role: str, content: dict[str, object], signer: str | None = None) -> bytes:
        if role != self.role:
            return super()._signed(role, content, signer)
        made = deepcopy(content)
        self.change(made)
        return super()._signed(role, made, self.by or signer)


def server(role: str, change: Callable[[Changed, dict[str, Any]], object], by: str | None = None) -> Changed:
    class Own(Changed):
        def change(self, content: dict[str, Any]) -> None:
            change(self, content)

    made = Own(REPOSITORY, {"1.0": IMAGE.digest})
    made.role, made.by = role, by
    return made


def asked(made: Notary, trusted: tuple[str, ...] | None = None, documents: Mapping[str, bytes] | None = None) -> Signer:
    pinned = (made.root_id,) if trusted is None else trusted
    wanted = WantedTag(REPOSITORY, "1.0", IMAGE.digest, pinned, 0, "https://notary.example")
    return verify_dct(dict(documents or made.documents()), wanted, NOW)[0]


def unreadable(made: Changed, root: dict[str, Any]) -> None:
    key_id, key = made.unreadable_key()
    root["keys"][key_id] = key
    root["roles"]["root"]["keyids"] = [key_id]


def with_another_root_key(made: Changed, root: dict[str, Any]) -> None:
    root["roles"]["root"]["keyids"].append(made.targets_id)


@pytest.mark.parametrize(
    ("made", "reasons", "why"),
    [
        (server("targets", lambda _, signed_: signed_.update(x=1.5)), ("malformed",), "a number that is not whole"),
        (server("root", with_another_root_key, "targets"), ("bad-signature", "wrong-key"), "the key that is trusted"),
        (
            server("root", lambda _, root: root["roles"]["targets"].update(threshold=0)),
            ("malformed",),
            "nobody may sign the targets metadata",
        ),
        (
            server("root", lambda _, root: root["roles"]["targets"].update(keyids=[])),
            ("malformed",),
            "nobody may sign the targets metadata",
        ),
        (
            server("root", lambda _, root: root["roles"]["root"].update(threshold=2)),
            ("bad-signature",),
            "1 good signatures where 2 are needed",
        ),
        (server("root", lambda _, root: root.update(_type="Targets")), ("malformed",), "is of another kind"),
        (
            server("snapshot", lambda _, shot: shot["meta"]["targets"]["hashes"].pop("sha256")),
            ("malformed",),
            "no hash of the targets metadata is listed",
        ),
        (
            server("snapshot", lambda _, shot: shot["meta"]["targets"].update(length=1)),
            ("bad-signature",),
            "is not that which is signed for",
        ),
    ],
)
def test_metadata_are_refused_for(made: Changed, reasons: tuple[str, ...], why: str) -> None:
    with pytest.raises(RefusedError, match=why) as caught:
        asked(made)
    assert caught.value.reasons == reasons


def test_the_root_may_have_a_key_without_a_certificate_and_none_that_cannot_be_read() -> None:
    def bare(made: Changed, root: dict[str, Any]) -> None:
        root["roles"]["root"]["keyids"] = [made.targets_id]

    assert asked(made := server("root", bare, "targets"), ()).key_id == made.targets_id
    with pytest.raises(RefusedError, match="certificate cannot be read") as caught:
        asked(server("root", unreadable), ())
    assert caught.value.reasons == ("malformed",)


def test_a_repository_may_delegate_nothing() -> None:
    made = server("targets", lambda _, signed_: signed_.pop("delegations"))
    assert asked(made).by == "dct"
    wanted = WantedTag(REPOSITORY, "2.0", IMAGE.digest, (made.root_id,), 0, "https://notary.example")
    with pytest.raises(UnsignedError, match=r"the tag 2\.0 is not among those that are signed"):
        verify_dct(dict(made.documents()), wanted, NOW)


def test_how_metadata_are_signed() -> None:
    made = Notary(REPOSITORY, {"1.0": IMAGE.digest})

    def by(method: str) -> dict[str, bytes]:
        documents = made.documents()
        changed = json.loads(documents["timestamp"])
        changed["signatures"][0]["method"] = method
        return {**documents, "timestamp": canonical(changed)}

    assert asked(made, documents=by("ecdsa")).by == "dct"
    for method in ("rsapss", "eddsa", "rsapkcs1v15", "none"):
        with pytest.raises(RefusedError, match="0 good signatures where 1 are needed"):
            asked(made, documents=by(method))
    made.keys["timestamp"] = rsa.generate_private_key(65537, 2048)  # type: ignore[assignment] # of another kind
    assert asked(made, documents=by("rsapss")).by == "dct"
