"""From expanded text to what the rest of pinner sees: a mention where a digest can stand, or a skip with its reason."""

from __future__ import annotations

import re

from pinner.errors import InvalidReferenceError
from pinner.formats.dockerfile.glance import LONGEST_TEXT
from pinner.formats.dockerfile.text import decoded
from pinner.formats.dockerfile.values import tail_start
from pinner.lean import TYPE_CHECKING, NamedTuple
from pinner.model import Mention, Skip, Span
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.formats.dockerfile.values import Piece
    from pinner.model import Place, SkipReason

FORMAT = "dockerfile"
_TEMPLATE = re.compile(r"\{\{|\{%|<%|@[A-Za-z_][A-Za-z0-9_.-]*@|%%[A-Za-z_]")


class Site(NamedTuple):
    """Where an image is used."""

    kind: str
    line: int
    column: int
    span: Span
    """The word as it is written there."""
    owner: str = ""
    platform: str | None = None


def make_skip(site: Site, text: str, reason: SkipReason, detail: str, pieces: Sequence[Piece] = ()) -> Skip:
    """Return a skip for ``site``; ``text`` is latin-1, ``pieces`` tell what the end of the text goes through."""
    shown = decoded(text)
    if len(shown) > LONGEST_TEXT:
        shown = f"{shown[:LONGEST_TEXT]}…"
    span, via = _tail(site, pieces)
    return Skip(FORMAT, site.kind, shown, site.line, site.column, span, reason, detail, via, site.platform, site.owner)


def make_mention(site: Site, reference: ImageReference, pieces: Sequence[Piece]) -> Mention:
    """Return a mention of ``reference``, whose text ``pieces`` are."""
    span, via = _tail(site, pieces)
    digest_span = None
    if reference.digest is not None and pieces[-1].offset >= 0:
        start = span.end - len(str(reference.digest))
        # A digest put together from several places cannot be replaced in one.
        digest_span = Span(start, span.end) if start >= span.start else None
    return Mention(
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
    """Return the mention that ``text`` makes, or the skip where it is no reference."""
    try:
        reference = ImageReference.parse(decoded(text))
    except InvalidReferenceError as error:
        if is_template(text):
            return make_skip(site, text, "templated", "a template engine writes this text", pieces)
        return make_skip(site, text, "invalid-reference", _detail(error), pieces)
    return make_mention(site, reference, pieces)


def is_template(text: str) -> bool:
    """Tell whether a template engine's placeholder stands in ``text``."""
    return _TEMPLATE.search(text) is not None


def _detail(error: InvalidReferenceError) -> str:
    message = error.message if len(error.message) <= LONGEST_TEXT else f"{error.message[:LONGEST_TEXT]}…"
    return f"{message}: {error.hint}" if error.hint else message
