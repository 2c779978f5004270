"""HTTP over a unix socket, or over a named pipe as on Windows: a question, its answer, the connection closed.

httpx can do the former, and leaves a socket open that nobody listens at.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, BinaryIO, cast

import h11
import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 64 * 1024
_MAX_BODY = 64 * 1024 * 1024
_TIMEOUT = 60
"""Seconds without a byte: an engine with many images takes its time to list them."""


def open_socket(path: str) -> BinaryIO:
    """Return a connection to the unix socket at ``path``. Raises `OSError`."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(_TIMEOUT)
        connection.connect(path)
        return cast("BinaryIO", connection.makefile("rwb", buffering=0))
    finally:
        # The file keeps a connection that was made; closing here ends one that was not.
        connection.close()


def open_pipe(path: str) -> BinaryIO:
    """Return a connection to the named pipe ``path``. Raises `OSError`."""
    return open(path, "r+b", buffering=0)  # noqa: PTH123 - a pipe's name is no path, and the caller closes it


class PipeTransport(httpx.BaseTransport):
    """Sends every request over a connection of its own."""

    def __init__(self, path: str, opened: Callable[[str], BinaryIO]) -> None:
        self._path = path
        self._opened = opened

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer to ``request``, which has no body. Raises `httpx.TransportError`."""
        try:
            with self._opened(self._path) as pipe:
                return _exchange(pipe, request)
        except OSError as error:
            raise httpx.ConnectError(error.strerror or str(error)) from None
        except h11.ProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from None


def _exchange(pipe: BinaryIO, request: httpx.Request) -> httpx.Response:
    connection = h11.Connection(h11.CLIENT)
    headers = [("Host", "engine"), ("Accept", "application/json"), ("Connection", "close")]
    question = connection.send(h11.Request(method=request.method, target=request.url.raw_path, headers=headers)) or b""
    connection.send(h11.EndOfMessage())
    while question:
        question = question[pipe.write(question) :]
    status, body = 0, bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(pipe.read(_PIECE) or b"")
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MAX_BODY:
                raise httpx.RemoteProtocolError("the answer has no end")
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            return httpx.Response(status, content=bytes(body))
