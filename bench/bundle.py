"""Time ``pinner check`` on a Kubernetes bundle of 5 MB, images in every document, and on 10,000 Python files."""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contestants import checkers, digests, pinner, python_of_pinner
from measure import Place, Row, bare, machine, race, show
from peers import introduce
from trees import bundle, write_python_tree
from where import functions

if TYPE_CHECKING:
    from collections.abc import Iterator

_ABSENT = "pindock reads no Kubernetes files; container-source-policy and skopeo tell nothing without a registry"


def rows(runs: int = 5, size: int = 5_000_000, modules: int = 10_000) -> Iterator[Row]:
    python = python_of_pinner()
    for pinned in (True, False):
        with tempfile.TemporaryDirectory() as name:
            place = Place(Path(name, "work"), Path(name, "home"))
            place.folder.mkdir()
            place.forget()
            text = bundle(random.Random(7), size, pin=pinned)
            (place.folder / "bundle.yaml").write_text(text, newline="\n")
            references = digests(place.folder) if pinned else text.count("\n          image: ")
            tools = [
                tool for tool in checkers(place, references, ["bundle.yaml"], pinned=pinned) if tool.name != "pindock"
            ]
            figures = race(tools, place, runs, place.forget)
            place.forget()
            where = functions(python, place, ["check"])
        label = f"a Kubernetes bundle of {size / 1e6:.0f} MB, {'pinned' if pinned else 'not pinned'}, cold"
        yield Row(label, figures, "0.5 s", _ABSENT, where)
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name, "work"), Path(name, "home"))
        place.folder.mkdir()
        place.forget()
        write_python_tree(place.folder, modules, random.Random(7))
        figures = race([pinner("check"), bare()], place, runs, place.forget)
        place.forget()
        where = functions(python, place, ["check"])
    yield Row(f"{modules} Python files without an image, cold", figures, "", "no peer reads Python", where)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{machine()}\n{introduce()}")
    for row in rows(runs):
        show([row])


if __name__ == "__main__":
    main()
