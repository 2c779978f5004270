"""Image IDs in the place of references, in files of several formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

ID = f"sha256:{'1' * 64}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", f"services: {{a: {{image: '{ID}'}}}}\n"),
        ("pod.yaml", f"apiVersion: v1\nkind: Pod\nspec: {{containers: [{{image: '{ID}'}}]}}\n"),
        ("values.yaml", f"a: {{image: '{ID}'}}\n"),
        ("Dockerfile", f"FROM {ID}\n"),
        ("main.tf", f'resource "docker_container" "a" {{\n  image = "{ID}"\n}}\n'),
        ("run.py", f'import docker\ndocker.from_env().containers.run("{ID}")\n'),
    ],
)
def test_an_image_id_names_nothing_that_a_registry_has(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert "this is an image ID" in pinner(tmp_path, "list").stdout
    if name == "run.py":
        return  # Docker's SDK takes IDs cut short
    (tmp_path / name).write_text(text.replace(ID, "sha256:1"))
    assert pinner(tmp_path, "list").stdout.split()[2] == "unpinned"
