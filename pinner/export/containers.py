"""Images in a manifest that kustomize changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.formats.source import LineIndex
from pinner.formats.yaml import Alias, Budget, Mapping, Scalar, Sequence, load, parse, resolve
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.scalars import content_start, reference_text

if TYPE_CHECKING:
    from pinner.formats.yaml import Node

_LISTS = ("containers", "initContainers")


def container_images(data: bytes) -> frozenset[tuple[int, int]]:
    """Return the line and column (from 1) of every image that kustomize's transformer looks at.

    Source: ``LegacyFilter`` in kustomize's ``api/filters/imagetag/legacy.go``, which needs no field specification.
    """
    lines = LineIndex(data)
    budget = Budget()
    return frozenset(
        lines.locate(offset)
        for part in load(data)
        for root in parse(part, budget).roots
        for offset in _offsets(root, data)
    )


def _offsets(root: Node, data: bytes) -> list[int]:
    """Return the offsets of the images under ``root``, each collection entered once in each role."""
    fields = KeyLookup()
    found: list[int] = []
    seen: set[tuple[int, bool]] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        written, is_container = stack.pop()
        node = resolve(written)
        if type(node) is Scalar or (id(node), is_container) in seen:
            continue
        seen.add((id(node), is_container))
        if type(node) is Sequence:
            stack += [(child, is_container) for child in node.children]
        if type(node) is Mapping:
            own = fields.own(node)
            if is_container and "image" in own:
                found += _offset(own["image"], data)
            stack += [(value, _holds_containers(key, value, inherited=is_container)) for key, value in own.items()]
    return found


def _holds_containers(key: str, value: Node, *, inherited: bool) -> bool:
    """Tell whether the mappings in ``value`` are containers: a list of them, or what is merged into one."""
    if key == "<<":
        return inherited
    return key in _LISTS and type(resolve(value)) is Sequence


def _offset(written: Node, data: bytes) -> list[int]:
    """Return where the image stands that ``written`` is or stands for, as an occurrence has it."""
    if type(written) is Alias:
        return [written.start]
    if type(written) is not Scalar:
        return []
    text = reference_text(data, written)
    return [text.starts[0] if text is not None and text.data else content_start(data, written)]
