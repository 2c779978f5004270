"""The import of httpx, in one place: another library of its interface takes over by one line."""

from __future__ import annotations

import httpx

__all__ = ["httpx"]
