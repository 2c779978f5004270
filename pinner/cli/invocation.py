"""Understand a command line: with click, or without where that is all it takes."""

from __future__ import annotations

from pinner.cli.options import DEFAULTS, Invocation
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pinner.cli.context import Context
    from pinner.screen import Operation

_CHANGES: Mapping[str, Operation] = {"pin": "pin", "update": "update", "unpin": "unpin"}
_ON_CHANGE = "--exit-non-zero-on-change"


def parse(arguments: Sequence[str]) -> Invocation:
    """Return what ``arguments`` ask for; raises `ConfigError` where they make no sense.

    The most frequent calls are understood without click, for importing it takes longer than the check: a command and
    paths, without an option but the one that the pre-commit hook gives, and ``pinner --version``. Anything else is
    click's business; what runs afterwards is the same function.
    """
    command, *rest = arguments or ("",)
    paths = tuple([one for one in rest if one != _ON_CHANGE]) if command in _CHANGES else tuple(rest)
    if not any(path.startswith("-") for path in paths):
        if command == "check":
            return _check(paths)
        if command == "list":
            return _list(paths)
        if command in _CHANGES:
            return _change(_CHANGES[command], paths, exit_non_zero_on_change=_ON_CHANGE in rest)
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


def _change(operation: Operation, paths: tuple[str, ...], *, exit_non_zero_on_change: bool) -> Invocation:
    from pinner.cli.commands.change import ChangeOptions, change  # noqa: PLC0415 - as above

    asked = ChangeOptions(operation, paths=paths, exit_non_zero_on_change=exit_non_zero_on_change)
    return Invocation(asked.options, lambda context: change(context, asked))


def _version(context: Context) -> int:
    from pinner import __version__  # noqa: PLC0415 - only here
    from pinner.cli.terminal import Terminal  # noqa: PLC0415 - only here

    Terminal(context).data([f"pinner {__version__}"])
    return 0
