"""Export target registry: the lock for tools that pin without rewriting."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pinner.export.base import ExportModule

TARGETS = {
    "source-policy": "pinner.export.source_policy",
    "compose-override": "pinner.export.compose_override",
    "kustomize": "pinner.export.kustomize",
    "cyclonedx": "pinner.export.cyclonedx",
}
BILLS = ("cyclonedx",)
"""Those that tell what is there: with a lock or without one, and nothing is overruled by it."""


def exporter(target: str) -> ExportModule:
    """Return the module that makes ``target``, one of `TARGETS`."""
    return cast("ExportModule", import_module(TARGETS[target]))
