"""Occurrences and skipped occurrences of a Dockerfile, and conflicts over a shared ``ARG`` default.

The default of an ``ARG`` may end a reference in one place and stand in the middle of something else in another, or be
an image here and a stage's name there. And an ``ARG`` declared again in a stage carries the default into its
environment. Sources: the guards of the measurements over 2,500 real files, and ``dispatchArg`` (convert.go).
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InvalidReferenceError
from pinner.formats.dockerfile.source import LONGEST_TEXT, decode_utf8, tail_start
from pinner.formats.source import holds_version
from pinner.model import Occurrence, SkippedOccurrence, Span, TagPart, as_skipped
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from pinner.formats.dockerfile.arguments import Definition
    from pinner.formats.dockerfile.from_instruction import Expansion
    from pinner.formats.dockerfile.source import Piece
    from pinner.model import Place, SkipReason


FORMAT = "dockerfile"
_UNPINNABLE = ("interpolated-tag", "arg-conflict")
_TEMPLATE = re.compile(r"\{\{|\{%|<%|\x01|@[A-Za-z_][A-Za-z0-9_.-]*@|%%[A-Za-z_]")


class Site(NamedTuple):
    """Where an image is used."""

    kind: str
    line: int
    column: int
    span: Span
    """The word as it is written there."""
    owner: str = ""
    platform: str | None = None


def make_skipped(
    site: Site, text: str, reason: SkipReason, detail: str, pieces: Sequence[Piece] = ()
) -> SkippedOccurrence:
    """Return a skip for ``site``; ``text`` is latin-1, ``pieces`` tell what the end of the text goes through."""
    shown = decode_utf8(text)
    if len(shown) > LONGEST_TEXT:
        shown = f"{shown[:LONGEST_TEXT]}…"
    span, via = _tail(site, pieces)
    return SkippedOccurrence(
        FORMAT, site.kind, shown, site.line, site.column, span, reason, detail, via, site.platform, site.owner
    )


def make_occurrence(site: Site, reference: ImageReference, pieces: Sequence[Piece]) -> Occurrence:
    """Return an occurrence of ``reference``, whose text ``pieces`` are."""
    span, via = _tail(site, pieces)
    digest_span = None
    if reference.digest is not None and pieces[-1].offset >= 0:
        start = span.end - len(str(reference.digest))
        # A digest put together from several places cannot be replaced in one.
        digest_span = Span(start, span.end) if start >= span.start else None
    return Occurrence(
        FORMAT,
        site.kind,
        reference,
        site.line,
        site.column,
        span,
        span.end,
        digest_span,
        via,
        site.platform,
        site.owner,
    )


def _tail(site: Site, pieces: Sequence[Piece]) -> tuple[Span, tuple[str, ...]]:
    """Return the bytes that hold the end of ``pieces``, and what they go through; the site's where there are none."""
    if not pieces:
        return site.span, ()
    last = pieces[-1]
    start = last.offset if len(pieces) == 1 else tail_start(pieces)
    return site.span if start < 0 else Span(start, last.end), last.via


def judge_text(site: Site, text: str, pieces: Sequence[Piece]) -> Place:
    """Return the occurrence that ``text`` makes, or the skip where it is no reference."""
    try:
        reference = ImageReference.parse(decode_utf8(text))
    except InvalidReferenceError as error:
        if is_template(text):
            return make_skipped(site, text, "templated", "a template engine writes this text", pieces)
        return make_skipped(site, text, "invalid-reference", _detail(error), pieces)
    return make_occurrence(site, reference, pieces)


def is_template(text: str) -> bool:
    """Tell whether a template engine's placeholder stands in ``text``."""
    return _TEMPLATE.search(text) is not None


def _detail(error: InvalidReferenceError) -> str:
    message = error.message if len(error.message) <= LONGEST_TEXT else f"{error.message[:LONGEST_TEXT]}…"
    return f"{message}: {error.hint}" if error.hint else message


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
        if conflict is None or not isinstance(place, Occurrence):
            return place
        if place.reference.digest is None:
            return as_skipped(place, "arg-conflict", conflict.detail)
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
        text = str(place.reference) if isinstance(place, Occurrence) else place.text
        self._forbid(pieces[:-1], f"the default also stands in the middle of `{text}`", among_images=True)
        taken = "a pattern takes a part of the default for" if expansion.problem is None else "the default is used for"
        self._forbid(expansion.altered, f"{taken} `{text}`", among_images=True)
        self._forbid(expansion.elsewhere, "the default is a part of a --platform as well", among_images=True)
        if not pieces or pieces[-1].offset < 0:
            return
        end = pieces[-1].end
        if not isinstance(place, Occurrence):
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


def without_conflicts(
    found: list[Found], definitions: Sequence[Definition], redeclared: Callable[[], Collection[str]]
) -> tuple[Place, ...]:
    """Return the places of ``found`` in the order of the file, those that share a default with another taken out.

    ``redeclared`` gives the names of the global arguments that stages take over, where that matters.
    """
    found.sort(key=_offset)
    if not any(_through_argument(place) or getattr(place, "reason", "") in _UNPINNABLE for _, place, _ in found):
        return tuple([entry.place for entry in found])
    conflicts = Conflicts()
    for entry in found:
        if entry.expansion is not None:
            conflicts.add_base(entry.expansion, entry.place)
    names = redeclared()
    for definition in definitions:
        conflicts.add_definition(definition, names)
    settled = [
        entry
        if entry.expansion is None or not _through_argument(entry.place)
        else entry._replace(place=conflicts.apply(entry.place))
        for entry in found
    ]
    return _with_parts(settled, [one for one in definitions if one.name not in names], definitions)


def _with_parts(
    found: Sequence[Found], definitions: Iterable[Definition], every: Iterable[Definition]
) -> tuple[Place, ...]:
    """Return the places of ``found``, those that cannot hold a digest with the default that is a part of their tag.

    Not a default that stands in a name or decides about a stage, a platform or another argument; ``definitions`` are
    those that no stage takes over, among ``every``.
    """
    own = {one.value[0].offset: one.name for one in definitions if len(one.value) == 1 and not one.value[0].via}
    inner = {piece.offset for one in every for piece in (*one.altered, *(value for value in one.value if value.via))}
    parts = [_part(entry, own) for entry in found]
    for entry, part in zip(found, parts, strict=True):
        if entry.expansion is not None:
            inner |= entry.expansion.beside(-1 if part is None else part.span.start)
    return tuple(
        [
            entry.place._replace(part=part)
            if part is not None and isinstance(entry.place, SkippedOccurrence) and part.span.start not in inner
            else entry.place
            for entry, part in zip(found, parts, strict=True)
        ]
    )


def _part(entry: Found, own: Mapping[int, str]) -> TagPart | None:
    """Return the default that is a part of the tag of ``entry``; None where none is, or not as a whole version."""
    place = entry.place
    if entry.expansion is None or not isinstance(place, SkippedOccurrence) or place.reason not in _UNPINNABLE:
        return None
    text = entry.expansion.text
    tag = text.find(":", text.rfind("/") + 1) + 1
    end = 0
    for piece in entry.expansion.pieces:
        start, end = end, end + len(piece.text)
        is_default = len(piece.via) == 1 and piece.via[0] == f"ARG {own.get(piece.offset)}"
        if tag and start >= tag and is_default and holds_version(piece.text, text[end:]):
            return TagPart(Span(piece.offset, piece.end), start - tag, own[piece.offset])
    return None


def _offset(found: Found) -> int:
    return found.offset


def _through_argument(place: Place) -> bool:
    return isinstance(place, Occurrence) and any(name.startswith("ARG ") for name in place.via)
