"""A real PostgreSQL for tests: Debian's ``postgresql`` on a free loopback port, its data in a folder of its own.

Use it as a context manager; it is stopped by its own process. Where the program is missing the test is skipped, or
fails if ``PINNER_REQUIRE_POSTGRES=1`` says that it must be there.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

_START_TIMEOUT = 300.0
_USER = "postgres"


def program(name: str) -> str:
    """Return the path of one of PostgreSQL's programs, or skip the test (fail it where it is required)."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = str(versions[-1]) if versions else shutil.which(name)
    if found is None:
        message = f"PostgreSQL's {name} is not installed"
        if os.environ.get("PINNER_REQUIRE_POSTGRES") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


class PostgresServer:
    """A running server, to which everybody on this machine is the user ``pinner``."""

    def __init__(self) -> None:
        self._postgres, self._initdb = program("postgres"), program("initdb")
        self._folder = Path(tempfile.mkdtemp(prefix="pinner-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def __enter__(self) -> Self:
        # It refuses to be run by root.
        if os.geteuid() == 0:
            user = pwd.getpwnam(_USER)
            os.chown(self._folder, user.pw_uid, user.pw_gid)
        options = ("-A", "trust", "-U", "pinner", "-E", "UTF8", "--locale=C", "--no-sync")
        subprocess.run(self._as_user(self._initdb, "-D", str(self.data), *options), check=True, capture_output=True)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def data(self) -> Path:
        return self._folder / "data"

    def _as_user(self, *command: str) -> list[str]:
        if os.geteuid() != 0:
            return list(command)
        return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups", "--", *command]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = (
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"),
            *("-c", "shared_buffers=16MB", "-c", "max_connections=60", "-p", str(self.port)),
        )
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._as_user(self._postgres, "-D", str(self.data), *settings),
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )
        self._wait()

    def _wait(self) -> None:
        import psycopg  # noqa: PLC0415 - an extra

        end = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=10).close()
            except psycopg.OperationalError:
                assert self._process is not None
                if time.monotonic() > end or self._process.poll() is not None:
                    raise AssertionError((self._folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """End it as a power cut would; `start` brings it back with what was committed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None
        # Its backends go on until they look whether it is there, and answer meanwhile.
        while backends := self._backends():
            for pid in backends:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)

    def _backends(self) -> list[int]:
        """Return the processes that are at work in the folder of data, where a system tells (Linux)."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended, or is another's
                if (process / "cwd").readlink() == self.data.resolve():
                    found.append(int(process.name))
        return found

    def url(self, database: str) -> str:
        return f"postgresql://pinner@127.0.0.1:{self.port}/{database}"

    def database(self) -> str:
        """Return the address of a new, empty database."""
        import psycopg  # noqa: PLC0415 - an extra

        self._databases += 1
        name = f"test{self._databases}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}".encode())
        return self.url(name)
