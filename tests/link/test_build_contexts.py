"""Named contexts of a build: what a Dockerfile calls by such a name is given to it, and no image of a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

DOCKERFILE = "FROM base\nCOPY --from=tools /a /b\nFROM alpine:3\n"
COMPOSE = """\
services:
  web:
    build:
      context: .
      additional_contexts:
        base: docker-image://debian:12
        tools: ./tools
"""
LISTED = COMPOSE.replace("base: docker-image", "- base=docker-image").replace("tools: ./", "- tools=./")
BAKE = """\
target "web" {
  contexts = { base = "docker-image://debian:12", tools = "target:tools" }
}
"""
INHERITED = """\
target "common" {
  contexts = { base = "docker-image://debian:12" }
}
target "web" {
  inherits = ["common"]
  contexts = { tools = "./tools" }
}
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [("compose.yaml", COMPOSE), ("compose.yaml", LISTED), ("docker-bake.hcl", BAKE), ("docker-bake.hcl", INHERITED)],
)
@pytest.mark.parametrize("alone", [False, True])
def test_what_the_build_is_given_is_no_image(tmp_path: Path, name: str, text: str, *, alone: bool) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE, "utf-8")
    (tmp_path / name).write_text(text, "utf-8")
    said = pinner(tmp_path, "check", *(["Dockerfile"] if alone else []))
    found = [line.split(": ")[0] for line in said.stdout.splitlines() if line.startswith("Dockerfile")]
    assert found == ["Dockerfile:3:6"]
    listed = pinner(tmp_path, "list", *(["Dockerfile"] if alone else [])).stdout
    assert f"base (replaced: {name}:" in listed
    assert "gives the build a context of this name" in listed
    pinner(tmp_path, "pin")
    assert (tmp_path / "Dockerfile").read_text("utf-8").startswith("FROM base\nCOPY --from=tools /a /b\nFROM alpine:3@")


def test_a_build_above_is_seen_without_a_repository(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Dockerfile").write_text("FROM base\n", "utf-8")
    text = 'target "web" {\n  context = "web"\n  contexts = { base = "docker-image://debian:12" }\n}\n'
    (tmp_path / "docker-bake.hcl").write_text(text, "utf-8")
    assert "base (replaced: docker-bake.hcl:" in pinner(tmp_path, "list", "web/Dockerfile").stdout
    assert (
        "base (replaced" not in pinner(tmp_path / "web", "list", "Dockerfile").stdout
    )  # which may be anybody's folder


@pytest.mark.parametrize(
    "text",
    [
        COMPOSE.replace("base:", "other:").replace("tools:", "more:"),
        # A second build that is given nothing pulls them.
        COMPOSE + "  api:\n    build: .\n",
        # Of another tag, the name is another one.
        COMPOSE.replace("base:", '"base:1":').replace("tools:", '"tools:1":'),
        COMPOSE.replace("context: .", "context: ./elsewhere"),
    ],
)
def test_what_it_is_not_given_stays_an_image(tmp_path: Path, text: str) -> None:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE, "utf-8")
    (tmp_path / "compose.yaml").write_text(text, "utf-8")
    found = [line.split(": ")[0] for line in pinner(tmp_path, "check", "Dockerfile").stdout.splitlines()]
    assert found == ["Dockerfile:1:6", "Dockerfile:2:13", "Dockerfile:3:6"]
