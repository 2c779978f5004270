"""What a forge answers: read, and where it is a refusal, told in its own words with what to do about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.bot.forges.base import ForbiddenError, ForgeError, MissingError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import httpx

_BAD, _UNAUTHORIZED, _FORBIDDEN, _MISSING = 400, 401, 403, 404
_READ_ONLY = 423
"""Gitea: the repository is archived."""


class Reply(NamedTuple):
    """One answer, whole."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is what it is
        """Return the body's value, None where it has none; raises `ForgeError` for what is no JSON."""
        if not self.body.strip():
            return None
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ForgeError("the forge's answer is no JSON", hint="is this the forge's own address?") from None


def check(reply: Reply, method: str, url: httpx.URL, expect: Collection[int]) -> None:
    """Raise what a refusal means, unless its status is one of ``expect``."""
    if reply.status < _BAD or reply.status in expect:
        return
    host, said = url.host, told(reply)
    if reply.status == _UNAUTHORIZED:
        raise ForbiddenError(f"{host} does not accept the token: {said}", hint="has it expired, or is it another's?")
    if reply.status in (_FORBIDDEN, _READ_ONLY):
        raise ForbiddenError(f"{host} does not allow it: {said}", hint=_right_for(method, said))
    if reply.status == _MISSING:
        raise MissingError(f"{host} has no {clean(url.path)}, or the token may not see it", hint="is the name right?")
    raise ForgeError(f"{host} refuses: {said}")


def _right_for(method: str, said: str) -> str:
    """Return what to do about a refusal, which is what people look for in vain."""
    if "GitHub Actions is not permitted to create" in said:
        return "allow it in the repository's Settings → Actions → General → Workflow permissions"
    if "not accessible by integration" in said:
        return (
            "the job needs `permissions: {contents: write, pull-requests: write}`; "
            "a run for a fork's pull request never gets them"
        )
    return "the token needs the right to " + ("read the repository" if method == "GET" else "write to the repository")


def told(reply: Reply) -> str:
    """Return a refusal's own words."""
    try:
        value = json.loads(reply.body)
    except (ValueError, RecursionError):
        return f"HTTP {reply.status}"
    return words(value) or f"HTTP {reply.status}"


def words(value: Any) -> str:  # noqa: ANN401 - JSON is what it is
    """Return what a refusal of any forge says in ``message``, ``error`` and ``errors``, on one line."""
    found: list[str] = []
    if isinstance(value, dict):
        for key in ("message", "error", "error_description", "errors"):
            found += _words(value.get(key))
    return clean(": ".join(dict.fromkeys(found)))


def _words(value: Any) -> list[str]:  # noqa: ANN401 - JSON is what it is
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [word for item in value[:5] for word in _words(item)]
    if isinstance(value, dict):
        if isinstance(value.get("message"), str):
            return [value["message"]]
        return [f"{key} {word}" for key, item in list(value.items())[:5] for word in _words(item)]
    return []


def clean(text: str) -> str:
    """Return a forge's text fit for a terminal and one line."""
    from pinner.registry.failures import clean  # noqa: PLC0415 - only a failure needs it

    return clean(text)
