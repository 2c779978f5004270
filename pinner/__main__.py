"""Entry point of the program ``pinner``: command line in, exit status out."""

from __future__ import annotations

import gc
import os
import sys

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from pinner.cli.context import Context


def run(leave: Callable[[int], object] = os._exit) -> None:
    """Run the command line of this process and end it: the entry point.

    ``leave`` is told the status. Tearing the interpreter down would take as long as a small check, and every file and
    stream is closed or flushed by now.
    """
    # Values that refer to each other in no circle are nearly all there is: looking for circles took a fifth of a check.
    # The threshold saves a tenth of a check of 4,000 files beside one of 50,000, and costs some 8 MB.
    gc.set_threshold(400_000, 20, 50)
    try:
        _interrupt_on_end()
        status = main(sys.argv[1:])
    except KeyboardInterrupt:  # while still importing
        status = 130
    leave(status)


def _interrupt_on_end() -> None:
    """Let the signals that end a process interrupt it as Ctrl-C does: nothing stays half done, and no litter."""
    import signal  # noqa: PLC0415 - Ctrl-C while importing is answered too

    def interrupt(_: int, frame: FrameType | None) -> None:
        handler = signal.getsignal(signal.SIGINT)
        if not callable(handler):  # whoever started us ignores Ctrl-C, and means Ctrl-C alone
            raise KeyboardInterrupt
        handler(signal.SIGINT, frame)

    # A closed terminal; Windows has Ctrl-Break in its place.
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        # What is ignored from the start (`nohup`) stays ignored.
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, interrupt)


def main(arguments: Sequence[str] | None = None, *, context: Context | None = None) -> int:
    """Run ``arguments`` (those of the process by default) in ``context`` and return the exit status.

    Writes to the streams of ``context`` and never raises: not even an interruption gets through.
    """
    from pinner.cli.run import run_command_line  # noqa: PLC0415 - Ctrl-C while importing is answered too

    return run_command_line(sys.argv[1:] if arguments is None else arguments, context)


if __name__ == "__main__":
    run()
