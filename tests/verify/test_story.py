"""A signed image over time: pinned, moved to what nobody signed, signed by another, and allowed on purpose."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from images import make_image
from signed import REPOSITORY, beside, bundle_referrer, place, toml
from signingkit import IDENTITY, ISSUER, Sigstore, keyless_bundle
from world import outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from pathlib import Path

    from images import Image
    from world import Outcome

AT = Sigstore()
FIRST, SECOND = make_image("app one"), make_image("app two")
NAME = f"{REPOSITORY}:1.0"
OTHER = IDENTITY.replace("release.yml", "nightly.yml")
STRICT = {"by": "keyless", "github": "acme/app", "trusted-root": "root.json", "name": "acme"}


def signed(image: Image, identity: str | None = IDENTITY) -> dict[str, Image]:
    if identity is None:
        return {}
    return beside(image, [bundle_referrer(image, keyless_bundle(AT, image.digest, AT.leaf(identity)))])


def have(folder: Path, image: Image, identity: str | None = IDENTITY) -> None:
    place(folder, {NAME: image, f"{REPOSITORY}:old": FIRST, **signed(FIRST), **signed(image, identity)}, AT)


def run(folder: Path, *arguments: str, policy: dict[str, Any] | None = None) -> Outcome:
    (folder / "pinner.toml").write_text(toml(policy or STRICT))
    context = world(folder)._replace(connect=connect_to_registries)
    return outcome(context, *arguments, "--layout", "layout", "--no-cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(f"FROM {NAME}\n")
    (tmp_path / ".git").mkdir()
    have(tmp_path, FIRST)
    return tmp_path


def test_an_image_over_time(folder: Path) -> None:
    locked = run(folder, "lock")
    assert locked.status == 0, locked.stderr
    lock = json.loads((folder / "pinner.lock").read_text())
    assert lock["version"] == 2
    signature = lock["images"][NAME]["signature"]
    assert (signature["signer"], signature["issuer"], signature["subject"]) == (IDENTITY, ISSUER, FIRST.digest)
    assert run(folder, "pin").status == 0
    pinned = (folder / "Dockerfile").read_text()
    assert FIRST.digest in pinned
    assert run(folder, "check").status == 0

    have(folder, SECOND, None)
    held = run(folder, "update")
    assert held.status == 1
    assert "PIN106 unsigned" in held.stderr
    assert (folder / "Dockerfile").read_text() == pinned
    assert run(folder, "check").status == 0

    have(folder, SECOND, OTHER)
    held = run(folder, "update")
    assert held.status == 1
    assert "PIN108 signer-changed" in held.stderr
    assert (folder / "Dockerfile").read_text() == pinned

    widened = {**STRICT, "github": None, "identity-regex": f"{IDENTITY}|{OTHER}", "issuer": ISSUER}
    moved = run(folder, "update", policy={key: value for key, value in widened.items() if value})
    assert moved.status == 0, moved.stderr
    assert SECOND.digest in (folder / "Dockerfile").read_text()
    lock = json.loads((folder / "pinner.lock").read_text())
    assert lock["images"][NAME]["signature"]["signer"] == OTHER


def test_pin_writes_nothing_that_is_refused(folder: Path) -> None:
    have(folder, SECOND, None)
    before = (folder / "Dockerfile").read_text()
    for operation in ("pin", "update", "lock"):
        ran = run(folder, operation)
        assert ran.status == 1, operation
        assert "PIN106 unsigned" in ran.stderr
        assert (folder / "Dockerfile").read_text() == before
    warned = run(folder, "pin", policy={**STRICT, "mode": "warn"})
    assert warned.status == 0
    assert "is unsigned" in warned.stderr


def test_lock_takes_no_digest_from_a_file_that_is_refused(folder: Path) -> None:
    have(folder, SECOND, OTHER)
    (folder / "Dockerfile").write_text(f"FROM {NAME}@{SECOND.digest}\n")
    policy = {**STRICT, "workflow": ".github/workflows/release.yml", "claims": {"source-ref": "refs/heads/x"}}
    ran = run(folder, "lock", policy=policy)
    assert ran.status == 1
    assert "wrong-identity" in ran.stderr
    assert "PIN107 signature-invalid" in ran.stderr
    assert not (folder / "pinner.lock").exists() or SECOND.digest not in (folder / "pinner.lock").read_text()


def test_check_says_what_the_lock_lacks_and_whom_the_policy_does_not_accept(folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"FROM {NAME}@{FIRST.digest}\n")
    assert run(folder, "lock", policy={"by": "none"}).status == 0
    assert json.loads((folder / "pinner.lock").read_text())["version"] == 1
    missing = run(folder, "check")
    assert missing.status == 1
    assert "PIN106" in missing.stdout
    assert run(folder, "lock").status == 0
    assert run(folder, "check").status == 0
    other = {"by": "keyless", "identity": OTHER, "issuer": ISSUER, "trusted-root": "root.json"}
    changed = run(folder, "check", policy=other)
    assert changed.status == 1
    assert "PIN108" in changed.stdout
    online = run(folder, "check", "--online")
    assert online.status == 0, online.stdout + online.stderr
    refused = run(folder, "check", "--online", policy=other)
    assert refused.status == 1
    assert "PIN107" in refused.stdout


def test_inspect_says_who_signed_and_whether_they_may(folder: Path) -> None:
    shown = run(folder, "inspect", NAME)
    assert shown.status == 0
    assert f"  verified: signed by {IDENTITY}" in shown.stdout
    assert "; matches policy `acme`\n" in shown.stdout
    assert "not verified" not in shown.stdout
    have(folder, SECOND, None)
    assert "error: unsigned" in run(folder, "inspect", NAME).stdout
    shown = run(folder, "inspect", NAME, policy={"by": "none"})
    assert "signed by" not in shown.stdout
