"""Names of HCL modules linked: what ``var.…`` and ``local.…`` mean, and where the digest of such an image goes.

A module of Terraform is a folder, a job of Nomad a file. A value takes a digest where all who read its name are ends of
the same image; where it may be given from outside (a variable), what follows it in the name must be given with it, or a
digest would belong to another image.
"""

from __future__ import annotations

import posixpath

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InvalidReferenceError
from pinner.model import Occurrence, SkippedOccurrence, Span, as_skipped
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pinner.link.facts import HclDefinition, HclModule, HclPart, HclText, HclUse
    from pinner.model import Place

_DEEPEST = 20
_LONGEST = 4_000


class _UnknownError(ValueError):
    """A part of a text has no value in the module."""


class _Stated(NamedTuple):
    """A text, and the file that it stands in."""

    path: str
    text: HclText

    @property
    def where(self) -> str:
        return f"{self.path}:{self.text.line}"


class _Meaning(NamedTuple):
    """What a text means."""

    text: str
    tail: _Stated | None
    """Where its last character stands; None for no text at all."""
    via: tuple[str, ...] = ()
    """The names on the way there, the outermost first."""
    given: tuple[tuple[int, int], ...] = ()
    """The parts of it that may be given another value from outside."""


class _Use(NamedTuple):
    path: str
    use: HclUse
    meaning: _Meaning
    reference: ImageReference

    @property
    def where(self) -> str:
        return f"{self.path}:{self.use.text.line}"


class Modules:
    """The HCL modules of a run."""

    def __init__(self, facts: Iterable[tuple[str, HclModule]]) -> None:
        """``facts`` are what the files state, each with its path."""
        groups: dict[str, list[tuple[str, HclModule]]] = {}
        for path, fact in facts:
            scope = path if fact.is_alone else f"{posixpath.dirname(path)}/"
            groups.setdefault(scope, []).append((path, fact))
        self._places: dict[str, dict[Span, Place]] = {}
        for group in groups.values():
            if any(fact.uses for _, fact in group):
                for path, place in _Module(sorted(group)).places():
                    self._places.setdefault(path, {})[place.span] = place

    def concerns(self, path: str) -> bool:
        """Tell whether the file at ``path`` uses or defines an image by names."""
        return path in self._places

    def judge(self, path: str, places: Iterable[Place]) -> tuple[Place, ...]:
        """Return ``places``, those of the file at ``path``, and its values that are images to others."""
        found = dict(self._places.get(path, {}))
        kept = [found.pop(place.span, place) for place in places]
        return tuple(sorted((*kept, *found.values()), key=lambda place: (place.line, place.column)))


class _Module:
    """The files that share names."""

    def __init__(self, files: Sequence[tuple[str, HclModule]]) -> None:
        self._files = files
        self._definitions: dict[str, list[tuple[str, HclDefinition]]] = {}
        self._meanings: dict[str, _Meaning | None] = {}
        for path, fact in files:
            for definition in fact.definitions:
                self._definitions.setdefault(definition.name, []).append((path, definition))
        self._others = _Others(files)

    def places(self) -> Iterator[tuple[str, Place]]:
        """Yield the places that names make, each with the path of its file."""
        ended: dict[tuple[str, Span], list[_Use]] = {}
        for path, fact in self._files:
            for use in fact.uses:
                known = self._known(path, use)
                tail = known.meaning.tail if known is not None else None
                if known is None or tail is None:
                    continue
                if tail.text is use.text:
                    yield path, _occurrence(known, tail, use.kind, ())
                else:
                    ended.setdefault((tail.path, tail.text.span), []).append(known)
        for (path, _), uses in ended.items():
            yield path, self._defined(uses)
            yield from ((one.path, _handed_on(one)) for one in uses)

    def _known(self, path: str, use: HclUse) -> _Use | None:
        """Return what ``use`` means where that is an image to which one place's digest belongs."""
        try:
            meaning = self._meaning(_Stated(path, use.text), 0)
            reference = ImageReference.parse(meaning.text)
        except (_UnknownError, InvalidReferenceError):
            return None
        end = len(meaning.text)
        colon = meaning.text.find(":", meaning.text.rfind("/") + 1)
        inner = [(start, stop) for start, stop in meaning.given if stop < end]
        if reference.digest is None and any(stop > colon >= 0 for _, stop in inner):
            return None
        if inner and len(inner) == len(meaning.given):
            return None
        return _Use(path, use, meaning, reference)

    def _meaning(self, stated: _Stated, depth: int) -> _Meaning:
        text = ""
        tail: _Stated | None = None
        via: tuple[str, ...] = ()
        given: list[tuple[int, int]] = []
        for part in stated.text.parts:
            if not part.is_name:
                text, tail, via = text + part.text, stated, ()
                continue
            inner = self._named(part, depth)
            start = len(text)
            text += inner.text
            if inner.text:
                tail, via = inner.tail, (part.text, *inner.via)
            if self._is_given(part.text):
                given.append((start, len(text)))
            else:
                given += [(start + first, start + last) for first, last in inner.given]
        if len(text) > _LONGEST:
            raise _UnknownError
        return _Meaning(text, tail, via, tuple(given))

    def _named(self, part: HclPart, depth: int) -> _Meaning:
        """Return what the name ``part`` means; raises `_UnknownError`."""
        name = part.text
        if name not in self._meanings:
            self._meanings[name] = None  # while it is at work: who reads it then goes in a circle
            found = self._definitions.get(name, ())
            if len(found) == 1 and depth < _DEEPEST:
                path, definition = found[0]
                self._meanings[name] = self._meaning(_Stated(path, definition.text), depth + 1)
        meaning = self._meanings[name]
        if meaning is None:
            raise _UnknownError
        return meaning

    def _is_given(self, name: str) -> bool:
        return any(definition.is_given for _, definition in self._definitions.get(name, ()))

    def _defined(self, uses: Sequence[_Use]) -> Place:
        """Return the place of the value that ends the images of ``uses``."""
        first = uses[0]
        tail, via = first.meaning.tail, first.meaning.via
        assert tail is not None  # noqa: S101 - they go by it
        kind = "variable" if self._is_given(via[-1]) else "local"
        texts = sorted({one.meaning.text for one in uses})
        other = self._others.reader(via, {id(one.use.text) for one in uses})
        place = _occurrence(first, tail, kind, via)
        if len(texts) > 1:
            other = f"the value ends {' and '.join(f'`{text}`' for text in texts)}"
        if not other or not isinstance(place, Occurrence):
            return place
        if first.reference.digest is not None and len(texts) == 1:
            return place._replace(digest_span=None)
        return as_skipped(place, "arg-conflict", other)


class _Others:
    """Who reads the names of a module, and how."""

    def __init__(self, files: Sequence[tuple[str, HclModule]]) -> None:
        self._readers: dict[str, list[tuple[str, str, int]]] = {}
        """By name: how it is read, what for (a definition's name), and the identity of the text."""
        for path, fact in files:
            for read in fact.readers:
                self._note(read.name, f"{path}:{read.line} reads `{read.name}` as something else", "", 0)
            for use in fact.uses:
                self._note_parts(_Stated(path, use.text), "")
            for definition in fact.definitions:
                self._note_parts(_Stated(path, definition.text), definition.name)

    def _note_parts(self, stated: _Stated, name: str) -> None:
        parts = stated.text.parts
        for part in parts[:-1]:
            if part.is_name:
                self._note(part.text, f"in {stated.where} `{part.text}` stands in the middle of a text", "", 0)
        if parts and parts[-1].is_name:
            how = f"what it ends in {stated.where} is no image that can be pinned"
            self._note(parts[-1].text, how, name, id(stated.text))

    def _note(self, name: str, how: str, by: str, text: int) -> None:
        pieces = name.split(".")
        # Who reads an object reads all that is in it.
        for length in range(min(2, len(pieces)), len(pieces) + 1):
            self._readers.setdefault(".".join(pieces[:length]), []).append(
                (how if length == len(pieces) else "", by, text)
            )

    def reader(self, via: Sequence[str], images: set[int]) -> str:
        """Return how another than the texts ``images`` reads a name of ``via``; empty where nobody does."""
        pending = list(via)
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for how, by, text in self._of(name):
                if by:
                    pending.append(by)
                elif text not in images:
                    return how
        return ""

    def _of(self, name: str) -> Iterator[tuple[str, str, int]]:
        """Yield the readers of ``name`` and of the objects that it is in."""
        yield from ((how, by, text) for how, by, text in self._readers.get(name, ()) if how)
        pieces = name.split(".")
        for length in range(2, len(pieces)):
            around = ".".join(pieces[:length])
            yield from (one for one in self._readers.get(around, ()) if one[0])


def _occurrence(one: _Use, tail: _Stated, kind: str, via: tuple[str, ...]) -> Place:
    text, reference = tail.text, one.reference
    end = text.span.end
    held = None
    if reference.digest is not None:
        start = end - len(str(reference.digest))
        held = Span(start, end) if start >= text.span.start else None
    is_own = text is one.use.text
    return Occurrence(
        one.use.format,
        kind,
        reference,
        text.line,
        text.column,
        text.span,
        end,
        held,
        via,
        owner=one.use.owner,
        decided_by=() if is_own else (one.where,),
    )


def _handed_on(one: _Use) -> SkippedOccurrence:
    """Return the skip of a use whose digest stands elsewhere."""
    tail, text = one.meaning.tail, one.use.text
    assert tail is not None  # noqa: S101 - they go by it
    written = "".join(f"${{{part.text}}}" if part.is_name else part.text for part in text.parts)
    familiar = one.reference.familiar
    detail = f"`{one.meaning.via[0]}` makes it `{familiar}`: its digest goes to {tail.where}"
    return SkippedOccurrence(
        one.use.format,
        one.use.kind,
        written,
        text.line,
        text.column,
        text.span,
        "replaced",
        detail,
        owner=one.use.owner,
        decided_by=(tail.where,),
    )
