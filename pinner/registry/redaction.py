"""What we sent to be let in, taken out of what comes back: a server may repeat a password in its error's words."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHORTEST = 4
"""Characters: shorter ones are in every other word, and hiding them would show where they are."""
_SECRET_FIELDS = frozenset({"refresh_token", "password"})
_MASK = b"***"


def secrets_in(authorization: str | None, form: Iterable[tuple[str, str]] | None) -> tuple[bytes, ...]:
    """Return the secrets that a request carries, the longest first, each as texts, JSON and addresses have it."""
    found: set[str] = set()
    for secret in (*_authorized(authorization or ""), *(text for name, text in form or () if name in _SECRET_FIELDS)):
        if len(secret) >= _SHORTEST:
            found |= {secret, json.dumps(secret)[1:-1], quote(secret, safe="")}
    return tuple(sorted((text.encode() for text in found), key=len, reverse=True))


def _authorized(authorization: str) -> Iterator[str]:
    scheme, _, value = authorization.partition(" ")
    yield value
    if scheme == "Basic":
        try:
            yield base64.b64decode(value).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return


def without(secrets: Iterable[bytes], data: bytes) -> bytes:
    """Return ``data`` with each of ``secrets`` masked."""
    for secret in secrets:
        data = data.replace(secret, _MASK)
    return data
