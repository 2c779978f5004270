"""Token requests without I/O: which token a challenge asks for, and the requests that get it.

Source: distribution's docs/spec/auth (token.md, oauth.md), and the fault list's rules 1 to 21.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pinner.errors import UnauthorizedError
from pinner.http.errors import access_denied, detail, log_in, safe_text, token_error
from pinner.registry.auth.challenges import check_parameter, check_realm

if TYPE_CHECKING:
    from collections.abc import Generator

    from pinner.http.addresses import NetworkZone
    from pinner.http.errors import Reply
    from pinner.http.library import httpx
    from pinner.registry.auth.challenges import Challenge
    from pinner.registry.auth.credentials import Credentials

_REPOSITORY = re.compile(r"/v2/(?P<name>.+)/(?:manifests|blobs|referrers|tags)/[^/]+\Z")
MAX_TOKEN_BODY = 64 * 1024
_SHORTEST_LIFE, _LONGEST_LIFE = 60.0, 3600.0
_MARGIN = 5.0
"""Seconds before its end at which a token is no longer used: it has to arrive as well."""
_SCOPE = re.compile(r"repository:(?P<name>[^:\s]+(?::[0-9]+/[^:\s]+)?):(?P<actions>[^:\s]+)")
_CREDENTIAL = re.compile(r"[\x21-\x7e]{1,32768}")
_OK, _UNAUTHORIZED = 200, 401
_NO_OAUTH = frozenset({404, 405})


@dataclass(frozen=True, slots=True)
class TokenKey:
    """What a token is asked for: the same key, the same token."""

    realm: httpx.URL
    service: str
    scopes: tuple[str, ...]
    credentials: Credentials | None


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and until when it is good, by the clock that was asked at its arrival."""

    text: str = field(repr=False)
    expires: float
    scopes: tuple[str, ...]
    """What it was asked for: more than one key's where it is shared."""

    @property
    def authorization(self) -> str:
        """The value of an Authorization header."""
        return f"Bearer {self.text}"

    def is_good(self, now: float) -> bool:
        """Say whether it may be sent at ``now``."""
        return now < self.expires - _MARGIN


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One request to a token server."""

    method: str
    url: httpx.URL
    authorization: str | None = field(default=None, repr=False)
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ChallengeTemplate:
    """What a host's challenge taught: how to ask for the token of its next repository."""

    realm: httpx.URL
    service: str
    scopes: tuple[str, ...]
    repository: str

    def key(self, repository: str, credentials: Credentials | None) -> TokenKey | None:
        """Return the token for ``repository``; None where the host's scopes cannot be foretold."""
        scopes = self.scopes
        if repository != self.repository and any(scope.startswith("repository:") for scope in scopes):
            ending = f"{self.repository}:pull"
            if not self.repository or len(scopes) != 1 or not scopes[0].endswith((f":{ending}", f"/{ending}")):
                return None
            scopes = (f"{scopes[0].removesuffix(ending)}{repository}:pull",)
        return TokenKey(self.realm, self.service, scopes, credentials)


def template_of(
    challenge: Challenge, registry: httpx.URL, floor: NetworkZone, repository: str, secrets: tuple[str, ...] = ()
) -> ChallengeTemplate:
    """Return what a Bearer challenge teaches, or raise `UnauthorizedError` for what must not be obeyed.

    One that names no scope that a pull could need gets what every client asks for: ``repository:NAME:pull``.
    """
    realm = check_realm(challenge.parameters["realm"], registry, floor, secrets)
    service = check_parameter("service", challenge.parameters.get("service", ""))
    scope = check_parameter("scope", challenge.parameters.get("scope", ""))
    scopes = tuple(map(_only_pull, filter(_is_for_reading, scope.split())))
    if not scopes and repository:
        scopes = (f"repository:{repository}:pull",)
    return ChallengeTemplate(realm, service, scopes, repository)


def _is_for_reading(scope: str) -> bool:
    # Everything of something that is no repository, `registry:catalog:*`: nothing that a pull could need.
    return scope.startswith("repository:") or not scope.endswith(":*")


def _only_pull(scope: str) -> str:
    # We read: whatever a registry asks for, a token that could write is never fetched.
    match = _SCOPE.fullmatch(scope)
    return scope if match is None else f"repository:{match['name']}:pull"


def token_flow(key: TokenKey, host: str, now: float) -> Generator[TokenRequest, Reply, Token]:
    """Ask for the token: yields each request, takes its reply, returns the token or raises `ResolveError`.

    An identity token is posted (oauth.md); a server without that, status 404 or 405, is asked by GET.
    """
    credentials = key.credentials
    if credentials is not None and credentials.identity_token is not None:
        form = {
            "grant_type": "refresh_token",
            "service": key.service,
            "client_id": "pinner",
            "scope": " ".join(key.scopes),
            "refresh_token": credentials.identity_token,
        }
        reply = yield TokenRequest("POST", key.realm, form=tuple(form.items()))
        if reply.status not in _NO_OAUTH:
            return _read_token(reply, key, host, now)
    reply = yield TokenRequest("GET", token_url(key), None if credentials is None else credentials.basic)
    return _read_token(reply, key, host, now)


def token_url(key: TokenKey) -> httpx.URL:
    """Return the address that gives the token: the realm, its own parameters kept, and what is asked for."""
    parameters = [("service", key.service)] if key.service else []
    if key.credentials is not None:
        parameters.append(("account", key.credentials.username))
    parameters += [("scope", scope) for scope in key.scopes]
    return key.realm.copy_with(params=[*key.realm.params.multi_items(), *parameters])


def _read_token(reply: Reply, key: TokenKey, host: str, now: float) -> Token:
    if reply.status == _UNAUTHORIZED and key.credentials is not None:
        raise credentials_rejected(host, key.credentials, detail(reply))
    if reply.status in (_UNAUTHORIZED, 403):
        raise access_denied(host, detail(reply), has_credentials=key.credentials is not None)
    if reply.status != _OK:
        raise token_error(reply, host, key.realm.host)
    try:
        document = json.loads(reply.body)
        text = document.get("token") or document.get("access_token")
        life = document.get("expires_in")
    except (ValueError, RecursionError, AttributeError):
        text = life = None
    if not isinstance(text, str) or _CREDENTIAL.fullmatch(text) is None:
        raise UnauthorizedError(f"{host}'s token server {key.realm.host} sent no token")
    return Token(text, now + _life(life), key.scopes)


def _life(seconds: object) -> float:
    # `issued_at` is not looked at: clocks differ, and the time of receipt is ours.
    # Anything that is not more than the shortest life, NaN too, is the shortest life.
    if not isinstance(seconds, int | float) or not seconds > _SHORTEST_LIFE:
        return _SHORTEST_LIFE
    return float(min(seconds, _LONGEST_LIFE))


def credentials_rejected(host: str, credentials: Credentials, why: str) -> RejectedError:
    """Return the error of a host that does not know the user or the password."""
    message = f"{host} rejects the credentials of `{safe_text(credentials.username)}`{why}"
    return RejectedError(message, hint=f"log in again: {log_in(host)}")


class RejectedError(UnauthorizedError):
    """The credentials are wrong: they are not tried again, lest the account be locked."""


def repository_in(url: httpx.URL) -> str:
    """Return the repository that an address of the distribution API is about; empty where it is none."""
    match = _REPOSITORY.search(url.path)
    return "" if match is None else match["name"]
