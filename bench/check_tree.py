"""Time ``pinner check`` offline, beside its peers: thousands of pinned files, again, and one file.

Cold is a home with nothing in it: nothing is remembered of a run before.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contestants import checkers, digests, python_of_pinner
from measure import Place, Row, bare, machine, race, show
from peers import introduce
from trees import write_tree
from where import functions, imports

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE = "team00/service0000/Dockerfile"
ASKERS = "container-source-policy and skopeo tell nothing without a registry"


@contextlib.contextmanager
def tree(files: int) -> Iterator[Place]:
    """Write a tree of ``files`` pinned files, half of them Dockerfiles, half compose files."""
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name, "tree"), Path(name, "home"))
        place.folder.mkdir()
        place.forget()
        write_tree(place.folder, files // 2, files // 2)
        yield place


def rows(files: int = 4000, runs: int = 5) -> Iterator[Row]:
    with tree(files) as place:
        paths = sorted(str(path.relative_to(place.folder)) for path in place.folder.rglob("*") if path.is_file())
        references = digests(place.folder)
        python = python_of_pinner()
        tools = list(checkers(place, references, paths))
        cold = race(tools, place, runs, place.forget)
        place.forget()
        where = functions(python, place, ["check"])
        yield Row(f"{files} pinned files, offline check, cold", cold, "0.53 s, aiming at 0.16 s", ASKERS, where)
        place.forget()
        again = race([tool._replace(tell=None) for tool in tools if tool.name != "Renovate"], place, runs)
        yield Row("the same again", again, "0.15 s", ASKERS, functions(python, place, ["check"]))
    with tree(2) as place:
        references = sum(ONE.endswith(path.name) * 3 for path in place.folder.rglob("*"))
        tools = [tool for tool in checkers(place, references, [ONE]) if tool.name != "Renovate"]
        # pindock and pinner are asked about the one file as well.
        tools = [
            tool if tool.name == "docker-image-pin" else tool._replace(command=[*tool.command, ONE]) for tool in tools
        ]
        one = race([*tools, bare()], place, max(runs, 15), place.forget)
        absent = f"{ASKERS}; Renovate reads whole repositories"
        yield Row("one Dockerfile, cold", one, "0.100 s", absent, imports(python, place, ["check", ONE]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    print(f"{machine()}\n{introduce()}")
    for row in rows(options.files, options.runs):
        show([row])


if __name__ == "__main__":
    main()
