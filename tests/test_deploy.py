"""What deploys a fleet: pinner can pin it and finds nothing to say about it then, and the fleet can read its file."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from world import pinner

from pinner.cli.fleet import DEEDS
from pinner.fleet.config import load_fleet

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"


def test_manifests_are_pinned_by_pinner_and_clean_then(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    before = {file: file.read_text() for file in (tmp_path / "deploy").rglob("*.yaml")}
    assert pinner(tmp_path, "pin", "deploy").status == 0
    pinned = [line for file in before for line in file.read_text().splitlines() if "@sha256:" in line]
    assert sorted(line.split("@")[0].split()[-1] for line in pinned) == [
        "ghcr.io/pinner-dev/pinner:0.1.0",
        "ghcr.io/pinner-dev/pinner:0.1.0",
        "postgres:17-alpine",
    ]
    assert pinner(tmp_path, "check", "deploy").status == 0
    assert pinner(tmp_path, "unpin", "deploy").status == 0
    assert {file: file.read_text() for file in before} == before


def test_both_ways_run_the_same_fleet() -> None:
    assert (DEPLOY / "fleet.toml").read_text() == (DEPLOY / "kubernetes/fleet.toml").read_text()
    settings = load_fleet(str(DEPLOY))
    assert settings.store.startswith("postgresql://")
    secrets = [settings.sources[0].token, *settings.hooks.values(), *settings.serve.values()]
    names = {str(secret).removeprefix("env:") for secret in secrets} | {"PGPASSWORD"}
    for file in ("compose.yaml", "kubernetes/kustomization.yaml"):
        assert all(name in (DEPLOY / file).read_text() for name in names), file


def test_commands_are_those_that_there_are_and_end_within_their_grace() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = [compose["services"][name] for name in ("serve", "worker")]
    assert all(one["restart"] == "always" and one["stop_grace_period"] == "70s" for one in services)
    commands = [one["command"] for one in services]
    for name in ("serve", "worker"):
        pod = next(iter(yaml.safe_load_all((DEPLOY / f"kubernetes/{name}.yaml").read_text())))["spec"]["template"]
        assert pod["spec"]["terminationGracePeriodSeconds"] == 70
        commands += [one["args"] for one in pod["spec"]["containers"]]
    assert all(command[0] == "fleet" and command[1] in DEEDS for command in commands)
