"""Time pinner on Python: real trees file by file, and ``pinner check`` on 10,000 generated files that name no image.

``check_python.py FOLDER…`` with folders of Python sources (unpacked sdists, say) prints the files, those that name an
image, the time for a file with and without one, and whether libcst was imported; without folders only the generated
tree is measured. Times are medians and means of one process that is warm.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from trees import write_python_tree


class Timing(NamedTuple):
    path: Path
    size: int
    seconds: float
    places: int
    imported: bool
    """Whether libcst was wanted for this file."""


def time_file(path: Path) -> Timing:
    from pinner.formats import locate  # noqa: PLC0415 - after the arguments are read
    from pinner.model import Document  # noqa: PLC0415

    document = Document(path.name, path.read_bytes())
    # Its parts stay loaded: all that is measured is whether somebody asks for it.
    sys.modules.pop("libcst", None)
    seconds = []
    found = None
    for _ in range(3):
        start = time.perf_counter()
        found = locate(document)
        seconds.append(time.perf_counter() - start)
    return Timing(path, len(document.data), min(seconds), len(found[1].places) if found else 0, "libcst" in sys.modules)


def show(name: str, timings: list[Timing]) -> None:
    if not timings:
        print(f"  {name:<18} none")
        return
    seconds = [timing.seconds for timing in timings]
    size = sum(timing.size for timing in timings)
    median, mean, longest = (figure(seconds) * 1e3 for figure in (statistics.median, statistics.fmean, max))
    print(f"  {name:<17} {len(timings):5} files {size / 1e6:6.2f} MB {size / 1e6 / sum(seconds):7.2f} MB/s", end="")
    print(f"   a file: median {median:7.3f} ms, mean {mean:7.3f} ms, longest {longest:7.2f} ms")


def measure(folder: Path) -> None:
    timings = [time_file(path) for path in sorted(folder.rglob("*.py"))]
    without = [timing for timing in timings if not timing.places]
    with_images = [timing for timing in timings if timing.places]
    print(f"{folder.name}: {len(timings)} files, {sum(timing.places for timing in timings)} places that name an image")
    show("without an image", without)
    show("with an image", with_images)
    if without and with_images:
        ratio = statistics.fmean(timing.seconds for timing in with_images) / statistics.fmean(
            timing.seconds for timing in without
        )
        print(f"  a file with an image takes {ratio:.0f} times as long")
    wanted = [timing for timing in timings if timing.imported]
    print(f"  libcst: wanted for {len(wanted)} files; of these without an image: ", end="")
    print(", ".join(timing.path.name for timing in wanted if not timing.places) or "none")
    over = [timing for timing in without if timing.seconds > 0.001]
    print(f"  files without an image that take over a millisecond: {len(over)}")
    for timing in sorted(over, key=lambda timing: -timing.seconds)[:5]:
        print(f"    {timing.seconds * 1e3:6.2f} ms  {timing.size / 1e3:7.1f} kB  {timing.path.relative_to(folder)}")


def wall_time(folder: Path, runs: int) -> tuple[float, int]:
    command = [shutil.which("pinner", path=str(Path(sys.executable).parent)) or "pinner", "check", "."]
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
        if done.returncode:
            sys.exit(f"pinner check exited {done.returncode}: {done.stderr.decode()[-500:]}")
    return statistics.median(times[1:]), len(times) - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--files", type=int, default=10_000, help="in the generated tree")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    for folder in options.folders:
        measure(folder)
    with tempfile.TemporaryDirectory() as name:
        size = write_python_tree(Path(name), options.files, random.Random(7))
        seconds, runs = wall_time(Path(name), options.runs)
        bare = statistics.median(_bare() for _ in range(runs + 1))
    print(f"pinner check on {options.files} generated files without an image ({size / 1e6:.1f} MB): {seconds:.3f} s")
    print(f"  {seconds / options.files * 1e3:.3f} ms a file; bare Python {bare:.3f} s, {seconds / bare:.0f} times that")


def _bare() -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
