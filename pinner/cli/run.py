"""Run a command line: no error leaves as a traceback, unless --debug asks for it."""

from __future__ import annotations

from pinner.cli.context import process_context
from pinner.cli.invocation import parse
from pinner.cli.options import DEFAULTS, Options
from pinner.cli.status import INTERRUPTED, MISUSED, UNTOLD
from pinner.cli.terminal import Terminal
from pinner.errors import ConfigError, PinnerError
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.cli.context import Context


def run_command_line(arguments: Sequence[str], context: Context | None = None) -> int:
    """Return the status of the command that ``arguments`` ask for, run in ``context`` (this process's by default)."""
    context = context or process_context()
    options = DEFAULTS
    try:
        invocation = parse(arguments)
        options = invocation.options
        return invocation.run(context)
    except KeyboardInterrupt:
        Terminal(context, options).complain(["interrupted; every file is either as it was or fully written"])
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

        terminal.complain("".join(traceback.format_exception(error)).splitlines())
    if not isinstance(error, PinnerError):
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        error = PinnerError(f"internal error: {what}", hint="run again with --debug and report what it says")
    from pinner.report.as_text import render_error  # noqa: PLC0415 - nearly never needed

    terminal.complain(render_error(error, terminal.talk_style))
    return MISUSED if isinstance(error, ConfigError) else UNTOLD
