"""Run programs in turn on the same work, and say what each took: time, processor time and memory of whole processes.

One after another, round after round, so that what else the machine does disturbs all alike.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from memory import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_PATIENCE = 5.0
"""A program that takes more seconds than this is measured once: what else happens does not matter so much to it."""
_DROPPED = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "COVERAGE_PROCESS_START", "PYTHONHASHSEED", "VIRTUAL_ENV")


class Place(NamedTuple):
    """Where programs run, and a home with nothing in it for what they remember."""

    folder: Path
    home: Path

    def forget(self) -> None:
        """Make the next run a cold one. What the system holds of the files in its memory stays there for all."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()


class Tool(NamedTuple):
    name: str
    command: Sequence[str]
    statuses: Sequence[int] = (0,)
    environment: Mapping[str, str] = {}
    tell: Callable[[Tool, Place], str] | None = None
    """Runs it once, outside of the measurement, and says which part of the work it does."""


class Run(NamedTuple):
    seconds: float
    processor: float
    """Seconds of all its processes."""
    peak: float
    """Megabytes of its largest process, or of this one, out of which it is started: see `Sampler` for better."""


class Figure(NamedTuple):
    """Medians, but for the memory, ``fastest`` and ``least``."""

    seconds: float
    fastest: float
    processor: float
    least: float
    """The shortest run, in processor seconds: what a machine with other work to do tells best."""
    largest: float
    """Megabytes of its largest process. This and the next are of a run of their own, sampled; 0 if not on Linux."""
    together: float
    """Megabytes of all its processes at once, what they share counted once."""
    runs: int
    remark: str = ""


class Row(NamedTuple):
    """One piece of work, what pinner took for it, and others."""

    name: str
    figures: Mapping[str, Figure]
    """By name; the first is pinner's."""
    goal: str = ""
    absent: str = ""
    """Which of the peers have nothing that is comparable, and why."""
    where: Sequence[str] = ()
    """Where pinner's time goes."""


def environment_of(tool: Tool, place: Place) -> dict[str, str]:
    """Return what ``tool`` is started with: no settings but its own, and the home of ``place``."""
    kept = {name: value for name, value in os.environ.items() if name not in _DROPPED and not name.startswith("PINNER")}
    home = str(place.home)
    return kept | {"HOME": home, "XDG_CACHE_HOME": home, "LOCALAPPDATA": home} | dict(tool.environment)


def output(tool: Tool, place: Place, *more: str, environment: Mapping[str, str] = {}) -> str:
    """Return what ``tool`` prints; a status that was not foreseen ends the measurement."""
    done = subprocess.run(
        [*tool.command, *more],
        cwd=place.folder,
        env=environment_of(tool, place) | dict(environment),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode not in tool.statuses:
        sys.exit(f"{' '.join(tool.command)[:300]} exited {done.returncode}: {(done.stderr or done.stdout)[-500:]}")
    return done.stdout


def run(tool: Tool, place: Place, sampler: Sampler | None = None) -> Run:
    """Run ``tool`` once. ``sampler`` looks at its memory meanwhile, which takes time from the other processor."""
    start = time.perf_counter()
    with subprocess.Popen(
        tool.command,
        cwd=place.folder,
        env=environment_of(tool, place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        done, status, usage = os.wait4(process.pid, 0 if sampler is None else os.WNOHANG)
        while not done:
            if sampler is not None:
                sampler.sample(process.pid)
            time.sleep(0.002)
            done, status, usage = os.wait4(process.pid, os.WNOHANG)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in tool.statuses:
        sys.exit(f"{' '.join(tool.command)[:300]} exited {process.returncode}")
    unit = 1024 if sys.platform == "linux" else 1 << 20
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def _warm_up(tool: Tool, place: Place) -> tuple[str, bool]:
    """Run ``tool`` for the first time; return what it tells, and whether it is too slow to be run many times."""
    start = time.perf_counter()
    remark = ""
    if tool.tell is None:
        run(tool, place)
    else:
        remark = tool.tell(tool, place)
    return remark, time.perf_counter() - start > _PATIENCE


def race(
    tools: Sequence[Tool], place: Place, runs: int, before: Callable[[], object] | None = None
) -> dict[str, Figure]:
    """Return what each of ``tools`` took: one after another, ``runs`` times, after one to warm up.

    ``before`` is called before each run.
    """
    before = before or (lambda: None)
    taken: dict[str, list[Run]] = {tool.name: [] for tool in tools}
    remarks: dict[str, str] = {}
    slow = set()
    for tool in tools:
        before()
        remarks[tool.name], is_slow = _warm_up(tool, place)
        slow |= {tool.name} if is_slow else set()
    for _ in range(runs):
        for tool in tools:
            if tool.name not in slow:
                before()
                taken[tool.name].append(run(tool, place))
    figures = {}
    for tool in tools:
        before()
        sampler = Sampler()
        sampled = run(tool, place, sampler)
        figures[tool.name] = _figure(taken[tool.name] or [sampled], sampler, remarks[tool.name])
    return figures


def _figure(runs: Sequence[Run], memory: Sampler, remark: str) -> Figure:
    return Figure(
        statistics.median(one.seconds for one in runs),
        min(one.seconds for one in runs),
        statistics.median(one.processor for one in runs),
        min(one.processor for one in runs),
        memory.largest or max(one.peak for one in runs),
        memory.together,
        len(runs),
        remark,
    )


def bare() -> Tool:
    """Return what there is to do for any program in Python: nothing."""
    return Tool("bare Python", [sys.executable, "-c", "pass"])


def machine() -> str:
    load = f", {os.getloadavg()[0]:.1f} processes waiting on average" if hasattr(os, "getloadavg") else ""
    return f"{platform.system()}, {os.cpu_count()} processors{load}; Python {platform.python_version()}"


def show(rows: Sequence[Row]) -> None:
    """Print a table for each row; a ratio below 1 is one where pinner is faster."""
    for row in rows:
        ours = next(iter(row.figures.values()))
        print(f"\n{row.name}{f'   (goal: {row.goal})' if row.goal else ''}")
        print(
            f"  {'':23} median s (fastest)  processor s (least)   MB largest/all  pinner takes of it: time, processor"
        )
        for name, figure in row.figures.items():
            ratios = f"{ours.seconds / figure.seconds:18.2f} {ours.least / figure.least:10.2f}"
            together = f"{figure.together:.0f}" if figure.together else "?"
            print(
                f"  {name:23} {figure.seconds:8.3f} ({figure.fastest:.3f})"
                f"  {figure.processor:11.3f} ({figure.least:.3f})"
                f"   {figure.largest:7.0f} / {together:4}  {' ' * 29 if figure is ours else ratios}"
                f"   {figure.remark}{' (one run)' if figure.runs == 1 else ''}".rstrip()
            )
        if row.absent:
            print(f"  not here: {row.absent}")
        for line in row.where:
            print(f"  {line}")
        sys.stdout.flush()
