"""The options that every command takes, as values."""

from __future__ import annotations

from typing import NamedTuple


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
    cache: bool = True
    debug: bool = False


DEFAULTS = Options()
