"""Compose override files: images that another file of the folder builds."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.compose.services import comparable
from pinner.model import Located, Occurrence, SkippedOccurrence, as_skipped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.model import Document, Place

_EXTENSION = re.compile(r"\.ya?ml$")
_DEFAULT_BASES = ("compose", "docker-compose")
_DEFAULT_OVERRIDES = ("compose.override", "docker-compose.override")
_SERVICE_KINDS = ("service-image", "image-volume")


class Outline(NamedTuple):
    """The structure of a compose file, and what its siblings have to know of it."""

    documents: tuple[object, ...] = ()
    inlines: tuple[object, ...] = ()
    """The outlines of the Dockerfiles inside."""
    builders: frozenset[str] = frozenset()
    """The services that are built."""
    built: frozenset[str] = frozenset()
    """The names, in comparable form, that their images get."""


def reconcile(documents: Sequence[tuple[Document, Located]]) -> Sequence[Located]:
    """Return what the compose files of one family hold, each in the light of those that are merged with it."""
    return [
        _in_light_of(located, [other for other in documents if _are_merged(document.path, other[0].path)])
        for document, located in documents
    ]


def _are_merged(path: str, other: str) -> bool:
    """Tell whether compose may read the two together: a base and its override, ``<base>.<name>.yaml``."""
    stem, other_stem = sorted((_stem(path), _stem(other)), key=len)
    if "." in stem or stem == other_stem:
        return False
    return other_stem.startswith(stem + ".") or (stem in _DEFAULT_BASES and other_stem in _DEFAULT_OVERRIDES)


def family(path: str) -> str:
    """Return the same for the paths of all files that compose may read together with the one at ``path``."""
    folder, _, _ = path.rpartition("/")
    base = _stem(path).partition(".")[0]
    return f"{folder}/{_DEFAULT_BASES[0] if base in _DEFAULT_BASES else base}"


def _stem(path: str) -> str:
    return _EXTENSION.sub("", path.rpartition("/")[2])


def _in_light_of(located: Located, siblings: Sequence[tuple[Document, Located]]) -> Located:
    outlines = [(other.path, found.outline) for other, found in siblings if isinstance(found.outline, Outline)]
    if not outlines:
        return located
    judged = [_judge(place, outlines) for place in located.places]
    # Services may share one text: where one of them cannot have a digest in it, none can.
    pairs = zip(located.places, judged, strict=True)
    taken = {new.span: new.detail for old, new in pairs if new is not old and isinstance(new, SkippedOccurrence)}
    return Located(
        tuple(
            as_skipped(place, "arg-conflict", f"shared text: {taken[place.span]}")
            if isinstance(place, Occurrence) and place.span in taken
            else place
            for place in judged
        ),
        located.outline,
    )


def _judge(place: Place, outlines: list[tuple[str, Outline]]) -> Place:
    if not isinstance(place, Occurrence) or place.kind not in _SERVICE_KINDS:
        return place
    name = comparable(str(place.reference))
    for path, outline in outlines:
        if place.kind == "service-image" and place.owner in outline.builders:
            return as_skipped(
                place, "built-here", f"`{path}` builds the service `{place.owner}`: this names the result"
            )
        if name in outline.built:
            return as_skipped(place, "built-elsewhere", f"`{path}` builds this image")
    return place
