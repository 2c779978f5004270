"""Real Dockerfiles of public repositories, and what BuildKit made of each: not one difference."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pinner.formats.dockerfile import locate
from pinner.model import Document, Occurrence

CORPUS = Path(__file__).parents[3] / ".." / "shared" / "corpus"
EXPECTED = CORPUS / "expected-dockerfile.jsonl"
KINDS = {"from": "from", "copy-from": "copy", "run-mount": "mount"}
TARGETS = {"stage": "stage", "scratch": "scratch", "index": "index"}

pytestmark = pytest.mark.skipif(not EXPECTED.exists(), reason="the corpus is not beside the repository")


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in EXPECTED.read_text().splitlines()] if EXPECTED.exists() else []


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['repo']}/{row['path']}")
def test_agrees_with_buildkit(row: dict[str, Any]) -> None:
    path = CORPUS / "docker" / row["repo"] / row["path"]
    located = locate(Document(row["path"], path.read_bytes()))
    assert located is not None
    found = []
    syntax = None
    for place in located.places:
        text = str(place.reference) if isinstance(place, Occurrence) else place.text
        if place.kind == "syntax":
            syntax = (text, place.line)
            continue
        target = "image" if isinstance(place, Occurrence) else TARGETS.get(place.reason, "image" if text else "empty")
        found.append((KINDS[place.kind], text, place.line, target))
    expected = [(ref["kind"], ref["value"], ref["line"], ref["target"]) for ref in row["refs"]]
    assert found == expected
    assert list(located.outline) == [(name.upper(), first, last) for name, first, last in row["spans"]]
    assert syntax == ((row["syntax"], row["syntaxline"]) if "syntax" in row else None)
