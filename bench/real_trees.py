"""Time ``pinner check`` offline on trees that people have, as a ratio to a floor measured in the same run.

``PINNER_TREES`` names a folder with checked-out repositories in it; each row is of all of them in one run. The floor is
``floor.py``. Cold is a home with nothing in it: nothing is remembered of a run before.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contestants import pinner, python_of_pinner
from measure import Place, Row, Tool, machine, output, race, show
from where import functions

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "PINNER_TREES"
ABSENT = f"\nreal trees: {VARIABLE} names no folder, so they are not measured"
_FOUND = (0, 1)
_COLD, _AGAIN = "at most 3 times the floor, 100 MB", "at most 1.5 times the floor"


def trees() -> Path | None:
    """Return the folder of real trees; None where none is given."""
    named = os.environ.get(VARIABLE)
    folder = Path(named).resolve() if named else None
    return folder if folder is not None and folder.is_dir() else None


def _looked(tool: Tool, place: Place) -> str:
    summary = json.loads(output(tool, place, "--format", "json"))["summary"]
    return f"{summary['mentions']} references in {summary['files']} files"


def rows(folder: Path, runs: int = 5) -> Iterator[Row]:
    python = python_of_pinner()
    floor = Tool("the floor", [python, str(Path(__file__).with_name("floor.py").resolve())])
    check = pinner("check", ".", statuses=_FOUND, tell=_looked)
    with tempfile.TemporaryDirectory() as name:
        place = Place(folder, Path(name, "home"))
        place.forget()
        cold = race([check, floor], place, runs, place.forget)
        place.forget()
        where = functions(python, place, ["check", "."])
        yield Row("real trees, offline check, cold", cold, _COLD, where=where)
        place.forget()
        again = race([check._replace(tell=None), floor], place, runs)
        yield Row("the same again", again, _AGAIN, where=functions(python, place, ["check", "."]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(machine())
    folder = trees()
    if folder is None:
        print(ABSENT)
        return
    for row in rows(folder, runs):
        show([row])


if __name__ == "__main__":
    main()
