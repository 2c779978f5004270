"""Which formats are read: ``[formats]``, ``--formats``, and what the first run of a version says of new ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from world import pinner as run

import pinner.formats
from pinner.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator
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


def formats(ran: Outcome) -> list[str]:
    return sorted({json.loads(line)["format"] for line in ran.stdout.splitlines() if '"span"' in line})


def listed(tree: Path, *options: str, configuration: str = "") -> list[str]:
    (tree / "pinner.toml").write_text(configuration)
    return formats(run(tree, "list", "--format", "jsonl", *options))


def test_all_are_on(tree: Path) -> None:
    assert listed(tree) == ["dockerfile", "github", "woodpecker"]


def test_a_disabled_formats_files_are_no_other_formats(tree: Path) -> None:
    assert listed(tree, configuration="formats.disable = ['woodpecker']") == ["dockerfile", "github"]


def test_the_command_line_names_those_that_are_read(tree: Path) -> None:
    assert listed(tree, "--formats", "github, dockerfile") == ["dockerfile", "github"]
    assert listed(tree, "--formats", "compose") == []


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have dialects of YAML be read since 0.2; the first release reads all that there is."""
    assert {format_.since for format_ in FORMATS} == {"0.1"}
    new = tuple(format_._replace(since="0.2") if format_.is_dialect else format_ for format_ in FORMATS)
    monkeypatch.setattr(pinner.formats, "FORMATS", new)
    pinner.formats.configured.cache_clear()
    yield
    pinner.formats.configured.cache_clear()


@pytest.mark.usefixtures("later")
def test_an_earlier_versions_formats_find_what_it_found(tree: Path) -> None:
    assert listed(tree, configuration="formats.since = '0.1'") == ["dockerfile"]
    assert listed(tree, configuration="formats.since = '0.2'") == ["dockerfile", "github", "woodpecker"]


@pytest.mark.parametrize("names", ["compse", "github,what", "", ","])
def test_a_format_that_there_is_not_is_a_mistake(tree: Path, names: str) -> None:
    ran = run(tree, "check", f"--formats={names}")
    if names:
        assert (ran.status, ran.stderr.splitlines()[0].startswith("error: --formats: there is no format")) == (2, True)
    else:
        assert ran.status == 1


@pytest.mark.parametrize("folder", [".github/workflows", ".github"])
def test_a_file_is_what_it_is_from_whichever_folder(tree: Path, folder: str) -> None:
    inside = tree / folder
    assert formats(run(inside, "list", "--format", "jsonl")) == ["dockerfile", "github", "woodpecker"]
    path = "ci.yml" if folder.endswith("workflows") else "workflows/ci.yml"
    assert formats(run(inside, "list", "--format", "jsonl", path)) == ["github"]
