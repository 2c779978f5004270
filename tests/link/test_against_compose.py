"""Compose projects against compose-go: what each service pulls, what it builds, and of which values.

Recorded by tests/oracles/compose (compose-go 2.16.2); with ``PINNER_COMPOSE_ORACLE``, the program built there, live
too.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pinner.config import Settings
from pinner.model import Occurrence, Place
from pinner.pipeline import survey
from pinner.scan.discover import Target

PROJECTS = Path(__file__).parent.parent.parent / "testdata" / "compose-projects"
RECORDED = [json.loads(line) for line in Path(__file__).with_name("compose_recorded.jsonl").read_text().splitlines()]
ORACLE = os.environ.get("PINNER_COMPOSE_ORACLE")
BUILT = ("built-here", "built-elsewhere")


def places(folder: Path) -> list[Place]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "FILES")
    targets = [Target(str(path), path.relative_to(folder).as_posix()) for path in files]
    found = survey(targets, Settings(), today=date(2026, 11, 1))
    assert not found.unreadable
    return [candidate.place for source in found.sources for candidate in source.candidates]


def text(place: Place) -> str:
    return str(place.reference) if isinstance(place, Occurrence) else place.text


def is_built(place: Place) -> bool:
    return not isinstance(place, Occurrence) and place.reason in BUILT


def bases(folder: Path, build: dict[str, Any]) -> list[str]:
    """Return the images that ``FROM`` names once the arguments of ``build`` are given; as BuildKit puts them in."""
    file = folder / build.get("context", ".") / build.get("dockerfile", "Dockerfile")
    if not file.is_file():
        return []
    values = dict(re.findall(r"(?m)^ARG (\w+)=(\S+)$", file.read_text())) | build.get("args", {})
    return [
        re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], base)
        for base in re.findall(r"(?m)^FROM (\S+)$", file.read_text())
    ]


def wrong(answer: dict[str, Any]) -> list[str]:
    """Return in what pinner does not say of a project what compose-go says."""
    folder = PROJECTS / answer["folder"]
    found = places(folder)
    services = answer.get("services", {})
    built = {one["image"] for one in services.values() if "build" in one and "image" in one}
    pulled = {one["image"] for one in services.values() if "build" not in one}
    named = {text(place) for place in found if not is_built(place)}
    held = {text(place) for place in found if isinstance(place, Occurrence) and place.kind == "service-image"}
    faults = [f"pulled and not named: {image}" for image in sorted(pulled - built - named)]
    faults += [f"built and to pin: {image}" for image in sorted((built - pulled) & held)]
    pinnable = {text(place) for place in found if isinstance(place, Occurrence)}
    wanted = [base for one in services.values() if "build" in one for base in bases(folder, one["build"])]
    return [*faults, *(f"no base: {base}" for base in wanted if base not in pinnable)]


@pytest.mark.parametrize("answer", RECORDED, ids=lambda answer: answer["folder"])
def test_compose_says_the_same(answer: dict[str, Any]) -> None:
    assert wrong(answer) == []


def test_every_project_is_recorded() -> None:
    assert {answer["folder"] for answer in RECORDED} == {path.name for path in PROJECTS.iterdir()}


@pytest.mark.skipif(ORACLE is None, reason="PINNER_COMPOSE_ORACLE names no program (tests/oracles/compose)")
def test_what_is_recorded_is_what_compose_says() -> None:
    assert ORACLE is not None
    folders = sorted(path.name for path in PROJECTS.iterdir())
    done = subprocess.run([ORACLE, *folders], cwd=PROJECTS, capture_output=True, text=True, check=True)
    assert [json.loads(line) for line in done.stdout.splitlines()] == RECORDED
