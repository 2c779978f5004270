"""Trust on first use: who signed first, by the lock or the digest in the file, is who may sign from then on."""

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
FIRST, SECOND, PLAIN = make_image("app one"), make_image("app two"), make_image("base")
NAME, BASE, NEXT = f"{REPOSITORY}:1.0", f"{REPOSITORY}-base:1.0", f"{REPOSITORY}:1.1"
OTHER = IDENTITY.replace("release.yml", "nightly.yml")
REMEMBER = '[signatures]\nremember = true\ntrusted-root = "root.json"\n'


def signed(image: Image, *identities: str) -> dict[str, Image]:
    if not identities:
        return {}
    return beside(image, [bundle_referrer(image, keyless_bundle(AT, image.digest, AT.leaf(one))) for one in identities])


def have(folder: Path, image: Image, *identities: str, following: Image | None = None) -> None:
    place(
        folder,
        {NAME: image, f"{REPOSITORY}:old": FIRST, BASE: PLAIN, **signed(FIRST, IDENTITY), **signed(image, *identities)}
        | ({NEXT: following} if following is not None else {}),
        AT,
    )


def run(folder: Path, *arguments: str, settings: str = REMEMBER) -> Outcome:
    (folder / "pinner.toml").write_text(settings)
    context = world(folder)._replace(connect=connect_to_registries)
    return outcome(context, *arguments, "--layout", "layout", "--no-cache")


def signature(folder: Path, name: str = NAME) -> dict[str, Any] | None:
    found: dict[str, Any] = json.loads((folder / "pinner.lock").read_text())["images"][name]
    return found.get("signature")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nFROM {NAME}\n")
    (tmp_path / ".git").mkdir()
    have(tmp_path, FIRST, IDENTITY)
    return tmp_path


@pytest.fixture
def locked(folder: Path) -> Path:
    ran = run(folder, "lock")
    assert ran.status == 0, ran.stderr
    assert run(folder, "pin").status == 0
    return folder


def test_who_signed_first_is_written_down_and_an_unsigned_image_is_none_the_worse(locked: Path) -> None:
    first = signature(locked)
    assert first is not None
    assert (first["signer"], first["issuer"], first["subject"]) == (IDENTITY, ISSUER, FIRST.digest)
    assert signature(locked, BASE) is None
    assert run(locked, "check").status == 0
    online = run(locked, "check", "--online")
    assert online.status == 0, online.stdout + online.stderr


@pytest.mark.parametrize(
    ("identities", "words"), [((OTHER,), f"it is signed by {OTHER} and not by {IDENTITY}"), ((), "it is unsigned")]
)
def test_another_signer_or_none_is_held_back(locked: Path, identities: tuple[str, ...], words: str) -> None:
    pinned = (locked / "Dockerfile").read_text()
    have(locked, SECOND, *identities)
    for command in (("update",), ("lock", "--update")):
        held = run(locked, *command)
        assert held.status == 1, held.stderr
        assert "PIN108 signer-changed" in held.stderr
        assert words in held.stderr
        assert (locked / "Dockerfile").read_text() == pinned
    first = signature(locked)
    assert first is not None
    assert first["subject"] == FIRST.digest
    assert run(locked, "check").status == 0


def test_the_same_signer_goes_on_also_where_another_has_signed_later(locked: Path) -> None:
    have(locked, SECOND, OTHER, IDENTITY)
    moved = run(locked, "update")
    assert moved.status == 0, moved.stderr
    now = signature(locked)
    assert now is not None
    assert (now["subject"], now["signer"]) == (SECOND.digest, IDENTITY)


def test_the_first_signer_after_none_is_written_down_at_an_update(locked: Path) -> None:
    place(
        locked,
        {NAME: FIRST, BASE: SECOND, **signed(FIRST, IDENTITY)}
        | beside(
            SECOND,
            [bundle_referrer(SECOND, keyless_bundle(AT, SECOND.digest, AT.leaf(OTHER)))],
            repository=f"{REPOSITORY}-base",
        ),
        AT,
    )
    assert run(locked, "update").status == 0
    base = signature(locked, BASE)
    assert base is not None
    assert base["signer"] == OTHER


def test_a_policy_comes_first_and_none_leaves_an_image_out(folder: Path) -> None:
    left_out = toml({"by": "none", "images": [f"{REPOSITORY}*"]}) + REMEMBER
    assert run(folder, "lock", settings=left_out).status == 0
    assert signature(folder) is None
    strict = toml({"by": "keyless", "github": "acme/other", "trusted-root": "root.json"}) + REMEMBER
    assert "PIN107 signature-invalid" in run(folder, "lock", "--update", settings=strict).stderr


def test_a_policy_that_is_taken_away_does_not_forget_who_signed(folder: Path) -> None:
    strict = toml({"by": "keyless", "github": "acme/app", "images": [REPOSITORY], "trusted-root": "root.json"})
    assert run(folder, "lock", settings=strict).status == 0
    have(folder, SECOND, OTHER)
    held = run(folder, "lock", "--update")
    assert held.status == 1
    assert "PIN108" in held.stderr


def test_without_a_lock_the_digest_in_the_file_says_who_signed_first(folder: Path) -> None:
    assert run(folder, "pin").status == 0
    pinned = (folder / "Dockerfile").read_text()
    have(folder, SECOND)
    held = run(folder, "update")
    assert held.status == 1
    assert f"what it would replace is signed by {IDENTITY}" in held.stderr
    have(folder, SECOND, OTHER)
    held = run(folder, "update")
    assert "PIN108" in held.stderr
    assert (folder / "Dockerfile").read_text() == pinned
    have(folder, SECOND, IDENTITY)
    assert run(folder, "update").status == 0
    assert SECOND.digest in (folder / "Dockerfile").read_text()


def test_what_cannot_be_looked_up_is_neither_the_same_signer_nor_none(locked: Path) -> None:
    have(locked, SECOND)
    beside_it = json.loads((locked / "layout" / "index.json").read_text())
    tag = SECOND.digest.replace(":", "-")
    broken = make_image("broken")
    place(locked, {NAME: SECOND, BASE: PLAIN, f"{REPOSITORY}:{tag}": broken}, AT)
    blob = locked / "layout" / "blobs" / "sha256" / broken.digest.partition(":")[2]
    blob.write_bytes(b"{}")
    assert beside_it
    held = run(locked, "update")
    assert held.status != 0
    assert "could not be determined" in held.stderr
    assert FIRST.digest in (locked / "Dockerfile").read_text()


def test_verify_and_check_online_hold_an_image_to_the_lock(locked: Path) -> None:
    assert run(locked, "verify").status == 0
    (locked / "Dockerfile").write_text(f"FROM {NAME}@{SECOND.digest}\n")
    have(locked, SECOND, OTHER)
    shown = run(locked, "verify")
    assert shown.status == 1
    assert f"signed by {OTHER} and not by {IDENTITY}" in shown.stdout
    assert "PIN108" in run(locked, "check", "--online").stdout
    assert "signed by" in run(locked, "inspect", NAME).stdout


def test_a_raised_tag_is_held_to_who_signed_the_one_in_use(folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"FROM {NAME}@{FIRST.digest}\n")
    have(folder, FIRST, IDENTITY, following=SECOND)
    for identities, raised in (((), False), ((OTHER,), False), ((IDENTITY,), True)):
        place(folder, {NAME: FIRST, NEXT: SECOND, **signed(FIRST, IDENTITY), **signed(SECOND, *identities)}, AT)
        ran = run(folder, "update", "--tags", "minor")
        assert (NEXT in (folder / "Dockerfile").read_text()) is raised, ran.stderr
        assert ("is not raised" in ran.stderr) is not raised


def test_cosign_is_told_whom_the_lock_remembers(locked: Path) -> None:
    made = outcome(world(locked), "export", "cosign")
    assert made.status == 0, made.stderr
    assert f"--certificate-identity {IDENTITY}" in made.stdout
    assert REPOSITORY + "-base" not in made.stdout
    (locked / "pinner.lock").unlink()
    nothing = outcome(world(locked), "export", "cosign")
    assert nothing.status == 3
    assert "there is nothing to verify" in nothing.stderr
