"""WWW-Authenticate challenge parser (RFC 9110 §11.6.1), and the token servers a registry may name.

Rules 15 to 21 of the fault list: HTTPS for an HTTPS registry; nothing nearer than the registry itself (ggcr #2258);
no user names or fragments in the address; credentials only to the registry's own house.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinner.errors import UnauthorizedError
from pinner.http.addresses import NetworkZone, is_loopback, zone_of
from pinner.http.errors import safe_address
from pinner.http.library import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


_MAX_HEADER = 8 * 1024
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
# `realm = "https://…"`, `realm=https://…`, or a scheme's name; whatever else stands between them is stepped over.
_PART = re.compile(
    rf"(?P<name>{_WORD})[ \t]*=[ \t]*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\s,\"]*))|(?P<scheme>{_WORD})",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in: a scheme, lower-case, and its parameters, names lower-case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(headers: Iterable[str]) -> tuple[Challenge, ...]:
    """Return every challenge in the WWW-Authenticate headers, in order. Headers over 8 KB are not read."""
    found: list[Challenge] = []
    for header in headers:
        if len(header) > _MAX_HEADER:
            continue
        parameters: dict[str, str] | None = None
        for part in _PART.finditer(header):
            if part["scheme"] is not None:
                parameters = {}
                found.append(Challenge(part["scheme"].lower(), parameters))
            elif parameters is not None:
                value = part["bare"] if part["quoted"] is None else _ESCAPED.sub(r"\1", part["quoted"])
                # The first one counts, so that nothing appended by a proxy can point elsewhere.
                parameters.setdefault(part["name"].lower(), value)
    return tuple(found)


def choose_challenge(challenges: Iterable[Challenge]) -> Challenge | None:
    """Return the challenge to answer: a Bearer that names its realm, else Basic, else None."""
    basic: Challenge | None = None
    for challenge in challenges:
        if challenge.scheme == "bearer" and challenge.parameters.get("realm"):
            return challenge
        if challenge.scheme == "basic" and basic is None:
            basic = challenge
    return basic


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


def check_realm(realm: str, registry: httpx.URL, floor: NetworkZone, secrets: tuple[str, ...] = ()) -> httpx.URL:
    """Return the address of the token server that ``registry`` names, or raise `UnauthorizedError`.

    ``floor`` is how near a token server may be: as near as the registry itself. ``secrets`` are masked in messages.
    """
    refused = f"{registry.host} sends us for a token to `{safe_address(realm, secrets)}`, which pinner refuses"
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
    if zone_of(url.host) < floor:
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
