"""A real registry, Debian's docker-registry, behind a line that is as slow as asked: each answer comes later.

``real_registry.py PORT SECONDS`` is the line: it prints a port of its own and ends with its standard input. Connections
are made in no time.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM = "docker-registry"


@contextlib.contextmanager
def real_registry(latency: float, names: Sequence[str]) -> Iterator[str]:
    """Serve ``names`` (``repository:tag``), each an index of two platforms; give ``127.0.0.1:PORT``.

    It has to be installed.
    """
    sys.path[:0] = [str(Path(__file__).parent.parent / "tests" / "support")]  # images and registry are the tests'
    from images import make_multi_platform  # noqa: PLC0415 - found by the line above
    from registry_server import RealRegistry  # noqa: PLC0415

    images = {name: make_multi_platform(name) for name in names}
    with tempfile.TemporaryDirectory() as folder, RealRegistry(Path(folder, "registry"), images=images) as registry:
        command = [sys.executable, __file__, registry.host.rpartition(":")[2], str(latency)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as line:
            try:
                yield f"127.0.0.1:{cast('IO[str]', line.stdout).readline().strip()}"
            finally:
                cast("IO[str]", line.stdin).close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, latency: float) -> None:
    """Write all that is read, ``latency`` seconds after it came."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            loop.call_later(latency, _write, writer, data)
    loop.call_later(latency, writer.close)


def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    if not writer.is_closing():
        writer.write(data)


async def main(port: int, latency: float) -> None:
    lines = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.add(asyncio.current_task())  # the loop itself holds tasks so weakly that they may vanish
        there, to_there = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, to_there, 0), _pass_on(there, writer, latency))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
