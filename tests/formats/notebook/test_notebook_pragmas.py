from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from world import pinner

from pinner.formats.notebook import unwrapped
from pinner.model import Document

if TYPE_CHECKING:
    from pathlib import Path

CALL = 'client.containers.run("alpine:3")'


def notebook(*cells: str, whole: bool = False) -> bytes:
    sources = [cell if whole else cell.splitlines(keepends=True) for cell in cells]
    markdown = {"cell_type": "markdown", "source": ["# pinner: ignore-file\n", "pinner: unwrapped"]}
    code = [{"cell_type": "code", "outputs": ["# pinner: ignore"], "source": source} for source in sources]
    return json.dumps({"cells": [markdown, *code]}, indent=1).encode()


def test_every_line_of_code_stands_on_its_line_of_the_file() -> None:
    data = notebook("import docker\n  # pinner: ignore\n", "x = '\"'", "y = 'é'")
    lines = unwrapped(Document("demo.ipynb", data)).decode().split("\n")
    raw = data.decode().split("\n")
    assert len(lines) == len(raw)
    assert [line for line in lines if line] == ["import docker", "# pinner: ignore", "x = '\"'", "y = 'é'"]
    assert all(
        json.loads(there.strip(" ,").removeprefix('"source": ')).strip() == line
        for line, there in zip(lines, raw, strict=True)
        if line and '"' in there
    )


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"cells": ["pinner"', b'{"pinner": 1}', b'{"cells": [],"pinner":1}']
)
def test_what_is_no_notebook_says_nothing(data: bytes) -> None:
    assert unwrapped(Document("demo.ipynb", data)).strip() == b""


@pytest.mark.parametrize(
    ("cell", "whole", "findings"),
    [
        (CALL, False, 1),
        (f"{CALL}  # pinner: ignore", False, 0),
        (f"# pinner: ignore a reason\n{CALL}\n{CALL}", False, 1),
        (f"x = 1  # pinner: ignore\n{CALL}", False, 1),
        # One string is one line of the file: what is said of a part of it is said of all.
        (f"x = 1\n# pinner: ignore\n{CALL}\n{CALL}", True, 0),
        (f"# pinner: ignore\n{CALL}\n# more", True, 0),
        (f"# a comment\n{CALL}\ny = 1  # pinner: ignore\n", True, 0),
        (f"# a comment\n{CALL}\n", True, 1),
    ],
)
def test_a_comment_speaks_of_its_line_or_the_one_below(tmp_path: Path, cell: str, whole: bool, findings: int) -> None:  # noqa: FBT001
    (tmp_path / "demo.ipynb").write_bytes(notebook("import docker\nclient = docker.from_env()", cell, whole=whole))
    run = pinner(tmp_path, "check", "--format", "jsonl", ".")
    rules = [json.loads(line)["rule"] for line in run.stdout.splitlines()]
    assert [rule for rule in rules if rule != "PIN008"] == ["PIN001"] * findings


@pytest.mark.parametrize("whole", [True, False])
def test_the_whole_notebook_is_ignored_by_a_comment_before_its_code(tmp_path: Path, whole: bool) -> None:  # noqa: FBT001
    head = "# pinner: ignore-file\nimport docker\nclient = docker.from_env()\nx = 1"
    (tmp_path / "demo.ipynb").write_bytes(notebook(head, CALL, whole=whole))
    assert pinner(tmp_path, "check", ".").status == 0
