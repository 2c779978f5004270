"""What a 401 asks for: WWW-Authenticate headers, read as RFC 9110 §11.6.1 and as registries write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
