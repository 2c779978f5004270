"""A dev container's ``build.args`` linked: the value that wins is what its Dockerfile is built from."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from fakes import digest_of
from world import pinner

from pinner.config import Settings
from pinner.model import Occurrence
from pinner.pipeline import survey
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 1)
DOCKERFILE = "ARG V=3.9\nFROM python:${V}\n"
REPLACED, KEPT = ["replaced: python:3.9"], ["from python:3.9"]
GIVEN = ["build-arg python:3.12"]


def found(folder: Path, files: dict[str, str], *named: str) -> dict[str, list[str]]:
    """Return, by path, what is found in ``files``, or in those of them that are ``named``."""
    (folder / ".git").mkdir(exist_ok=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    targets = [Target(str(folder / path), path, named=True) for path in named or files]
    sources = survey(targets, Settings(), today=TODAY).sources
    return {source.document.path: [said(candidate) for candidate in source.candidates] for source in sources}


def said(candidate: object) -> str:
    place = candidate.place  # type: ignore[attr-defined]
    return f"{place.kind} {place.reference}" if isinstance(place, Occurrence) else f"{place.reason}: {place.text}"


@pytest.mark.parametrize(
    ("container", "in_container", "in_dockerfile"),
    [
        ('{"build": {"dockerfile": "Dockerfile", "args": {"V": "3.12"}}}', GIVEN, REPLACED),
        ('{"build": {"dockerfile": "./Dockerfile", "context": "..", "args": {"V": "3.12"}}}', GIVEN, REPLACED),
        ('{"dockerFile": "Dockerfile", "build": {"args": {"V": "3.12"}}}', GIVEN, REPLACED),
        ('{"build": {"dockerfile": "Dockerfile", /* "V": "3.11" */ "args": {"V": "3.12",}}}', GIVEN, REPLACED),
        ('{"build": {"dockerfile": "Dockerfile", "args": {"V": "3.\\u0031"}}}', ["arg-conflict: python:3.1"], REPLACED),
        ('{"build": {"dockerfile": "Dockerfile", "args": {"V": "${localEnv:V:3.12}"}}}', [], KEPT),
        ('{"build": {"dockerfile": "Dockerfile", "args": {"V": "\u00e9"}}}', [], KEPT),
        ('{"build": {"dockerfile": "Dockerfile", "args": {"V": 3}}}', [], KEPT),
        ('{"build": {"dockerfile": "Dockerfile", "args": {"W": "3.12"}}}', [], KEPT),
        ('{"build": {"dockerfile": "Dockerfile", "args": {}}}', [], KEPT),
        ('{"build": {"dockerfile": "Dockerfile", "args": "V"}}', [], KEPT),
        ('{"build": {"dockerfile": 3, "args": {"V": "3.12"}}}', [], KEPT),
        ('{"build": {"dockerfile": "other/Dockerfile", "args": {"V": "3.12"}}}', [], KEPT),
        ('{"build": {"dockerfile": "../Dockerfile", "args": {"V": "3.12"}}}', [], KEPT),
        ('{"build": "Dockerfile", "x": {"args": {"V": "3.12"}}}', [], KEPT),
    ],
)
def test_the_value_that_wins_is_the_place(
    tmp_path: Path, container: str, in_container: list[str], in_dockerfile: list[str]
) -> None:
    files = {".devcontainer/devcontainer.json": container, ".devcontainer/Dockerfile": DOCKERFILE}
    whole = found(tmp_path, files)
    assert whole.pop(".devcontainer/Dockerfile") == in_dockerfile
    assert whole.get(".devcontainer/devcontainer.json", []) == in_container
    assert found(tmp_path, files, ".devcontainer/Dockerfile") == {".devcontainer/Dockerfile": in_dockerfile}
    assert found(tmp_path, files, ".devcontainer/devcontainer.json") == whole


def test_a_dockerfile_of_others_keeps_its_default(tmp_path: Path) -> None:
    container = '{"build": {"dockerfile": "../Dockerfile", "args": {"V": "3.12"}}}'
    files = {".devcontainer/devcontainer.json": container, "Dockerfile": DOCKERFILE}
    assert found(tmp_path, files)["Dockerfile"] == KEPT


def test_pinned_and_unpinned(tmp_path: Path) -> None:
    container = '{\n  // which one\n  "build": {"dockerfile": "Dockerfile", "args": {"V": "3.12"}}\n}\n'
    files = {".devcontainer/devcontainer.json": container, ".devcontainer/Dockerfile": DOCKERFILE}
    found(tmp_path, files)
    digest = digest_of("docker.io/library/python:3.12")
    assert pinner(tmp_path, "pin").status == 0
    after = {path: (tmp_path / path).read_text() for path in files}
    assert after == {**files, ".devcontainer/devcontainer.json": container.replace("3.12", f"3.12@{digest}")}
    assert pinner(tmp_path, "check").status == 0
    assert pinner(tmp_path, "unpin").status == 0
    assert {path: (tmp_path / path).read_text() for path in files} == files
