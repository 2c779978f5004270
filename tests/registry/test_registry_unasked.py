"""Answers that nobody asked for on a kept connection, and a first image that goes wrong: neither touches another."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import pytest
from scripted_registry import BODIES, OCI_INDEX, A, B, ScriptedRegistry, ask, bearer, resolver, tag_answer, token

from pinner.config import Settings
from pinner.errors import NotFoundError, ResolveError
from pinner.http.client import Call, HttpClient
from pinner.http.retry import RetryPolicy
from pinner.model import Resolved
from pinner.reference import Digest, ImageReference
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

UNHURRIED = RetryPolicy(attempts=2, deadline=300, connect=300, read=300, first_delay=0.0)
"""No limit is reached, however busy the machine is."""


def served(digest: str, status: str = "200 OK") -> bytes:
    """Return a whole answer: the index ``digest``, hashed as it says."""
    body = BODIES[digest]
    head = f"HTTP/1.1 {status}\r\nContent-Type: {OCI_INDEX}\r\nDocker-Content-Digest: {digest}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"
WANTS_TOKEN = (
    b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="http://%s/token",service="s"\r\n'
    b"Content-Length: 0\r\n\r\n"
)
TOKEN = b'HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{"token":"t"}'


class Unasked:
    """Answers by a function of the request; after each answer one more is sent that nobody asked for.

    It comes when the next request of the connection is there and before its own answer: as late as can be.
    """

    def __init__(self, answer: Callable[[str, str], bytes], unasked: bytes) -> None:
        self._answer = answer
        self._unasked = unasked
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._tasks.add(asyncio.create_task(self._serve(reader, writer, host)))

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield host
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.connections += 1
        owed = b""
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                writer.write(owed + self._answer(request, host))
                await writer.drain()
                owed = self._unasked
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()


def ask_for(server: Unasked, *tags: str) -> list[Resolved | ResolveError]:
    async def main() -> list[Resolved | ResolveError]:
        found: list[Resolved | ResolveError] = []
        settings = Settings(use_cache=False)
        async with (
            server.running() as host,
            RegistryResolver(settings, environment={}, retry_policy=UNHURRIED) as asked,
        ):
            for tag in tags:
                try:
                    found.append(await asked.resolve(ImageReference.parse(f"{host}/{tag}"), None))
                except ResolveError as error:
                    found.append(error)
        return found

    return asyncio.run(main())


def test_a_late_answer_is_not_the_next_images() -> None:
    found = ask_for(Unasked(lambda *_: served(A), served(B)), *(f"image{n}:1" for n in range(12)))
    assert [str(one.digest) for one in found if isinstance(one, Resolved)] == [A] * 12


def test_what_comes_late_after_a_refusal_is_not_the_next_images() -> None:
    server = Unasked(lambda request, _: REFUSED if "/gone/" in request else served(A), served(B))
    first, second = ask_for(server, "gone:1", "there:1")
    assert isinstance(first, NotFoundError)
    assert isinstance(second, Resolved)
    assert str(second.digest) == A


def test_what_comes_late_after_a_challenge_is_not_the_images() -> None:
    def answer(request: str, host: str) -> bytes:
        if request.startswith("GET /token"):
            return TOKEN
        return served(A) if "Bearer t" in request else WANTS_TOKEN % host.encode()

    (found,) = ask_for(Unasked(answer, served(B)), "private:1")
    assert isinstance(found, Resolved)
    assert str(found.digest) == A


@pytest.mark.parametrize(
    "unasked",
    [
        served(B),
        REFUSED,
        served(A, "404 Not Found"),
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n",
        b"no HTTP\r\n\r\n",
    ],
    ids=["another image", "a refusal", "a refusal with the body", "two lengths", "too long", "no HTTP"],
)
def test_an_answer_over_a_used_connection_proves_itself_or_is_asked_for_again(unasked: bytes) -> None:
    async def main() -> tuple[list[bytes], int]:
        server = Unasked(lambda *_: served(A), unasked)
        async with server.running() as host:
            http_client = HttpClient({}, UNHURRIED, 1)
            bodies = []
            for _ in range(3):
                call = Call("GET", {}, 1000, expected=Digest.parse(A))
                try:
                    reply = await http_client.send(call, httpx.URL(f"http://{host}/"))
                except ResolveError:
                    # What is no HTTP is a broken connection: `Line` sends the question again.
                    reply = await http_client.send(call, httpx.URL(f"http://{host}/"))
                bodies.append((reply.status, reply.body))
            await http_client.aclose()
        return [body for status, body in bodies if status == 200], server.connections

    bodies, connections = asyncio.run(main())
    assert bodies == [BODIES[A]] * 3
    assert connections == 3


def test_what_is_asked_for_again_goes_over_no_used_connection_either() -> None:
    """While one that was asked again waits for its turn, others use the connection that it had."""

    async def main() -> list[bytes]:
        async with Unasked(lambda *_: served(A), served(B)).running() as host:
            http_client, call = HttpClient({}, UNHURRIED, 1), Call("GET", {}, 1000, expected=Digest.parse(A))
            url = httpx.URL(f"http://{host}/")
            replies = [await http_client.send(call, url)]
            replies += await asyncio.gather(*(http_client.send(call, url) for _ in range(6)))
            await http_client.aclose()
        return [reply.body for reply in replies]

    assert asyncio.run(main()) == [BODIES[A]] * 7


# --- a first image that goes wrong ---


@pytest.mark.parametrize(
    "bad",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /v2/x\ry\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"no HTTP\r\n\r\n",
        b"",
    ],
    ids=["a negative length", "CR in a redirect", "endless headers", "cut short", "no HTTP", "hung up"],
)
def test_a_bad_first_image_takes_no_other_with_it(bad: bytes) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.write(bad if "/bad/" in request else served(A))
        writer.close()

    async def main() -> list[Resolved | ResolveError]:
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with server, RegistryResolver(Settings(use_cache=False), environment={}, retry_policy=UNHURRIED) as asked:

            async def one(name: str) -> Resolved | ResolveError:
                try:
                    return await asked.resolve(ImageReference.parse(f"{host}/{name}:1"), None)
                except ResolveError as error:
                    return error

            return await asyncio.gather(*map(one, ("bad", "good", "better")))

    first, *others = asyncio.run(main())
    assert isinstance(first, ResolveError)
    assert [str(one.digest) for one in others if isinstance(one, Resolved)] == [A] * 2


def test_a_host_that_nobody_can_connect_to_is_tried_for_one_image_alone() -> None:
    registry, url = ScriptedRegistry(), "https://reg.example/v2/{}/manifests/1"
    registry.on("GET", url.format("a"), httpx.ConnectError("no route"), forever=True)
    answers = ask(resolver(registry), "reg.example/a:1", "reg.example/b:1", "reg.example/c:1")
    assert all("reg.example cannot be reached" in str(answer) for answer in answers)
    assert {one[1] for one in registry.asked} == {url.format("a")}


def test_a_token_server_that_nobody_can_connect_to_is_the_reason_of_all_and_tried_once() -> None:
    registry, base = ScriptedRegistry(), "https://reg.example/v2"
    names = ("a", "b", "c")
    for name in names:
        registry.on("GET", f"{base}/{name}/manifests/1", bearer(name, "https://auth.reg.example/token", "s"))
    scopes = "".join(f"&scope=repository%3A{name}%3Apull" for name in names)
    tokens = f"https://auth.reg.example/token?service=s{scopes}"
    registry.on("GET", tokens, httpx.ConnectError("no route"), forever=True)
    settings = Settings(jobs=1)
    answers = ask(resolver(registry, settings=settings), *(f"reg.example/{name}:1" for name in names))
    assert all("auth.reg.example cannot be reached" in str(answer) for answer in answers)
    assert sum("/token" in one[1] for one in registry.asked) == RetryPolicy().attempts


def test_what_breaks_for_one_image_behind_a_token_is_its_own_trouble() -> None:
    registry, base = ScriptedRegistry(), "https://reg.example/v2"
    registry.on("GET", f"{base}/private/manifests/1", bearer("private", "https://auth.reg.example/token", "s"))
    scopes = "&scope=repository%3Aprivate%3Apull&scope=repository%3Apublic%3Apull"
    registry.on("GET", f"https://auth.reg.example/token?service=s{scopes}", token("t"))
    registry.on("GET", f"{base}/private/manifests/1", httpx.ReadError("reset"), authorization="Bearer t", forever=True)
    registry.on("GET", f"{base}/public/manifests/1", tag_answer(B), authorization="Bearer t")
    first, second = ask(resolver(registry, settings=Settings(jobs=1)), "reg.example/private:1", "reg.example/public:1")
    assert "broke" in str(first)
    assert isinstance(second, Resolved)
