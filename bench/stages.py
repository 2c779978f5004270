"""Processor time of a cold check by stage and by format, on real trees: what to look at before it is made faster.

``PINNER_TREES`` names the folder, as for `real_trees.py`. One process, no profiler: that would make calls dearer.
"""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from real_trees import ABSENT, trees

from pinner import formats
from pinner.config import Settings
from pinner.errors import InputError, attempt
from pinner.formats.base import claimed_name
from pinner.model import Document
from pinner.scan.discover import discover
from pinner.scan.scan import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pinner.formats.base import Format

_GATES = "which formats may know it"


class Clock:
    """Adds processor seconds up by what they were spent on."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.times: defaultdict[str, int] = defaultdict(int)
        self._last = time.process_time()

    def spent(self, on: str) -> None:
        """Count what has passed since this was called last, or `start`."""
        now = time.process_time()
        self.seconds[on] += now - self._last
        self.times[on] += 1
        self._last = now

    def start(self) -> None:
        self._last = time.process_time()


def measure(folder: Path) -> Clock:
    """Return where the time of looking into each file of ``folder`` goes."""
    clock = Clock()
    targets = discover((".",), Settings(), str(folder), {})
    clock.spent("list the files")
    for target in targets:
        clock.start()
        data = attempt(read_text, target)
        clock.spent("read them")
        if isinstance(data, bytes):
            locate(Document(target.path, data), clock)
    return clock


def locate(document: Document, clock: Clock) -> None:
    """Ask the formats as `formats.locate` does."""
    candidates: Iterable[Format] = formats._possible(  # noqa: SLF001 - to be told apart
        document,
        formats._claiming(claimed_name(document.path), formats.FORMATS),  # noqa: SLF001 - as above
    )
    candidates = list(candidates)
    clock.spent(_GATES)
    for one in candidates:
        located = attempt(one.locate, document)
        is_known = located is not None and not isinstance(located, InputError)
        clock.spent(f"{one.name}, {'known' if is_known else 'not its own'}")
        if is_known:
            return


def main() -> None:
    folder = trees()
    if folder is None:
        print(ABSENT)
        return
    gc.set_threshold(400_000, 20, 50)  # as the program does
    clock = measure(folder)
    print(f"{sum(clock.seconds.values()):.2f} s of processor time in one process")
    for name, seconds in sorted(clock.seconds.items(), key=lambda pair: -pair[1]):
        print(f"  {seconds:6.3f}  {clock.times[name]:6,} times  {name}")


if __name__ == "__main__":
    main()
