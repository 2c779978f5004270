"""The fault list below HTTP: framing that two readers would read differently, and bytes that belong to nobody."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from scripted_registry import BODIES, A, B

from pinner.config import Settings
from pinner.errors import ResolveError, UnavailableError, UnsupportedError
from pinner.http.retry import RetryPolicy
from pinner.model import Resolved
from pinner.reference import ImageReference
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

UNHURRIED = RetryPolicy(attempts=2, deadline=300, connect=300, read=300, first_delay=0.0)
"""No limit is reached, however busy the machine is."""
GOOD, EVIL = A.removeprefix("sha256:"), B.removeprefix("sha256:")


def answer_of(digest: str = GOOD, more: str = "", **headers: str) -> bytes:
    body = BODIES[f"sha256:{digest}"]
    length = headers.get("length", f"Content-Length: {len(body)}\r\n")
    return (
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.index.v1+json\r\n"
        f"Docker-Content-Digest: sha256:{digest}\r\n{length}{more}\r\n"
    ).encode() + body


class Script:
    """Answers the requests of all connections in turn; ``None`` closes the connection instead."""

    def __init__(self, answers: Sequence[bytes | None]) -> None:
        self.answers = list(answers)
        self.connections = 0
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                answer = self.answers.pop(0)
                if answer is None:
                    writer.close()
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def run(*answers: bytes | None, tags: int = 1) -> tuple[list[Resolved | ResolveError], Script]:
    script = Script(answers)

    async def main() -> list[Resolved | ResolveError]:
        found: list[Resolved | ResolveError] = []
        async with (
            script.running() as host,
            RegistryResolver(Settings(use_cache=False), environment={}, retry_policy=UNHURRIED) as asked,
        ):
            for tag in range(tags):
                try:
                    found.append(await asked.resolve(ImageReference.parse(f"{host}/a:{tag}"), None))
                except ResolveError as error:
                    found.append(error)
        return found

    return asyncio.run(main()), script


def test_e53_thousands_of_interim_answers_are_followed_by_the_answer_or_by_an_error() -> None:
    (answer,), _ = run(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 2000 + answer_of())
    assert isinstance(answer, Resolved | UnavailableError)


def test_e54_an_answer_with_two_lengths_is_refused_and_its_connection_closed() -> None:
    both = answer_of(length="Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")
    (first, second), script = run(both, answer_of(), tags=2)
    assert isinstance(first, UnsupportedError)
    assert first.message.endswith(" gives its answer two lengths")
    assert isinstance(second, Resolved)
    assert script.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        answer_of(length="Content-Length: 5\r\nContent-Length: 6\r\n"),
        answer_of(length="Content-Length: 5, 6\r\n"),
        answer_of(length="Content-Length: -5\r\n"),
        answer_of(length="Transfer-Encoding: gzip, chunked\r\n"),
        answer_of(more=" Folded-First: 1\r\n").replace(b"OK\r\n", b"OK\r\n folded: 1\r\n"),
        answer_of(more="No colon\r\n"),
        answer_of(more="Spa ce: 1\r\n"),
        answer_of(more="Null: \x00\r\n"),
    ],
    ids=["two", "a list", "negative", "unknown coding", "folded at the start", "no colon", "a space", "NUL"],
)
def test_e54_framing_that_is_none_is_an_error(answer: bytes) -> None:
    (found,), _ = run(answer, answer)
    assert isinstance(found, UnavailableError), found
    assert " broke" in found.message


@pytest.mark.parametrize(
    "chunks", [b"zz\r\nabc\r\n0\r\n\r\n", b"3\r\nabcX0\r\n\r\n", b"-3\r\nabc\r\n0\r\n\r\n"], ids=["hex", "end", "minus"]
)
def test_e54_a_bad_chunk_is_an_error(chunks: bytes) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
    (found,), _ = run(chunked, chunked)
    assert isinstance(found, UnavailableError), found
    assert " broke" in found.message


def test_e55_bytes_after_an_answer_are_not_the_next_questions_answer() -> None:
    (one, two), script = run(answer_of() + answer_of(EVIL), answer_of(), tags=2)
    assert isinstance(one, Resolved)
    assert isinstance(two, Resolved)
    assert (one.digest.hex, two.digest.hex) == (GOOD, GOOD)
    assert script.connections == 2


def test_e55_bytes_after_an_answer_with_a_body_are_not_the_next_questions_answer() -> None:
    refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno" + answer_of(EVIL)
    (one, two), script = run(refusal, answer_of(), tags=2)
    assert isinstance(one, ResolveError)
    assert isinstance(two, Resolved)
    assert two.digest.hex == GOOD
    assert script.connections == 2


def test_e56_a_connection_closed_between_questions_is_opened_again() -> None:
    (one, two), script = run(answer_of(), None, answer_of(), tags=2)
    assert isinstance(one, Resolved)
    assert isinstance(two, Resolved)
    assert script.connections == 3
