"""HTTP over a named pipe, which is how Docker Desktop listens on Windows: a request, its answer, the pipe closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import h11
import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

_PIECE = 64 * 1024
_MAX_BODY = 64 * 1024 * 1024


def _open_pipe(path: str) -> BinaryIO:
    return open(path, "r+b", buffering=0)  # noqa: PTH123 - a pipe's name is no path, and the caller closes it


class PipeTransport(httpx.BaseTransport):
    """Sends every request over a pipe of its own."""

    def __init__(self, path: str, opened: Callable[[str], BinaryIO] = _open_pipe) -> None:
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
    pipe.write(connection.send(h11.Request(method=request.method, target=request.url.raw_path, headers=headers)))
    pipe.write(connection.send(h11.EndOfMessage()))
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
