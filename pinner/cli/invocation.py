"""Options of every command, and the exit statuses (a contract, see README)."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from pinner.cli.context import Context


class Options(NamedTuple):
    """What was said on the command line for any command; see ``pinner --help``."""

    config: str | None = None
    color: str = "auto"
    verbose: bool = False
    quiet: bool = False
    platform: str | None = None
    layout: str | None = None
    offline: bool = False
    jobs: int | None = None
    timeout: str | None = None
    formats: str | None = None
    cache: bool = True
    debug: bool = False


DEFAULTS = Options()


class Invocation(NamedTuple):
    """A command line, understood."""

    options: Options
    run: Callable[[Context], int]


CLEAN = 0
FOUND = 1
"""``check`` found something, or files changed and ``--exit-non-zero-on-change`` asked to be told."""
MISUSED = 2
"""A wrong option, configuration or path."""
UNTOLD = 3
"""Something could not be determined: no answer, an unreadable file, or a mistake of pinner's own."""
INTERRUPTED = 130


def exit_status(*, found: bool, untold: bool) -> int:
    """Return the status of a run that ended by itself; findings outweigh what could not be determined."""
    if found:
        return FOUND
    return UNTOLD if untold else CLEAN
