"""Fork server for calls in a process of their own: each has one, and no start of Python and its modules.

Most of what the bot's tests took was the start of the process that `pinner.bot.limited` reads a repository in, once for
each run of the bot. Here it is a fork of one that has those modules; what it does, its environment, folder, limits and
end are as ever. `tests/bot/test_limited.py`, and every test that starts pinner as a program, start it as users do.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
import pickle
import pkgutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from measuring import measure_once

import pinner
from pinner.bot import limited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Nobody reads a repository with these; with all others and the reader of Python, in one repository or another.
_WITHOUT = ("pinner.__main__", "pinner.api", "pinner.demo", "pinner.fleet", "pinner.lsp", "pinner.verify")
_MESSAGE = 180_000
_SERVER = "import sys, forkserver; forkserver.serve(int(sys.argv[1]))"


class ForkServer:
    """The process that is forked: there from its first use on, until `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket

    def _open(self) -> None:
        self._channel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _SERVER, str(other.fileno())],
                pass_fds=[other.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )

    def close(self) -> None:
        if self._process is not None:
            self._channel.close()
            self._process.wait()

    async def start(self, environment: Mapping[str, str]) -> Forked:
        """Return a process as `pinner.bot.limited` starts it."""
        if self._process is None:
            self._open()
        incoming, stdin = os.pipe()
        stdout, outgoing = os.pipe()
        status, ending = os.pipe()
        message = pickle.dumps((dict(environment), str(Path.cwd())))
        assert len(message) < _MESSAGE
        socket.send_fds(self._channel, [message], [incoming, outgoing, ending])
        for stream in (incoming, outgoing, ending):
            os.close(stream)
        return await Forked.opened(stdin, stdout, status)


class Forked:
    """A forked process, as asyncio shows one."""

    def __init__(
        self,
        pid: int,
        stdin: asyncio.StreamWriter,
        stdout: asyncio.StreamReader,
        status: asyncio.StreamReader,
        transports: Sequence[asyncio.BaseTransport],
    ) -> None:
        self.pid, self.stdin, self.stdout, self._status, self._transports = pid, stdin, stdout, status, transports
        self.returncode: int | None = None

    @classmethod
    async def opened(cls, stdin: int, stdout: int, status: int) -> Forked:
        loop = asyncio.get_running_loop()
        transports: list[asyncio.BaseTransport] = []

        async def reader(number: int) -> asyncio.StreamReader:
            made = asyncio.StreamReader()
            pipe = os.fdopen(number, "rb", 0)
            transports.append((await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(made), pipe))[0])
            return made

        try:
            read, ends = await reader(stdout), await reader(status)
            writing = os.fdopen(stdin, "wb", 0)
            transport, flow = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, writing)
            transports.append(transport)
            pid = int.from_bytes(await ends.readexactly(4), "big")
        except BaseException:
            # Nobody waits any more; who hears nothing ends.
            for opened in transports:
                opened.close()
            raise
        return cls(pid, asyncio.StreamWriter(transport, flow, None, loop), read, ends, transports)

    async def wait(self) -> int:
        said = await self._status.read()
        # Who was killed could not say it.
        self.returncode = said[0] if said else -signal.SIGKILL
        for transport in self._transports:
            transport.close()
        return self.returncode

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def serve(number: int) -> None:
    """Fork for whoever is at the other end of the socket ``number``, until there is nobody."""
    measure_once()
    import libcst  # noqa: F401, PLC0415 - as the modules below: for the server alone

    names = (module.name for module in pkgutil.walk_packages(pinner.__path__, "pinner."))
    for name in names:
        if not name.startswith(_WITHOUT):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    # Nobody waits for a child: its end is the end of its streams.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    channel = socket.socket(fileno=number)
    while True:
        message, streams, _, _ = socket.recv_fds(channel, _MESSAGE, 3)
        if not message:
            return
        if not os.fork():
            channel.close()
            _become(*pickle.loads(message), *streams)  # noqa: S301 - of our own
        for stream in streams:
            os.close(stream)


def _become(environment: Mapping[str, str], folder: str, incoming: int, outgoing: int, ending: int) -> NoReturn:
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.write(ending, os.getpid().to_bytes(4, "big"))
        for stream, number in ((incoming, 0), (outgoing, 1)):
            os.dup2(stream, number)
            os.close(stream)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        status = limited.serve()
        sys.stdout.flush()
        os.write(ending, bytes([status]))
    finally:
        os._exit(status)
