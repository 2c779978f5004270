"""Output formats of ``inspect``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.inspection.model import Entry
    from pinner.oci.resolver import Allowance
    from pinner.report.style import Style

INSPECTION_FORMATS = {
    "text": "pinner.inspection.as_text",
    "tree": "pinner.inspection.as_tree",
    "json": "pinner.inspection.as_json",
}


class InspectionRenderer(Protocol):
    """The module of a format. Failures are the caller's to tell, but where the format has a place for them."""

    def render_inspections(self, entries: Sequence[Entry], style: Style) -> Iterator[str]:
        """Yield the lines of what names mean, without line ends."""
        ...

    def render_allowances(self, entries: Sequence[Allowance], style: Style) -> Iterator[str]:
        """Yield the lines of what registries let be fetched, without line ends."""
        ...


def inspection_renderer(name: str) -> InspectionRenderer:
    """Return the renderer of the format ``name``, imported only now."""
    return cast("InspectionRenderer", import_module(INSPECTION_FORMATS[name]))
