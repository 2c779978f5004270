"""Output format registry: one module a format."""

from __future__ import annotations

import sys

from pinner._typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pinner.report.base import ListingRenderer, Renderer

LISTING_FORMATS = {
    "text": "pinner.report.as_text",
    "json": "pinner.report.as_json",
    "jsonl": "pinner.report.as_jsonl",
}
"""What ``list`` can say; paths are relative to the current folder."""

FORGE_FORMATS = {
    "sarif": "pinner.report.as_sarif",
    "github": "pinner.report.as_github",
    "gitlab": "pinner.report.as_gitlab",
    "junit": "pinner.report.as_junit",
    "rdjsonl": "pinner.report.as_rdjsonl",
    "markdown": "pinner.report.as_markdown",
}
"""What forges and CI systems take; paths are relative to the root of the repository, as they want them."""

FORMATS = {**LISTING_FORMATS, **FORGE_FORMATS}
"""What ``check`` can say."""

PATCH = "patch"
"""What ``--diff`` says unless it is given one of those."""


def renderer(name: str) -> Renderer:
    """Return the renderer of the output format ``name``, imported only now."""
    return cast("Renderer", _module(FORMATS[name]))


def listing_renderer(name: str) -> ListingRenderer:
    """Return the renderer of the output format ``name``, one of `LISTING_FORMATS`, imported only now."""
    return cast("ListingRenderer", _module(LISTING_FORMATS[name]))


def _module(name: str) -> object:
    # What importlib has does no more, and takes 1 ms to import.
    __import__(name)
    return sys.modules[name]
