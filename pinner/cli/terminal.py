"""Terminal output: data to stdout, messages to stderr, colour where wanted."""

from __future__ import annotations

import os
import stat

from pinner._typing import TYPE_CHECKING
from pinner.cli.context import DEFAULTS
from pinner.errors import InputError
from pinner.report.escapes import escaped
from pinner.report.style import Style

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pinner.cli.context import Context, Options, Stream
    from pinner.report.escapes import Form

_NEEDED = "→…"
_USUAL_COLUMNS = 80
# GitHub, GitLab and most others; Azure Pipelines; TeamCity.
_RUNNERS = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")
_MAX_DIGITS = 6


class Terminal:
    """The two streams of a run. A reader who goes away (``| head``) is no error: the rest is left unsaid."""

    def __init__(self, context: Context, options: Options = DEFAULTS) -> None:
        self._stdout = context.stdout
        self._stderr = context.stderr
        self._quiet = options.quiet
        self._verbose = options.verbose
        self.debug = options.debug
        """Whether somebody wants to know where an internal error comes from."""
        self._gone: set[Stream] = set()
        self._has_runner = any(context.environment.get(name) for name in _RUNNERS)
        self.style = stream_style(context.stdout, options.color, context.environment)
        """How data looks."""
        self.patch_style = self.style._replace(
            color=self.style.color and (options.color == "always" or context.stdout.terminal)
        )
        """How a patch looks: FORCE_COLOR, set for a whole CI run, must not spoil what goes into ``git apply``."""
        self.talk_style = stream_style(context.stderr, options.color, context.environment)
        """How talk looks."""

    @property
    def interactive(self) -> bool:
        """Tell whether somebody watches stderr and wants talk."""
        return self._stderr.terminal and not self._quiet

    @property
    def is_read_by_runner(self) -> bool:
        """Tell whether what goes to stdout may come into the log of a CI job; a file is nobody's log."""
        return self._has_runner and not _is_file(self._stdout)

    def output(self, lines: Iterable[str], form: Form = "text", *, color: bool | None = None) -> None:
        """Write ``lines`` to stdout; ``form`` says how they spell what must not be there as it is.

        ``color`` tells whether pinner's colours are in it, where that is not as `style` says.
        """
        self._write_lines(self._stdout, escaped(lines, form, color=self.style.color if color is None else color))

    def raw(self, chunks: Iterable[bytes]) -> None:
        """Write bytes to stdout as they are."""
        self._write(self._stdout, b"".join(chunks))

    def own(self, text: str) -> None:
        """Write ``text`` that holds nothing foreign, help or a shell's script, to stdout as it is."""
        self._write_lines(self._stdout, text.splitlines())

    def error(self, lines: Iterable[str], form: Form = "text") -> None:
        """Write an error's ``lines`` to stderr, in every mode."""
        self._write_lines(self._stderr, escaped(lines, form, color=self.talk_style.color))

    def info(self, *lines: str) -> None:
        """Write ``lines`` to stderr, unless the user wants quiet."""
        if not self._quiet:
            self.error(lines)

    def detail(self, *lines: str) -> None:
        """Write ``lines`` to stderr where the user asked for more (``-v``)."""
        if self._verbose:
            self.info(*lines)

    def status(self, text: str) -> None:
        """Write ``text`` to stderr without a line's end: what progress needs to come and go on one line."""
        self._write(self._stderr, _encoded("\r".join(escaped(text.split("\r"))), self._stderr))

    def _write_lines(self, stream: Stream, lines: Iterable[str]) -> None:
        self._write(stream, b"".join(_encoded(f"{line}\n", stream) for line in lines))

    def _write(self, stream: Stream, data: bytes) -> None:
        if not data or stream in self._gone:
            return
        try:
            stream.raw.write(data)
            stream.raw.flush()
        except BrokenPipeError:
            self._gone.add(stream)
        except OSError as error:
            self._gone.add(stream)
            raise InputError(
                f"cannot write what pinner has to say: {(error.strerror or str(error)).lower()}"
            ) from error


def stream_style(stream: Stream, color: str, environment: Mapping[str, str]) -> Style:
    """Return how text looks on ``stream``: ``--color`` decides, then NO_COLOR, then what forces colour, then the tty.

    See no-color.org, force-color.org and bixense.com/clicolors: a variable counts where it is not empty, and one that
    forces where it is not ``0`` either.
    """
    look = Style(color=_colored(stream, color, environment), unicode=_encodes(stream.encoding))
    return look._replace(columns=_columns(stream, environment)) if stream.terminal else look


def _columns(stream: Stream, environment: Mapping[str, str]) -> int:
    """Return the width of a terminal: COLUMNS, as POSIX has it, or what the terminal says."""
    columns = environment.get("COLUMNS", "")
    if columns.isascii() and columns.isdecimal() and len(columns) < _MAX_DIGITS:
        return int(columns)
    try:
        return os.get_terminal_size(stream.raw.fileno()).columns or _USUAL_COLUMNS
    except (OSError, ValueError):
        return _USUAL_COLUMNS


def _colored(stream: Stream, color: str, environment: Mapping[str, str]) -> bool:
    if color != "auto":
        return color == "always"
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return stream.terminal and environment.get("TERM") != "dumb"


def _is_file(stream: Stream) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.raw.fileno()).st_mode)
    except (OSError, ValueError):  # closed, or in memory
        return False


def _encodes(encoding: str) -> bool:
    try:
        _NEEDED.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _encoded(text: str, stream: Stream) -> bytes:
    try:
        # The bytes of a file name that is no UTF-8 go out as they came in.
        return text.encode(stream.encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(stream.encoding, "backslashreplace")
