"""Dockerfiles: where their image references stand, to the byte, read as BuildKit reads them."""

from __future__ import annotations

from pinner.formats.dockerfile.locate import locate

__all__ = ["locate"]
