"""Compose variables that are read as something else than the end of an image.

In a command, an environment, a label, a name: compose replaces variables in every value of a file, and hands all
of ``env_file`` to a container.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.compose.variables import InvalidTemplateError, expand
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.nodes import Alias
from pinner.formats.yaml.scalars import reference_text
from pinner.link.facts import VariableRead

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.formats.compose.services import Service
    from pinner.formats.compose.variables import Expansion
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector

_NAMES = re.compile(r"\$(?:\$|\{?(?P<name>[_a-zA-Z][_a-zA-Z0-9]*))")


def other_reads(root: Node, collector: Collector, images: frozenset[int]) -> tuple[VariableRead, ...]:
    """Return the variables that the document ``root`` reads elsewhere than at the end of ``images``.

    These are the scalars, by identity, whose text was judged as an image's.
    """
    if b"$" not in collector.data:
        return ()
    found: dict[tuple[str, int], VariableRead] = {}
    for scalar in _scalars(root):
        if "$" in scalar.value:
            line = collector.lines.line(scalar.start)
            names = _inside(scalar, collector) if id(scalar) in images else _all(scalar.value)
            found |= {(name, line): VariableRead(name, line) for name in names}
    return tuple(found.values())


def _scalars(root: Node) -> Iterator[Scalar]:
    """Yield the values below ``root``; what an alias stands for is met where it stands itself."""
    pending = [root]
    while pending:
        node = pending.pop()
        if type(node) is Scalar:
            yield node
        elif type(node) is Mapping:
            pending += node.children[1::2]
        elif type(node) is not Alias:
            pending += node.children  # type: ignore[union-attr] # a sequence


def _all(text: str) -> Iterable[str]:
    return [match["name"] for match in _NAMES.finditer(text) if match["name"]]


def _inside(scalar: Scalar, collector: Collector) -> Iterable[str]:
    """Return the variables of an image's text at whose end it does not end."""
    text = reference_text(collector.data, scalar)
    try:
        expansion = None if text is None else expand(text)
    except InvalidTemplateError:
        expansion = None
    if expansion is None:
        return _all(scalar.value)
    ending = _ending(expansion)
    return [one.name for one in expansion.variables if one.name not in ending]


def _ending(expansion: Expansion) -> frozenset[str]:
    """Return the variables with which the text ends: one, and those in its default."""
    last = [one for one in expansion.variables if one.end == len(expansion.text.data)]
    outermost = last[0] if last else None
    if outermost is None or any(one.source not in outermost.source for one in last):
        return frozenset()
    names = [one.name for one in last]
    return frozenset(names) - {one.name for one in expansion.variables if one not in last}


def environment_files(services: Iterable[Service], fields: KeyLookup) -> Iterator[tuple[str, int]]:
    """Yield the files, as written, of which all variables are handed to a container, with the offset of their names."""
    for service in services:
        field = service.own("env_file")
        nodes = [] if field is None else field.node.children if type(field.node) is Sequence else [field.node]
        for node in map(resolve, nodes):
            path = fields.scalar(node, "path") if type(node) is Mapping else node
            if type(path) is Scalar:
                yield service.read(path), path.start
