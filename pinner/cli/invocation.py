"""Understand a command line: with click, or without where that is all it takes."""

from __future__ import annotations

from pinner.cli.options import DEFAULTS, Invocation
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pinner.cli.context import Context
    from pinner.screen import Operation

_CHANGES: Mapping[str, Operation] = {"pin": "pin", "update": "update", "unpin": "unpin"}


def parse(arguments: Sequence[str]) -> Invocation:
    """Return what ``arguments`` ask for; raises `ConfigError` where they make no sense.

    The most frequent calls, ``pinner check PATH…`` and ``pinner list PATH…`` without an option, and those of `pin`,
    `update` and `unpin`, are understood without click, and so is ``pinner --version``: importing click takes longer
    than the check. Anything else is click's business; what runs afterwards is the same function.
    """
    command, *paths = arguments or ("",)
    if not any(path.startswith("-") for path in paths):
        if command == "check":
            return _check(tuple(paths))
        if command == "list":
            return _list(tuple(paths))
        if command in _CHANGES:
            return _change(_CHANGES[command], tuple(paths))
        if command == "--version" and not paths:
            return Invocation(DEFAULTS, _version)
    from pinner.cli.syntax.parser import parse_with_click  # noqa: PLC0415 - 45 ms

    return parse_with_click(arguments)


def _check(paths: tuple[str, ...]) -> Invocation:
    from pinner.cli.commands.check import CheckOptions, check  # noqa: PLC0415 - each command brings its own needs

    asked = CheckOptions(paths=paths)
    return Invocation(asked.options, lambda context: check(context, asked))


def _list(paths: tuple[str, ...]) -> Invocation:
    from pinner.cli.commands.list import ListOptions, list_  # noqa: PLC0415 - as above

    asked = ListOptions(paths=paths)
    return Invocation(asked.options, lambda context: list_(context, asked))


def _change(operation: Operation, paths: tuple[str, ...]) -> Invocation:
    from pinner.cli.commands.change import ChangeOptions, change  # noqa: PLC0415 - as above

    asked = ChangeOptions(operation, paths=paths)
    return Invocation(asked.options, lambda context: change(context, asked))


def _version(context: Context) -> int:
    from pinner import __version__  # noqa: PLC0415 - only here
    from pinner.cli.terminal import Terminal  # noqa: PLC0415 - only here

    Terminal(context).data([f"pinner {__version__}"])
    return 0
