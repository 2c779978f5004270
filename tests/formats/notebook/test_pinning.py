from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

OLD = "@sha256:" + "0" * 64
SOURCE = 'import docker\nclient = docker.from_env()\nprint("é🐳"); client.containers.run("nginx{}", "\\u0041")\n'


def notebook(after_name: str, *, whole: bool, ascii_only: bool) -> bytes:
    source = SOURCE.replace("{}", after_name)
    cell = {"cell_type": "code", "source": source if whole else source.splitlines(keepends=True)}
    return json.dumps({"cells": [cell], "nbformat": 4}, ensure_ascii=ascii_only, indent=2).encode() + b"\n"


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("tag", ["", ":1.27"])
def test_pinned_and_unpinned_again(tmp_path: Path, tag: str, whole: bool, ascii_only: bool) -> None:  # noqa: FBT001
    file = tmp_path / "demo.ipynb"
    before = notebook(tag, whole=whole, ascii_only=ascii_only)
    file.write_bytes(before)
    assert pinner(tmp_path, "pin", ".").status == 0
    pinned = file.read_bytes()
    assert len(pinned) - len(before) == 72 + (0 if tag else 7)
    code = "".join(json.loads(pinned)["cells"][0]["source"])
    assert f'run("nginx{tag or ":latest"}@sha256:' in code
    assert pinner(tmp_path, "check", ".").status == 0
    assert pinner(tmp_path, "unpin", ".").status == 0
    assert file.read_bytes() == (before if tag else notebook(":latest", whole=whole, ascii_only=ascii_only))


def test_a_stale_digest_is_moved_in_place(tmp_path: Path) -> None:
    file = tmp_path / "demo.ipynb"
    file.write_bytes(notebook(":1.27" + OLD, whole=True, ascii_only=True))
    assert pinner(tmp_path, "update", ".").status == 0
    after = file.read_bytes()
    assert OLD.encode() not in after
    assert len(after) == len(notebook(":1.27" + OLD, whole=True, ascii_only=True))


def test_what_another_cell_does_with_a_constant_keeps_it_from_being_pinned(tmp_path: Path) -> None:
    cells = [
        "from testcontainers.redis import RedisContainer\nIMAGE = 'redis:7'",
        "RedisContainer(IMAGE)",
        "assert IMAGE == 'redis:7'",
    ]
    content = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    data = json.dumps(content).encode()
    (tmp_path / "demo.ipynb").write_bytes(data)
    pinner(tmp_path, "pin", ".")
    assert (tmp_path / "demo.ipynb").read_bytes() == data
