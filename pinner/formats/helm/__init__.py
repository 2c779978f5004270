"""Helm values format: the images that a chart's ``values.yaml`` names, whole or in parts."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.helm.values import ValuesWalk
from pinner.formats.yaml import Budget, Mapping, Sequence, load, parse
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.references import Collector
from pinner.formats.yaml.roots import are_objects
from pinner.model import Located

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.formats.yaml import Node
    from pinner.model import Document

__all__ = ["locate"]

# Each begins with a text that is certain, and looks back at the letter before it: that is found ten times as fast.
_REPOSITORY, _IMAGES = rb"epository(?<=[rR]epository)", (rb"mage(?<=[iI]mage)", rb"MAGE(?<=[iI]MAGE)")
_MORE = (rb"mages(?<=[iI]mages)", rb"mage(?<=[iI]mage)(?i:repo|name)")
_WORTH_A_LOOK = tuple([re.compile(key + rb"""["']?[ \t]*:""") for key in (_REPOSITORY, *_IMAGES, *_MORE)])
_NAMES = re.compile(r"(?:^|[._-])values[^/]*\.ya?ml$")
# Of other files: a block as charts have it, which has a name and a tag.
_IN_BLOCK = (
    rb"""["']?[ \t]*:(?:[ \t]*(?:#[^\n]*)?\r?\n[ \t]*(?:registry|repository|tag|digest|pullPolicy)"""
    rb"""|[ \t]*\{[^}\n]*repository)["']?[ \t]*:"""
)
_BLOCK = tuple([re.compile(key + _IN_BLOCK) for key in _IMAGES])


def locate(document: Document) -> Located | None:
    """Return the images that a file of values names, or None where it names none. Never raises.

    ``helm -f`` takes files of any name: others than ``values*.yaml`` are values by a block that is one beyond doubt.
    """
    data = document.data
    is_named = not document.path or _NAMES.search(document.path.rpartition("/")[2]) is not None
    if not is_named and (b"repository" not in data or are_objects(data) or not _has(_BLOCK, data)):
        return None
    if not _has(_WORTH_A_LOOK, data):
        return None
    collector, budget, fields = Collector("helm", data), Budget(), KeyLookup()
    outline: list[object] = []
    for part in load(data):
        composed = parse(part, budget)
        for root in composed.roots:
            if type(root) is not Mapping or is_object(root, fields) or not (is_named or _is_values(root, fields)):
                if not is_named:
                    return None
                continue
            walk = ValuesWalk(collector, fields)
            walk.keep(root)
            if composed.shares:
                collector.settle(root, fields, _read_as_it_is)
            collector.image_nodes.clear()
        if composed.problem is not None and not is_named:
            return None
        if composed.problem is not None and _has(_WORTH_A_LOOK, part.text):
            collector.report_problem(part, composed.problem)
        outline.append((collector.lines.line(part.chunk.start), composed.size))
    places = collector.places()
    return Located(places, tuple(outline)) if places else None


def _has(patterns: Iterable[re.Pattern[bytes]], data: bytes) -> bool:
    return any(pattern.search(data) is not None for pattern in patterns)


def is_object(root: Mapping, fields: KeyLookup) -> bool:
    """Tell whether ``root`` is a Kubernetes object and no values."""
    return fields.scalar(root, "apiVersion") is not None and fields.scalar(root, "kind") is not None


def _is_values(root: Mapping, fields: KeyLookup) -> bool:
    """Tell whether ``root`` is values by a block in it, a name and a tag under ``…image``; a chart's tests are none."""
    own = fields.own(root)
    if "tests" in own and ("suite" in own or "templates" in own):
        return False
    stack: list[tuple[Node, str]] = [(root, "")]
    while stack:
        node, key = stack.pop()
        if type(node) is Sequence:
            stack += [(child, "") for child in node.children]
        elif type(node) is Mapping:
            inner = fields.own(node)
            is_block = key[-5:].lower() == "image" and ("tag" in inner or "digest" in inner)
            repository = fields.scalar(node, "repository") if is_block else None
            if repository is not None and repository.value:
                return True
            stack += [(value, key) for key, value in inner.items()]
    return False


def _read_as_it_is(_state: str, _key: str, _node: Node) -> str:
    """Any value may be read by a template; only those that are images are known to be read as such."""
    return "values"
