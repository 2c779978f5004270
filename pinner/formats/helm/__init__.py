"""Helm values format: the images that a chart's ``values.yaml`` names, whole or in parts."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.helm.values import ValuesWalk
from pinner.formats.yaml import Budget, Mapping, load, parse
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.references import Collector
from pinner.model import Located

if TYPE_CHECKING:
    from pinner.formats.yaml import Node
    from pinner.model import Document

__all__ = ["locate"]

_WORTH_A_LOOK = re.compile(rb"""(?:[rR]epository|[iI](?:mage|MAGE))["']?[ \t]*:""")


def locate(document: Document) -> Located | None:
    """Return the images that a file of values names, or None where it names none. Never raises."""
    data = document.data
    if _WORTH_A_LOOK.search(data) is None:
        return None
    collector, budget, fields = Collector("helm", data), Budget(), KeyLookup()
    outline: list[object] = []
    for part in load(data):
        composed = parse(part, budget)
        for root in composed.roots:
            if type(root) is not Mapping or is_object(root, fields):
                continue
            walk = ValuesWalk(collector, fields)
            walk.keep(root)
            if composed.shares:
                collector.settle(root, fields, _read_as_it_is)
            collector.image_nodes.clear()
        if composed.problem is not None and _WORTH_A_LOOK.search(part.text):
            collector.report_problem(part, composed.problem)
        outline.append((collector.lines.line(part.chunk.start), composed.size))
    places = collector.places()
    return Located(places, tuple(outline)) if places else None


def is_object(root: Mapping, fields: KeyLookup) -> bool:
    """Tell whether ``root`` is a Kubernetes object and no values."""
    return fields.scalar(root, "apiVersion") is not None and fields.scalar(root, "kind") is not None


def _read_as_it_is(_state: str, _key: str, _node: Node) -> str:
    """Any value may be read by a template; only those that are images are known to be read as such."""
    return "values"
