"""YAML node types: mappings, sequences, scalars and aliases with byte offsets."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

STANDARD_TAGS = "tag:yaml.org,2002:"

# Plain classes with slots: a bundle has a million nodes, and nothing makes one faster.


class Scalar:
    """A scalar as its event gave it; `pinner.formats.yaml.scalars` turns it into bytes and where they come from."""

    __slots__ = ("anchor", "end", "start", "style", "tag", "value")

    def __init__(self, value: str, start: int, end: int, style: str, tag: str | None, anchor: str | None) -> None:
        self.value = value
        """In shadow characters: right as it stands where it is ASCII."""
        self.start = start
        """The first byte, which is that of ``&anchor`` or ``!tag`` where there is one."""
        self.end = end
        self.style = style
        """One of ``' " | >``, or empty for a plain scalar."""
        self.tag = tag
        self.anchor = anchor


class Mapping:
    """Keys and values in the order written; duplicate keys and merge keys are ordinary pairs here."""

    __slots__ = ("anchor", "children", "flow", "index", "start", "tag")

    def __init__(
        self,
        children: list[Node],
        start: int,
        tag: str | None,
        anchor: str | None,
        flow: bool,  # noqa: FBT001 - positional for speed
    ) -> None:
        self.children = children
        """A key, its value, the next key, and so on."""
        self.start = start
        self.tag = tag
        self.anchor = anchor
        self.flow = flow
        self.index: dict[str, Node] | None = None
        """The values by their keys, once somebody has asked for one (see `lookup`)."""

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Return the keys and their values, in the order written."""
        children = iter(self.children)
        return zip(children, children, strict=True)

    def may_repeat(self) -> bool:
        """Tell whether a key may be there twice; False where all are known and differ."""
        return len(self.index or ()) * 2 < len(self.children)


class Sequence:
    """Items in the order written."""

    __slots__ = ("anchor", "children", "flow", "start", "tag")

    def __init__(
        self,
        children: list[Node],
        start: int,
        tag: str | None,
        anchor: str | None,
        flow: bool,  # noqa: FBT001 - positional for speed
    ) -> None:
        self.children = children
        self.start = start
        self.tag = tag
        self.anchor = anchor
        self.flow = flow


class Alias:
    """``*name``, and the node it stands for, which may be one of its own ancestors."""

    __slots__ = ("name", "start", "target")

    def __init__(self, target: Scalar | Mapping | Sequence, start: int, name: str) -> None:
        self.target = target
        self.start = start
        self.name = name


Collection: TypeAlias = Mapping | Sequence
Node: TypeAlias = Scalar | Mapping | Sequence | Alias


def resolve(node: Node) -> Scalar | Mapping | Sequence:
    """Return what ``node`` stands for: the target of an alias, anything else itself."""
    return node.target if type(node) is Alias else node  # type: ignore[return-value]


def foreign_tag(scalar: Scalar) -> str | None:
    """Return ``!!name`` where a scalar is tagged as something of YAML that is no string, else None."""
    tag = scalar.tag
    if tag is None or not tag.startswith(STANDARD_TAGS) or tag == STANDARD_TAGS + "str":
        return None
    return "!!" + tag.removeprefix(STANDARD_TAGS)
