"""The cases in testdata/tags: which tag follows which. A level that is not given is that of the level below it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tagcases import options_of

from pinner.tags.candidates import find_candidates
from pinner.tags.lines import Lines
from pinner.tags.model import LEVELS

FOLDER = Path(__file__).parent.parent.parent / "testdata" / "tags"
FILES = [tomllib.loads(file.read_text("utf-8")) for file in sorted(FOLDER.iterdir())]
CASES = [(file, case) for file in FILES for case in file["case"]]


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file['image']}:{case['current']}" for file, case in CASES])
def test_the_tag_that_follows(file: dict[str, Any], case: dict[str, Any]) -> None:
    lines, options = Lines(file["tags"]), options_of(case.get("options", {}))
    wanted = None
    for level in LEVELS:
        wanted = case.get(level, wanted)
        found = find_candidates(file["image"], case["current"], lines, options, level)
        assert (found.tags[0].text if found.tags else None) == wanted, level
        if level in case.get("notes", {}):
            assert dict(found.notes) == case["notes"][level]


def test_every_file_of_cases_has_some() -> None:
    assert len(FILES) > 9
    assert all(file["case"] for file in FILES)
