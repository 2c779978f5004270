"""Digests behind variables: taken off again, although none would be given there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

HELD = f"@sha256:{'1' * 64}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", "services: {{a: {{image: '${{REG:-x}}/a:1{0}'}}}}\n"),
        ("compose.yaml", "services: {{a: {{image: 'r/a:${{V:-1}}-slim{0}'}}}}\n"),
        ("Dockerfile", "ARG REG=ghcr.io\nFROM ${{REG:-x}}/a:1{0}\n"),
        ("Dockerfile", "ARG V=1\nFROM a:$V-slim{0}\n"),
    ],
)
def test_the_round_trip_is_whole(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text.format(HELD))
    assert pinner(tmp_path, "unpin").status == 0
    assert (tmp_path / name).read_text() == text.format("")


def test_what_would_become_a_stage_stays_held(tmp_path: Path) -> None:
    text = f"FROM alpine:3 AS base\nFROM base{HELD}\n"
    (tmp_path / "Dockerfile").write_text(text)
    assert pinner(tmp_path, "unpin").status == 0
    assert (tmp_path / "Dockerfile").read_text() == text
