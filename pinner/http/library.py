"""httpx, imported in this one place, so that another library of its interface can take over by one line."""

from __future__ import annotations

import httpx

__all__ = ["httpx"]
