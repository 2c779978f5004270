"""Golden cases of the formats, found by listing ``testdata/formats``.

A case is a folder: ``before/`` holds the files, ``after/`` the pinned ones (a file that is not there must not change),
``places.json`` what is found. ``pytest tests/test_golden.py --update-golden`` rewrites the last two: read the diff.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeResolver

from pinner.config import Settings
from pinner.model import Occurrence
from pinner.pipeline import Survey, make_plans, survey
from pinner.scan.discover import Target

FORMATS = Path(__file__).parent.parent / "testdata" / "formats"
CASES = sorted(path.parent for path in FORMATS.glob("*/*/before"))
TODAY = date(2026, 11, 1)


def look(folder: Path) -> Survey:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return survey([Target(str(path), path.relative_to(folder).as_posix()) for path in files], Settings(), today=TODAY)


def places(found: Survey) -> list[dict[str, Any]]:
    rows = []
    for source in found.sources:
        for candidate in source.candidates:
            place = candidate.place
            row: dict[str, Any] = {
                "path": source.document.path,
                "line": place.line,
                "column": place.column,
                "span": [place.span.start, place.span.end],
                "format": place.format,
                "kind": place.kind,
                "via": list(place.via),
                "owner": place.owner,
                "platform": place.platform,
            }
            if isinstance(place, Occurrence):
                row |= {"reference": str(place.reference), "insert": place.insert}
                if place.digest_span is not None:
                    row["digest_span"] = [place.digest_span.start, place.digest_span.end]
            else:
                row |= {"text": place.text, "reason": place.reason, "detail": place.detail}
            rows.append(row)
    return rows


def operate(folder: Path, operation: Any) -> dict[str, bytes]:
    """Return every file that ``operation`` changes in ``folder``, with its new bytes."""
    found = look(folder)
    plans = asyncio.run(make_plans(found.sources, operation, Settings(), FakeResolver()))
    return {plan.document.path: plan.result for plan in plans if plan.changed}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_case(case: Path, tmp_path: Path, *, update_golden: bool) -> None:
    found = look(case / "before")
    rows = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in places(found))
    changed = operate(case / "before", "pin")
    if update_golden:
        (case / "places.json").write_bytes(rows.encode())
        shutil.rmtree(case / "after", ignore_errors=True)
        for path, data in changed.items():
            (case / "after" / path).parent.mkdir(parents=True, exist_ok=True)
            (case / "after" / path).write_bytes(data)
    expected = {
        path.relative_to(case / "after").as_posix(): path.read_bytes()
        for path in sorted((case / "after").rglob("*"))
        if path.is_file()
    }
    assert (case / "places.json").read_bytes().decode() == rows
    assert changed == expected

    # A second run changes nothing, and unpinning what was pinned gives the first bytes back, `:latest` excepted.
    shutil.copytree(case / "before", tmp_path / "pinned", copy_function=shutil.copyfile)
    for path, data in changed.items():
        (tmp_path / "pinned" / path).write_bytes(data)
    assert operate(tmp_path / "pinned", "pin") == {}


def test_there_are_cases() -> None:
    assert {case.parent.name for case in CASES} >= {"dockerfile", "compose", "kubernetes"}


def test_more_cases_must_not_change_than_must() -> None:
    unchanged = [case for case in CASES if not (case / "after").exists()]
    assert len(unchanged) > len(CASES) - len(unchanged)
