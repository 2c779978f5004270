"""Which formats are read: ``[formats]``, ``--formats``, and what the first run of a version says of new ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from world import outcome, pinner, world

from pinner.cli.new_formats import is_first_run

if TYPE_CHECKING:
    from pathlib import Path

    from world import Outcome

WOODPECKER = "steps: {a: {image: 'node:1'}}\nservices: {b: {image: 'db:1'}}\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in {
        "Dockerfile": "FROM a:1\n",
        ".woodpecker.yml": WOODPECKER,
        ".github/workflows/ci.yml": "jobs: {a: {container: 'node:2'}}\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / ".git").mkdir()
    return tmp_path


def formats(run: Outcome) -> list[str]:
    return sorted({json.loads(line)["format"] for line in run.stdout.splitlines() if '"span"' in line})


def listed(tree: Path, *options: str, configuration: str = "") -> list[str]:
    (tree / "pinner.toml").write_text(configuration)
    return formats(pinner(tree, "list", "--format", "jsonl", *options))


def test_all_are_on(tree: Path) -> None:
    assert listed(tree) == ["dockerfile", "github", "woodpecker"]


def test_a_disabled_formats_files_are_no_other_formats(tree: Path) -> None:
    assert listed(tree, configuration="formats.disable = ['woodpecker']") == ["dockerfile", "github"]


def test_the_command_line_names_those_that_are_read(tree: Path) -> None:
    assert listed(tree, "--formats", "github, dockerfile") == ["dockerfile", "github"]
    assert listed(tree, "--formats", "compose") == []


def test_an_earlier_versions_formats_find_what_it_found(tree: Path) -> None:
    assert listed(tree, configuration="formats.since = '0.1'") == ["dockerfile"]
    assert listed(tree, configuration="formats.since = '0.2'") == ["dockerfile", "github", "woodpecker"]


@pytest.mark.parametrize("names", ["compse", "github,what", "", ","])
def test_a_format_that_there_is_not_is_a_mistake(tree: Path, names: str) -> None:
    run = pinner(tree, "check", f"--formats={names}")
    if names:
        assert (run.status, run.stderr.splitlines()[0].startswith("error: --formats: there is no format")) == (2, True)
    else:
        assert run.status == 1


def test_what_is_new_is_told_once(tree: Path) -> None:
    new = (
        'hint: 3 of these are in formats that pinner 0.1 did not read (github, woodpecker); `since = "0.1"` under '
        "[formats] leaves them out"
    )
    environment = {"XDG_CACHE_HOME": str(tree / "cache")}
    first, second = (outcome(world(tree, environment=environment), "check").stderr for _ in range(2))
    assert new in first
    assert new not in second
    assert new in outcome(world(tree, environment=environment), "check", "--no-cache").stderr
    assert "formats that pinner" not in pinner(tree, "check", "--formats", "github").stderr
    (tree / "pinner.toml").write_text("formats.since = '0.2'")
    assert "formats that pinner" not in pinner(tree, "check").stderr


def test_a_note_that_cannot_be_kept_is_told_again(tmp_path: Path) -> None:
    (tmp_path / "told").write_text("a file")
    assert is_first_run(str(tmp_path), "/repo")
    assert is_first_run(str(tmp_path), "/repo")


@pytest.mark.parametrize("folder", [".github/workflows", ".github"])
def test_a_file_is_what_it_is_from_whichever_folder(tree: Path, folder: str) -> None:
    inside = tree / folder
    assert formats(pinner(inside, "list", "--format", "jsonl")) == ["dockerfile", "github", "woodpecker"]
    path = "ci.yml" if folder.endswith("workflows") else "workflows/ci.yml"
    assert formats(pinner(inside, "list", "--format", "jsonl", path)) == ["github"]
