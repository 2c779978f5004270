"""The cases in testdata/tags: which tag follows which. A level that is not given is that of the level below it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tagcases import options_of

from pinner.tags.candidates import find_candidates
from pinner.tags.model import LEVELS
from pinner.tags.release_lines import Lines

FOLDER = Path(__file__).parent.parent.parent / "testdata" / "tags"
FILES = [tomllib.loads(file.read_text("utf-8")) for file in sorted(FOLDER.iterdir())]
# A case has its file's image and tags, or its own.
CASES = [{**file, **case} for file in FILES for case in file["case"]]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['image']}:{case['current']}" for case in CASES])
def test_the_tag_that_follows(case: dict[str, Any]) -> None:
    tags = case["tags"] if isinstance(case["tags"], list) else case["tags"].split()
    lines, options = Lines(tags), options_of(case.get("options", {}))
    wanted = None
    for level in LEVELS:
        wanted = case.get(level, wanted)
        found = find_candidates(case["image"], case["current"], lines, options, level)
        assert (found.tags[0].text if found.tags else None) == wanted, level
        if level in case.get("notes", {}):
            assert dict(found.notes) == case["notes"][level]


def test_every_file_of_cases_has_some() -> None:
    assert len(FILES) > 9
    assert all(file["case"] for file in FILES)
