"""Key lookup in YAML mappings: duplicate keys and ``<<`` merges, as consumers read them."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml.nodes import Alias, Mapping, Scalar, Sequence, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.yaml.nodes import Node

_MERGE_TAG = "tag:yaml.org,2002:merge"
_MAX_SOURCES = 100
"""Mappings merged into one, all told. Real files have a handful; without an end, a chain of merges costs its square."""


class Field(NamedTuple):
    """A value as found under a key."""

    node: Scalar | Mapping | Sequence
    written: Node
    """What stands behind the key: the alias where ``node`` is reached through one."""
    via: tuple[str, ...]
    """The merge keys and anchors it goes through, outermost first."""


class KeyLookup:
    """Looks keys up in mappings; each mapping is indexed once."""

    __slots__ = ()

    def get(self, mapping: Mapping, key: str) -> Field | None:
        """Return what a consumer finds under ``key``, its own or merged in; None where there is nothing."""
        own = self.own(mapping)
        if "<<" not in own:
            written = own.get(key)
            return None if written is None else Field(resolve(written), written, anchor_name(written))
        for source, via in self.sources(mapping):
            written = self.own(source).get(key)
            if written is not None:
                return Field(resolve(written), written, (*via, *anchor_name(written)))
        return None

    def own(self, mapping: Mapping) -> dict[str, Node]:
        """Return the mapping's own scalar keys with their values, the last of duplicates; ``<<`` is one of them."""
        index = mapping.index
        if index is None:
            children = mapping.children
            index = mapping.index = {
                key.value: value
                for key, value in zip(children[::2], children[1::2], strict=True)
                if type(key) is Scalar and (key.value != "<<" or _merges(key))
            }
        return index

    def nodes(self, mapping: Mapping) -> list[Scalar | Mapping | Sequence]:
        """Return the values of ``mapping``, its own and those merged in, resolved."""
        own = self.own(mapping)
        if "<<" not in own:
            return [resolve(value) for value in own.values()]
        fields = (self.get(mapping, key) for key in self.keys(mapping))
        return [field.node for field in fields if field is not None]

    def keys(self, mapping: Mapping) -> list[str]:
        """Return the scalar keys of ``mapping``, its own first, without ``<<``."""
        own = self.own(mapping)
        if "<<" not in own:
            return list(own)
        return list(
            dict.fromkeys(key for source, _ in self.sources(mapping) for key in self.own(source) if key != "<<")
        )

    def scalar(self, mapping: Mapping, key: str) -> Scalar | None:
        """Return the scalar under ``key``, or None where there is none."""
        field = self.get(mapping, key)
        return field.node if field is not None and type(field.node) is Scalar else None

    def mappings(self, mapping: Mapping, key: str) -> Iterator[Mapping]:
        """Yield the mappings in the list under ``key``, what aliases stand for among them."""
        field = self.get(mapping, key)
        for child in field.node.children if field is not None and type(field.node) is Sequence else ():
            entry = resolve(child)
            if type(entry) is Mapping:
                yield entry

    def sources(self, mapping: Mapping) -> Iterator[tuple[Mapping, tuple[str, ...]]]:
        """Yield ``mapping`` and, in the order of precedence, all that is merged into it; cycles end."""
        stack: list[tuple[Mapping, tuple[str, ...]]] = [(mapping, ())]
        seen: set[int] = set()
        while stack and len(seen) < _MAX_SOURCES:
            source, via = stack.pop()
            if id(source) in seen:
                continue
            seen.add(id(source))
            yield source, via
            merged = self.own(source).get("<<")
            if merged is not None:
                stack += reversed([(node, (*via, "<<", *names)) for node, names in _merged(merged)])


def _merges(key: Scalar) -> bool:
    """Tell whether ``<<`` is a merge key to go-yaml: in quotes, or tagged as a string, it is a key like others."""
    return key.tag == _MERGE_TAG or (not key.style and key.tag is None)


def anchor_name(written: Node) -> tuple[str, ...]:
    """Return ``&name`` of the anchor that ``written`` refers to, if it is an alias."""
    return (f"&{written.name}",) if type(written) is Alias else ()


def _merged(written: Node) -> Iterator[tuple[Mapping, tuple[str, ...]]]:
    node = resolve(written)
    if type(node) is Mapping:
        yield node, anchor_name(written)
    elif type(node) is Sequence:
        for item in node.children[:_MAX_SOURCES]:
            target = resolve(item)
            if type(target) is Mapping:
                yield target, anchor_name(item)
