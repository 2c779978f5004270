"""Real Python trees: every literal that ``ast`` finds by itself is listed with the same bytes, or skipped for a reason.

The trees are the folders named in ``PINNER_PYTHON_TREES`` (separated as in ``PATH``: unpacked sdists of packages that
start containers are good ones), or else the packages installed here that do.
"""

from __future__ import annotations

import json
import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pythonliterals import literals, skeleton
from world import pinner

if TYPE_CHECKING:
    from pythonliterals import Literal

PACKAGES = ("docker", "testcontainers", "kfp", "kubernetes", "airflow")


def trees() -> list[Path]:
    named = [Path(folder) for folder in os.environ.get("PINNER_PYTHON_TREES", "").split(os.pathsep) if folder]
    found = [] if named else [find_spec(package) for package in PACKAGES]
    return named or [
        Path(spec.submodule_search_locations[0]) for spec in found if spec and spec.submodule_search_locations
    ]


@pytest.fixture(params=trees(), ids=lambda folder: folder.name)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of the Python files of a tree."""
    for file in Path(request.param).rglob("*.py"):
        copy = tmp_path / file.relative_to(request.param)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return tmp_path


def listed(folder: Path) -> dict[tuple[str, int, int], dict[str, Any]]:
    rows = [json.loads(line) for line in pinner(folder, "list", "--all", "--format", "jsonl", ".").stdout.splitlines()]
    return {(row["path"], *row["span"]): row for row in rows}


def expected(folder: Path) -> list[tuple[str, Literal]]:
    files = sorted(folder.rglob("*.py"))
    return [(file.relative_to(folder).as_posix(), found) for file in files for found in literals(file.read_bytes())]


def test_every_literal_is_listed_with_the_same_bytes(tree: Path) -> None:
    rows = listed(tree)
    missing = [
        f"{path}: {literal}"
        for path, literal in expected(tree)
        if rows.get((path, literal.start, literal.end), {"reference": None})["reference"] != literal.value
    ]
    assert missing == []


def test_pinned_files_differ_in_strings_alone(tree: Path) -> None:
    before = {file: file.read_bytes() for file in tree.rglob("*.py")}
    assert pinner(tree, "pin", ".").status == 0
    for file, data in before.items():
        after = file.read_bytes()
        if after != data:
            assert skeleton(after) == skeleton(data)
            assert len(literals(after)) == len(literals(data))
    assert pinner(tree, "pin", "--exit-non-zero-on-change", ".").status == 0
