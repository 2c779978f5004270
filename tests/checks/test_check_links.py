"""`check` without a lock judges files as the repository has them, as `list` and `pin` do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'controller:1'}]}\n"
OVERLAY = {
    "base/kustomization.yaml": "resources: [pod.yaml]\n",
    "base/pod.yaml": POD,
    "prod/kustomization.yaml": "resources: [../base]\nimages: [{name: controller, newName: a.io/app, newTag: v1}]\n",
}
SKAFFOLD = {
    "skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {artifacts: [{image: controller}]}\n",
    "k8s/pod.yaml": POD,
}
ARGUMENTS = {
    "Dockerfile": "ARG V=3.12\nFROM python:${V}\n",
    "compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args:\n        V: '3.13'\n",
}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (OVERLAY, ["prod/kustomization.yaml a.io/app:v1"]),
        (SKAFFOLD, []),
        (ARGUMENTS, ["compose.yaml python:3.13"]),
    ],
    ids=["overlay", "skaffold", "build.args"],
)
def test_what_is_unpinned_is_what_pin_would_pin(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    found = json.loads(pinner(tmp_path, "check", "--format", "json").stdout)["findings"]
    mentions = [one["mention"] for one in found if one["rule"] == "PIN001"]
    assert [f"{one['path']} {one['reference']}" for one in mentions] == expected
    listed = json.loads(pinner(tmp_path, "list", "--format", "json").stdout)["mentions"]
    assert [f"{one['path']} {one['reference']}" for one in listed if one["status"] == "unpinned"] == expected
