"""Template directives (Go, Jinja, ERB, jq) masked, so that what stands plainly around them can be read.

Every byte keeps its place. What stands alone on its lines becomes blanks: it writes lines, or chooses among those that
are there. What is among other text becomes filler, which is in no image's name.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.model import Document, Located, Occurrence, SkippedOccurrence, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from pinner.model import Place

FILLER = b"\x01"
MARKS = (b"{{", b"{%", b"<%")
_LONGEST = 4_000
_DIRECTIVE = re.compile(
    rb"\{\{[-~]?[ \t]*/\*[\s\S]{0,4000}?\*/[ \t]*[-~]?\}\}"
    rb"|\{\{[\s\S]{0,4000}?\}\}+|\{%[\s\S]{0,4000}?%\}|\{#[\s\S]{0,4000}?#\}|<%[\s\S]{0,4000}?%>"
)
# What chooses or repeats, and writes nothing itself.
_CONTROL = re.compile(
    rb"(?:\{\{|\{%|<%)[-~]?[ \t\n]*"
    rb"(?:\)|[#/^!]|\{|(?:if|else|elif|elsif|unless|end[a-z]*|range|with|define|block|set|def|for|each|do|macro)\b)"
)
_NOT_NEWLINE = re.compile(rb"[^\n]")
_FILLED = re.compile("[\x01\u0200]")
"""Filler, and what it is in the text that YAML is read as (see `pinner.formats.yaml.stream`)."""
_DETAIL = "a template fills it in"


class _Masked(NamedTuple):
    data: bytes
    """As long as the file."""
    lines: frozenset[int]
    """The lines, from 1, that have a directive among other text."""


def mask(data: bytes, *, blanks_control: bool = False) -> _Masked | None:
    """Return ``data`` with its directives masked; None where it has none.

    With ``blanks_control`` a directive that writes nothing is blanks also among other text.
    """
    if not any(mark in data for mark in MARKS):
        return None
    found = list(_DIRECTIVE.finditer(data))
    if not found:
        return None
    parts: list[bytes] = []
    lines: set[int] = set()
    position, line = 0, 1
    for match, alone in zip(found, _alone(data, found), strict=True):
        line += data.count(b"\n", position, match.start())
        is_blank = alone or (blanks_control and _CONTROL.match(match[0]) is not None)
        if not alone:
            lines.update(range(line, line + match[0].count(b"\n") + 1))
        parts += (data[position : match.start()], _NOT_NEWLINE.sub(b" " if is_blank else FILLER, match[0]))
        line += match[0].count(b"\n")
        position = match.end()
    return _Masked(b"".join((*parts, data[position:])), frozenset(lines))


def _alone(data: bytes, found: list[re.Match[bytes]]) -> list[bool]:
    """Tell of each directive whether nothing but directives and blanks is on its lines."""
    blank = _DIRECTIVE.sub(lambda match: b" " * len(match[0]), data)
    return [not blank[slice(*_around(blank, match.start(), match.end()))].strip() for match in found]


def _around(text: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the lines begin and end that have ``start`` to ``end``."""
    after = text.find(b"\n", end)
    return text.rfind(b"\n", 0, start) + 1, len(text) if after < 0 else after


def locate_template(
    document: Document, locate: Callable[[Document], Located | None], *, blanks_control: bool = False
) -> Located | None:
    """Return what ``locate`` finds in ``document`` with its directives masked; None where it has none.

    What a directive is part of has become a skip, ``templated``, with the text as it is written.
    """
    masked = mask(document.data, blanks_control=blanks_control)
    located = None if masked is None else locate(Document(document.path, masked.data))
    if masked is None or located is None:
        return None
    return located._replace(places=tuple([_restored(place, document.data, masked) for place in located.places]))


def _restored(place: Place, data: bytes, masked: _Masked) -> Place:
    platform = None if place.platform is None or _FILLED.search(place.platform) else place.platform
    # A part of it is known: the kind of an object that a template names.
    owner = _FILLED.split(place.owner, maxsplit=1)[0].rpartition("/")[0] if _FILLED.search(place.owner) else place.owner
    kept = place._replace(platform=platform, owner=owner)
    if isinstance(kept, Occurrence):
        return kept
    is_broken = kept.reason in ("parse-error", "invalid-reference") and kept.line in masked.lines
    if _FILLED.search(kept.text):
        return _templated(kept, data)
    # An instruction that does not parse is told to the end of its line.
    return (
        _templated(kept._replace(span=Span(kept.span.start, _around(data, *kept.span)[1])), data) if is_broken else kept
    )


def _templated(place: SkippedOccurrence, data: bytes) -> SkippedOccurrence:
    start, end = place.span
    # All of the directives that it begins or ends with.
    for match in _DIRECTIVE.finditer(data, max(0, start - _LONGEST), end + _LONGEST):
        if match.start() < end and match.end() > start:
            start, end = min(start, match.start()), max(end, match.end())
    text = data[start:end].decode("utf-8", "replace").strip()
    return place._replace(text=text, reason="templated", detail=_DETAIL, span=Span(start, end), digest_span=None)
