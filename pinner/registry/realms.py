"""Who may be given what: the token servers that a registry may name, and those that may see its credentials.

Rules 15 to 21 of the fault list: HTTPS for an HTTPS registry; nothing nearer than the registry itself (ggcr #2258);
no user names or fragments in the address; credentials only to the registry's own house.
"""

from __future__ import annotations

import re

import httpx

from pinner.errors import UnauthorizedError
from pinner.registry.failures import shown
from pinner.registry.hosts import Reach, is_loopback, reach_of

_MAX_TEXT = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Registrars' domains of two labels under a country: `co.uk`; and domains whose subdomains belong to strangers.
_COUNTRY_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"})
_SHARED_DOMAINS = frozenset(
    {
        "aliyuncs.com",
        "amazonaws.com",
        "appspot.com",
        "azurecr.io",
        "azurewebsites.net",
        "cloudapp.net",
        "cloudfront.net",
        "fly.dev",
        "github.io",
        "gitlab.io",
        "googleapis.com",
        "herokuapp.com",
        "netlify.app",
        "ngrok.app",
        "ngrok.io",
        "onrender.com",
        "pages.dev",
        "pkg.dev",
        "run.app",
        "scw.cloud",
        "vercel.app",
        "windows.net",
        "workers.dev",
    }
)
# Registries whose token server has another domain, or a domain that strangers have a part of: IBM's, Scaleway's,
# Alibaba's (whose customers choose no name at that level). Hub's own needs no row: both are of docker.io.
_SAME_HOUSE = tuple(
    (re.compile(registry), re.compile(server))
    for registry, server in (
        (r"(?:[a-z0-9-]+\.)?icr\.io", r"iam\.cloud\.ibm\.com"),
        (r"rg\.[a-z0-9-]+\.scw\.cloud", r"api\.scaleway\.com"),
        (r"(?:[a-z0-9-]+\.)+aliyuncs\.com", r"dockerauth(?:-[a-z]+){0,2}\.[a-z0-9-]+\.aliyuncs\.com"),
    )
)


def check_realm(realm: str, registry: httpx.URL, floor: Reach) -> httpx.URL:
    """Return the address of the token server that ``registry`` names, or raise `UnauthorizedError`.

    ``floor`` is how near a token server may be: as near as the registry itself.
    """
    refused = f"{registry.host} sends us for a token to `{shown(realm)}`, which pinner refuses"
    if len(realm) > _MAX_TEXT or _CONTROL.search(realm):
        raise UnauthorizedError(f"{refused}: no address")
    try:
        url = httpx.URL(realm)
    except httpx.InvalidURL:
        raise UnauthorizedError(f"{refused}: no address") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise UnauthorizedError(f"{refused}: no address")
    if url.userinfo or url.fragment:
        raise UnauthorizedError(f"{registry.host} sends us for a token to an address with a user name or a fragment")
    if url.scheme == "http" and (registry.scheme == "https" or not _may_be_plain(url, registry)):
        raise UnauthorizedError(f"{refused}: plain HTTP")
    if reach_of(url.host) < floor:
        raise UnauthorizedError(f"{refused}: an address of a private network")
    return url


def _may_be_plain(url: httpx.URL, registry: httpx.URL) -> bool:
    return is_loopback(url.host) or url.host == registry.host


def may_see_credentials(realm: httpx.URL, registry: httpx.URL) -> bool:
    """Say whether the token server ``realm`` belongs to the same house as ``registry``."""
    if realm.host == registry.host or (is_loopback(realm.host) and is_loopback(registry.host)):
        return True
    if any(ours.fullmatch(registry.host) and theirs.fullmatch(realm.host) for ours, theirs in _SAME_HOUSE):
        return True
    house = registrable_domain(registry.host)
    return house is not None and house == registrable_domain(realm.host)


def registrable_domain(host: str) -> str | None:
    """Return the domain that one owner has, as far as it can be told without the Public Suffix List; None if not."""
    labels = host.lower().rstrip(".").split(".")
    if len(labels) < 2 or labels[-1].isdecimal() or ":" in host:  # noqa: PLR2004 - a name and its top-level domain
        return None
    suffix = ".".join(labels[-2:])
    is_country = len(labels[-1]) == 2 and labels[-2] in _COUNTRY_SECOND_LEVEL  # noqa: PLR2004 - ISO 3166
    if suffix in _SHARED_DOMAINS:
        return None
    if not is_country:
        return suffix
    return ".".join(labels[-3:]) if len(labels) > 2 else None  # noqa: PLR2004 - a name under `co.uk`


def check_parameter(name: str, value: str) -> str:
    """Return ``value`` of the challenge's ``service`` or ``scope``, or raise `UnauthorizedError`."""
    if len(value) > _MAX_TEXT or _CONTROL.search(value):
        raise UnauthorizedError(f"the registry's challenge has an unusable `{name}`")
    return value
