"""YAML loader: documents and nodes with byte offsets, shared by the YAML formats."""

from __future__ import annotations

from functools import lru_cache

from pinner._typing import NamedTuple
from pinner.formats.yaml.nodes import Alias, Mapping, Node, Scalar, Sequence, resolve
from pinner.formats.yaml.parser import Budget, Composed, Problem, c_events, compose, refusal
from pinner.formats.yaml.stream import Chunk, split

__all__ = [
    "Alias",
    "Budget",
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


class YamlDocument(NamedTuple):
    """One document of a file, not parsed yet."""

    data: bytes
    """The whole file."""
    chunk: Chunk

    @property
    def text(self) -> bytes:
        """The document's own bytes, for a search that decides whether it is worth a parser's time."""
        return self.data[self.chunk.start : self.chunk.end]


@lru_cache(maxsize=4)
def load(data: bytes) -> tuple[YamlDocument, ...]:
    """Return the documents of a file. Remembered, for two formats look at the same file."""
    return tuple(YamlDocument(data, chunk) for chunk in split(data))


def parse(document: YamlDocument, budget: Budget) -> Composed:
    """Return the nodes of ``document``, and what kept the rest from being read. Never raises.

    The ``budget`` is for one look at one file: what is remembered costs as much of it as what is parsed, so that the
    answer does not depend on what was asked before.
    """
    if budget.events <= 0:
        return refusal(document.chunk)
    composed = _parse(document)
    budget.events -= composed.pure_events
    return composed


@lru_cache(maxsize=8)
def _parse(document: YamlDocument) -> Composed:
    """Remembered, but for few documents: of a bundle, the nodes would cost the collector more than the parser."""
    return compose(document.data, document.chunk, c_events())
