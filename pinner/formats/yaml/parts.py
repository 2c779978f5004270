"""Image references in parts: registry, name, tag and digest under keys of one YAML mapping."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InvalidReferenceError
from pinner.formats.yaml.nodes import Scalar, resolve
from pinner.formats.yaml.references import is_null, skip_if_unfilled
from pinner.formats.yaml.scalars import content_start, reference_text
from pinner.model import Occurrence, Span, as_skipped
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.nodes import Mapping, Node
    from pinner.formats.yaml.references import Use
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Place

_ALGORITHM = "sha256:"
_HEX = re.compile(rb"[0-9a-f]{64}")
_NOTHING_BEHIND = re.compile(rb"([ \t]*:)(?:[ \t]+#[^\n]*|[ \t]*)(?:\r?\n|\Z)")


class Part(NamedTuple):
    """One of the scalars that a reference is put together from."""

    scalar: Scalar
    text: SourceText
    written: Node
    """What stands under the key: the scalar itself, or an alias of it."""


class Gap(NamedTuple):
    """An empty field that takes a digest."""

    insert: int
    glue: str
    """What comes before the digest there: a blank behind the colon of a key without a value."""


class Parts(NamedTuple):
    """What one reference is put together from; the last part that is there is where it ends."""

    name: Part
    registry: Part | None = None
    tag: Part | None = None
    digest: Part | None = None
    gap: Gap | None = None
    """Where the digest goes in a field of its own, as long as there is none."""
    implied: str = ""
    """What the consumer puts before the text of the digest's field."""
    between: str = "/"
    """What stands between registry and name."""

    @property
    def text(self) -> str:
        """The reference as its consumer reads it."""
        registry = "" if self.registry is None else f"{self.registry.text}{self.between}"
        tag = "" if self.tag is None else f":{self.tag.text}"
        digest = "" if self.digest is None else f"@{self.implied}{self.digest.text}"
        return f"{registry}{self.name.text}{tag}{digest}"

    @property
    def last(self) -> Part:
        """The part that ends the reference."""
        return self.digest or self.tag or self.name

    @property
    def edited(self) -> Node | None:
        """What stands where the file would change; None for a field that is the digest's own."""
        return self.last.written if self.digest is None and self.gap is None else None


def read_part(data: bytes, mapping: Mapping, key: str, fields: KeyLookup) -> Part | None:
    """Return the text under ``key`` of ``mapping``; None where there is none, or nothing in it."""
    field = fields.get(mapping, key)
    if field is None or type(field.node) is not Scalar or is_null(field.node):
        return None
    text = reference_text(data, field.node)
    return None if text is None else Part(field.node, text, field.written)


def find_gap(data: bytes, mapping: Mapping, key: str, fields: KeyLookup) -> Gap | None:
    """Return where a digest goes under ``key`` of ``mapping``: between empty quotes, or behind the colon."""
    value = fields.own(mapping).get(key)
    if type(value) is not Scalar or value.value or value.tag is not None or value.anchor is not None:
        return None
    if value.style in ("'", '"'):
        return Gap(content_start(data, value), "")
    written = next(name for name, one in mapping.pairs() if one is value)
    # An empty plain scalar stands where each parser says; behind its key is where it is.
    match = _NOTHING_BEHIND.match(data, written.end) if type(written) is Scalar and not value.style else None
    return None if match is None else Gap(match.end(1), " ")


def judge_parts(use: Use, parts: Parts) -> Place:
    """Return the occurrence that ``parts``, which are used at ``use``, make; a skip where they are no reference."""
    written = parts.text
    skip = skip_if_unfilled(use, written)
    if skip is not None:
        return skip
    try:
        reference = ImageReference.parse(written)
    except InvalidReferenceError as error:
        return use.skip(written, "invalid-reference", error.message)
    return _occurrence(use, parts, reference)


def _occurrence(use: Use, parts: Parts, reference: ImageReference) -> Occurrence:
    found = use.occurrence(reference, parts.last.text)
    if parts.edited is None:
        is_plain = parts.tag is not None and not parts.tag.scalar.style
        found = found._replace(tag_span=_own_tag(parts), is_plain_tag=is_plain)
    if parts.digest is not None:
        start, end = found.span
        glue = " " if not parts.digest.scalar.style else ""
        digest_span = found.digest_span
        if reference.digest is not None and end - start == len(reference.digest.hex) and parts.implied:
            digest_span = Span(start, end)
        return found._replace(digest_span=digest_span, glue=glue, implied=parts.implied)
    if parts.gap is None or reference.digest is not None:
        return found
    insert, glue = parts.gap
    # A tag that others read too is no text of this reference's own.
    shared = type(parts.last.written) is not Scalar or parts.last.scalar.anchor is not None
    span = Span(insert, insert) if shared else found.span
    return found._replace(insert=insert, glue=glue, implied=parts.implied, span=span)


def _own_tag(parts: Parts) -> Span | None:
    """Return where the tag stands that is this reference's own: written out, and read by nobody else."""
    tag = parts.tag
    if tag is None or type(tag.written) is not Scalar or tag.scalar.anchor is not None:
        return None
    span = Span(tag.text.starts[0], tag.text.ends[-1])
    return span if span.end - span.start == len(tag.text.data) else None


def implied_by(key: str) -> str:
    """Return what a consumer puts before the text under ``key``: of ``sha`` it is the hex digits alone."""
    return _ALGORITHM if key == "sha" else ""


def implied_of(digest: Part) -> str:
    """Return the same for a field that has a ``digest``, whatever its key: some charts have hex digits in both."""
    return _ALGORITHM if _HEX.fullmatch(digest.text.data) else ""


class FoundParts(NamedTuple):
    """A reference in parts, where it is used, and what it is."""

    use: Use
    place: Place
    parts: Parts


def without_conflicts(found: list[FoundParts]) -> Iterable[FoundParts]:
    """Yield what was ``found``: a skip where one text ends several references that differ."""
    texts: dict[int, list[FoundParts]] = {}
    for one in found:
        if one.parts.edited is not None:
            texts.setdefault(id(resolve(one.parts.edited)), []).append(one)
    for one in found:
        edited = one.parts.edited
        others = [] if edited is None else texts[id(resolve(edited))]
        other = next((other for other in others if other.parts.text != one.parts.text), None)
        if other is None or not isinstance(one.place, Occurrence):
            yield one
        else:
            detail = (
                f"the same text is part of `{other.parts.text}` in line {other.use.line}: each needs its own digest"
            )
            yield one._replace(place=as_skipped(one.place, "arg-conflict", detail))
