"""What a run says: one module an output format, and one line each here. Nothing below prints."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pinner.report.base import Renderer

FORMATS = {
    "text": "pinner.report.as_text",
    "json": "pinner.report.as_json",
    "jsonl": "pinner.report.as_jsonl",
}


def renderer(name: str) -> Renderer:
    """Return the renderer of the output format ``name``, imported only now."""
    return cast("Renderer", import_module(FORMATS[name]))
