"""Redaction of sent secrets from replies."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from pinner.http.library import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.http.errors import Reply

_SHORTEST = 4
"""Characters: shorter ones are in every other word, and hiding them would show where they are."""
_SECRET_FIELDS = frozenset({"refresh_token", "password"})
_MASK = b"***"
_REDIRECTED = 300


def secrets_in(authorization: str | None, form: Iterable[tuple[str, str]] | None) -> tuple[bytes, ...]:
    """Return the secrets that a request carries, the longest first, each as texts, JSON and addresses have it."""
    found: set[str] = set()
    for secret in (*_authorized(authorization or ""), *(text for name, text in form or () if name in _SECRET_FIELDS)):
        if len(secret) >= _SHORTEST:
            # With quotes and slashes escaped, PHP's way too.
            written = {json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
            found |= {secret, quote(secret, safe="")} | written | {text.replace("/", r"\/") for text in written}
    return tuple(sorted((text.encode() for text in found), key=len, reverse=True))


def _authorized(authorization: str) -> Iterator[str]:
    scheme, _, value = authorization.partition(" ")
    yield value
    if scheme == "Basic":
        # Made by us, of text: what is not of that form is nothing that we sent.
        yield base64.b64decode(value).decode("utf-8", "replace").partition(":")[2]


def without(secrets: Iterable[bytes], data: bytes) -> bytes:
    """Return ``data`` with each of ``secrets`` masked."""
    for secret in secrets:
        data = data.replace(secret, _MASK)
    return data


def redacted(reply: Reply, secrets: tuple[bytes, ...]) -> Reply:
    """Return ``reply`` with ``secrets`` masked in what is there to be read: a failure's body, warnings.

    Everything else stays as it is: a password may well be a word of an address.
    """
    if secrets and "warning" in reply.headers:
        raw = [
            (name, without(secrets, text) if name.lower() == b"warning" else text) for name, text in reply.headers.raw
        ]
        reply = reply._replace(headers=httpx.Headers(raw))
    return reply._replace(body=without(secrets, reply.body)) if secrets and reply.status >= _REDIRECTED else reply
