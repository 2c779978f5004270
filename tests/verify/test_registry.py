"""Signatures from registries, with and without a list of referrers: what is found, and how often is asked."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from images import Blob, make_index
from registry_server import RealRegistry
from scripted_registry import OCI_INDEX, Answer, ScriptedRegistry, manifest_answer, refusal, resolver
from signed import IMAGE, Layer, beside, bundle_referrer, classic, fallback, toml
from signingkit import IDENTITY, ISSUER, Sigstore, classic_annotations, classic_payload, keyless_bundle, p256, pem
from world import outcome, world

from pinner.cli.context import connect_to_registries
from pinner.config import Settings
from pinner.config.verify import SignaturePolicy
from pinner.reference import Digest, ImageReference
from pinner.verify.verifier import Verifier, VerifierContext

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from images import Image

    from pinner.verify.verdict import Verdict

AT = Sigstore()
POLICY = SignaturePolicy("keyless", identity=IDENTITY, issuer=ISSUER, trusted_root="root.json")
BASE = "https://registry.example/v2/acme/app"
NAME = f"registry.example/acme/app:1.0@{IMAGE.digest}"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BUNDLE = bundle_referrer(IMAGE, keyless_bundle(AT, IMAGE.digest))


def verdict(registry: ScriptedRegistry, policy: SignaturePolicy = POLICY, name: str = NAME) -> Verdict:
    async def run() -> Verdict:
        files = {"root.json": json.dumps(AT.trusted_root()).encode()}
        async with resolver(registry) as asked:
            own = VerifierContext(lambda file: files[file], lambda _: (), {}, lambda: 1793534400.0)
            verifier = Verifier(Settings(verify=(policy,)), asked, own)
            reference = ImageReference.parse(name)
            answer = await verifier.verify(reference, reference.digest or Digest.parse(IMAGE.digest))
            assert answer is not None
            return answer.verdict

    return asyncio.run(run())


def served(registry: ScriptedRegistry, image: Image) -> None:
    registry.on("GET", f"{BASE}/manifests/{image.digest}", manifest_answer(image.top.data, image.media_type))
    for blob in image.parts():
        registry.on("GET", f"{BASE}/blobs/{blob.digest}", Answer(body=blob.data))


def places(registry: ScriptedRegistry, *, listed: Answer, tagged: Answer, sig: Answer) -> None:
    tag = IMAGE.digest.replace(":", "-")
    registry.on("GET", f"{BASE}/referrers/{IMAGE.digest}", listed, forever=True)
    registry.on("GET", f"{BASE}/manifests/{tag}", tagged, forever=True)
    registry.on("GET", f"{BASE}/manifests/{tag}.sig", sig, forever=True)


def index(*images: Image) -> Answer:
    return manifest_answer(fallback(images).top.data, OCI_INDEX)


def test_five_requests_for_a_bundle_from_a_list() -> None:
    registry = ScriptedRegistry()
    places(registry, listed=index(BUNDLE), tagged=refusal(404), sig=refusal(404))
    served(registry, BUNDLE)
    found = verdict(registry)
    assert (found.outcome, found.reasons) == ("verified", ())
    assert len(registry.requests) == 5


@pytest.mark.parametrize(
    "listed", [refusal(404), refusal(405), Answer(200, (("Content-Type", "text/html"),), b"<html>")]
)
def test_five_requests_for_a_bundle_under_a_tag(listed: Answer) -> None:
    registry = ScriptedRegistry()
    places(registry, listed=listed, tagged=index(BUNDLE), sig=refusal(404))
    served(registry, BUNDLE)
    assert verdict(registry).outcome == "verified"
    assert len(registry.requests) == 5


@pytest.mark.parametrize("status", [403, 429, 500])
@pytest.mark.parametrize("where", ["listed", "tagged", "sig"])
def test_what_could_not_be_looked_up_is_never_unsigned(status: int, where: str) -> None:
    registry = ScriptedRegistry()
    answers = {"listed": index(), "tagged": refusal(404), "sig": refusal(404), where: refusal(status)}
    places(registry, **answers)
    assert verdict(registry).outcome == "unknown"


def test_nothing_anywhere_is_unsigned() -> None:
    registry = ScriptedRegistry()
    places(registry, listed=refusal(404), tagged=refusal(404), sig=refusal(404))
    registry.on("GET", f"{BASE}/manifests/{IMAGE.digest}", manifest_answer(IMAGE.top.data, MANIFEST))
    registry.on("GET", f"{BASE}/manifests/1.0", manifest_answer(IMAGE.top.data, MANIFEST))
    assert verdict(registry).outcome == "unsigned"


def test_a_referrer_of_something_else_is_dropped() -> None:
    other = bundle_referrer(IMAGE, keyless_bundle(AT, IMAGE.digest), about=f"sha256:{'0' * 64}")
    registry = ScriptedRegistry()
    places(registry, listed=index(other), tagged=refusal(404), sig=refusal(404))
    registry.on("GET", f"{BASE}/manifests/{other.digest}", manifest_answer(other.top.data, MANIFEST))
    registry.on("GET", f"{BASE}/manifests/{IMAGE.digest}", manifest_answer(IMAGE.top.data, MANIFEST))
    registry.on("GET", f"{BASE}/manifests/1.0", manifest_answer(IMAGE.top.data, MANIFEST))
    assert verdict(registry).outcome == "unsigned"


@pytest.mark.parametrize("body", [b"{}", b'{"manifests": 1}', b'{"manifests": [{"digest": "x"}]}', b"[" * 4000])
def test_a_broken_list_is_unknown_unless_a_signature_is_elsewhere(body: bytes) -> None:
    registry = ScriptedRegistry()
    places(registry, listed=manifest_answer(body, OCI_INDEX), tagged=refusal(404), sig=refusal(404))
    registry.on("GET", f"{BASE}/manifests/{IMAGE.digest}", manifest_answer(IMAGE.top.data, MANIFEST))
    registry.on("GET", f"{BASE}/manifests/1.0", manifest_answer(IMAGE.top.data, MANIFEST))
    assert verdict(registry).outcome == ("unsigned" if body == b"{}" else "unknown")


def test_a_blob_that_is_another_is_unknown() -> None:
    registry = ScriptedRegistry()
    places(registry, listed=index(BUNDLE), tagged=refusal(404), sig=refusal(404))
    registry.on("GET", f"{BASE}/manifests/{BUNDLE.digest}", manifest_answer(BUNDLE.top.data, MANIFEST))
    layer = BUNDLE.blobs[1]
    registry.on("GET", f"{BASE}/blobs/{layer.digest}", Answer(body=b"something else"))
    assert verdict(registry).outcome == "unknown"


@pytest.mark.parametrize("lost", ["manifests", "blobs"])
def test_what_cannot_be_fetched_takes_nothing_from_a_good_signature(lost: str) -> None:
    stranger = bundle_referrer(IMAGE, b"{}")
    registry = ScriptedRegistry()
    places(registry, listed=index(stranger, BUNDLE), tagged=refusal(404), sig=refusal(404))
    served(registry, BUNDLE)
    there = manifest_answer(stranger.top.data, MANIFEST)
    registry.on("GET", f"{BASE}/manifests/{stranger.digest}", refusal(403) if lost == "manifests" else there)
    if lost == "blobs":
        registry.on("GET", f"{BASE}/blobs/{stranger.blobs[1].digest}", refusal(403))
    assert verdict(registry).outcome == "verified"


def test_more_than_are_looked_at_is_unknown() -> None:
    many = [bundle_referrer(IMAGE, b"%d" % number) for number in range(51)]
    registry = ScriptedRegistry()
    places(registry, listed=index(*many), tagged=refusal(404), sig=refusal(404))
    for one in many[:50]:
        served(registry, one)
    assert verdict(registry).outcome == "unknown"


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with RealRegistry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.mark.registry
def test_the_real_registry_has_it_under_tags(real: RealRegistry, tmp_path: Path) -> None:
    key = p256()
    name = f"{real.host}/acme/app"
    payload = classic_payload(name, IMAGE.digest)
    images = beside(IMAGE, [BUNDLE], [Layer(payload, classic_annotations(key, payload))], "acme/app")
    many = make_index([IMAGE])
    real.push({"acme/app:1.0": IMAGE, "acme/app:2.0": many, **images})
    (tmp_path / "root.json").write_text(json.dumps(AT.trusted_root()))
    (tmp_path / "a.pub").write_bytes(pem(key))
    keyless = {"by": "keyless", "identity": IDENTITY, "issuer": ISSUER, "trusted-root": "root.json"}
    by_key: dict[str, Any] = {"by": "key", "key": "a.pub", "log": False, "match-repository": True}
    for policy, tag, expected in [
        (keyless, "1.0", ("verified", [])),
        (by_key, "1.0", ("verified", [])),
        (keyless, "2.0", ("unsigned", ["only-platforms-signed"])),
        ({**keyless, "via-platforms": True}, "2.0", ("verified", [])),
    ]:
        (tmp_path / "pinner.toml").write_text(toml(policy))
        context = world(tmp_path)._replace(connect=connect_to_registries)
        ran = outcome(context, "verify", "--format", "json", "--no-cache", f"{name}:{tag}")
        found = json.loads(ran.stdout)["images"][0]
        assert (found["verdict"], found["reasons"]) == expected, ran.stderr
    assert classic([]).top.media_type == MANIFEST
    assert isinstance(IMAGE.top, Blob)
