"""Proxy choice: ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``, as curl reads them.

httpx's own reading of the environment is switched off: it would take the process's environment and not the run's.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from pinner.http.addresses import NetworkZone, zone_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.http.library import httpx


def proxy_for(url: httpx.URL, environment: Mapping[str, str]) -> str | None:
    """Return the address of the proxy for ``url``, or None. A loopback host is never proxied."""
    if zone_of(url.host) is NetworkZone.LOOPBACK:
        return None
    proxy = _variable(environment, f"{url.scheme}_proxy") or _variable(environment, "all_proxy")
    if not proxy or _is_excluded(url, _variable(environment, "no_proxy")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environment: Mapping[str, str], name: str) -> str:
    # Lower case wins, as in curl.
    return (environment.get(name) or environment.get(name.upper()) or "").strip()


def _is_excluded(url: httpx.URL, no_proxy: str) -> bool:
    host = url.host.lower()
    port = str(url.port or {"http": 80, "https": 443}.get(url.scheme))
    return any(_matches(entry.strip().lower(), host, port) for entry in no_proxy.split(",") if entry.strip())


def _matches(entry: str, host: str, port: str) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _in_network(host, entry)
    name, separator, entry_port = entry.rpartition(":")
    if separator and entry_port.isdecimal() and (":" not in name or name.endswith("]")):
        if entry_port != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*").lstrip(".")
    return host == entry or host.endswith(f".{entry}")


def _in_network(host: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
