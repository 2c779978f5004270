"""Docker Engine sockets: unix sockets, named pipes, contexts of the Docker CLI.

httpx can do the former, and leaves a socket open that nobody listens at.
"""

from __future__ import annotations

import errno
import hashlib
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast
from urllib.parse import urlsplit

import h11

from pinner.errors import ConfigError
from pinner.http.library import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping


_PIECE = 64 * 1024
_MAX_BODY = 64 * 1024 * 1024
_TIMEOUT = 60
"""Seconds without a byte: an engine with many images takes its time to list them."""


def open_socket(path: str) -> BinaryIO:
    """Return a connection to the unix socket at ``path``. Raises `OSError`."""
    if not hasattr(socket, "AF_UNIX"):  # Python on Windows
        raise OSError(errno.EAFNOSUPPORT, "this system's Python has no unix sockets")
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


_PIPE = r"\\.\pipe\docker_engine"
_HINT = "pinner takes unix://, npipe://, tcp:// and http:// addresses; for ssh, forward the socket with `ssh -L`"
_TLS_PORT = 2376


class Address(NamedTuple):
    """Where to ask, and how."""

    kind: str
    """``unix``, ``npipe``, ``tcp``."""
    where: str
    """A path, or ``http[s]://host:port``."""
    certificates: Path | None = None
    """The folder with ca.pem, cert.pem and key.pem, for TLS."""


def find_address(environment: Mapping[str, str], *, windows: bool) -> Address | None:
    """Return where an engine is to be asked; None where there seems to be none. Raises `ConfigError`.

    In the order of the Docker CLI: DOCKER_HOST, the context, the default socket; then those of Docker Desktop, of
    rootless engines and of podman (CONTAINER_HOST first).
    """
    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        if environment.get(name):
            return read_address(environment[name], environment, name)
    if (host := _context_host(environment)) is not None:
        return read_address(host, environment, "the Docker context")
    if windows:
        return Address("npipe", _PIPE)
    return next((Address("unix", str(path)) for path in _sockets(environment) if path.is_socket()), None)


def read_address(text: str, environment: Mapping[str, str], source: str) -> Address:
    """Return the address that ``text``, from ``source``, spells. Raises `ConfigError`."""
    scheme, _, rest = text.partition("://")
    if scheme == "unix" and rest:
        return Address("unix", rest)
    if scheme == "npipe" and rest:
        return Address("npipe", rest.replace("/", "\\"))
    if scheme in ("tcp", "http", "https") and (host := urlsplit(f"//{rest}").netloc):
        certificates = _certificates(environment) if scheme != "http" else None
        secure = scheme == "https" or certificates is not None
        port = "" if urlsplit(f"//{host}").port else f":{_TLS_PORT if secure else _TLS_PORT - 1}"
        return Address("tcp", f"{'https' if secure else 'http'}://{host}{port}", certificates)
    raise ConfigError(f"{source} says `{text}`, which pinner cannot ask", hint=_HINT)


def transport_for(address: Address) -> httpx.BaseTransport:
    """Return the way to ``address``. Raises `ConfigError` for certificates that cannot be read."""
    from pinner.http.library import httpx  # noqa: PLC0415 - only to ask

    if address.kind != "tcp":
        return PipeTransport(address.where, open_socket if address.kind == "unix" else open_pipe)
    return httpx.HTTPTransport(verify=_verification(address.certificates))


def _verification(certificates: Path | None) -> ssl.SSLContext | bool:
    if certificates is None:
        return True
    import ssl  # noqa: PLC0415 - only for engines elsewhere

    try:
        context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    except OSError as error:
        raise ConfigError(
            f"the engine's certificates in {certificates} cannot be read: {error.strerror or error}"
        ) from None
    return context


def _certificates(environment: Mapping[str, str]) -> Path | None:
    """Return the folder of the certificates where DOCKER_TLS_VERIFY asks for TLS."""
    if not environment.get("DOCKER_TLS_VERIFY"):
        return None
    return Path(environment.get("DOCKER_CERT_PATH") or _docker_folder(environment))


def _docker_folder(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME", "")) / ".docker")


def _context_host(environment: Mapping[str, str]) -> str | None:
    """Return the host of the Docker CLI's current context (docker/cli, cli/context/store): None for the default."""
    folder = _docker_folder(environment)
    name = environment.get("DOCKER_CONTEXT") or _read_json(folder / "config.json").get("currentContext")
    if not isinstance(name, str) or name in ("", "default"):
        return None
    meta = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    endpoints = _read_json(meta).get("Endpoints")
    docker = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = docker.get("Host") if isinstance(docker, dict) else None
    return host if isinstance(host, str) and host else None


def _read_json(path: Path) -> dict[str, object]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _sockets(environment: Mapping[str, str]) -> Iterator[Path]:
    home, runtime = environment.get("HOME"), environment.get("XDG_RUNTIME_DIR")
    yield Path("/var/run/docker.sock")
    if runtime:
        yield Path(runtime) / "docker.sock"
    if home:
        yield Path(home) / ".docker" / "run" / "docker.sock"
    if runtime:
        yield Path(runtime) / "podman" / "podman.sock"
    yield Path("/run/podman/podman.sock")
