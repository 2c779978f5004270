"""YAML in UTF-16, which go-yaml reads by its byte order mark: no trouble where it says nothing of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("text", "status"), [("name: value\n", 0), ("spec: {image: nginx}\n", 3), ("services: {a: {build: .}}\n", 0)]
)
def test_it_is_told_only_where_an_image_may_be_named(tmp_path: Path, encoding: str, text: str, status: int) -> None:
    (tmp_path / "a.yaml").write_bytes(f"\ufeff{text}".encode(encoding))
    outcome = pinner(tmp_path, "check")
    assert outcome.status == status
    assert ("UTF-16" in outcome.stderr) is (status == 3)
    # Who names a file wants to know what became of it.
    assert pinner(tmp_path, "check", "a.yaml").status == 3


def test_other_files_with_nul_bytes_stay_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"image: a\0b\n")
    (tmp_path / "Dockerfile").write_bytes("\ufeffFROM a\n".encode("utf-16-le"))
    outcome = pinner(tmp_path, "check")
    assert (outcome.status, outcome.stderr.count("error:")) == (3, 2)
