"""``pinner trust update``, and ``[[verify]]`` for other verifiers."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from images import make_image
from signed import toml
from signingkit import IDENTITY, ISSUER, Sigstore, p256, pem
from world import outcome, world

from pinner.cli.trust import TrustOptions, trust
from pinner.verify.trusted_root import fetch_root, first_metadata, kept_root

if TYPE_CHECKING:
    from pathlib import Path

ROOT = json.dumps(Sigstore().trusted_root()).encode()


def test_a_root_is_kept_and_used(tmp_path: Path) -> None:
    home = {"XDG_DATA_HOME": str(tmp_path / "data")}
    context = world(tmp_path, environment=home)
    assert kept_root(home) is None
    assert trust(context, TrustOptions(), lambda: ROOT) == 0
    assert kept_root(home) == ROOT
    (tmp_path / "root.json").write_bytes(ROOT)
    ran = outcome(world(tmp_path, environment=home), "trust", "update", "--from", "root.json", "--offline")
    assert (ran.status, "as it was" in ran.stderr) == (0, True)
    (tmp_path / "root.json").write_bytes(b"{}")
    ran = outcome(world(tmp_path, environment=home), "trust", "update", "--from", "root.json")
    assert ran.status == 3
    assert kept_root(home) == ROOT
    assert outcome(world(tmp_path, environment=home), "trust", "update", "--from", "none.json").status == 2
    assert outcome(world(tmp_path, environment=home), "trust", "update", "--offline").status == 2


def test_a_server_that_is_not_there_gives_no_root() -> None:
    with pytest.raises(Exception, match="gave no trusted root"):
        fetch_root(first_metadata(), "http://127.0.0.1:9")


def export(folder: Path, target: str) -> tuple[int, str]:
    ran = outcome(world(folder), "export", target)
    return ran.status, ran.stdout


def test_a_policy_for_containers(tmp_path: Path) -> None:
    policies = [
        {"by": "key", "key": "a.pub", "images": ["ghcr.io/acme/*", "registry.example"]},
        {"by": "none", "images": ["docker.io/library/nginx"]},
    ]
    (tmp_path / "pinner.toml").write_text("".join(map(toml, policies)))
    status, text = export(tmp_path, "containers-policy")
    scopes = json.loads(text)["transports"]["docker"]
    assert status == 0
    assert scopes["ghcr.io/acme"][0]["keyPath"] == "a.pub"
    assert scopes["docker.io/library/nginx"] == [{"type": "insecureAcceptAnything"}]
    keyless = {"by": "keyless", "identity": IDENTITY, "issuer": ISSUER, "images": ["*/x?"]}
    (tmp_path / "pinner.toml").write_text(toml(keyless))
    assert export(tmp_path, "containers-policy")[0] == 3


def test_commands_for_cosign(tmp_path: Path) -> None:
    image = make_image("app")
    lock = {
        "version": 1,
        "images": {
            "ghcr.io/acme/app:1": {
                "digest": image.digest,
                "mediaType": image.media_type,
                "firstSeen": "2026-11-01T12:00:00Z",
            }
        },
        "sources": {"Dockerfile": ["ghcr.io/acme/app:1"]},
    }
    (tmp_path / "pinner.lock").write_text(json.dumps(lock))
    (tmp_path / "a.pub").write_bytes(pem(p256()))
    (tmp_path / "pinner.toml").write_text(toml({"by": "key", "key": ["a.pub", "b.pub"], "log": False}))
    status, text = export(tmp_path, "cosign")
    assert status == 0
    assert text.splitlines()[0] == (
        f"cosign verify --key a.pub --insecure-ignore-tlog=true ghcr.io/acme/app@{image.digest}"
    )
    assert len(text.splitlines()) == 2
    (tmp_path / "pinner.toml").write_text("")
    assert export(tmp_path, "cosign")[0] == 2
    own = {"by": "keyless", "github": "acme/app.js", "workflow": ".github/workflows/release.yml"}
    (tmp_path / "pinner.toml").write_text(toml(own))
    words = shlex.split(export(tmp_path, "cosign")[1])
    pattern = words[words.index("--certificate-identity-regexp") + 1]
    workflow = "https://github.com/acme/app.js/.github/workflows/release.yml@refs/heads/main"
    assert re.match(pattern, workflow)
    for other in ("app.js", "release.yml", ".github/w"):
        assert not re.match(pattern, workflow.replace(other, other.replace(".", "x"))), other
    assert not re.match(pattern, workflow.replace("release.yml@", "release.yml.evil.yml@"))


def test_a_policy_for_notation(tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "trustpolicy.json").write_text('{"version": "1.0", "trustPolicies": [{"name": "acme"}]}')
    (tmp_path / "pinner.toml").write_text(toml({"by": "notation", "config": "trust"}))
    status, text = export(tmp_path, "notation-policy")
    assert (status, json.loads(text)["trustPolicies"]) == (0, [{"name": "acme"}])
