"""Anchors with several readers: where a digest would change what others read."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml.nodes import Mapping, Scalar, Sequence, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.nodes import Node

    Grammar: TypeAlias = Callable[[str, str, Node], str | None]
    """From the state of a collection, a key (empty for an item) and what stands there, resolved, to the state of that.

    `OPAQUE` is data that holds no image; None is what nobody reads.
    """

OPAQUE = "opaque"
_MOST_MERGED = 500_000
"""Keys looked at to tell which of the merged ones are in force; beyond it all are taken to be."""


class Reader(NamedTuple):
    """Where else a text is read."""

    key: str
    """In shadow characters; empty for an item of a list."""
    offset: int


class _Search:
    """One search through a document as its consumer sees it: aliases followed, merge keys merged."""

    def __init__(self, fields: KeyLookup, grammar: Grammar, image_nodes: set[int], wanted: set[int]) -> None:
        self.fields = fields
        self.grammar = grammar
        self.image_nodes = image_nodes
        self.wanted = wanted
        self.found: dict[int, Reader] = {}
        self._merged = 0
        self._seen: set[tuple[int, str]] = set()
        self._stack: list[tuple[Node, str, str]] = []

    def search(self, root: Node, state: str) -> None:
        """Note the readers of what is wanted under ``root``."""
        self._stack.append((root, state, ""))
        while self._stack:
            node, state, key = self._stack.pop()
            if type(node) is Mapping:
                for name, written in self._pairs(node):
                    self._reach(written, state, name, key if name == "<<" else name)
            elif type(node) is Sequence:
                for child in node.children:
                    self._reach(child, state, "", key)

    def _reach(self, written: Node, state: str, step: str, key: str) -> None:
        node = resolve(written)
        if step == "<<":
            next_state: str | None = state
        else:
            next_state = OPAQUE if state == OPAQUE else self.grammar(state, step, node)
        if next_state is None:
            return
        if type(node) is Scalar:
            is_image = next_state != OPAQUE and id(written) in self.image_nodes
            if not is_image and id(node) in self.wanted:
                self.found.setdefault(id(node), Reader(key, written.start))
        elif (id(node), next_state) not in self._seen:
            self._seen.add((id(node), next_state))
            self._stack.append((node, next_state, key))

    def _pairs(self, mapping: Mapping) -> Iterable[tuple[str, Node]]:
        """Return the keys in force and their values; ``<<`` only where there is too much to merge."""
        own = self.fields.own(mapping)
        self._read_keys(mapping)
        if "<<" not in own or self._merged > _MOST_MERGED:
            return own.items()
        pairs: dict[str, Node] = {}
        for source, _ in self.fields.sources(mapping):
            self._read_keys(source)
            of_source = self.fields.own(source)
            self._merged += len(of_source)
            for key, written in of_source.items():
                pairs.setdefault(key, written)
        del pairs["<<"]
        return pairs.items()

    def _read_keys(self, mapping: Mapping) -> None:
        for node in mapping.children[::2]:
            if type(node) is not Scalar or node.anchor is not None:
                self._reach(node, OPAQUE, "", "")


def other_readers(
    start: tuple[Node, str], fields: KeyLookup, grammar: Grammar, image_nodes: set[int], wanted: set[int]
) -> dict[int, Reader]:
    """Return, for those of the scalars ``wanted`` that have one, a reader that is none of the ``image_nodes``.

    Scalars and nodes go by their identity; ``start`` is a document's root and the state of that. What stands in
    sections that nobody reads has no reader.
    """
    search = _Search(fields, grammar, image_nodes, wanted)
    if type(start[0]) is not Scalar and wanted:
        search.search(*start)
    return search.found
