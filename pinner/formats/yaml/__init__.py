"""YAML loader: documents and nodes with byte offsets, shared by the YAML formats; templates read with masks."""

from __future__ import annotations

from functools import lru_cache, partial

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml.nodes import Alias, Mapping, Node, Scalar, Sequence, resolve
from pinner.formats.yaml.parser import Budget, Composed, Problem, c_events, compose, refusal
from pinner.formats.yaml.stream import Chunk, split

if TYPE_CHECKING:
    from typing import Protocol

    from pinner.model import Document, Located

    class LocateMasked(Protocol):
        """Finds the images of a document that is masked, or not."""

        def __call__(self, document: Document, *, is_masked: bool = False) -> Located | None:
            """Return what is in ``document``; None where it is of another format."""
            ...


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
    "locate_masked",
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


def locate_masked(document: Document, locate: LocateMasked) -> Located | None:
    """Return what ``locate`` finds in ``document``; where a template is no YAML, with its directives masked.

    Where it is none then, either, it stays what was found in it as it stands.
    """
    located = locate(document)
    if located is None or not any(
        place.kind == "document" and getattr(place, "reason", "") == "templated" for place in located.places
    ):
        return located
    from pinner.formats.template_masking import locate_template  # noqa: PLC0415 - few files are templates

    found = locate_template(document, partial(locate, is_masked=True))
    return located if found is None or any(place.kind == "document" for place in found.places) else found
