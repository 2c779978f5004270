"""Read bytes; write them back atomically."""

from __future__ import annotations
