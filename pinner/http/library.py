"""HTTP library: httpx, imported in one place, so that another of its interface takes over by one line."""

from __future__ import annotations

import httpx

__all__ = ["httpx"]
