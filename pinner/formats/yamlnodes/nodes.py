"""The nodes of a YAML document, each with its byte offsets in the file. Aliases stay visible as nodes of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

# Not frozen: `object.__setattr__` in a frozen `__init__` triples the cost of making a node, and a bundle has a million.


@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar as its event gave it; `pinner.formats.yamlnodes.text` turns it into bytes and where they come from."""

    value: str
    """In shadow characters: right as it stands where it is ASCII."""
    start: int
    """The first byte, which is that of ``&anchor`` or ``!tag`` where there is one."""
    end: int
    style: str
    """One of ``' " | >``, or empty for a plain scalar."""
    tag: str | None
    anchor: str | None


@dataclass(slots=True, eq=False)
class Mapping:
    """Keys and values in the order written; duplicate keys and merge keys are ordinary pairs here."""

    children: list[Node]
    """A key, its value, the next key …"""
    start: int
    tag: str | None
    anchor: str | None
    flow: bool

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Return the keys and their values, in the order written."""
        children = iter(self.children)
        return zip(children, children, strict=True)


@dataclass(slots=True, eq=False)
class Sequence:
    """Items in the order written."""

    children: list[Node]
    start: int
    tag: str | None
    anchor: str | None
    flow: bool


@dataclass(slots=True, eq=False)
class Alias:
    """``*name``, and the node it stands for, which may be one of its own ancestors."""

    target: Scalar | Mapping | Sequence
    start: int
    name: str


Collection: TypeAlias = Mapping | Sequence
Node: TypeAlias = Scalar | Mapping | Sequence | Alias


def resolve(node: Node) -> Scalar | Mapping | Sequence:
    """Return what ``node`` stands for: the target of an alias, anything else itself."""
    return node.target if type(node) is Alias else node  # type: ignore[return-value]
