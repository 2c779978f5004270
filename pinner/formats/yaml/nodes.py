"""YAML node types: mappings, sequences, scalars and aliases with byte offsets."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from pinner.formats.yaml.blocks import Block
    from pinner.formats.yaml.pages import Page

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
    """Keys and values in the order written; duplicate keys and merge keys are ordinary pairs here.

    A mapping whose every key is a plain scalar, there once, may be a ``block`` of a ``page`` that begins in the line
    ``first``: then its values are made when somebody asks for them, and nodes for the keys with its children.
    """

    __slots__ = ("_children", "anchor", "block", "first", "flow", "index", "page", "start", "tag")

    def __init__(
        self,
        children: list[Node] | None,
        start: int,
        tag: str | None,
        anchor: str | None,
        flow: bool,  # noqa: FBT001 - positional for speed
        page: Page | None = None,
        block: Block | None = None,
    ) -> None:
        self._children = children
        self.start = start
        self.tag = tag
        self.anchor = anchor
        self.flow = flow
        self.page = page
        self.block = block
        self.first = 0
        self.index: dict[str, Node] | None = None
        """The values by their keys, once somebody has asked for one (see `fields`); of a block those asked for."""

    def value(self, key: str) -> Node | None:
        """Return what stands under ``key`` of a block, which is always the same node; None where there is nothing."""
        index = self.index
        if index is None:
            index = self.index = {}
        node = index.get(key)
        if node is None and self.page is not None and self.block is not None:
            number = self.block.numbers.get(key)
            if number is not None:
                node = index[key] = self.page.under(self.block, self.first, number)
        return node

    def values(self) -> dict[str, Node]:
        """Return the values of a block by their keys, in order."""
        pairs = [] if self.block is None else [(key, self.value(key)) for key in self.block.numbers]
        return {key: value for key, value in pairs if value is not None}

    @property
    def children(self) -> list[Node]:
        """A key, its value, the next key, and so on."""
        children = self._children
        if children is None:
            children = self._children = []
            if self.page is not None and self.block is not None:
                starts = self.page.starts(self.block, self.first)
                for (key, value), start in zip(self.values().items(), starts, strict=True):
                    children += (Scalar(key, start, start + len(key), "", None, None), value)
        return children

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Return the keys and their values, in the order written."""
        children = iter(self.children)
        return zip(children, children, strict=True)

    def may_repeat(self) -> bool:
        """Tell whether a key may be there twice; False where all are known and differ."""
        return self.block is None and len(self.index or ()) * 2 < len(self.children)


class Sequence:
    """Items in the order written; those of a ``block`` are made when somebody asks for them, see `Mapping`."""

    __slots__ = ("_children", "anchor", "block", "first", "flow", "page", "start", "tag")

    def __init__(
        self,
        children: list[Node] | None,
        start: int,
        tag: str | None,
        anchor: str | None,
        flow: bool,  # noqa: FBT001 - positional for speed
        page: Page | None = None,
        block: Block | None = None,
    ) -> None:
        self._children = children
        self.start = start
        self.tag = tag
        self.anchor = anchor
        self.flow = flow
        self.page = page
        self.block = block
        self.first = 0

    def is_flat(self) -> bool:
        """Tell whether all items are known to be scalars, without making them."""
        return self.block is not None and self.block.size == len(self.block.lines)

    @property
    def children(self) -> list[Node]:
        """The items."""
        children = self._children
        if children is None:
            children = self._children = []
            if self.page is not None and self.block is not None:
                children += self.page.items(self.block, self.first)
        return children


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
