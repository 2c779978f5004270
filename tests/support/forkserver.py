"""Fork server for what tests start: a process for each program and call, and no start of Python and its modules.

Most of what the tests of the bot, the fleet and the language server took was the start of processes: workers, servers,
and the one in which `pinner.bot.child_process` reads a repository, once for each run of the bot. Here they are forks of
one that has those modules; what they do, their environment, folder, limits, signals and end are as ever.
`tests/bot/test_child_process.py`, and the tests of the program itself, start them as users do; so do all where nothing
forks.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import pickle
import pkgutil
import select
import selectors
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from authorities import trust_one
from measuring import measure_nothing, measure_once

import pinner
from pinner.bot import child_process

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IS_HERE = sys.platform == "linux"
# The first runs when it is imported; the second imports more than anybody who is forked needs.
_WITHOUT = ("pinner.__main__", "pinner.api")
_BESIDES = ("libcst", "pygls.lsp.server", "procrastinate", "psycopg_pool")
_MESSAGE = 180_000
_NUMBER = 4
"""Bytes of a process's number, and of its status."""
_SERVER = "import sys, forkserver; forkserver.serve(sys.argv[1], int(sys.argv[2]))"


class Wanted(NamedTuple):
    """A process that is to be."""

    environment: dict[str, str]
    folder: str
    arguments: tuple[str, ...] | None
    """Of the program; None for `pinner.bot.child_process`."""


class ForkServer:
    """The process that is forked: there from its first use on, until `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def open(self) -> str:
        """Return the address at which it listens."""
        if self._process is None:
            # Of the abstract ones: no file.
            self.address = f"\0pinner-forkserver-{os.getpid()}"
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
                listener.bind(self.address)
                listener.listen(64)
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _SERVER, self.address[1:], str(listener.fileno())],
                    stdin=subprocess.PIPE,
                    pass_fds=[listener.fileno()],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                )
        return self.address

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()


SERVER = ForkServer()


def _ask(address: str, wanted: Wanted, streams: Sequence[int]) -> tuple[int, int]:
    """Have a process be forked, with ``streams`` for its first three; return its number, and where it says its end."""
    status, ending = os.pipe()
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
            channel.connect(address)
            message = pickle.dumps(wanted)
            assert len(message) < _MESSAGE
            socket.send_fds(channel, [message], [*streams, ending])
    finally:
        os.close(ending)
    said = os.read(status, _NUMBER)
    assert len(said) == _NUMBER, "the fork server has ended"
    return int.from_bytes(said, "big"), status


def _status(said: bytes) -> int:
    return int.from_bytes(said, "big", signed=True)


# As asyncio has processes


class Forked:
    """A forked process, as asyncio shows one."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: asyncio.StreamWriter
        self.stdout: asyncio.StreamReader
        self._end: asyncio.Task[bytes]
        self._transports: list[asyncio.BaseTransport] = []

    async def connect(self, stdin: int, stdout: int, status: int) -> None:
        loop = asyncio.get_running_loop()

        async def reader(number: int) -> asyncio.StreamReader:
            made = asyncio.StreamReader()
            pipe = os.fdopen(number, "rb", 0)
            self._transports.append((await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(made), pipe))[0])
            return made

        self.stdout = await reader(stdout)
        self._end = asyncio.create_task((await reader(status)).read())
        pipe = os.fdopen(stdin, "wb", 0)
        transport, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, pipe)
        self._transports.append(transport)
        self.stdin = asyncio.StreamWriter(transport, flow, None, loop)

    def close(self) -> None:
        for transport in self._transports:
            transport.close()

    async def wait(self) -> int:
        # Several may wait, and who waits no longer ends nothing.
        self.returncode = _status(await asyncio.shield(self._end))
        self.close()
        return self.returncode

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    terminate = kill


async def _start(address: str, wanted: Wanted) -> Forked:
    incoming, stdin = os.pipe()
    stdout, outgoing = os.pipe()
    try:
        pid, status = _ask(address, wanted, (incoming, outgoing, 2))
    finally:
        os.close(incoming)
        os.close(outgoing)
    process = Forked(pid)
    try:
        await process.connect(stdin, stdout, status)
    except BaseException:
        # Nobody waits any more; who hears nothing ends.
        process.close()
        raise
    return process


async def start_limited(environment: Mapping[str, str], address: str | None = None) -> Forked:
    """Start a process as `pinner.bot.child_process` does."""
    return await _start(address or SERVER.open(), Wanted(dict(environment), str(Path.cwd()), None))


async def start_program(environment: Mapping[str, str], folder: Path, *arguments: str) -> Any:
    """Start ``pinner``, its input and output in the caller's hands."""
    if IS_HERE:
        return await _start(SERVER.open(), Wanted(dict(environment), str(folder), arguments))
    command, pipe = (sys.executable, "-m", "pinner", *arguments), asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=folder, env=environment)


# As subprocess has them


class _Program(subprocess.Popen[Any]):
    """A forked ``pinner``: all of `subprocess.Popen` but how it begins and how its end is heard of."""

    _ending = -1

    def _execute_child(self, args: Sequence[str], *rest: Any) -> None:
        _, _, _, _, folder, environment, _, _, _, *streams = rest
        stdin, _, _, stdout, _, stderr = streams[:6]
        wanted = Wanted(dict(environment), str(folder), tuple(args))
        try:
            given = [own if stream == -1 else stream for own, stream in enumerate((stdin, stdout, stderr))]
            self.pid, self._ending = _ask(SERVER.open(), wanted, given)
            self._child_created = True
        finally:
            self._close_pipe_fds(*streams[:6])  # type: ignore[attr-defined] # not known to its stubs

    def _internal_poll(self, *_: object, **__: object) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self._wait(0.0)
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        if self.returncode is None:
            if not select.select([self._ending], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            said = os.read(self._ending, _NUMBER)
            os.close(self._ending)
            self.returncode = _status(said)
        return self.returncode


def program(*arguments: str, cwd: Path, env: Mapping[str, str], **streams: Any) -> subprocess.Popen[Any]:
    """Start ``pinner``; ``streams`` are as `subprocess.Popen` takes them."""
    if IS_HERE:
        return _Program(arguments, cwd=cwd, env=env, **streams)
    return subprocess.Popen([sys.executable, "-m", "pinner", *arguments], cwd=cwd, env=env, **streams)


# The server


def serve(name: str, number: int) -> None:
    """Fork for whoever connects to the socket ``number``, until nobody holds the other end of standard input."""
    measure_once()
    trust_one()
    names = [module.name for module in pkgutil.walk_packages(pinner.__path__, "pinner.")]
    for module in (*_BESIDES, *names):
        if not module.startswith(_WITHOUT):
            with suppress(ImportError):  # of an extra that is not installed
                importlib.import_module(module)
    gc.collect()
    gc.freeze()
    ends, woken = os.pipe()
    os.set_blocking(ends, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running: dict[int, int] = {}
    with socket.socket(fileno=number) as listener, selectors.DefaultSelector() as selector:
        for stream in (listener, ends, 0):
            selector.register(stream, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if ends in ready:
                os.read(ends, 4096)
                _reap(running)
            if listener in ready:
                _accept(listener, running, (ends, woken, selector), f"\0{name}")
            elif 0 in ready:
                return


def _reap(running: dict[int, int]) -> None:
    """Say how those ended that have ended."""
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            ending = running.pop(found[0])
            status = os.waitstatus_to_exitcode(found[1])
            with suppress(BrokenPipeError):
                os.write(ending, status.to_bytes(_NUMBER, "big", signed=True))
            os.close(ending)


def _accept(listener: socket.socket, running: dict[int, int], own: tuple[int, int, Any], address: str) -> None:
    channel, _ = listener.accept()
    with channel:
        message, streams, _, _ = socket.recv_fds(channel, _MESSAGE, 4)
    if not message:
        return
    *first, ending = streams
    pid = os.fork()
    if not pid:
        ends, woken, selector = own
        signal.set_wakeup_fd(-1)
        selector.close()
        listener.close()
        for stream in (ends, woken, ending, *running.values()):
            os.close(stream)
        _become(pickle.loads(message), first, address)  # noqa: S301 - of our own
    running[pid] = ending
    for stream in first:
        os.close(stream)
    with suppress(BrokenPipeError):
        os.write(ending, pid.to_bytes(_NUMBER, "big"))


def _become(wanted: Wanted, streams: Sequence[int], address: str) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        if "COVERAGE_PROCESS_CONFIG" not in wanted.environment:
            measure_nothing()
        os.environ.clear()
        os.environ.update(wanted.environment)
        os.chdir(wanted.folder)
        if wanted.arguments is None:
            status = child_process.serve()
            sys.stdout.flush()
        else:
            from pinner.__main__ import run  # noqa: PLC0415 - the entry point

            child_process.start_process = partial(start_limited, address=address)  # type: ignore[assignment] # as tests do
            sys.argv = ["pinner", *wanted.arguments]
            run()
    finally:
        os._exit(status)
