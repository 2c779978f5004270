"""Time ``pinner check`` beside ``pindock check`` on one tree: 2,000 Dockerfiles and 2,000 compose files, all pinned.

Prints medians, their ratio, and where pinner's time goes. ``pip install pindock`` for the comparison.
"""

from __future__ import annotations

import argparse
import contextlib
import cProfile
import io
import os
import pstats
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from trees import write_tree


def median_seconds(command: list[str], folder: Path, runs: int) -> float:
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
        if done.returncode:
            sys.exit(f"{' '.join(command)} exited {done.returncode}: {done.stderr.decode()[-500:]}")
    return statistics.median(times[1:])


def profile(folder: Path) -> str:
    from pinner.__main__ import main  # noqa: PLC0415 - after the timings

    profiler = cProfile.Profile()
    here = Path.cwd()
    os.chdir(folder)
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        profiler.runcall(main, ["check"])
    os.chdir(here)
    report = io.StringIO()
    pstats.Stats(profiler, stream=report).strip_dirs().sort_stats("tottime").print_stats(15)
    return report.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000, help="of each kind")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    # The installed program, which is what a user starts; `python -m pinner` takes a little longer.
    pinner = [shutil.which("pinner", path=str(Path(sys.executable).parent)) or "pinner", "check"]
    peers = {"pindock": [shutil.which("pindock", path=str(Path(sys.executable).parent)) or "pindock", "check"]}
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name)
        write_tree(tree, options.files, options.files)
        ours = median_seconds(pinner, tree, options.runs)
        print(f"{options.files} Dockerfiles and {options.files} compose files, all pinned; medians of {options.runs}")
        print(f"  pinner check      {ours:7.3f} s")
        for peer, command in peers.items():
            if shutil.which(command[0]) is None:
                print(f"  {peer}: not installed")
                continue
            theirs = median_seconds(command, tree, options.runs)
            print(f"  {peer} check     {theirs:7.3f} s   pinner takes {ours / theirs:.2f} times that")
        one = median_seconds([*pinner, "team00/service0000/Dockerfile"], tree, options.runs)
        bare = median_seconds([sys.executable, "-c", "pass"], tree, options.runs)
        print(f"  one Dockerfile    {one:7.3f} s   bare Python {bare:.3f} s")
        if options.profile:
            print(profile(tree))


if __name__ == "__main__":
    main()
