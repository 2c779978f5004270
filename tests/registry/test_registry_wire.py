"""Against real sockets: what httpx and the operating system do with hostile answers, and what we make of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest
from registry_server import require
from scripted_registry import BODIES, A

from pinner.config import RegistryOptions, Settings
from pinner.errors import ConfigError, ResolveError, UnavailableError, UnsupportedError
from pinner.http.addresses import NetworkZone, endpoint_for
from pinner.http.client import Call, HttpClient
from pinner.http.network_failures import PermanentError, UnreachedError
from pinner.http.retry import RetryPolicy
from pinner.model import Resolved
from pinner.reference import Digest, ImageReference
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.index.v1+json\r\n"
    b"Docker-Content-Digest: " + A.encode() + b"\r\nContent-Length: %d\r\n" % len(BODIES[A])
)
GOOD = HEAD + b"\r\n" + BODIES[A]
UNHURRIED = RetryPolicy(attempts=2, deadline=300, connect=300, read=300, first_delay=0.0)
"""No limit is reached, however busy the machine is."""
SOON = replace(UNHURRIED, deadline=0.8)


class Server:
    """Answers each request with the same bytes, or by a function; counts connections and remembers requests."""

    def __init__(self, answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]) -> None:
        self.answer = answer
        self.requests: list[str] = []
        self.connections = 0
        self.port = 0
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def running(self, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._tasks.append(asyncio.create_task(self._serve(reader, writer)))

        server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield f"127.0.0.1:{self.port}"
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(request.decode())
                if isinstance(self.answer, bytes):
                    writer.write(self.answer)
                else:
                    await self.answer(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()
            # One turn of the loop, in which the transport gives its socket back.
            await asyncio.sleep(0)


async def ask(
    host: str, *tags: str, settings: Settings | None = None, name: str = "", retry_policy: RetryPolicy = UNHURRIED
) -> list[Resolved | ResolveError]:
    answers: list[Resolved | ResolveError] = []
    async with RegistryResolver(settings or Settings(), environment={}, retry_policy=retry_policy) as resolver:
        for tag in tags or ("1",):
            try:
                answers.append(await resolver.resolve(ImageReference.parse(f"{name or host}/a:{tag}"), None))
            except ResolveError as error:
                answers.append(error)
    return answers


def run(
    answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]], *tags: str, retry_policy: RetryPolicy = UNHURRIED
) -> tuple[Server, list[object]]:
    server = Server(answer)

    async def main() -> list[object]:
        async with server.running() as host:
            return list(await ask(host, *tags, retry_policy=retry_policy))

    return server, asyncio.run(main())


def test_each_tag_has_a_connection_of_its_own() -> None:
    server, answers = run(GOOD, "1", "2", "3")
    assert all(isinstance(answer, Resolved) for answer in answers)
    assert server.connections == 3
    assert "user-agent: pinner/" in server.requests[0].lower()


def test_one_connection_serves_many_answers_that_prove_themselves() -> None:
    async def main() -> int:
        server = Server(GOOD)
        async with server.running() as host:
            http_client = HttpClient({}, UNHURRIED, 1)
            for _ in range(3):
                call = Call("GET", {}, 1000, expected=Digest.parse(A))
                assert (await http_client.send(call, httpx.URL(f"http://{host}/"))).body == BODIES[A]
            await http_client.aclose()
        return server.connections

    assert asyncio.run(main()) == 1


def test_a_cookie_is_never_sent_back() -> None:
    server, _ = run(HEAD + b"Set-Cookie: a=b; Path=/\r\n\r\n" + BODIES[A], "1", "2")
    assert not [request for request in server.requests if "ookie" in request]


def test_a_header_that_trickles_hits_the_deadline() -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        for byte in HEAD:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0.05)

    _, (answer,) = run(trickle, retry_policy=SOON)
    assert isinstance(answer, UnavailableError)
    assert answer.message.endswith("gave no answer within 0.8 seconds")


def test_a_body_that_trickles_hits_the_deadline() -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
        for _ in range(100):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def main() -> UnavailableError:
        server = Server(trickle)
        async with server.running() as host:
            with pytest.raises(UnavailableError) as caught:
                await get(host)
            return caught.value

    async def get(host: str) -> None:
        # A HEAD has no body to trickle: the registry's type and digest are missing, so that a GET follows.
        async with RegistryResolver(Settings(), environment={}, retry_policy=SOON) as resolver:
            resolver._session._host(endpoint_for(host, {})).refuses_head = True  # noqa: SLF001 - as a 405 would
            await resolver.resolve(ImageReference.parse(f"{host}/a:1"), None)

    assert "gave no answer within 0.8 seconds" in asyncio.run(main()).message


def test_silence_is_a_time_out() -> None:
    async def silence(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    _, (answer,) = run(silence, retry_policy=replace(UNHURRIED, read=0.3))
    assert isinstance(answer, UnavailableError)
    assert "does not answer in time" in answer.message


@pytest.mark.parametrize(
    "answer",
    [
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    ],
    ids=["no HTTP", "100 KB of headers", "a length that is none"],
)
def test_what_is_no_http_is_an_answer(answer: bytes) -> None:
    _, (result,) = run(answer)
    assert isinstance(result, UnavailableError)


def over_tls(first_bytes: bytes | None, retry_policy: RetryPolicy = UNHURRIED) -> ResolveError:
    """Return what becomes of a question in TLS to a server that answers ``first_bytes``, or nothing at all."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        if first_bytes is None:
            await reader.read()
        writer.write(first_bytes or b"")
        writer.close()

    async def main() -> object:
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = Settings(registries={"r.example": RegistryOptions(endpoint=f"https://{host}")})
        answer = (await ask(host, settings=settings, name="r.example", retry_policy=retry_policy))[0]
        server.close()
        await asyncio.sleep(0.01)
        return answer

    answer = asyncio.run(main())
    assert isinstance(answer, UnavailableError)
    return answer


def test_plain_http_on_an_https_port_is_told_and_not_used() -> None:
    answer = over_tls(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
    assert "answered plain HTTP where HTTPS was spoken" in answer.message
    assert answer.hint == "if that is meant, set plain-http = true for it, or write its endpoint with http://"


def test_a_tls_server_that_is_spoken_to_in_plain_http_is_told_as_a_guess(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def main() -> tuple[object, str]:
        async with Server(GOOD).running(context) as host:
            return (await ask(host))[0], host

    answer, host = asyncio.run(main())
    assert isinstance(answer, UnavailableError)
    assert answer.message.endswith(f": the connection to {host} broke")
    assert answer.hint == f'if it speaks HTTPS, set endpoint = "https://{host}" for it'


def test_a_tls_server_that_hangs_is_slow_and_not_broken() -> None:
    assert "does not answer in time" in over_tls(None, replace(UNHURRIED, connect=0.2)).message


def test_a_tls_server_that_hangs_up_is_a_broken_connection() -> None:
    assert "cannot be reached" in over_tls(b"").message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    path = folder / "both.pem"
    command = [
        require("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-days", "2"]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return path


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_is_trusted_only_where_its_authority_is_named(certificate: Path, trusted: bool) -> None:  # noqa: FBT001
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Server(GOOD)
    ca = str(certificate.parent / "cert.pem") if trusted else None

    async def main() -> object:
        async with server.running(context) as host:
            settings = Settings(registries={"r.example": RegistryOptions(endpoint=f"https://{host}", ca=ca)})
            return (await ask(host, settings=settings, name="r.example"))[0]

    answer = asyncio.run(main())
    if trusted:
        assert isinstance(answer, Resolved)
    else:
        assert isinstance(answer, UnavailableError)
        assert "has a certificate that nobody but itself vouches for: self-signed certificate" in answer.message
        assert server.requests == []


@pytest.mark.parametrize("text", [None, "", "no certificate"])
def test_an_authority_that_is_none_is_a_configuration_error(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "ca.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match="there is no file" if text is None else "has no certificates"):
        RegistryResolver(Settings(registries={"x": RegistryOptions(ca=str(path))}), environment={})


def send(http_client: HttpClient, url: str, method: str = "GET") -> object:
    async def once() -> object:
        try:
            return await http_client.send(Call(method, {}, 100), httpx.URL(url))
        finally:
            await http_client.aclose()

    return asyncio.run(once())


def test_a_host_is_looked_at_before_a_byte_is_sent_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public name that leads to this machine (DNS rebinding) is refused where the registry is public."""
    server = Server(GOOD)

    def rebound(_: object, port: int, *__: object, **___: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async def main() -> None:
        async with server.running():
            monkeypatch.setattr(socket, "getaddrinfo", rebound)
            http_client, url = HttpClient({}, UNHURRIED, 1), httpx.URL(f"http://rebound.example:{server.port}/")
            with pytest.raises(PermanentError, match="private network"):
                await http_client.send(Call("GET", {}, 1, NetworkZone.PUBLIC), url)
            with pytest.raises(PermanentError, match="private network"):
                await http_client.send(Call("GET", {}, 1, NetworkZone.PUBLIC), url)
            await http_client.aclose()

    asyncio.run(main())
    assert server.requests == []
    assert server.connections == 1


def test_a_connection_made_for_one_request_is_judged_for_the_next() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def main() -> None:
        async with server.running() as host:
            http_client, url = HttpClient({}, UNHURRIED, 1), httpx.URL(f"http://{host}/")
            await http_client.send(Call("GET", {}, 1), url)
            assert http_client.zone(url) is NetworkZone.LOOPBACK
            with pytest.raises(UnavailableError, match="private network"):
                await http_client.send(Call("GET", {}, 1, NetworkZone.PRIVATE), url)
            await http_client.aclose()

    asyncio.run(main())
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
)
def test_a_body_cut_short_is_no_reply(answer: bytes) -> None:
    async def cut(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def main() -> None:
        async with Server(cut).running() as host:
            http_client = HttpClient({}, UNHURRIED, 1)
            with pytest.raises(UnreachedError, match="broke"):
                await http_client.send(Call("GET", {}, 1000), httpx.URL(f"http://{host}/"))
            await http_client.aclose()

    asyncio.run(main())


def test_a_long_failure_is_cut_and_a_long_success_refused() -> None:
    async def main() -> None:
        async with Server(b"HTTP/1.1 500 X\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300_000).running() as host:
            http_client = HttpClient({}, UNHURRIED, 1)
            reply = await http_client.send(Call("GET", {}, 10), httpx.URL(f"http://{host}/"))
            assert (reply.status, len(reply.body)) == (500, 64 * 1024)
            await http_client.aclose()
        chunked = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n14\r\n" + b"x" * 20 + b"\r\n0\r\n\r\n"
        async with Server(chunked).running() as host:
            http_client = HttpClient({}, UNHURRIED, 1)
            with pytest.raises(UnsupportedError, match="sent more than"):
                await http_client.send(Call("GET", {}, 10), httpx.URL(f"http://{host}/"))
            await http_client.aclose()

    asyncio.run(main())


def test_a_proxy_is_asked_for_what_is_not_this_machine() -> None:
    server = Server(GOOD)

    async def main() -> object:
        async with server.running() as host:
            environment = {"HTTP_PROXY": f"http://{host}"}
            settings = Settings(registries={"r.example": RegistryOptions(plain_http=True)})
            async with RegistryResolver(settings, environment=environment, retry_policy=UNHURRIED) as resolver:
                return await resolver.resolve(ImageReference.parse("r.example/a:1"), None)

    assert isinstance(asyncio.run(main()), Resolved)
    assert server.requests[0].startswith("GET http://r.example/v2/a/manifests/1 HTTP/1.1")


def test_a_proxy_that_refuses_is_told() -> None:
    server = Server(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    async def main() -> object:
        async with server.running() as host:
            async with RegistryResolver(
                Settings(), environment={"HTTPS_PROXY": f"http://{host}"}, retry_policy=UNHURRIED
            ) as resolver:
                with pytest.raises(UnavailableError) as caught:
                    await resolver.resolve(ImageReference.parse("r.example/a:1"), None)
            return caught.value.message

    assert "r.example (through a proxy) is not let through: 407" in str(asyncio.run(main()))


@pytest.mark.parametrize("proxy", ["gopher://user:pass@proxy", "socks9://proxy"])
def test_a_proxy_that_cannot_be_used_is_an_answer(proxy: str) -> None:
    with pytest.raises(PermanentError, match="proxy for https addresses cannot be used") as caught:
        send(HttpClient({"ALL_PROXY": proxy}, UNHURRIED, 1), "https://r.example/")
    assert "pass@" not in str(caught.value) + str(caught.value.hint)


def test_a_name_that_is_none_is_told_at_once() -> None:
    with pytest.raises(PermanentError, match=r"the host no-such-host\.invalid is not known"):
        send(HttpClient({}, RetryPolicy(), 1), "https://no-such-host.invalid/")


@pytest.mark.parametrize(
    ("cause", "clause"),
    [
        (ssl.SSLError(1, "[SSL: TLSV1_ALERT_PROTOCOL_VERSION]"), "could not be spoken to in TLS"),
        (ExceptionGroup("all", [ConnectionRefusedError()]), "refuses connections"),
        (OSError("unreachable"), "cannot be reached"),
    ],
)
def test_what_lies_under_a_failure_is_found(cause: Exception, clause: str) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        try:
            raise cause
        except type(cause) as error:
            raise httpx.ConnectError("x") from error

    with pytest.raises(UnreachedError, match=clause):
        send(HttpClient({}, RetryPolicy(), 1, httpx.MockTransport(fail)), "https://r.example/")
