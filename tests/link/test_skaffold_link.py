"""Skaffold's ``buildArgs`` linked: the value that wins is what a Dockerfile is built from, and holds the digest."""

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

    from pinner.scan.suppressions import Source

TODAY = date(2026, 11, 1)
HEAD = "apiVersion: skaffold/v4beta11\nkind: Config\n"
DOCKERFILE = "ARG V=3.9\nFROM python:${V}\n"
REPLACED, KEPT = ["replaced: python:3.9"], ["from python:3.9"]
BOTH = ["build-arg python:3.12", "build-arg python:3.13"]


def artifact(args: str = "{V: '3.12'}", image: str = "app", builder: str = "docker", more: str = "") -> str:
    return f"  - image: {image}\n    context: app\n    {builder}: {{buildArgs: {args}{more}}}\n"


def found(folder: Path, files: dict[str, str], *named: str) -> dict[str, list[str]]:
    """Return, by path, what is found in ``files``, or in those of them that are ``named``."""
    (folder / ".git").mkdir(exist_ok=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return {source.document.path: list(map(said, source.candidates)) for source in surveyed(folder, *(named or files))}


def surveyed(folder: Path, *paths: str) -> tuple[Source, ...]:
    targets = [Target(str(folder / path), path, named=True) for path in paths]
    return survey(targets, Settings(), today=TODAY).sources


def said(candidate: object) -> str:
    place = candidate.place  # type: ignore[attr-defined]
    return f"{place.kind} {place.reference}" if isinstance(place, Occurrence) else f"{place.reason}: {place.text}"


@pytest.mark.parametrize(
    ("skaffold", "in_skaffold", "in_dockerfile"),
    [
        (artifact(), BOTH[:1], REPLACED),
        (artifact(builder="kaniko"), BOTH[:1], REPLACED),
        (artifact("{V: '{{.TAG}}'}"), [], KEPT),
        (artifact("{V: }"), [], KEPT),
        (artifact("{V: ''}"), [], KEPT),
        (artifact("{V: é}"), [], KEPT),
        (artifact("{OTHER: '3.12'}"), [], KEPT),
        (artifact("[V]"), [], KEPT),
        (artifact(r'{V: "3\x2e12"}'), ["arg-conflict: python:3.12"], REPLACED),
        (artifact("{V: &v '3.12', W: *v}"), ["arg-conflict: python:3.12"], REPLACED),
        (artifact() + artifact("{V: '3.13'}", "b"), BOTH, REPLACED),
        (artifact() + artifact("{W: '3.13'}", "b"), BOTH[:1], KEPT),
        (artifact() + artifact("{V: '3.13'}", "b", "ko"), BOTH[:1], REPLACED),
        (artifact() + artifact("{V: '3.13'}"), BOTH, REPLACED),
        (artifact(more=", dockerfile: other.Dockerfile"), [], KEPT),
        (artifact(more=", dockerfile: '{{.FILE}}'"), [], KEPT),
        (artifact() + "  - context: app\n    docker: {buildArgs: {V: x}}\n", BOTH[:1], REPLACED),
    ],
)
def test_the_value_that_wins_is_the_place(
    tmp_path: Path, skaffold: str, in_skaffold: list[str], in_dockerfile: list[str]
) -> None:
    files = {"skaffold.yaml": f"{HEAD}build:\n  artifacts:\n{skaffold}", "app/Dockerfile": DOCKERFILE}
    whole = found(tmp_path, files)
    assert whole == {"skaffold.yaml": in_skaffold, "app/Dockerfile": in_dockerfile}
    for path, places in whole.items():  # each alone says what the whole says
        assert found(tmp_path, files, path) == {path: places}


def test_a_profile_is_a_build_of_its_own(tmp_path: Path) -> None:
    profile = "profiles:\n- name: dev\n  build:\n    artifacts:\n    - {image: app, context: app}\n"
    files = {"skaffold.yaml": f"{HEAD}build:\n  artifacts:\n{artifact()}{profile}", "app/Dockerfile": DOCKERFILE}
    assert found(tmp_path, files) == {
        "skaffold.yaml": ["build-arg python:3.12"],
        "app/Dockerfile": ["from python:3.9"],
    }


def test_documents_and_files_are_builds_of_their_own(tmp_path: Path) -> None:
    text = f"{HEAD}build:\n  artifacts:\n{artifact()}---\n{HEAD}build:\n  artifacts:\n{artifact('{V: x}')}"
    other = f"{HEAD}build:\n  artifacts:\n{artifact('{V: y}')}"
    files = {"skaffold.yaml": text, "skaffold.dev.yaml": other, "app/Dockerfile": DOCKERFILE}
    assert found(tmp_path, files) == {
        "skaffold.yaml": ["build-arg python:3.12", "build-arg python:x"],
        "skaffold.dev.yaml": ["build-arg python:y"],
        "app/Dockerfile": ["replaced: python:3.9"],
    }


def test_pinned_and_unpinned(tmp_path: Path) -> None:
    files = {"skaffold.yaml": f"{HEAD}build:\n  artifacts:\n{artifact()}", "app/Dockerfile": DOCKERFILE}
    found(tmp_path, files)
    digest = digest_of("docker.io/library/python:3.12")
    assert pinner(tmp_path, "pin").status == 0
    after = {path: (tmp_path / path).read_text() for path in files}
    assert after == {**files, "skaffold.yaml": files["skaffold.yaml"].replace("3.12", f"3.12@{digest}")}
    assert pinner(tmp_path, "check").status == 0
    assert pinner(tmp_path, "unpin").status == 0
    assert {path: (tmp_path / path).read_text() for path in files} == files
