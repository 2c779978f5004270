"""What is told of signatures in other forms: findings in files, the JSON of ``inspect``, what was left aside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from images import make_image
from signed import REPOSITORY, beside, bundle_referrer, place, toml
from signingkit import IDENTITY, Sigstore, keyless_bundle
from world import outcome, world

from pinner.cli.context import connect_to_registries

if TYPE_CHECKING:
    from pathlib import Path

    from world import Outcome

AT = Sigstore()
GOOD, BAD, OTHER = make_image("good"), make_image("bad"), make_image("other")
POLICY = {"by": "keyless", "github": "acme/app", "trusted-root": "root.json", "name": "acme", "images": [REPOSITORY]}


def run(folder: Path, *arguments: str, settings: str | None = None) -> Outcome:
    (folder / "pinner.toml").write_text(settings or toml(POLICY))
    context = world(folder)._replace(connect=connect_to_registries)
    return outcome(context, *arguments, "--layout", "layout", "--no-cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [f"{REPOSITORY}:{tag}" for tag in ("good", "bad", "other")]
    (tmp_path / "Dockerfile").write_text("".join(f"FROM {line}\n" for line in (*lines, "docker.io/library/none:1")))
    (tmp_path / ".git").mkdir()
    signed = beside(GOOD, [bundle_referrer(GOOD, keyless_bundle(AT, GOOD.digest))])
    signed |= beside(OTHER, [bundle_referrer(OTHER, keyless_bundle(AT, BAD.digest))])
    place(tmp_path, {**dict(zip(lines, (GOOD, BAD, OTHER), strict=True)), **signed}, AT)
    return tmp_path


def test_what_is_not_signed_in_files_is_told_to_code_scanning(folder: Path) -> None:
    ran = run(folder, "verify", "--format", "sarif")
    assert ran.status == 1, ran.stderr
    results = json.loads(ran.stdout)["runs"][0]["results"]
    told = [
        (one["ruleId"], one["locations"][0]["physicalLocation"]["region"]["startLine"], one["level"]) for one in results
    ]
    assert told == [("PIN106", 2, "error"), ("PIN107", 3, "error")]
    assert "other-image" in results[1]["message"]["text"]


@pytest.mark.parametrize("format_", ["junit", "github", "gitlab", "rdjsonl", "markdown"])
def test_every_output_of_check_is_one_of_verify(folder: Path, format_: str) -> None:
    ran = run(folder, "verify", "Dockerfile", "--format", format_)
    assert ran.status == 1, ran.stderr
    assert "PIN106" in ran.stdout
    assert "PIN107" in ran.stdout


def test_what_could_not_be_told_is_told_as_that(folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"FROM {REPOSITORY}:gone\n")
    ran = run(folder, "verify", "--format", "sarif")
    assert ran.status == 2
    invocation = json.loads(ran.stdout)["runs"][0]["invocations"][0]
    assert not invocation["executionSuccessful"]
    assert len(invocation["toolExecutionNotifications"]) == 1


def test_who_signed_first_and_not_any_more_is_a_finding(folder: Path) -> None:
    remember = '[signatures]\nremember = true\ntrusted-root = "root.json"\n'
    (folder / "Dockerfile").write_text(f"FROM {REPOSITORY}:good\n")
    assert run(folder, "lock", settings=remember).status == 0
    place(folder, {f"{REPOSITORY}:good": BAD}, AT)
    ran = run(folder, "verify", "--format", "sarif", settings=remember)
    assert [one["ruleId"] for one in json.loads(ran.stdout)["runs"][0]["results"]] == ["PIN108"]


def test_an_image_that_is_named_is_in_no_file(folder: Path) -> None:
    ran = run(folder, "verify", f"{REPOSITORY}:good", "--format", "sarif")
    assert ran.status == 2
    assert "--format sarif is about images in files" in ran.stderr


def test_inspect_tells_programs_who_signed(folder: Path) -> None:
    shown = run(folder, "inspect", "--format", "json", *(f"{REPOSITORY}:{tag}" for tag in ("good", "bad")))
    good, bad = json.loads(shown.stdout)["images"]
    assert (good["signature"]["verdict"], good["signature"]["signer"]) == ("verified", IDENTITY)
    assert [one["verified"] for one in good["attachments"]] == [True]
    assert good["signature"]["policy"] == "acme"
    assert bad["signature"]["verdict"] == "unsigned"
    without = run(folder, "inspect", "--format", "json", f"{REPOSITORY}:good", settings="# nothing\n")
    (image,) = json.loads(without.stdout)["images"]
    assert "signature" not in image
    assert [one["verified"] for one in image["attachments"]] == [False]
    assert run(folder, "inspect", "--format", "tree", f"{REPOSITORY}:good").status == 0


def test_what_was_not_verified_on_purpose_is_said(folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"FROM {REPOSITORY}:bad\n")
    assert run(folder, "pin").status == 1
    told = run(folder, "pin", "--no-verify", "--diff", "--format", "json")
    assert json.loads(told.stdout)["verify"] == "off"
    assert "verify" not in json.loads(run(folder, "pin", "--diff", "--format", "json").stdout)
    for command in (("lock",), ("pin",), ("update",)):
        ran = run(folder, *command, "--no-verify")
        assert ran.status == 0, ran.stderr
        assert "--no-verify: nobody is asked who signed" in ran.stderr
    assert BAD.digest in (folder / "Dockerfile").read_text()
    assert "PIN106" in run(folder, "check").stdout
    silent = run(folder, "update", "--no-verify", settings="# no policy\n")
    assert "nobody is asked" not in silent.stderr


def test_a_pull_request_is_never_without_the_policy(folder: Path) -> None:
    ran = run(folder, "update", "--pr", "--no-verify")
    assert ran.status == 2
    assert "--no-verify is not for pull requests" in ran.stderr
