"""Short forms of what the YAML formats find, for tables in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.edits import apply_edits
from pinner.formats import compose, kubernetes
from pinner.formats.yaml import Alias, Mapping, Scalar, Sequence
from pinner.model import Document, Edit, Located, Occurrence, SkippedOccurrence

if TYPE_CHECKING:
    from collections.abc import Iterable

DIGEST = "sha256:" + "ab" * 32
OTHER = "sha256:" + "cd" * 32


def in_compose(text: str | bytes, path: str = "compose.yaml") -> Located:
    located = compose.locate(Document(path, text.encode() if isinstance(text, str) else text))
    assert located is not None
    return located


def in_kubernetes(text: str | bytes, path: str = "objects.yaml") -> Located:
    located = kubernetes.locate(Document(path, text.encode() if isinstance(text, str) else text))
    assert located is not None
    return located


def mentions(located: Located) -> list[Occurrence]:
    return [place for place in located.places if isinstance(place, Occurrence)]


def skips(located: Located) -> list[SkippedOccurrence]:
    return [place for place in located.places if isinstance(place, SkippedOccurrence)]


def found(located: Located) -> list[str]:
    """Every place as ``reference``, or ``reason: text``."""
    return [
        str(place.reference) if isinstance(place, Occurrence) else f"{place.reason}: {place.text}"
        for place in located.places
    ]


def pinned(data: bytes, places: Iterable[Occurrence]) -> bytes:
    """Return ``data`` with a digest at every mention: what a run of pinner would write."""
    return apply_edits(data, {edit_of(place, data) for place in places})


def edit_of(place: Occurrence, data: bytes) -> Edit:
    if place.digest_span is not None:
        old = data[place.digest_span.start : place.digest_span.end]
        return Edit(place.digest_span.start, old, DIGEST.encode())
    latest = "" if place.reference.tag or place.reference.digest else ":latest"
    return Edit(place.insert, b"", f"{latest}{place.glue}{DIGEST.removeprefix(place.implied)}".encode())


def plain(node: object) -> object:
    """Return a YAML node as Python data, offsets included."""
    match node:
        case Alias():
            return ("*" + node.name, node.start)
        case Scalar(value=""):  # where nothing stands, each parser has a place of its own for it
            return (node.style, node.tag, node.anchor)
        case Scalar():
            return (node.value.replace("\t", " "), node.start, node.end, node.style, node.tag, node.anchor)
        case Mapping() | Sequence():
            return (
                type(node).__name__,
                node.start,
                node.tag,
                node.anchor,
                node.flow,
                [plain(c) for c in node.children],
            )
    raise AssertionError(node)
