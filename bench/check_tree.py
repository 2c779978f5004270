"""Time ``pinner check`` offline, beside its peers: thousands of pinned files, again, one file, and twice as many files.

The peers are those that are installed beside this Python or on the path: ``pip install pindock``; docker-image-pin
needs Python 3.13 and is given the files one by one on its command line, as it knows no folders.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import io
import os
import pstats
import sys
import tempfile
from pathlib import Path

from measure import Row, find, pinner, race, show
from trees import write_tree

GROWTH = (1000, 2000, 4000, 8000, 16000)
ONE = "team00/service0000/Dockerfile"


def peers(*files: str) -> dict[str, list[str]]:
    """Return the commands of the peers that are installed: for the tree, or for ``files``."""
    known = {"pindock": ["check"], "docker-image-pin": list(files)}
    found = {name: find(name) for name in known}
    return {name: [program, *known[name]] for name, program in found.items() if program and known[name]}


def rows(files: int = 4000, runs: int = 5) -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        write_tree(tree, files // 2, files // 2)
        paths = sorted(str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file())
        bare = {"bare Python": [sys.executable, "-c", "pass"]}
        # docker-image-pin objects to tags, with or without a digest.
        taken = race({"pinner": pinner("check"), **peers(*paths)}, tree, runs, (0, 1))
        again = race({"pinner": pinner("check")}, tree, runs)
        one = race({"pinner": pinner("check", ONE), **bare}, tree, runs)
        return [
            Row(f"{files} pinned files, offline check", taken.pop("pinner"), taken, "0.53 s"),
            Row("the same again", again.pop("pinner"), {}, "0.15 s"),
            Row("one Dockerfile", one.pop("pinner"), one, "0.100 s"),
        ]


def growth(runs: int = 3) -> None:
    print("files    seconds   processor   microseconds of it a file   peak MB")
    for files in GROWTH:
        with tempfile.TemporaryDirectory() as name:
            write_tree(Path(name), files // 2, files // 2)
            figure = race({"pinner": pinner("check")}, Path(name), runs)["pinner"]
        per_file = figure.least / files * 1e6
        print(
            f"{files:5}   {figure.seconds:8.3f}   {figure.processor:9.3f}   {per_file:25.1f}   {figure.peak:7.0f}",
            flush=True,
        )


def profile(files: int) -> str:
    from pinner.__main__ import main  # noqa: PLC0415 - after the timings

    profiler = cProfile.Profile()
    here = Path.cwd()
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with tempfile.TemporaryDirectory() as name:
        write_tree(Path(name), files // 2, files // 2)
        os.chdir(name)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            profiler.runcall(main, ["check"])
        os.chdir(here)
    report = io.StringIO()
    pstats.Stats(profiler, stream=report).strip_dirs().sort_stats("tottime").print_stats(15)
    return report.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--growth", action="store_true", help="print what 1,000 to 16,000 files take as well")
    parser.add_argument("--profile", action="store_true", help="print where the time goes as well")
    options = parser.parse_args()
    show(rows(options.files, options.runs))
    if options.growth:
        growth()
    if options.profile:
        print(profile(min(options.files, 500)))


if __name__ == "__main__":
    main()
