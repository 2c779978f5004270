"""Registry endpoints, and network zones of hosts.

Every address is an `httpx.URL`, the type that is connected to: what is checked is what is asked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from pinner.config import RegistryOptions
from pinner.errors import ConfigError, NotFoundError, public_address
from pinner.http.library import httpx
from pinner.reference import DOCKER_HUB

if TYPE_CHECKING:
    from collections.abc import Mapping


_DOCKER_HUB_HOST = "registry-1.docker.io"
_DOCKER_HUB_HOSTS = frozenset({_DOCKER_HUB_HOST, "index.docker.io", "registry.hub.docker.com", DOCKER_HUB})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_NUMERIC_HOST = re.compile(r"(?:[0-9a-fx]+\.)*(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
# Cloud machines read their own credentials from these, of AWS, Alibaba, Oracle and Azure: not all are link-local.
_METADATA_SERVICES = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
# The last 32 bits are an IPv4 address: NAT64 (RFC 6052, and RFC 8215's for local use), translated, compatible.
_EMBEDDING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")))
_MACHINE_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})


class NetworkZone(IntEnum):
    """How far away a host is. A registry may send us as far as it is itself, or further; never nearer."""

    LINK_LOCAL = 0
    """Metadata services, ``0.0.0.0``, multicast: no registry's business unless the user named it."""
    LOOPBACK = 1
    PRIVATE = 2
    PUBLIC = 3


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the questions about one registry go."""

    registry: str
    """The registry's name in references: ``docker.io``."""
    base: httpx.URL
    """The address up to and including ``/v2/``."""
    login: str
    """The name under which its credentials are kept: the registry's own, or the host that answers in its place."""
    ca: str | None = None
    """A PEM file of certificate authorities to trust beside the system's."""
    token_server: str | None = None
    """A host that may see the credentials although it is of another domain."""
    label: str | None = None
    """What messages call it, where that is not its host."""
    unsafe: str = ""
    """Why a stored login is not shown to it: what a configuration of the tree says of it; empty where it may be."""
    missing: str = "is the name right, and the tag still there?"
    """The hint for an image that is not there."""
    is_docker_hub: bool = False
    """Whether it is Docker Hub itself, where a GET of a manifest is counted as a pull and a HEAD is not."""
    may_count: bool = False
    """Whether it stands in Docker Hub's place and may count as Docker Hub does: its first answer tells."""

    @property
    def host(self) -> str:
        """What messages call it."""
        return self.label or self.login

    def manifest(self, repository: str, selector: str) -> httpx.URL:
        """Return the address of a manifest by tag or digest; both must have been parsed before."""
        return httpx.URL(f"{self.base}{repository}/manifests/{selector}")

    def tags(self, repository: str) -> httpx.URL:
        """Return the address of a repository's list of tags."""
        return httpx.URL(f"{self.base}{repository}/tags/list")

    def blob(self, repository: str, digest: str) -> httpx.URL:
        """Return the address of a blob; the digest must have been parsed before."""
        return httpx.URL(f"{self.base}{repository}/blobs/{digest}")


def endpoint_for(domain: str, registries: Mapping[str, RegistryOptions]) -> Endpoint:
    """Return where the registry ``domain`` is asked: its own host, or what the settings say for it or for ``*``.

    HTTPS, but for loopback hosts and where ``plain-http`` asks for HTTP. Raises `ConfigError` for an endpoint that is
    no address, `NotFoundError` for a domain that is none.
    """
    options = registries.get(domain) or registries.get("*") or RegistryOptions()
    if options.endpoint is not None:
        base = _configured_base(options.endpoint, plain_http=options.plain_http)
        login = _authority(base)
    else:
        base, login = _own_base(domain, plain_http=options.plain_http), domain.lower()
    is_hub = base.host in _DOCKER_HUB_HOSTS
    return Endpoint(
        domain,
        base,
        login,
        options.ca,
        options.token_server,
        unsafe=_unsafe(options, base, domain),
        is_docker_hub=is_hub,
        may_count=options.endpoint is not None and domain == DOCKER_HUB and not is_hub,
    )


def _own_base(domain: str, *, plain_http: bool) -> httpx.URL:
    host = _DOCKER_HUB_HOST if domain == DOCKER_HUB else domain
    try:
        base = httpx.URL(f"https://{host}/v2/")
        return httpx.URL(f"http://{host}/v2/") if plain_http or is_loopback(base.host) else base
    except httpx.InvalidURL:
        raise NotFoundError(f"`{domain}` is no address of a registry") from None


def _unsafe(options: RegistryOptions, base: httpx.URL, domain: str) -> str:
    """Return what a configuration of the tree does to the security of a login for ``base``; empty for nothing."""
    if options.found_in is None:
        return ""
    if base.scheme == "http" and not is_loopback(base.host):
        return "would send it in clear (plain HTTP)"
    if options.ca is not None:
        return "would show it to whom the authority in `ca` vouches for"
    if options.token_server is not None:
        return f"would send it to the token server {options.token_server}"
    if options.endpoint is not None and _authority(base) != domain.lower():
        return f"has {domain} asked at another host, with the login for that one"
    return ""


def check_endpoint(options: RegistryOptions) -> None:
    """Raise `ConfigError` unless the endpoint, if there is one, is an address that may be asked."""
    if options.endpoint is not None:
        _configured_base(options.endpoint, plain_http=options.plain_http)


def _configured_base(endpoint: str, *, plain_http: bool) -> httpx.URL:
    try:
        url = httpx.URL(endpoint if "://" in endpoint else f"https://{endpoint}")
    except httpx.InvalidURL:
        raise ConfigError(
            f"the endpoint `{public_address(endpoint)}` is not an address", hint="write scheme, host and port"
        ) from None
    if "://" not in endpoint and (plain_http or is_loopback(url.host)):
        url = httpx.URL(f"http://{endpoint}")
    if url.scheme not in _DEFAULT_PORTS or not url.host:
        raise ConfigError(
            f"the endpoint `{public_address(endpoint)}` is not an address", hint="write http:// or https:// and a host"
        )
    if url.userinfo or url.query or url.fragment:
        # The text may hold a password: it is not repeated.
        raise ConfigError(
            f"the endpoint at {url.host} has more than scheme, host, port and path",
            hint="keep credentials in docker's config.json: `docker login`",
        )
    if url.scheme == "http" and not plain_http and not is_loopback(url.host):
        raise ConfigError(f"the endpoint `{endpoint}` is plain HTTP", hint="write https://, or set plain-http = true")
    return url.copy_with(path=f"{url.path.rstrip('/')}/v2/")


def _authority(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


def origin(url: httpx.URL) -> str:
    """Return scheme, host and port: what credentials and connections belong to."""
    return f"{url.scheme}://{url.host}:{url.port or _DEFAULT_PORTS.get(url.scheme)}"


def is_loopback(host: str) -> bool:
    """Say whether ``host`` is this machine by its spelling alone: ``localhost``, 127.0.0.0/8 or ``::1``.

    Not ``*.localhost`` nor private networks, which another machine may answer.
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def zone_of(host: str) -> NetworkZone:
    """Return how far away ``host``, a name or an address in any spelling, claims to be."""
    address = _address(host)
    if address is None:
        name = host.lower().rstrip(".")
        if name in _MACHINE_NAMES or name.endswith(".localhost"):
            return NetworkZone.LOOPBACK
        return NetworkZone.PRIVATE if name.endswith((".internal", ".local")) else NetworkZone.PUBLIC
    if address.is_loopback:
        return NetworkZone.LOOPBACK
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        # fec0::/10, given up by RFC 3879; Python calls it global.
        return NetworkZone.PRIVATE
    if address.is_link_local or address.is_unspecified or address.is_multicast or address in _METADATA_SERVICES:
        return NetworkZone.LINK_LOCAL
    return NetworkZone.PUBLIC if address.is_global else NetworkZone.PRIVATE


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0].rstrip("."))
    except ValueError:
        host = host.rstrip(".")
        if _NUMERIC_HOST.fullmatch(host) is None:
            return None
        try:
            # `127.1`, `2130706433`, `0x7f.0.0.1`: what the operating system's resolver reads as addresses.
            return ipaddress.IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return address if isinstance(address, ipaddress.IPv4Address) else _unwrapped(address)


def _unwrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that is spoken to in the end: mapped, embedded, or through 6to4 (RFC 3056)."""
    if any(address in network for network in _EMBEDDING) and not (address.is_loopback or address.is_unspecified):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
