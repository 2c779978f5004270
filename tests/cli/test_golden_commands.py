"""Golden runs of the command line, found by listing ``testdata/cli``.

A case is a folder: ``command`` holds command lines, ``before/`` the folder they run in; ``after/`` its files afterwards
(absent: nothing may change), ``stdout``, ``stderr`` and ``status`` what was said. ``missing`` names images that do not
exist. ``pytest tests/cli/test_golden_commands.py --update-golden`` rewrites what is expected: read the diff.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from fakes import FakeResolver
from world import pinner

CASES_FOLDER = Path(__file__).parent.parent.parent / "testdata" / "cli"
CASES = sorted(path.parent for path in CASES_FOLDER.glob("*/command"))


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def run(case: Path, folder: Path) -> dict[str, bytes]:
    """Run the commands of ``case`` in ``folder`` and return what they said, by the file that holds it."""
    missing = case / "missing"
    resolver = FakeResolver(missing.read_text("utf-8").split() if missing.exists() else ())
    said = {"stdout": b"", "stderr": b"", "status": b""}
    for line in (case / "command").read_text("utf-8").splitlines():
        program, *arguments = shlex.split(line)
        assert program == "pinner"
        outcome = pinner(folder, *arguments, resolver=resolver)
        said["stdout"] += outcome.raw
        said["stderr"] += outcome.stderr.encode("utf-8", "surrogateescape")
        said["status"] += f"{outcome.status}\n".encode()
    return said


def test_there_are_cases() -> None:
    assert len(CASES) > 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_command(case: Path, tmp_path: Path, *, update_golden: bool) -> None:
    folder = tmp_path / "project"
    shutil.copytree(case / "before", folder)
    said = run(case, folder)
    before, after = contents(case / "before"), contents(folder)
    if update_golden:
        write_expectations(case, said, {} if after == before else after)
    for name, text in said.items():
        assert text == (case / name).read_bytes(), name
    expected = contents(case / "after") if (case / "after").exists() else before
    assert after == expected


def write_expectations(case: Path, said: dict[str, bytes], after: dict[str, bytes]) -> None:
    for name, text in said.items():
        (case / name).write_bytes(text)
    shutil.rmtree(case / "after", ignore_errors=True)
    for name, data in after.items():
        path = case / "after" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
