"""Count and time what it takes to pin 1, 30 and 300 images behind token authentication, by latency and hosts.

Beside it: the floor (one challenge, one token, a HEAD for each image over ten connections, by a client that does
nothing else), pindock, container-source-policy and a loop of ``skopeo inspect``, where they are installed. Each answer
takes the latency; connections are made in no time. Times are of whole processes, but for the floor and "resolver"; what
pinner remembers is forgotten before each.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from peers import introduce, program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CONNECTIONS = 10
_OPENED = 50
"""Repositories that a token of the floor opens: it is sent with each request."""


class Work(NamedTuple):
    """What a tool is given."""

    ports: list[int]
    """Those of the registries, of which each has its share of the names."""
    names: list[str]
    folder: Path

    @property
    def images(self) -> list[str]:
        """The images, each with its host."""
        return [f"127.0.0.1:{self.ports[at % len(self.ports)]}/{name}:1" for at, name in enumerate(self.names)]


class Figure(NamedTuple):
    """What it took."""

    requests: int
    seconds: float


@contextlib.contextmanager
def registry(latency: float, *options: str) -> Iterator[int]:
    """Run the registry; its port."""
    command = [sys.executable, str(Path(__file__).with_name("token_registry.py")), str(latency), *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(cast("IO[str]", process.stdout).readline())
        finally:
            cast("IO[str]", process.stdin).close()


def counts(port: int) -> dict[str, int]:
    """Return how many requests, pulls and bytes there were since the last call."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/count") as response:
        counted: dict[str, int] = json.loads(response.read())
    return counted


async def _exchange(port: int, lines: list[str]) -> list[bytes]:
    """Send requests one after another over one connection; return the bodies."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bodies = []
    for line in lines:
        writer.write(f"{line}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].partition(b"\r\n")[0])
        bodies.append(b"" if line.startswith("HEAD") else await reader.readexactly(length))
    writer.close()
    return bodies


async def _floor(port: int, names: list[str]) -> None:
    first = f"HEAD /v2/{names[0]}/manifests/1 HTTP/1.1"
    await _exchange(port, [first])
    heads = []
    for start in range(0, len(names), _OPENED):
        opened = names[start : start + _OPENED]
        scopes = "&".join(f"scope=repository:{name}:pull" for name in opened)
        body = (await _exchange(port, [f"GET /token?{scopes} HTTP/1.1"]))[0]
        bearer = f"Authorization: Bearer {json.loads(body)['token']}"
        heads += [f"HEAD /v2/{name}/manifests/1 HTTP/1.1\r\n{bearer}" for name in opened]
    shares = [heads[start::_CONNECTIONS] for start in range(min(_CONNECTIONS, len(heads)))]
    await asyncio.gather(*(_exchange(port, share) for share in shares))


def floor(work: Work) -> None:
    """Do what has to be done and nothing else."""

    async def all_hosts() -> None:
        hosts = len(work.ports)
        await asyncio.gather(*(_floor(port, work.names[at::hosts]) for at, port in enumerate(work.ports)))

    asyncio.run(all_hosts())


def resolver(work: Work) -> None:
    """Ask as pinner does, without its start and its files."""
    from pinner.config import Settings  # noqa: PLC0415 - not to be part of other times
    from pinner.reference import ImageReference  # noqa: PLC0415
    from pinner.registry.client import RegistryResolver  # noqa: PLC0415

    async def ask() -> None:
        async with RegistryResolver(Settings(), environment={}) as asked:
            references = [ImageReference.parse(image) for image in work.images]
            await asyncio.gather(*(asked.resolve(reference, None) for reference in references))

    asyncio.run(ask())


def _dockerfile(work: Work) -> Path:
    path = work.folder / "Dockerfile"
    path.write_text("".join(f"FROM {image} AS s{n}\n" for n, image in enumerate(work.images)))
    return path


def _run(work: Work, *command: str) -> None:
    home = str(work.folder / "home")
    conf = str(work.folder / "registries.conf")
    environment = {**os.environ, "HOME": home, "XDG_CACHE_HOME": home, "CONTAINERS_REGISTRIES_CONF": conf}
    done = subprocess.run(command, cwd=work.folder, env=environment, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} exited {done.returncode}: {done.stderr.decode()[-500:]}")


def _assert_pinned(path: Path) -> None:
    lines = path.read_text().splitlines()
    if not all("@sha256:" in line for line in lines):
        sys.exit(f"not pinned: {lines[:3]}")


def pinner(work: Work) -> None:
    """Pin a Dockerfile with a stage for each image."""
    path = _dockerfile(work)
    _run(work, program("pinner") or "pinner", "pin", "Dockerfile")
    _assert_pinned(path)


def pindock(work: Work) -> None:
    """Do the same with pindock."""
    path = _dockerfile(work)
    _run(work, program("pindock") or "pindock", "run")
    _assert_pinned(path)


def container_source_policy(work: Work) -> None:
    """Write a policy for the same Dockerfile."""
    _dockerfile(work)
    hosts = [f'[[registry]]\nlocation = "127.0.0.1:{port}"\ninsecure = true\n' for port in work.ports]
    (work.folder / "registries.conf").write_text("".join(hosts))
    command = program("container-source-policy") or "container-source-policy"
    _run(work, command, "pin", "--output", "policy.json", "Dockerfile")
    rules = json.loads((work.folder / "policy.json").read_text())["rules"]
    if len(rules) != len(work.names):
        sys.exit(f"a policy of {len(rules)} images, not {len(work.names)}")


def skopeo(work: Work) -> None:
    """Ask for one digest after another."""
    for image in work.images:
        _run(
            work, "skopeo", "inspect", "--tls-verify=false", "--no-tags", "--format", "{{.Digest}}", f"docker://{image}"
        )


def _name(tool: Callable[[Work], None]) -> str:
    return tool.__name__.replace("_", "-")


def measure(tool: Callable[[Work], None], work: Work, runs: int) -> Figure:
    """Return the requests of one run and the median time of ``runs``."""
    seconds, counted = [], 0
    for _ in range(runs):
        shutil.rmtree(work.folder / "home", ignore_errors=True)
        (work.folder / "home").mkdir()
        for port in work.ports:
            counts(port)
        start = time.perf_counter()
        tool(work)
        seconds.append(time.perf_counter() - start)
        counted = sum(counts(port)["requests"] for port in work.ports)
    return Figure(counted, statistics.median(seconds))


def main() -> None:
    """Measure everything and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latencies", type=float, nargs="+", default=[0, 50, 100], help="milliseconds")
    parser.add_argument("--images", type=int, nargs="+", default=[1, 30, 300])
    parser.add_argument("--runs", type=int, default=3, help="of pinner and the floor; the others run once")
    parser.add_argument("--peers-up-to", type=int, default=30, help="images that a peer is given")
    parser.add_argument("--hosts", type=int, default=1, help="registries that the images are of")
    options = parser.parse_args()
    peers = [tool for tool in (pindock, container_source_policy, skopeo) if program(_name(tool))]
    print(introduce())
    print(f"latency  images  {'tool':23}  requests   seconds  times the floor")
    for latency in options.latencies:
        for count in options.images:
            with contextlib.ExitStack() as stack:
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                ports = [stack.enter_context(registry(latency / 1000)) for _ in range(min(options.hosts, count))]
                work = Work(ports, [f"team{n % 7}/image{n}" for n in range(count)], Path(folder))
                least = measure(floor, work, options.runs)
                resolver(work)
                for tool in (floor, resolver, pinner, *(peers if count <= options.peers_up_to else ())):
                    runs = 1 if tool in peers else options.runs
                    figure = least if tool is floor else measure(tool, work, runs)
                    ratio = figure.seconds / least.seconds
                    print(
                        f"{latency:4.0f} ms  {count:6}  {_name(tool):23}  {figure.requests:8}  {figure.seconds:8.3f}"
                        f"  {ratio:15.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
