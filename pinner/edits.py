"""Byte edits: of a digest and of a raised tag; applied to a document, and proved by locating again."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import EditRefusedError
from pinner.model import Document, Edit, Occurrence, SkippedOccurrence, Span, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TypeAlias

    from pinner.formats.base import Format
    from pinner.model import Located, Place
    from pinner.reference import Digest, ImageReference

    Edits: TypeAlias = tuple[Edit, ...]
    PlaceKey: TypeAlias = Span | tuple[Span, str]
    """All places on a span; or those alone that read the text now, where one text ends several images."""


_NUMBER = re.compile(
    r"0[xo][0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", re.ASCII
)
"""A tag that YAML, of whatever version, may take for a number or a date."""
_BEHIND_VARIABLES = ("interpolated-name", "interpolated-tag")


def apply_edits(data: bytes, edits: Iterable[Edit]) -> bytes:
    """Return ``data`` with all ``edits`` made at once.

    Raises `EditRefusedError` where an edit's expected bytes are not there or two edits touch the same bytes;
    the same edit given twice counts once.
    """
    parts: list[bytes] = []
    position = 0
    previous: Edit | None = None
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end)):
        if edit.start < position or (previous is not None and edit.start == previous.start):
            raise EditRefusedError(f"two edits touch the bytes at offset {edit.start}")
        if data[edit.start : edit.end] != edit.expected or edit.end > len(data):
            raise EditRefusedError(f"the bytes at offset {edit.start} are not those the edit replaces")
        parts += (data[position : edit.start], edit.replacement)
        position = edit.end
        previous = edit
    return b"".join((*parts, data[position:]))


class Target(NamedTuple):
    """Edits that are made together, and what the references that stand on their span must read afterwards."""

    edits: tuple[Edit, ...]
    text: str


class _Case(NamedTuple):
    document: Document
    format: Format
    located: Located
    targets: Mapping[PlaceKey, Target]


def prove(
    document: Document, format_: Format, located: Located, targets: Mapping[PlaceKey, Target]
) -> tuple[frozenset[Edits], bytes]:
    """Return the edits of ``targets`` that may be made together, as each has them, and the bytes they make.

    An edit is kept only where, located anew, every reference on its span reads the text planned, every other place
    reads as before, the outline of the document is the same, and so is what a second reader of the format finds. Where
    all together fail, the ones at fault are found by halving and left out.
    """
    edits = tuple(dict.fromkeys(target.edits for target in targets.values()))
    if not edits:
        return frozenset(), document.data
    kept, result = _keep(_Case(document, format_, located, targets), (), edits)
    return frozenset(kept), result


def _keep(case: _Case, base: tuple[Edits, ...], edits: tuple[Edits, ...]) -> tuple[tuple[Edits, ...], bytes]:
    """Return ``base`` and as many of ``edits`` as prove together with it, and the bytes they make."""
    together = (*base, *edits)
    result = _proved(case, frozenset(together))
    if result is not None:
        return together, result
    if len(edits) == 1:
        return base, apply_edits(case.document.data, _flat(base))
    middle = len(edits) // 2
    base, _ = _keep(case, base, edits[:middle])
    return _keep(case, base, edits[middle:])


def _flat(edits: Iterable[Edits]) -> list[Edit]:
    return [edit for together in edits for edit in together]


def _proved(case: _Case, edits: frozenset[Edits]) -> bytes | None:
    try:
        result = apply_edits(case.document.data, _flat(edits))
    except EditRefusedError:
        return None
    before = case.located
    edited = Document(case.document.path, result)
    after = case.format.locate(edited)
    if after is None or after.outline != before.outline or len(after.places) != len(before.places):
        return None
    texts = {key: target.text for key, target in case.targets.items() if target.edits in edits}
    reads = all(
        _reads(new, old, planned_text(texts, old)) for old, new in zip(before.places, after.places, strict=True)
    )
    return result if reads and case.format.confirms(case.document, edited) else None


def planned_text(texts: Mapping[PlaceKey, str], place: Place) -> str | None:
    """Return what ``place`` is to read by ``texts``; None where it is to read as before."""
    return texts.get((place.span, text_of(place)), texts.get(place.span))


def is_digest_removed(new: SkippedOccurrence, text: str | None) -> bool:
    """Tell whether ``new`` is what stays of a digest taken off: the ``text`` that was planned.

    Behind a variable a name that has a digest is held, whoever wrote it; one that has none is not to be given one.
    """
    return text is not None and "@" not in text and new.text == text and new.reason in _BEHIND_VARIABLES


def _reads(new: Place, old: Place, text: str | None) -> bool:
    """Tell whether ``new`` is ``old`` with its reference reading ``text`` (None: as before)."""
    if (old.kind, old.line, old.via, old.platform, old.owner) != (new.kind, new.line, new.via, new.platform, new.owner):
        return False
    if isinstance(old, SkippedOccurrence):
        expected = old.text if text is None else text
        return isinstance(new, SkippedOccurrence) and (expected, old.reason) == (new.text, new.reason)
    if not isinstance(new, Occurrence):
        return is_digest_removed(new, text)
    return str(new.reference) == (str(old.reference) if text is None else text)


def tag_edits(place: Occurrence, written: ImageReference, digest: Digest) -> tuple[Edit, Edit | None]:
    """Return the edits that make of ``written``, at ``place``, its reference with ``digest``: both, or none.

    The second is that of the tag, where that stands apart; None where one edit does it.
    """
    if place.tag_span is None:
        old, new = written.tail, f"{place.reference.tag}@{digest}"
        return Edit(place.insert - len(old), old.encode(), new.encode()), None
    new = str(place.reference.tag)
    # What YAML reads as a number would be another text, if it is a text at all.
    quoted = f'"{new}"' if place.is_plain_tag and _NUMBER.fullmatch(new) else new
    beside = Edit(place.tag_span.start, str(written.tag).encode(), quoted.encode())
    after = place.spelled(digest)
    if written.digest is None or place.digest_span is None:
        return Edit(place.insert, b"", f"{place.glue}{after}".encode()), beside
    return Edit(place.digest_span.start, place.spelled(written.digest).encode(), after.encode()), beside
