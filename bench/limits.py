"""Processor time and peak memory of inputs that grow: each at three sizes, in a process of its own.

`python bench/limits.py`. The processor's time is counted, not the clock's: what else the machine does is no part of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from pinner.formats import locate
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable

POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
SDK = "import docker\nd = docker.from_env()\n"


def _notebook(size: int) -> str:
    cell = {"cell_type": "code", "source": ["import docker\n", "docker.from_env().images.pull('redis:7')\n"]}
    return json.dumps({"cells": [cell] * size, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4})


CASES: dict[str, tuple[str, Callable[[int], str], tuple[int, int, int]]] = {
    "chain of ONBUILD": (
        "Dockerfile",
        lambda size: "FROM a\n" + "ONBUILD \\\n" * size + "RUN a\n",
        (50_000, 100_000, 200_000),
    ),
    "stages": ("Dockerfile", lambda size: "FROM a AS b\n" * size, (10_000, 20_000, 40_000)),
    "heredocs": (
        "Dockerfile",
        lambda size: "FROM a\nRUN " + "<<A " * size + "\n" + "A\n" * size,
        (4_000, 8_000, 16_000),
    ),
    "mounts": (
        "Dockerfile",
        lambda size: "FROM a\nRUN " + "--mount=from=b,target=/x \\\n" * size + " true\n",
        (5_000, 10_000, 20_000),
    ),
    "line over the limit": ("Dockerfile", lambda size: "FROM a\nRUN " + "x" * size, (1_000_000, 2_000_000, 4_000_000)),
    "cells": ("a.ipynb", _notebook, (4_000, 8_000, 16_000)),
    "calls": ("a.py", lambda size: SDK + "d.images.pull('redis:7')\n" * size, (2_000, 4_000, 8_000)),
    "functions": (
        "a.py",
        lambda size: SDK + "".join(f"def f{at}(image='redis:7'):\n    d.images.pull(image)\n" for at in range(size)),
        (2_000, 4_000, 8_000),
    ),
    "assignments": (
        "a.py",
        lambda size: (SDK + "A = 'redis:7'\n") * size + "d.images.pull(A)\n" * size,
        (500, 1_000, 2_000),
    ),
    "flow sequence": (
        "a.yaml",
        lambda size: POD + "    [" + "{image: 'redis:7'}, " * size + "]\n",
        (5_000, 10_000, 20_000),
    ),
    "anchors": (
        "a.yaml",
        lambda size: POD + "".join(f"  - image: &a{at} redis:7\n  - image: *a{at}\n" for at in range(size)),
        (5_000, 10_000, 20_000),
    ),
    "documents": ("a.yaml", lambda size: "---\napiVersion: v1\nkind: Pod\nimage: x\n" * size, (6_000, 12_000, 24_000)),
    "merge keys": (
        "compose.yaml",
        lambda size: (
            "x-a: &a\n  image: redis:7\nservices:\n" + "".join(f"  s{at}:\n    <<: *a\n" for at in range(size))
        ),
        (5_000, 10_000, 20_000),
    ),
    "dockerfile_inline": (
        "compose.yaml",
        lambda size: (
            "services:\n  a:\n    build:\n      dockerfile_inline: |\n        FROM a\n" + "        RUN x\n" * size
        ),
        (15_000, 30_000, 60_000),
    ),
}


def main() -> None:
    if len(sys.argv) > 1:
        _one(sys.argv[1], int(sys.argv[2]))
        return
    print(f"{'input':22} {'size':>9} {'MB':>7} {'s':>7} {'MB of memory':>13}")
    for name, (_, _, sizes) in CASES.items():
        for size in sizes:
            subprocess.run([sys.executable, __file__, name, str(size)], check=True)


def _one(name: str, size: int) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    path, make, _ = CASES[name]
    data = make(size).encode()
    start = time.process_time()
    locate(Document(path, data))
    seconds = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:22} {size:9,} {len(data) / 1e6:7.2f} {seconds:7.2f} {memory:13.0f}", flush=True)


if __name__ == "__main__":
    main()
