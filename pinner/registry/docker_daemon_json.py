"""Docker's daemon.json reader: mirrors of Docker Hub and insecure registries.

Source: dockerd's reference ("registry-mirrors", "insecure-registries") and moby's daemon/pkg/registry/config.go:
mirrors are Docker Hub's alone, scheme and host without a path; they are asked in order, before Docker Hub itself.
"""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pinner.http.errors import safe_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_MAX_FILE = 1024 * 1024
_SYSTEM = Path("/etc/docker/daemon.json")
_MIRROR = re.compile(r"https?://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?P<port>:[0-9]{1,5})?/?")


class Daemon(NamedTuple):
    """What dockerd is told about registries."""

    mirrors: tuple[str, ...] = ()
    """Addresses, ``https://mirror.example``."""
    insecure: tuple[str, ...] = ()
    """Hosts, hosts with ports, and networks, as they are written."""
    file: str = ""

    def is_insecure(self, domain: str) -> bool:
        """Say whether plain HTTP may be spoken with ``domain``, a host with its port; names are not looked up."""
        if domain in self.insecure:
            return True
        host = domain.rpartition(":")[0] if re.search(r":[0-9]+\Z", domain) else domain
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return False
        return any(address in network for network in _networks(self.insecure))


def _networks(entries: tuple[str, ...]) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    for entry in entries:
        if "/" in entry:
            try:
                yield ipaddress.ip_network(entry, strict=False)
            except ValueError:
                continue


def read_daemon(environment: Mapping[str, str], on_warning: Callable[[str], None]) -> Daemon:
    """Return what the first daemon.json that there is says: the user's own daemon's, Docker Desktop's, the system's."""
    for path in _files(environment):
        try:
            with path.open("rb") as file:
                data = file.read(_MAX_FILE + 1)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            on_warning(f"{path} cannot be read ({error.strerror}): its mirrors are not used")
            return Daemon()
        try:
            return parse_daemon(data, str(path), on_warning)
        except (ValueError, RecursionError, AttributeError):
            on_warning(f"{path} is not a configuration of dockerd: its mirrors are not used")
            return Daemon()
    return Daemon()


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    home = environment.get("HOME") or environment.get("USERPROFILE")
    if base := environment.get("XDG_CONFIG_HOME") or (home and f"{home}/.config"):
        yield Path(base) / "docker" / "daemon.json"
    if home:
        yield Path(home) / ".docker" / "daemon.json"
    if base := environment.get("PROGRAMDATA"):
        yield Path(base) / "docker" / "config" / "daemon.json"
    yield _SYSTEM


def parse_daemon(data: bytes, file: str, on_warning: Callable[[str], None]) -> Daemon:
    """Return what ``data`` says; a mirror that dockerd would refuse is a warning. Raises ValueError for no JSON."""
    if len(data) > _MAX_FILE:
        raise ValueError(file)
    document = json.loads(data.decode("utf-8-sig")) if data.strip() else {}
    mirrors = []
    for address in _texts(document.get("registry-mirrors")):
        if _MIRROR.fullmatch(address) is None:
            on_warning(f"{file}: the mirror `{safe_address(address)}` is no scheme and host: it is not used")
        else:
            mirrors.append(address.rstrip("/"))
    return Daemon(tuple(mirrors), _texts(document.get("insecure-registries")), file)


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(value)
    return tuple(value)
