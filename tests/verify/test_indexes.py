"""Signatures above and below a digest: an index whose platforms are signed, a platform whose index is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from images import make_image, make_index
from signed import REPOSITORY, bundle_referrer, fallback, place, verdict
from signingkit import key_bundle, p256, pem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from images import Image

KEY, STRANGER = p256(), p256()
ARM, AMD = make_image("arm", "linux/arm64"), make_image("amd")
INDEX = make_index([AMD, ARM])


def judged(
    folder: Path, signed: Mapping[str, Any], asked: Image, *, tag: str = ":1.0", **policy: bool
) -> tuple[str, list[str], str | None]:
    """Return the verdict on ``asked`` where each of ``signed``, by its digest, is signed by the keys given."""
    images = {f"{REPOSITORY}:1.0": INDEX}
    subjects = {one.digest: one for one in (ARM, AMD, INDEX)}
    for digest, keys in signed.items():
        beside = [bundle_referrer(subjects[digest], key_bundle(key, digest)) for key in keys]
        images[f"{REPOSITORY}:{digest.replace(':', '-')}"] = fallback(beside)
    place(folder, images)
    (folder / "a.pub").write_bytes(pem(KEY))
    asked_for = {"by": "key", "key": "a.pub", "log": False, **{one.replace("_", "-"): policy[one] for one in policy}}
    found = verdict(folder, asked_for, f"{REPOSITORY}{tag}@{asked.digest}")
    return found["verdict"], found["reasons"], found.get("subject")


@pytest.mark.parametrize("tag", [":1.0", ""])
def test_a_platform_of_a_signed_index(tmp_path: Path, tag: str) -> None:
    signed = {INDEX.digest: [KEY]}
    assert judged(tmp_path / "no", signed, ARM, tag=tag)[:2] == ("unsigned", ["only-index-signed"])
    assert judged(tmp_path / "via", signed, ARM, tag=tag, via_index=True) == ("verified", [], INDEX.digest)


def test_an_index_of_signed_platforms(tmp_path: Path) -> None:
    signed = {ARM.digest: [KEY], AMD.digest: [KEY]}
    assert judged(tmp_path / "no", signed, INDEX)[:2] == ("unsigned", ["only-platforms-signed"])
    assert judged(tmp_path / "via", signed, INDEX, via_platforms=True)[0] == "verified"
    assert judged(tmp_path / "half", {ARM.digest: [KEY]}, INDEX, via_platforms=True)[0] == "unsigned"


def test_a_strangers_signature_takes_nothing_away(tmp_path: Path) -> None:
    below = {INDEX.digest: [KEY], ARM.digest: [STRANGER]}
    assert judged(tmp_path / "no", below, ARM)[:2] == ("refused", ["bad-signature"])
    assert judged(tmp_path / "index", below, ARM, via_index=True)[0] == "verified"
    above = {INDEX.digest: [STRANGER], ARM.digest: [KEY], AMD.digest: [STRANGER, KEY]}
    assert judged(tmp_path / "platforms", above, INDEX, via_platforms=True)[0] == "verified"
    both = {INDEX.digest: [STRANGER], ARM.digest: [STRANGER]}
    assert judged(tmp_path / "nobody", both, ARM, via_index=True)[:2] == ("refused", ["bad-signature"])
