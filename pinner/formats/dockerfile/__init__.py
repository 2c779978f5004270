"""Dockerfile format: image references located as BuildKit reads them."""

from __future__ import annotations

from pinner.formats.dockerfile.extract import locate

__all__ = ["locate"]
