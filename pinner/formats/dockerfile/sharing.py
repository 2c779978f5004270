"""One default, several users: a digest in it must be right for all of them.

The default of an ``ARG`` may end a reference in one place and stand in the middle of something else in another, or be
an image here and a stage's name there. And an ``ARG`` declared again in a stage carries the default into its
environment. Sources: the guards of the measurements over 2,500 real files, and ``dispatchArg`` (convert.go).
"""

from __future__ import annotations

from pinner.lean import TYPE_CHECKING, NamedTuple
from pinner.model import Mention, as_skip

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from pinner.formats.dockerfile.arguments import Definition
    from pinner.formats.dockerfile.bases import Expansion
    from pinner.formats.dockerfile.values import Piece
    from pinner.model import Place


class Found(NamedTuple):
    """A place, where it sorts, and what a ``FROM`` expanded to."""

    offset: int
    place: Place
    expansion: Expansion | None = None


class Conflict(NamedTuple):
    """Why a default cannot take a digest."""

    detail: str
    among_images: bool
    """Whether another image depends on it: then a digest that stands there already cannot move either."""


class Conflicts:
    """What is known about each place where a digest might go, by the offset after its last character."""

    __slots__ = ("_conflicts", "_texts")

    def __init__(self) -> None:
        self._conflicts: dict[int, Conflict] = {}
        self._texts: dict[int, str] = {}

    def apply(self, place: Place) -> Place:
        """Return ``place``, or what becomes of it where its end cannot take a digest, or give its own up."""
        conflict = self._conflicts.get(place.span.end)
        if conflict is None or not isinstance(place, Mention):
            return place
        if place.reference.digest is None:
            return as_skip(place, "arg-conflict", conflict.detail)
        # Several images share the digest: it cannot move for one of them.
        return place._replace(digest_span=None) if conflict.among_images else place

    def _note(self, end: int, detail: str, *, among_images: bool) -> None:
        known = self._conflicts.get(end)
        if known is None or (among_images and not known.among_images):
            self._conflicts[end] = Conflict(detail, among_images)

    def _forbid(self, pieces: Iterable[Piece], detail: str, *, among_images: bool) -> None:
        for piece in pieces:
            if piece.offset >= 0:
                self._note(piece.end, detail, among_images=among_images)

    def add_base(self, expansion: Expansion, place: Place) -> None:
        """Take a ``FROM`` into account."""
        pieces = expansion.pieces
        text = str(place.reference) if isinstance(place, Mention) else place.text
        self._forbid(pieces[:-1], f"the default also stands in the middle of `{text}`", among_images=True)
        taken = "a pattern takes a part of the default for" if expansion.problem is None else "the default is used for"
        self._forbid(expansion.altered, f"{taken} `{text}`", among_images=True)
        self._forbid(expansion.elsewhere, "the default is a part of a --platform as well", among_images=True)
        if not pieces or pieces[-1].offset < 0:
            return
        end = pieces[-1].end
        if not isinstance(place, Mention):
            self._note(end, f"the default also ends `{text}`, which is no image to pin", among_images=True)
        elif self._texts.setdefault(end, text) != text:
            self._note(end, f"the default ends `{self._texts[end]}` and `{text}`, two images", among_images=True)

    def add_definition(self, definition: Definition, redeclared: Collection[str]) -> None:
        """Take a global ``ARG`` into account; ``redeclared`` are the names that stages take over with their value."""
        name, value, altered = definition
        self._forbid(value[:-1], f"the default also stands in the middle of ARG {name}", among_images=False)
        self._forbid(altered, f"a pattern takes a part of the default for ARG {name}", among_images=True)
        if name in redeclared:
            detail = f"ARG {name} is declared again in a stage and would carry the digest there"
            self._forbid(value[-1:], detail, among_images=False)


def settle(
    found: list[Found], definitions: Iterable[Definition], redeclared: Callable[[], Collection[str]]
) -> tuple[Place, ...]:
    """Return the places of ``found`` in the order of the file, those that share a default with another taken out.

    ``redeclared`` gives the names of the global arguments that stages take over, where that matters.
    """
    found.sort(key=_offset)
    if not any(place.via and _through_argument(place) for _, place, _ in found):
        return tuple([entry.place for entry in found])
    conflicts = Conflicts()
    for entry in found:
        if entry.expansion is not None:
            conflicts.add_base(entry.expansion, entry.place)
    names = redeclared()
    for definition in definitions:
        conflicts.add_definition(definition, names)
    return tuple(
        [
            entry.place
            if entry.expansion is None or not _through_argument(entry.place)
            else conflicts.apply(entry.place)
            for entry in found
        ]
    )


def _offset(found: Found) -> int:
    return found.offset


def _through_argument(place: Place) -> bool:
    return isinstance(place, Mention) and any(name.startswith("ARG ") for name in place.via)
