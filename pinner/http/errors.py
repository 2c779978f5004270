"""HTTP error replies as typed errors, each with a clause and a hint.

The messages made here are clauses (``ghcr.io denies access``); `with_reference` puts the reference before them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from pinner.errors import (
    NotFoundError,
    RateLimitedError,
    ResolveError,
    UnauthorizedError,
    UnavailableError,
    UnsupportedError,
    public_address,
)
from pinner.http.redaction import mask

if TYPE_CHECKING:
    from pinner.http.library import httpx
    from pinner.reference import ImageReference

_MAX_TEXT = 200
_BAD, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 400, 401, 403, 404, 429, 500
_NOT_SERVED = frozenset({_BAD, _NOT_FOUND, 410, 451})
# Go's server, nginx, Apache and Jetty; others hang up.
_WANTS_TLS = re.compile(
    rb"HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS|speaking plain HTTP", re.IGNORECASE
)
# Whose credentials last for hours and are made by a program of their own.
_LOGINS = (
    (
        re.compile(r"[0-9]+\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?"),
        "aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin {host}",
    ),
    (re.compile(r"(?P<name>[a-z0-9-]+)\.azurecr\.io"), "az acr login --name {name}"),
    (re.compile(r"(?:[a-z]+\.)?gcr\.io|[a-z0-9-]+-docker\.pkg\.dev"), "gcloud auth configure-docker {host}"),
)


class OversizeError(UnsupportedError):
    """An answer longer than any that is needed."""


class Reply(NamedTuple):
    """What came back for one request: the body bounded, nothing decoded."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: httpx.URL
    secrets: tuple[str, ...] = ()
    """What was sent to be let in, in every spelling: masked in whatever of the reply is shown."""


def safe_text(text: str) -> str:
    """Return a server's text fit for a terminal and one line: no control or format characters, ≤ 200 characters."""
    text = text[: _MAX_TEXT * 8]
    printable = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    text = " ".join(printable.split())
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def safe_address(address: str, secrets: tuple[str, ...] = ()) -> str:
    """Return an address that a server gave, fit for a message: no user, no password, no signature in its query.

    ``secrets`` are masked in it, also where it spells them with percent signs.
    """
    plain = unquote(address)
    if secrets and mask(secrets, plain) != plain:
        address = plain
    return safe_text(public_address(mask(secrets, address)))


def with_reference(error: ResolveError, reference: ImageReference, deed: str = "resolve") -> ResolveError:
    """Return ``error`` as the answer to the question about ``reference``; ``deed`` is what cannot be done with it."""
    return with_prefix(error, f"cannot {deed} `{reference.familiar}`")


def with_prefix(error: ResolveError, what: str) -> ResolveError:
    """Return ``error`` to be shown to a user, ``what`` could not be done before its clause."""
    message = f"{what}: {error.message}"
    if isinstance(error, RateLimitedError):
        return RateLimitedError(message, hint=error.hint, retry_after=error.retry_after)
    # The kinds that only this package tells apart stay in it.
    kind: type[ResolveError] = next(base for base in type(error).__mro__ if base.__module__ == ResolveError.__module__)
    return kind(message, hint=error.hint)


def fresh_copy(error: ResolveError) -> ResolveError:
    """Return a copy to raise: what one question met is the answer to others too, each with a traceback of its own."""
    return type(error)(error.message, hint=error.hint)


def error_text(reply: Reply) -> str:
    """Return what the registry says about its refusal (distribution-spec, error codes), or an empty text.

    The body is read whatever its Content-Type: olareg sends JSON as text/plain.
    """
    if reply.headers.get("content-encoding", "identity").lower() != "identity":
        return ""
    text = reply.body.decode("utf-8", "replace").strip()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        if text.startswith(("<", "{", "[")):
            return "it answers with a web page, not as a registry" if text.startswith("<") else ""
        return safe_text(mask(reply.secrets, text))
    return safe_text(mask(reply.secrets, _message_in(document)))


def detail(reply: Reply) -> str:
    """Return `error_text` as it ends a clause."""
    said = error_text(reply)
    return f" ({said})" if said else ""


def _message_in(document: object) -> str:
    errors = document.get("errors") if isinstance(document, dict) else None
    said = errors[0] if isinstance(errors, list) and errors else document
    if isinstance(said, dict):
        for key in ("message", "details", "detail", "code"):
            if isinstance(value := said.get(key), str) and value:
                return value
    return ""


def reply_error(
    reply: Reply, host: str, missing: str = "is its name right?", *, has_credentials: bool = False
) -> ResolveError:
    """Return the error that ``reply``, which is no success, means at ``host``; ``missing`` is the hint for a 404."""
    why = detail(reply)
    status = reply.status
    if status == _BAD and reply.url.scheme == "http" and _WANTS_TLS.search(reply.body):
        return UnavailableError(
            f"{host} speaks HTTPS and was asked in plain HTTP",
            hint=f'set endpoint = "https://{reply.url.netloc.decode("ascii")}" for it, and no plain-http',
        )
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return access_denied(host, why, has_credentials=has_credentials, is_final=status == _FORBIDDEN)
    if status == _TOO_MANY:
        return RateLimitedError(f"{host} says too many requests{why}", hint="wait, or log in for a higher limit")
    if status in _NOT_SERVED:
        return NotFoundError(f"{host} has no such image{why}", hint=missing)
    if status >= _SERVER_ERROR or status == 408:  # noqa: PLR2004 - Request Timeout
        return UnavailableError(f"{host} failed with status {status}{why}", hint="try again later")
    return UnsupportedError(f"{host} answered with status {status}{why}")


def token_error(reply: Reply, host: str, server: str) -> ResolveError:
    """Return the error of the token server ``server`` of ``host`` that answers ``reply``, which is no success."""
    if reply.status in _NOT_SERVED:
        return UnauthorizedError(f"{host}'s token server {server} gave no token: status {reply.status}{detail(reply)}")
    return reply_error(reply, f"{host}'s token server {server}")


def access_denied(host: str, why: str = "", *, has_credentials: bool, is_final: bool = False) -> UnauthorizedError:
    """Return the error of a registry that does not let us see an image; ``is_final`` where it names no way in."""
    question, private, yours = "is the name right?", "If the image is private,", "If so,"
    if host == "docker.io" and not is_final:
        question += " Docker Hub answers 401 for repositories that do not exist;"
        private, yours = "if it is private,", "if it is right,"
    if has_credentials:
        return UnauthorizedError(
            f"{host} does not let these credentials see it{why}",
            hint=f"{question} {yours} log in with an account that may pull it: {log_in(host)}",
        )
    clause = "denies access" if is_final else "wants credentials"
    return UnauthorizedError(f"{host} {clause}{why}", hint=f"{question} {private} log in with {log_in(host)}")


def log_in(host: str) -> str:
    """Return the command that leaves credentials for ``host`` where they are looked for."""
    if host == "docker.io":
        return "`docker login`"
    for pattern, command in _LOGINS:
        if (match := pattern.fullmatch(host)) is not None:
            return f"`{command.format(host=host, **match.groupdict())}`"
    return f"`docker login {host}`"
