"""Redaction of sent secrets from replies."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from pinner.http.library import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.http.errors import Reply

_SHORTEST = 4
"""Characters: shorter ones are in every other word, and hiding them would show where they are."""
_SECRET_FIELDS = frozenset({"refresh_token", "password"})
_MASK = "***"


def secrets_in(authorization: str | None, form: Iterable[tuple[str, str]] | None) -> tuple[str, ...]:
    """Return the secrets that a request carries, the longest first, in all the spellings that it may come back in."""
    found: set[str] = set()
    for secret in (*_authorized(authorization or ""), *(text for name, text in form or () if name in _SECRET_FIELDS)):
        if len(secret) >= _SHORTEST:
            found |= _spellings(secret)
    return tuple(sorted(found, key=len, reverse=True))


def _spellings(secret: str) -> set[str]:
    """Return ``secret`` as it stands in a text, and as what is quoted twice still has it after one decoding."""
    escaped = {json.dumps(secret, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
    # Go escapes what HTML knows (encoding/json, HTMLEscape), PHP slashes.
    go = {re.sub(r"[&<>]", lambda match: f"\\u{ord(match[0]):04x}", text) for text in escaped}
    written = {secret, quote(secret, safe=""), quote(secret), html.escape(secret), *escaped, *go}
    return written | {text.replace("/", r"\/") for text in (*escaped, *go)}


def _authorized(authorization: str) -> Iterator[str]:
    scheme, _, value = authorization.partition(" ")
    yield value
    if scheme == "Basic":
        # Made by us, of text: what is not of that form is nothing that we sent.
        yield base64.b64decode(value).decode("utf-8", "replace").partition(":")[2]


def without(secrets: Iterable[str], text: str) -> str:
    """Return ``text``, which is decoded, with each of ``secrets`` masked."""
    for secret in secrets:
        text = text.replace(secret, _MASK)
    return text


def without_in_json(secrets: Iterable[str], data: bytes) -> bytes:
    """Return the JSON ``data`` with ``secrets`` masked in each of its texts; what is no JSON as a text."""
    secrets = tuple(secrets)
    text = data.decode("utf-8", "replace")
    try:
        document = json.loads(text)
        return json.dumps(_masked(secrets, document)).encode()
    except (ValueError, RecursionError):
        return without(secrets, text).encode()


def _masked(secrets: tuple[str, ...], value: object) -> object:
    if isinstance(value, str):
        return without(secrets, value)
    if isinstance(value, list):
        return [_masked(secrets, item) for item in value]
    if isinstance(value, dict):
        return {without(secrets, key): _masked(secrets, item) for key, item in value.items()}
    return value


def redacted(reply: Reply, secrets: tuple[str, ...]) -> Reply:
    """Return ``reply`` with ``secrets`` masked in its warnings, and known to whoever shows more of it.

    Everything else stays as it is: a password may well be a word of an address, and what is encoded is masked when it
    is decoded, for an encoding has many ways to spell one text.
    """
    if secrets and "warning" in reply.headers:
        raw = [
            (name, _header(secrets, text) if name.lower() == b"warning" else text) for name, text in reply.headers.raw
        ]
        reply = reply._replace(headers=httpx.Headers(raw))
    return reply._replace(secrets=secrets) if secrets else reply


def _header(secrets: Iterable[str], value: bytes) -> bytes:
    return without(secrets, value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
