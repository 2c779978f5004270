"""What went wrong, in words: a registry's answer becomes one typed error with one clause and at most one hint.

The messages made here are clauses (``ghcr.io denies access``); `named` puts the reference before them.
"""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import (
    NotFoundError,
    RateLimitedError,
    ResolveError,
    UnauthorizedError,
    UnavailableError,
    UnsupportedError,
)

if TYPE_CHECKING:
    import httpx

    from pinner.reference import ImageReference

_MAX_TEXT = 200
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 401, 403, 404, 429, 500
_NOT_SERVED = frozenset({400, _NOT_FOUND, 410, 451})


class Reply(NamedTuple):
    """What came back for one request: the body bounded, nothing decoded."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: httpx.URL


def clean(text: str) -> str:
    """Return a server's text fit for a terminal and one line: no control or format characters, ≤ 200 characters."""
    text = text[: _MAX_TEXT * 8]
    printable = "".join(" " if unicodedata.category(character)[0] in "CZ" else character for character in text)
    text = " ".join(printable.split())
    return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…"


def shown(address: str) -> str:
    """Return an address that a server gave, fit for a message: no user, no password, no signature in its query."""
    place, separator, _ = address.partition("?")
    scheme, slashes, rest = place.rpartition("//")
    host, slash, path = rest.partition("/")
    return clean(f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}{separator and '?…'}")


def named(error: ResolveError, reference: ImageReference) -> ResolveError:
    """Return ``error`` as the answer to the question about ``reference``."""
    return prefixed(error, f"cannot resolve `{reference.familiar}`")


def prefixed(error: ResolveError, what: str) -> ResolveError:
    """Return ``error`` to be shown to a user, ``what`` could not be done before its clause."""
    message = f"{what}: {error.message}"
    if isinstance(error, RateLimitedError):
        return RateLimitedError(message, hint=error.hint, retry_after=error.retry_after)
    # The kinds that only this package tells apart stay in it.
    kind: type[ResolveError] = next(base for base in type(error).__mro__ if base.__module__ == ResolveError.__module__)
    return kind(message, hint=error.hint)


def again(error: ResolveError) -> ResolveError:
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
        return clean(text)
    return clean(_message_in(document))


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


def failure(reply: Reply, host: str, missing: str = "is its name right?") -> ResolveError:
    """Return the error that ``reply``, which is no success, means at ``host``; ``missing`` is the hint for a 404."""
    why = detail(reply)
    status = reply.status
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return denied(host, why, has_credentials=False)
    if status == _TOO_MANY:
        return RateLimitedError(f"{host} says too many requests{why}", hint="wait, or log in for a higher limit")
    if status in _NOT_SERVED:
        return NotFoundError(f"{host} has no such image{why}", hint=missing)
    if status >= _SERVER_ERROR or status == 408:  # noqa: PLR2004 - Request Timeout
        return UnavailableError(f"{host} failed with status {status}{why}", hint="try again later")
    return UnsupportedError(f"{host} answered with status {status}{why}")


def token_failure(reply: Reply, host: str, server: str) -> ResolveError:
    """Return the error of the token server ``server`` of ``host`` that answers ``reply``, which is no success."""
    if reply.status in _NOT_SERVED:
        return UnauthorizedError(f"{host}'s token server {server} gave no token: status {reply.status}{detail(reply)}")
    return failure(reply, f"{host}'s token server {server}")


def denied(host: str, why: str = "", *, has_credentials: bool) -> UnauthorizedError:
    """Return the error of a registry that does not let us see an image."""
    if has_credentials:
        return UnauthorizedError(
            f"{host} does not let these credentials see it{why}",
            hint=f"is the name right? If so, log in with an account that may pull it: `docker login {host}`",
        )
    hint = f"is the name right? If the image is private, log in with `docker login {host}`"
    if host == "docker.io":
        hint = (
            "is the name right? Docker Hub answers 401 for repositories that do not exist; "
            "if it is private, log in with `docker login`"
        )
    return UnauthorizedError(f"{host} wants credentials{why}", hint=hint)
