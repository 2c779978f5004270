"""Time pinning 300 files that name 62 images of a real registry that is 50 ms away, beside pinner's peers.

Cold: nothing is pinned and nothing remembered. Warm: the files are as they were, and what a tool remembers of the run
before is there. Again: the same command once more on the files that it has pinned.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contestants import pinners, python_of_pinner
from measure import Place, Row, machine, race, show
from peers import introduce
from real_registry import PROGRAM, real_registry
from trees import write_mixed_tree
from where import functions

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRITERS = ("pinner", "pindock")


def rows(runs: int = 5, files: int = 300, images: int = 62, latency: float = 0.05) -> Iterator[Row]:
    if shutil.which(PROGRAM) is None:
        print(f"\nmissing: {PROGRAM} (apt install {PROGRAM}), so nothing is pinned here")
        return
    names = [f"team{number % 7}/image{number}:1.{number}.0" for number in range(images)]
    with real_registry(latency, names) as host, tempfile.TemporaryDirectory() as name:
        template = Path(name, "template")
        place = Place(Path(name, "work"), Path(name, "home"))
        write_mixed_tree(template, files, [f"{host}/{image}" for image in names])
        dockerfiles = sorted(str(path.relative_to(template)) for path in template.rglob("Dockerfile"))

        def restore() -> None:
            shutil.rmtree(place.folder, ignore_errors=True)
            shutil.copytree(template, place.folder)

        def restore_all() -> None:
            restore()
            place.forget()

        tools = list(pinners(place, 2 * files, host, names, dockerfiles))
        label = f"pin: {files} files, {images} images of a real registry, {latency * 1000:.0f} ms away"
        cold = race(tools, place, runs, restore_all)
        restore_all()
        where = functions(python_of_pinner(), place, ["pin"])
        yield Row(f"{label}, cold", cold, "ahead of pindock", where=where)
        forgetful = ("container-source-policy", "skopeo, one by one")
        warm = race([tool for tool in tools if tool.name not in forgetful], place, runs, restore)
        restore()
        where = functions(python_of_pinner(), place, ["pin"])
        yield Row(f"{label}, warm", warm, absent=f"{' and '.join(forgetful)} remember nothing", where=where)
        again = [tool._replace(tell=None) for tool in tools if tool.name in _WRITERS]
        yield Row("the same again", race(again, place, runs), absent="the others write no file")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    print(f"{machine()}\n{introduce()}")
    for row in rows(runs):
        show([row])


if __name__ == "__main__":
    main()
