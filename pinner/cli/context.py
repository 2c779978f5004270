"""Process environment of a run, its options, and the exit statuses (a contract, see README)."""

from __future__ import annotations

import os
import sys
import time
from io import BytesIO

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from contextlib import AbstractAsyncContextManager
    from datetime import date
    from typing import Any, BinaryIO, TextIO

    from pinner.config import Settings
    from pinner.oci.resolver import Listener, Registry

    Connect = Callable[[Settings, Mapping[str, str], Listener], AbstractAsyncContextManager[Registry]]


class Stream(NamedTuple):
    """Where bytes go, how text becomes bytes there, and whether a person looks on."""

    raw: BinaryIO
    encoding: str = "utf-8"
    terminal: bool = False


class Context(NamedTuple):
    """The world around a run."""

    folder: str
    """The current folder, absolute."""
    environment: Mapping[str, str]
    stdout: Stream
    stderr: Stream
    today: date
    connect: Connect
    """Opens the registry that answers."""
    stdin: Callable[[], bytes] = lambda: b""
    """Reads standard input to its end."""
    clock: Callable[[], float] = time.time
    """Seconds since 1970."""
    run: Callable[[Coroutine[Any, Any, Any]], Any] | None = None
    """Runs what asks, where one loop serves several askings; None for a loop each."""


def process_context() -> Context:
    """Return the context of this very process."""
    # Python 3.11 runs all of datetime in Python before it takes it from here.
    from _datetime import date  # type: ignore[import-not-found] # noqa: PLC0415 - tests bring their own day

    return Context(
        folder=_current_folder(),
        environment=os.environ,
        stdout=_stream(sys.stdout),
        stderr=_stream(sys.stderr),
        today=date.today(),
        connect=connect_to_registries,
        stdin=_read_stdin,
    )


def _read_stdin() -> bytes:
    # Python sets a stream that was closed from the start to None.
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def connect_to_registries(
    settings: Settings, environment: Mapping[str, str], listener: Listener
) -> AbstractAsyncContextManager[Registry]:
    """Return what asks registries, or the layout of ``settings`` in their place."""
    from pinner.registry.client import RegistryResolver  # noqa: PLC0415 - httpx and TLS, only to ask

    return RegistryResolver(settings, environment=environment, listener=listener)


def _current_folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        # Removed under our feet. Looking for files in it says so.
        return os.environ.get("PWD", os.sep)


def _stream(stream: TextIO | None) -> Stream:
    # Python sets a stream that was closed from the start to None.
    if stream is None:
        return Stream(BytesIO())
    return Stream(stream.buffer, stream.encoding, stream.isatty())


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
