"""The nodes of a YAML document, each with its byte offsets in the file. Aliases stay visible as nodes of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

# Plain classes with slots: a bundle has a million nodes, and nothing makes one faster.


class Scalar:
    """A scalar as its event gave it; `pinner.formats.yamlnodes.text` turns it into bytes and where they come from."""

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

    A mapping whose every key is a plain scalar, there once, may be made from its ``index`` and where its keys stand:
    nodes for the keys are made when somebody asks for its children.
    """

    __slots__ = ("_children", "anchor", "flow", "index", "key_starts", "start", "tag")

    def __init__(
        self,
        children: list[Node] | None,
        start: int,
        tag: str | None,
        anchor: str | None,
        flow: bool,  # noqa: FBT001 - positional for speed
        index: dict[str, Node] | None = None,
        key_starts: list[int] | None = None,
    ) -> None:
        self._children = children
        self.start = start
        self.tag = tag
        self.anchor = anchor
        self.flow = flow
        self.index = index
        """The values by their keys, once somebody has asked for one (see `fields`), or from the start."""
        self.key_starts = key_starts
        """Where the keys of ``index`` stand, where there were no children at the start."""

    @property
    def children(self) -> list[Node]:
        """A key, its value, the next key, and so on."""
        if self._children is None:
            children: list[Node] = []
            for (key, value), start in zip((self.index or {}).items(), self.key_starts or (), strict=True):
                children += (Scalar(key, start, start + len(key), "", None, None), value)
            self._children = children
        return self._children

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Return the keys and their values, in the order written."""
        children = iter(self.children)
        return zip(children, children, strict=True)

    def may_repeat(self) -> bool:
        """Tell whether a key may be there twice; False where all are known and differ."""
        return self.key_starts is None and len(self.index or ()) * 2 < len(self.children)


class Sequence:
    """Items in the order written."""

    __slots__ = ("anchor", "children", "flow", "start", "tag")

    def __init__(self, children: list[Node], start: int, tag: str | None, anchor: str | None, flow: bool) -> None:  # noqa: FBT001 - positional for speed
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
