"""Growth of a cold check with files, references of a file, depth of folders and settings: what each costs.

`python bench/growth.py`. Processor time of whole processes with their children, least of a few runs, less that of one;
the clock would count what else the machine does. It is linear where each of many costs what each of few does.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contestants import python_of_pinner

if TYPE_CHECKING:
    from collections.abc import Callable

_DIGEST = f"sha256:{'0' * 64}"
_POD = f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: redis:7@{_DIGEST}\n"
_OWN = '[[override]]\npaths = ["tests/"]\nrules = { PIN001 = "note" }\n'
_IN_A_FOLDER = 20


def _files(folder: Path, number: int) -> None:
    for at in range(number):
        here = folder / f"s{at // _IN_A_FOLDER}"
        here.mkdir(exist_ok=True)
        text, name = (f"FROM python:3.12@{_DIGEST}\nRUN make\n", "Dockerfile") if at % 2 else (_POD, "pod.yaml")
        (here / f"{at}.{name}").write_text(text)


def _references(folder: Path, number: int) -> None:
    """Two hundred files of as many images."""
    for at in range(200):
        lines = "".join(f"  - name: a{one}\n    image: redis:{one}@{_DIGEST}\n" for one in range(number))
        (folder / f"{at}.yaml").write_text(f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n{lines}")


def _depth(folder: Path, number: int) -> None:
    """A hundred times as many folders, each in the one before, and a file in each."""
    for branch in range(100):
        here = folder / str(branch)
        here.mkdir()
        for at in range(number):
            here /= str(at % 10)
            here.mkdir()
            (here / "Dockerfile").write_text(f"FROM python:3.12@{_DIGEST}\n")


def _settings(folder: Path, number: int) -> None:
    """As many folders with settings of their own, and something to tell in each."""
    (folder / ".git").mkdir()
    for at in range(number):
        here = folder / f"s{at}"
        here.mkdir()
        (here / "pinner.toml").write_text(_OWN)
        (here / "Dockerfile").write_text("FROM python:3.12\n")


AXES: dict[str, tuple[Callable[[Path, int], None], tuple[int, ...]]] = {
    "files": (_files, (1_000, 4_000, 16_000, 64_000)),
    "references in each of 200 files": (_references, (10, 100, 1_000)),
    "folders in each other, a file in each, a hundred times": (_depth, (10, 40, 160)),
    "folders with settings": (_settings, (100, 400, 1_600)),
}


def spent(folder: Path, runs: int) -> float:
    """Return the least processor seconds of a check of ``folder`` that remembers nothing."""
    home = tempfile.mkdtemp(dir=folder.parent)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = kept | {"HOME": home, "XDG_CACHE_HOME": home}
    command = (python_of_pinner(), "-m", "pinner", "check", "--no-cache", "--quiet")
    taken = []
    for _ in range(runs + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(sum(after[:2]) - sum(before[:2]))
    return min(taken[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--most", type=int, default=64_000, help="leave larger sizes out")
    asked = parser.parse_args()
    growth(asked.runs, asked.most)


def growth(runs: int = 3, most: int = 64_000) -> None:
    """Print what each of the `AXES` costs at its sizes up to ``most``."""
    print("\ngrowth of a cold check: processor seconds, and those of each beyond the first")
    for axis, (write, sizes) in AXES.items():
        print(f"  {axis}")
        start, least = _at(write, 1, runs), 0.0
        for size in [size for size in sizes if size <= most]:
            seconds = _at(write, size, runs)
            each = (seconds - start) / (size - 1)
            least = least or each
            print(f"  {size:8,} {seconds:9.3f} s {each * 1e6:9.1f} us each, {each / least:5.2f} times", flush=True)


def _at(write: Callable[[Path, int], None], size: int, runs: int) -> float:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "tree"
        folder.mkdir()
        write(folder, size)
        return spent(folder, runs)


if __name__ == "__main__":
    main()
