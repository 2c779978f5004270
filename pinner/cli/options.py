"""What a command line comes to: the options that every command takes, and what to run."""

from __future__ import annotations

from pinner.lean import TYPE_CHECKING, NamedTuple

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
    cache: bool = True
    debug: bool = False


DEFAULTS = Options()


class Invocation(NamedTuple):
    """A command line, understood."""

    options: Options
    run: Callable[[Context], int]
