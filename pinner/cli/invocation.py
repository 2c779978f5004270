"""Understand a command line: with click, or without where that is all it takes."""

from __future__ import annotations

from pinner.cli.options import Invocation
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def parse(arguments: Sequence[str]) -> Invocation:
    """Return what ``arguments`` ask for; raises `ConfigError` where they make no sense.

    The most frequent call, ``pinner check PATH…`` without an option, is understood without click: importing click
    takes longer than the check. Anything else is click's business; what runs afterwards is the same function.
    """
    if arguments and arguments[0] == "check" and not any(argument.startswith("-") for argument in arguments):
        from pinner.cli.commands.check import CheckOptions, check  # noqa: PLC0415 - each command brings its own needs

        asked = CheckOptions(paths=tuple(arguments[1:]))
        return Invocation(asked.options, lambda context: check(context, asked))
    from pinner.cli.syntax.parser import parse_with_click  # noqa: PLC0415 - 45 ms

    return parse_with_click(arguments)
