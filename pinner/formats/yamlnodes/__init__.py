"""YAML by the byte: documents, and nodes that know where in the file each scalar's text stands (shared by formats)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from pinner.formats.yamlnodes.composer import Budget, Composed, Problem, compose
from pinner.formats.yamlnodes.documents import Chunk, split
from pinner.formats.yamlnodes.events import c_events
from pinner.formats.yamlnodes.nodes import Alias, Mapping, Node, Scalar, Sequence, resolve

__all__ = [
    "Alias",
    "Composed",
    "Mapping",
    "Node",
    "Problem",
    "Scalar",
    "Sequence",
    "YamlDocument",
    "load",
    "parse",
    "resolve",
]


@dataclass(frozen=True, slots=True, eq=False)
class YamlDocument:
    """One document of a file, not parsed yet."""

    data: bytes
    """The whole file."""
    chunk: Chunk
    budget: Budget

    @property
    def text(self) -> bytes:
        """The document's own bytes, for a search that decides whether it is worth a parser's time."""
        return self.data[self.chunk.start : self.chunk.end]


@lru_cache(maxsize=4)
def load(data: bytes) -> tuple[YamlDocument, ...]:
    """Return the documents of a file. Remembered, for two formats look at the same file."""
    budget = Budget()
    return tuple(YamlDocument(data, chunk, budget) for chunk in split(data))


@lru_cache(maxsize=8)
def parse(document: YamlDocument) -> Composed:
    """Return the nodes of ``document``, and what kept the rest from being read. Never raises.

    Remembered, but for few documents: a bundle whose nodes all stayed alive would cost the collector more than the
    parser.
    """
    return compose(document.data, document.chunk, document.budget, c_events())
