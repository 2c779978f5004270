"""Exit statuses, a contract (README): scripts and hooks rely on them."""

from __future__ import annotations

CLEAN = 0
FOUND = 1
"""``check`` found something, or files changed and ``--exit-non-zero-on-change`` asked to be told."""
MISUSED = 2
"""A wrong option, configuration or path."""
UNTOLD = 3
"""Something could not be told: no answer, an unreadable file, or a mistake of pinner's own."""
INTERRUPTED = 130


def exit_status(*, found: bool, untold: bool) -> int:
    """Return the status of a run that ended by itself; findings outweigh what could not be told."""
    if found:
        return FOUND
    return UNTOLD if untold else CLEAN
