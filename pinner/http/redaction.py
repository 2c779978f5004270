"""Redaction of sent secrets from replies."""

from __future__ import annotations

import base64
import json
import re
from functools import lru_cache
from html.entities import codepoint2name
from typing import TYPE_CHECKING

from pinner.http.library import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.http.errors import Reply

_SHORTEST = 4
"""Characters: shorter ones are in every other word, and hiding them would show where they are."""
_SECRET_FIELDS = frozenset({"refresh_token", "password"})
_MASK = "***"


def secrets_in(authorization: str | None, form: Iterable[tuple[str, str]] | None) -> tuple[str, ...]:
    """Return the secrets that a request carries, the longest first."""
    found = {*_authorized(authorization or ""), *(text for name, text in form or () if name in _SECRET_FIELDS)}
    return tuple(sorted((secret for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True))


@lru_cache(maxsize=64)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches ``secrets`` however a server writes them, where what is quoted may be quoted again."""
    return re.compile("|".join("".join(map(_spelled, secret)) for secret in secrets))


def _spelled(character: str) -> str:
    """Return a pattern of ``character``, and of what JSON, HTML and addresses write for it.

    Nobody has a reason to escape letters and digits. The counts are bounded, lest a server's text make us backtrack.
    """
    if character.isascii() and character.isalnum():
        return character
    point, units = ord(character), character.encode("utf-16-be", "surrogatepass").hex()
    escapes = "".join(rf"\\{{1,4}}u{units[at : at + 4]}" for at in range(0, len(units), 4))
    percents = "".join(f"%(?:25){{0,3}}{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    name = codepoint2name.get(point, "apos" if character == "'" else f"#{point}")
    entities = f"&(?:amp;){{0,3}}(?:{name}|#0{{0,4}}{point}|#x0{{0,4}}{point:x});"
    plus = r"|\+" if character == " " else ""
    return rf"(?:(?i:{escapes}|{percents}|{entities})|\\{{0,4}}{re.escape(character)}{plus})"


def _authorized(authorization: str) -> Iterator[str]:
    scheme, _, value = authorization.partition(" ")
    yield value
    if scheme == "Basic":
        # Made by us, of text: what is not of that form is nothing that we sent.
        yield base64.b64decode(value).decode("utf-8", "replace").partition(":")[2]


def mask(secrets: Iterable[str], text: str) -> str:
    """Return ``text``, which is decoded, with each of ``secrets`` masked."""
    secrets = tuple(secrets)
    return _pattern(secrets).sub(_MASK, text) if secrets else text


def mask_in_json(secrets: Iterable[str], data: bytes) -> bytes:
    """Return the JSON ``data`` with ``secrets`` masked in each of its texts; what is no JSON as a text."""
    secrets = tuple(secrets)
    text = data.decode("utf-8", "replace")
    try:
        document = json.loads(text)
        return json.dumps(_masked(secrets, document)).encode()
    except (ValueError, RecursionError):
        return mask(secrets, text).encode()


def _masked(secrets: tuple[str, ...], value: object) -> object:
    if isinstance(value, str):
        return mask(secrets, value)
    if isinstance(value, list):
        return [_masked(secrets, item) for item in value]
    if isinstance(value, dict):
        return {mask(secrets, key): _masked(secrets, item) for key, item in value.items()}
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
    return mask(secrets, value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
