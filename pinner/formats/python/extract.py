"""Extraction of image references from Python: parse, find calls, follow their arguments."""

from __future__ import annotations

from operator import itemgetter
from zlib import crc32

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InvalidReferenceError
from pinner.formats.python.call_sites import Site, Sites
from pinner.formats.python.known_calls import table_for
from pinner.formats.python.names import Names
from pinner.formats.python.scopes import Module
from pinner.formats.python.shared_values import Sharing
from pinner.formats.python.syntax import BrokenError, UnreadableError, ending, parse, read
from pinner.formats.python.values import Literal, Opaque, Values
from pinner.formats.source import CollectorPaused, LineIndex
from pinner.limits import MIB, PYTHON_BYTES
from pinner.model import Located, Occurrence, SkippedOccurrence, Span, as_skipped
from pinner.reference import ImageReference

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable

    from pinner.formats.python.syntax import Source, Text
    from pinner.formats.python.values import Carrier, Value
    from pinner.model import Calls, Document, Place, SkipReason

FORMAT = "python"
_TEMPLATE = ("{{", "{%", "{#", "<%")


def locate_calls(document: Document, calls: Calls) -> Located | None:
    """Return the images that the calls in a Python file name; see `pinner.formats.python.locate`."""
    if len(document.data) > PYTHON_BYTES:
        return _broken(document.data, BrokenError(f"it is larger than {PYTHON_BYTES // MIB} MB", 0))
    try:
        text = read(document.data)
        with CollectorPaused():
            located = _Search(text, parse(text), calls).run()
    except (UnreadableError, BrokenError) as error:
        return _broken(document.data, error)
    except RecursionError:  # constants that are made of constants, a thousand deep
        return _broken(document.data, BrokenError("it is nested too deeply to be read", 0))
    return located if located.places else None


def _broken(data: bytes, error: UnreadableError | BrokenError) -> Located:
    offset = error.offset if isinstance(error, BrokenError) else 0
    line, column = LineIndex(data).locate(offset)
    templated = any(sign.encode() in data for sign in _TEMPLATE[:2]) and isinstance(error, BrokenError)
    reason: SkipReason = "templated" if templated else "parse-error"
    detail = "this is a template of Python code" if templated else str(error)
    return Located((SkippedOccurrence(FORMAT, "document", "", line, column, Span(offset, offset), reason, detail),))


class _Found(NamedTuple):
    """A place, where it is used, and what its text goes through."""

    used: int
    place: Place
    carriers: tuple[Carrier, ...] = ()


class _Search:
    """The search of one file."""

    def __init__(self, text: Text, source: Source, calls: Calls) -> None:
        self._text = text
        self._source = source
        self._lines = LineIndex(text.data)
        module = Module(source.tree)
        self._names = Names(module)
        self._values = Values(self._names)
        self._sites = Sites(self._names, table_for(calls)).all()
        self._made: dict[str, str] = {}
        """What calls of this file make, by canonical name, and the parameter that says so."""

    def run(self) -> Located:
        traced = [(site, self._values.of(site.argument, site.scope)) for site in self._sites]
        for site, values in traced:
            if site.output:
                self._made.update((name, site.output) for name in _canonical(values))
        found = [self._place(site, value) for site, values in traced for value in values]
        places = self._agreeing([one for one in found if one is not None])
        return Located(tuple(places), self._outline(places))

    def _place(self, site: Site, value: Value) -> _Found | None:
        used = self._span(site.argument)
        line = self._lines.line(used.start)
        index = self._characters(site.argument)[0]
        column = index - self._text.text.rfind("\n", 0, index)
        skip = SkippedOccurrence(
            FORMAT, "call", value.text, line, column, used, "non-literal", "", value.via, None, site.owner
        )
        if isinstance(value, Opaque):
            # A loose name says nothing where no text of it is here; neither does a name that a build is given.
            quiet = site.loose or site.output
            return None if quiet else _Found(used.start, skip._replace(reason=value.reason, detail=value.detail))
        if not value.text:
            return None
        span = self._span(value.node)
        skip = skip._replace(span=span)
        refusal = self._refusal(site, value)
        if refusal is not None:
            return (
                None
                if site.loose
                else _Found(used.start, skip._replace(reason=refusal[0], detail=refusal[1]), value.carriers)
            )
        reference = ImageReference.parse(value.text)
        if site.loose and reference.tag is None and reference.digest is None:
            return None
        occurrence = self._occurrence(skip, value, reference)
        return _Found(used.start, occurrence, value.carriers)

    def _refusal(self, site: Site, value: Literal) -> tuple[SkipReason, str] | None:
        """Return why ``value`` may not be pinned at ``site`` whoever else reads it, or None."""
        if site.output:
            return "output", f"`{site.output}` names the image that is made here"
        if any(sign in value.text for sign in _TEMPLATE):
            return "templated", "a template fills it in at run time"
        if value.text.startswith("sha256:"):
            # The grammar would have it that this is a tag of the image `sha256`.
            return "invalid-reference", "this is an image ID and names nothing that a registry has"
        try:
            reference = ImageReference.parse(value.text)
        except InvalidReferenceError as error:
            return "invalid-reference", error.message
        if site.tag is not None:
            return "separate-tag", "the tag is an argument of its own and would override the digest"
        if site.takes_apart:
            name = site.owner.rpartition(".")[2]
            return "computed", f"`{name}` reads a version out of the text, and would take the digest for it"
        if reference.canonical in self._made:
            return "built-here", f"`{self._made[reference.canonical]}` in this file names it as one that is made here"
        return None

    def _occurrence(self, skip: SkippedOccurrence, value: Literal, reference: ImageReference) -> Place:
        start, end = self._characters(value.node)
        digest = None if reference.digest is None else str(reference.digest)
        source = self._text.source(start, end)
        found = None if source is None else ending(source, value.text, digest)
        if found is None:
            return skip._replace(reason="computed", detail="the literal cannot be told from its source to the byte")
        at = self._text.offset
        digest_span = None
        if found.digest is not None:
            digest_span = Span(at(start + found.digest[0]), at(start + found.digest[1]))
        return Occurrence(
            FORMAT,
            "call",
            reference,
            skip.line,
            skip.column,
            skip.span,
            at(start + found.insert),
            digest_span,
            value.via,
            None,
            skip.owner,
        )

    def _agreeing(self, found: list[_Found]) -> list[Place]:
        """Return the places in order, occurrences whose literal is read by somebody else turned to skips."""
        sharing = Sharing(self._names.module, self._values.read)
        refused = {one.place.span for one in found if isinstance(one.place, SkippedOccurrence) and one.carriers}
        places: list[tuple[tuple[int, int], Place]] = []
        for one in found:
            place = one.place
            if isinstance(place, Occurrence):
                conflict = next(filter(None, map(sharing.conflict, one.carriers)), None)
                if conflict is not None:
                    where = f"`{conflict.name}` is read on line {conflict.line} as something else than an image"
                    place = as_skipped(place, "arg-conflict", f"{where}, which would get the digest too")
                elif place.span in refused:
                    place = as_skipped(place, "arg-conflict", "the same text is used where no digest may be")
            places.append(((one.used, place.span.start), place))
        return [place for _, place in sorted(places, key=itemgetter(0))]

    def _outline(self, places: Iterable[Place]) -> tuple[object, ...]:
        """Return a sum of everything that stands around the literals found."""
        rest: list[bytes] = []
        end = 0
        for start, stop in sorted({place.span for place in places if isinstance(place, Occurrence)}):
            rest.append(self._text.data[end:start])
            end = max(end, stop)
        rest.append(self._text.data[end:])
        return (crc32(b"\0".join(rest)),)

    def _span(self, node: ast.expr) -> Span:
        start, end = self._characters(node)
        return Span(self._text.offset(start), self._text.offset(end))

    def _characters(self, node: ast.expr) -> tuple[int, int]:
        return self._source.characters(node)


def _canonical(values: Iterable[Value]) -> set[str]:
    references = (ImageReference.try_parse(value.text) for value in values if isinstance(value, Literal))
    return {reference.canonical for reference in references if reference is not None}
