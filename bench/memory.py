"""Add up what a process and all that it started hold in memory, from Linux's ``/proc``."""

from __future__ import annotations

import contextlib
from pathlib import Path

_PROC = Path("/proc")


class Sampler:
    """Looks from time to time; both figures are megabytes, 0 where the system does not tell."""

    def __init__(self) -> None:
        self.largest = 0.0
        """The most that one of the processes ever held."""
        self.together = 0.0
        """The most that all of them held at once, what they share counted once."""

    def sample(self, pid: int) -> None:
        """Look at ``pid`` and all that it started."""
        with contextlib.suppress(OSError, ValueError):
            family = _family(pid)
            self.largest = max(self.largest, *(_kilobytes(member, "status", "VmHWM:") / 1024 for member in family))
            self.together = max(
                self.together, sum(_kilobytes(member, "smaps_rollup", "Pss:") for member in family) / 1024
            )


def _family(pid: int) -> set[int]:
    """Return ``pid`` and the processes below it."""
    parents: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError, ValueError):
                # The name of the program, in brackets, may hold anything.
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _kilobytes(pid: int, file: str, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in (_PROC / str(pid) / file).read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0
