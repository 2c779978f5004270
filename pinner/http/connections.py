"""Connection pool of one origin, and TLS contexts with their certificates.

Source: docker's "Verify repository client with certificates", containers-certs.d(5), and `SSL_CERT_FILE` as in OpenSSL.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import ConfigError
from pinner.files.atomic import open_regular
from pinner.http.addresses import check_endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from pinner.config import Settings
    from pinner.http.library import httpx


class Connection(NamedTuple):
    """One connection, and whether it has carried something before."""

    transport: httpx.AsyncBaseTransport
    is_used: bool


class ConnectionPool:
    """The way to one origin: so many connections at once, each in a pool of its own.

    httpcore looks at every connection of a pool at the begin and the end of each request: a third of its time.
    """

    def __init__(self, connections: int, make: Callable[[], httpx.AsyncBaseTransport]) -> None:
        self._make = make
        self._connections = connections
        self._turns = asyncio.Semaphore(connections)
        self._used: list[httpx.AsyncBaseTransport] = []
        self.made: list[httpx.AsyncBaseTransport] = []
        """Those that are open, or may be."""

    @asynccontextmanager
    async def connection(self, *, fresh: bool) -> AsyncIterator[Connection]:
        """Give one that has carried nothing, or, unless it has to be ``fresh``, the one that was used last."""
        async with self._turns:
            is_used = bool(self._used) and not fresh
            transport = self._used.pop() if is_used else await self._opened()
            try:
                yield Connection(transport, is_used)
            finally:
                self._used.append(transport)

    async def _opened(self) -> httpx.AsyncBaseTransport:
        """Return a new one; of too many, the one that was idle longest is closed."""
        transport = self._make()
        self.made.append(transport)
        if len(self.made) > self._connections and self._used:
            oldest = self._used.pop(0)
            self.made.remove(oldest)
            await oldest.aclose()
        return transport


_SYSTEM = (Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))
_DOCKER_HUB_HOST = "registry-1.docker.io"


class Certificates(NamedTuple):
    """What a certs.d folder has for one host."""

    authorities: tuple[str, ...] = ()
    """``*.crt``: trusted beside the system's."""
    pairs: tuple[tuple[str, str], ...] = ()
    """``*.cert`` with ``*.key``: who we are."""


class Contexts:
    """The contexts of a run, one for each combination of certificates."""

    def __init__(self, environment: Mapping[str, str], on_warning: Callable[[str], None]) -> None:
        self._environment = environment
        self._on_warning = on_warning
        self._made: dict[tuple[str | None, Certificates], ssl.SSLContext] = {}

    def context(self, url: httpx.URL, ca: str | None) -> ssl.SSLContext:
        """Return the context for the host of ``url``, which trusts the PEM file ``ca`` too."""
        certificates = read_certificates(url, self._environment, self._on_warning)
        key = (ca, certificates)
        if key not in self._made:
            self._made[key] = make_context(ca, certificates, self._environment, self._on_warning)
        return self._made[key]


def make_context(
    ca: str | None, certificates: Certificates, environment: Mapping[str, str], on_warning: Callable[[str], None]
) -> ssl.SSLContext:
    """Return a context that trusts the system's authorities, ``ca`` and those of ``certificates``, and shows its pairs.

    A file of ``certificates`` that is none is a warning.
    """
    context = _system_context(environment, on_warning)
    if ca is not None:
        context.load_verify_locations(ca)
    for authority in certificates.authorities:
        try:
            context.load_verify_locations(authority)
        except (OSError, ssl.SSLError):
            on_warning(f"{authority} has no certificates that can be read: it is not used")
    for certificate, key in certificates.pairs:
        try:
            # An encrypted key is refused: OpenSSL would ask for its password on the terminal.
            context.load_cert_chain(certificate, key, password=lambda: "")
        except (OSError, ssl.SSLError):
            on_warning(f"{certificate} and its key are no pair that can be read: they are not used")
    return context


def _system_context(environment: Mapping[str, str], on_warning: Callable[[str], None]) -> ssl.SSLContext:
    paths = ssl.get_default_verify_paths()
    file, folder = environment.get("SSL_CERT_FILE"), environment.get("SSL_CERT_DIR")
    if file or folder:
        try:
            return ssl.create_default_context(cafile=file or paths.cafile, capath=folder or paths.capath)
        except (OSError, ssl.SSLError):
            on_warning("SSL_CERT_FILE has no certificates that can be read: the system's are used")
    context = ssl.create_default_context()
    if not context.get_ca_certs() and not (paths.capath and any(Path(paths.capath).iterdir())):
        # A Python without the system's store, as python.org's on macOS; certifi comes with httpx.
        import certifi  # noqa: PLC0415 - only where it is needed

        context.load_verify_locations(certifi.where())
    return context


def check_places(settings: Settings) -> None:
    """Raise `ConfigError` for an endpoint or a file of authorities that is none."""
    for options in settings.registries.values():
        check_endpoint(options)
        if options.ca is not None:
            check_ca(options.ca)


def check_ca(ca: str) -> None:
    """Raise `ConfigError` unless ``ca`` is a file with certificates."""
    try:
        os.close(open_regular(ca))  # OpenSSL would wait for whoever writes to a FIFO
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca)
    except FileNotFoundError:
        raise ConfigError(f"there is no file `{ca}`", hint="`ca` of a registry names a PEM file") from None
    except (OSError, ssl.SSLError):
        raise ConfigError(f"`{ca}` has no certificates", hint="`ca` names a PEM file") from None


def read_certificates(
    url: httpx.URL, environment: Mapping[str, str], on_warning: Callable[[str], None]
) -> Certificates:
    """Return what the first certs.d folder has that knows the host of ``url``: the user's, containers', docker's."""
    for folder in _folders(url, environment):
        try:
            names = sorted(path.name for path in folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            on_warning(f"{folder} cannot be read ({error.strerror}): its certificates are not used")
            continue
        pairs = []
        for name in names:
            stem, _, ending = name.rpartition(".")
            other = {"cert": f"{stem}.key", "key": f"{stem}.cert"}.get(ending, name)
            if other not in names:
                on_warning(f"{folder / name} lacks its {other}: it is not used")
            elif ending == "cert":
                pairs.append((str(folder / name), str(folder / other)))
        return Certificates(tuple(str(folder / name) for name in names if name.endswith(".crt")), tuple(pairs))
    return Certificates()


def _folders(url: httpx.URL, environment: Mapping[str, str]) -> Iterator[Path]:
    hosts = [url.netloc.decode("ascii")]
    if url.port is None:
        hosts.append(f"{hosts[0]}:443")
    if url.host == _DOCKER_HUB_HOST:
        hosts.append("docker.io")
    hosts = [host for host in hosts if host.strip(".")]
    roots = list(_SYSTEM)
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if base := environment.get("XDG_CONFIG_HOME") or (home and f"{home}/.config"):
        roots.insert(0, Path(base) / "containers" / "certs.d")
    for root in roots:
        for host in hosts:
            yield root / host
