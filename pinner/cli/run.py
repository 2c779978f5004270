"""Command line runner: arguments parsed, command run, errors printed."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.cli.context import DEFAULTS, INTERRUPTED, MISUSED, UNTOLD, Invocation, Options, process_context
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, PinnerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pinner.cli.context import Context
    from pinner.scan.suppressions import Operation


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
    from pinner.cli.parser import parse_with_click  # noqa: PLC0415 - 45 ms

    return parse_with_click(arguments)


def _check(paths: tuple[str, ...]) -> Invocation:
    from pinner.cli.check import CheckOptions, check  # noqa: PLC0415 - each command brings its own needs

    asked = CheckOptions(paths=paths)
    return Invocation(asked.options, lambda context: check(context, asked))


def _list(paths: tuple[str, ...]) -> Invocation:
    from pinner.cli.list import ListOptions, list_  # noqa: PLC0415 - as above

    asked = ListOptions(paths=paths)
    return Invocation(asked.options, lambda context: list_(context, asked))


def _change(operation: Operation, paths: tuple[str, ...], *, exit_non_zero_on_change: bool) -> Invocation:
    from pinner.cli.change import ChangeOptions, change  # noqa: PLC0415 - as above

    asked = ChangeOptions(operation, paths=paths, exit_non_zero_on_change=exit_non_zero_on_change)
    return Invocation(asked.options, lambda context: change(context, asked))


def _version(context: Context) -> int:
    from pinner import __version__  # noqa: PLC0415 - only here
    from pinner.cli.terminal import Terminal  # noqa: PLC0415 - only here

    Terminal(context).output([f"pinner {__version__}"])
    return 0


def run_command_line(arguments: Sequence[str], context: Context | None = None) -> int:
    """Return the status of the command that ``arguments`` ask for, run in ``context`` (this process's by default)."""
    context = context or process_context()
    options = DEFAULTS
    try:
        invocation = parse(arguments)
        options = invocation.options
        return invocation.run(context)
    except KeyboardInterrupt:
        Terminal(context, options).error(["interrupted; every file is either as it was or fully written"])
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last resort: a traceback is of no use to a user
        return _failed(_single(error), Terminal(context, options), options)


def _single(error: Exception) -> Exception:
    """Return the error inside a group of tasks that failed."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _failed(error: Exception, terminal: Terminal, options: Options) -> int:
    if options.debug:
        import traceback  # noqa: PLC0415 - nearly never needed

        terminal.error("".join(traceback.format_exception(error)).splitlines())
    if not isinstance(error, PinnerError):
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        error = PinnerError(f"internal error: {what}", hint="run again with --debug and report what it says")
    from pinner.report.as_text import render_error  # noqa: PLC0415 - nearly never needed

    terminal.error(render_error(error, terminal.talk_style))
    return MISUSED if isinstance(error, ConfigError) else UNTOLD
