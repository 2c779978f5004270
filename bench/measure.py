"""Run programs in turn on the same work, and say what each took: time, processor time and memory of whole processes."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Run(NamedTuple):
    seconds: float
    processor: float
    """Seconds of all its processes."""
    peak: float
    """Megabytes of its largest process."""


class Figure(NamedTuple):
    """Medians, but for the peak, which is the highest."""

    seconds: float
    processor: float
    peak: float
    least: float
    """The shortest run, in processor seconds: what a machine with other work to do tells best."""


class Row(NamedTuple):
    """One piece of work, what pinner took for it, and others."""

    name: str
    ours: Figure
    peers: Mapping[str, Figure] = {}
    goal: str = ""


def find(program: str) -> str | None:
    beside = Path(sys.executable).parent
    return shutil.which(program, path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")


def pinner(*arguments: str) -> list[str]:
    """Return the command: the installed program, which is what a user starts."""
    return [find("pinner") or "pinner", *arguments]


def run(command: Sequence[str], folder: Path, statuses: Sequence[int] = (0,)) -> Run:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"HOME": str(folder), "XDG_CACHE_HOME": str(folder / ".cache")}
    start = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in statuses:
        sys.exit(f"{' '.join(command)[:300]} exited {process.returncode}")
    return Run(
        seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
    )


def race(
    commands: Mapping[str, Sequence[str]],
    folder: Path,
    runs: int,
    statuses: Sequence[int] = (0,),
    prepare: Callable[[], object] | None = None,
) -> dict[str, Figure]:
    """Return what each of ``commands`` took in ``folder``: one after another, ``runs`` times, after one to warm up.

    ``prepare`` is called before each.
    """
    taken: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            if prepare is not None:
                prepare()
            one = run(command, folder, statuses)
            if turn:
                taken[name].append(one)
    return {name: _figure(done) for name, done in taken.items()}


def _figure(runs: Sequence[Run]) -> Figure:
    return Figure(
        statistics.median(one.seconds for one in runs),
        statistics.median(one.processor for one in runs),
        max(one.peak for one in runs),
        min(one.processor for one in runs),
    )


def show(rows: Sequence[Row]) -> None:
    """Print a table; a ratio below 1 is one where pinner is faster."""
    for row in rows:
        ours = row.ours
        print(f"{row.name}{f'   (goal: {row.goal})' if row.goal else ''}")
        print(
            f"  {'pinner':24} {ours.seconds:7.3f} s   processor {ours.processor:7.3f} s"
            f" (least {ours.least:6.3f})   peak {ours.peak:5.0f} MB"
        )
        for name, other in row.peers.items():
            print(
                f"  {name:24} {other.seconds:7.3f} s   processor {other.processor:7.3f} s"
                f" (least {other.least:6.3f})   peak {other.peak:5.0f} MB"
                f"   pinner takes {ours.seconds / other.seconds:5.2f} times its time,"
                f" {ours.least / other.least:.2f} its processor's"
            )
        sys.stdout.flush()
