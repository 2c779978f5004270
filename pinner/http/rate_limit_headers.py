"""Rate-limit and warning headers of registries (``ratelimit-*``, ``Warning: 299``).

Source: Docker's "Pull usage and limits": a GET of a manifest counts, a HEAD does not; distribution-spec, "Warnings".
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import RateLimitedError
from pinner.http.errors import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pinner.http.errors import Reply
    from pinner.http.library import httpx

_OK = 200
_LONG = 3600
_MAX_WARNING = 4096
_MAX_WARNINGS = 5
"""How many different ones of one host are told."""
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_QUANTITY = re.compile(r"([0-9]{1,9})\s*(?:;\s*w=([0-9]{1,9}))?")


class RateLimit(NamedTuple):
    """What a host said last of its limit."""

    host: str
    limit: int | None
    """Manifests that may be fetched in a window."""
    remaining: int | None
    """Those that may be fetched still."""
    window: int | None
    """Its length in seconds."""
    source: str | None
    """Who is counted: an address, or an account's id."""

    @property
    def is_long(self) -> bool:
        """Say whether it is a budget, as Docker Hub's: of GitLab's requests a minute the next minute brings more."""
        return self.remaining is not None and self.window is not None and self.window >= _LONG


class Notices:
    """Collects them, and tells each to ``on_warning`` once."""

    def __init__(self, on_warning: Callable[[str], None] | None = None) -> None:
        self._on_warning = on_warning
        self._limits: dict[str, RateLimit] = {}
        self._wanted: Counter[str] = Counter()
        self._warned: set[str] = set()
        self._said: dict[str, set[str]] = {}

    @property
    def rate_limits(self) -> tuple[RateLimit, ...]:
        """What each host that has a limit said last, by its name."""
        return tuple(self._limits[host] for host in sorted(self._limits))

    def has_budget(self, host: str) -> bool:
        """Tell whether ``host`` has said that it counts the manifests that are fetched, over hours."""
        return host in self._limits and self._limits[host].is_long

    def warn(self, message: str) -> None:
        """Tell ``message``."""
        if self._on_warning is not None:
            self._on_warning(message)

    @contextmanager
    def wanting(self, host: str, manifests: int) -> Iterator[None]:
        """Have it be known, as long as the block lasts, how many manifests are to be fetched from ``host``."""
        self._wanted[host] += manifests
        try:
            yield
        finally:
            self._wanted[host] -= manifests

    def check(self, method: str, url: httpx.URL) -> None:
        """Raise `RateLimitedError` for a manifest that the host has said it will not give."""
        limit = self._limits.get(url.host)
        if (
            method == "GET"
            and "/manifests/" in url.path
            and limit is not None
            and limit.is_long
            and not limit.remaining
        ):
            raise RateLimitedError(
                f"{url.host} lets no more manifests be fetched{_in_window(limit)}",
                hint="wait, log in for a higher limit, or pin without a platform: that fetches none",
            )

    def observe(self, reply: Reply) -> None:
        """Take in what a reply says."""
        host = reply.url.host
        self._observe_warnings(host, reply.headers.get_list("warning"))
        limit, window = _quantity(reply.headers.get("ratelimit-limit"))
        remaining, other_window = _quantity(reply.headers.get("ratelimit-remaining"))
        if limit is None and remaining is None:
            return
        source = safe_text(reply.headers.get("docker-ratelimit-source", "")) or None
        self._limits[host] = RateLimit(host, limit, remaining, window or other_window, source)
        # A manifest that has just come has been counted by both.
        wanted = self._wanted[host] - (1 if reply.status == _OK and reply.body else 0)
        if self._limits[host].is_long and (remaining or 0) < wanted and host not in self._warned:
            self._warned.add(host)
            self.warn(
                f"{host} lets {remaining} more manifests be fetched{_in_window(self._limits[host])}, and this run "
                f"wants {wanted}: log in for a higher limit, or pin without a platform, which fetches none"
            )

    def _observe_warnings(self, host: str, headers: list[str]) -> None:
        said = self._said.setdefault(host, set())
        for header in headers:
            for text in map(safe_text, _WARNING.findall(header[:_MAX_WARNING])):
                if text not in said and len(said) < _MAX_WARNINGS:
                    said.add(text)
                    self.warn(f"{host} warns: {text}")


def _in_window(limit: RateLimit) -> str:
    if limit.limit is None or limit.window is None:
        return ""
    return f" (of {limit.limit} in {limit.window / 3600:g} hours)"


def _quantity(value: str | None) -> tuple[int | None, int | None]:
    """Return number and window of ``100;w=21600``; of several, which are separated by commas, the first's."""
    match = None if value is None else _QUANTITY.match(value.strip())
    if match is None:
        return None, None
    return int(match[1]), None if match[2] is None else int(match[2])
