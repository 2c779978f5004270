"""Coverage of processes that are forked and started, at the price of what they did alone.

Under ``coverage run`` every process of the tests is measured. As coverage.py has it (7.17, ``patch = _exit, fork``), a
forked child that ends by `os._exit` writes what its parent had seen, too, once more for each child; and every process
looks through the whole source for files that were never run, which the first one does for all.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_SOURCE = Path(__file__).parent.parent.parent / "pinner"


def measure_once() -> None:
    """Have what this process forks and starts say what it has seen, and nothing else; nothing where nobody measures."""
    coverage = sys.modules.get("coverage")
    measuring: Any = None if coverage is None else coverage.Coverage.current()
    if measuring is None:
        return
    measuring.config.source = None
    measuring.config.run_include = [f"{_SOURCE}/**"]
    os.environ["COVERAGE_PROCESS_CONFIG"] = measuring.config.serialize()

    def forget() -> None:
        measuring.save = lambda: None

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget)


def measure_nothing() -> None:
    """Have nobody measure this process, which was forked by one that is measured."""
    coverage = sys.modules.get("coverage")
    measuring: Any = None if coverage is None else coverage.Coverage.current()
    if measuring is not None:
        measuring.stop()
        measuring.save = lambda: None
