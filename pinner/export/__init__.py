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
}


def exporter(target: str) -> ExportModule:
    """Return the module that makes ``target``, one of `TARGETS`."""
    return cast("ExportModule", import_module(TARGETS[target]))
