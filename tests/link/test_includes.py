"""``include`` of compose: whose variables, from where paths count, and what is laid over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path


def listed(folder: Path, files: dict[str, str]) -> list[str]:
    (folder / ".git").mkdir()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    lines = pinner(folder, "list", "--all").stdout.splitlines()
    return [" ".join(line.split()[0:1] + line.split()[2:4]) for line in lines]


DB = "services: {db: {image: 'postgres:${V:-15}'}}\n"


def test_two_files_of_variables_leave_the_default_as_it_is(tmp_path: Path) -> None:
    files = {"compose.yaml": "include: [sub/db.yaml]\n", "sub/db.yaml": DB, ".env": "V=16\n", "sub/.env": "V=17\n"}
    assert listed(tmp_path, files) == ["sub/db.yaml:1:25 unpinned postgres:15"]


def test_a_file_of_variables_that_is_named_is_not_known(tmp_path: Path) -> None:
    include = "include: [{path: sub/db.yaml, env_file: other.env}]\n"
    files = {"compose.yaml": include, "sub/db.yaml": DB, ".env": "V=16\n"}
    assert listed(tmp_path, files) == ["sub/db.yaml:1:25 unpinned postgres:15"]


@pytest.mark.parametrize("written", ["sub/.env", "./sub/.env", "[sub/.env]"])
def test_the_own_file_of_variables_may_be_named(tmp_path: Path, written: str) -> None:
    include = f"include: [{{path: sub/db.yaml, env_file: {written}}}]\n"
    files = {"compose.yaml": include, "sub/db.yaml": DB, "sub/.env": "V=17\n"}
    assert listed(tmp_path, files) == ["sub/.env:1:3 unpinned postgres:17", "sub/db.yaml:1:25 skipped postgres:15"]


@pytest.mark.parametrize("written", [".env", "other/.env", "[sub/.env, more.env]", "[{path: sub/.env}]", "''"])
def test_other_files_of_variables_are_not_known(tmp_path: Path, written: str) -> None:
    include = f"include: [{{path: sub/db.yaml, env_file: {written}}}]\n"
    files = {"compose.yaml": include, "sub/db.yaml": DB, "sub/.env": "V=17\n", "other/.env": "V=18\n"}
    assert listed(tmp_path, files) == ["sub/db.yaml:1:25 unpinned postgres:15"]


def test_an_entry_without_a_path_includes_nothing(tmp_path: Path) -> None:
    files = {"compose.yaml": "include: [{project_directory: sub}, gone.yaml]\n", "sub/db.yaml": DB}
    assert listed(tmp_path, files) == ["sub/db.yaml:1:25 unpinned postgres:15"]


def test_an_object_is_no_compose_file(tmp_path: Path) -> None:
    files = {"compose.yaml": "apiVersion: v1\nkind: List\ninclude: [a]\n", "compose.b.yaml": "include: a\n"}
    assert listed(tmp_path, files) == []


def test_what_extends_in_an_included_file_counts_from_its_folder(tmp_path: Path) -> None:
    files = {
        "compose.yaml": "include: [{path: sub/db.yaml, project_directory: other}]\n",
        "sub/db.yaml": "services: {db: {extends: {file: base.yaml, service: db}, image: 'acme/db:1'}}\n",
        "other/base.yaml": "services: {db: {build: .}}\n",
    }
    assert listed(tmp_path, files) == ["sub/db.yaml:1:66 skipped acme/db:1"]
