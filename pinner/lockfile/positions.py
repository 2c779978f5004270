"""Positions of keys in a lockfile: line and column of a JSON path."""

from __future__ import annotations

import json
import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.source import LineIndex
from pinner.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Text that the json module has accepted: a string, a bracket, or anything else up to the next of them. Compiled where
# it is needed: a lock that is as it should be is not searched.
_PART = r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s,:{}\[\]"]+'


class Spot(NamedTuple):
    """A key of an object, or a text in a list."""

    path: tuple[str, ...]
    """The keys on the way from the top, this one (or the text) the last."""
    start: int
    """In characters; the quotes are part of it."""
    end: int
    owner: int | None
    """Where the object opens that this is a key of; None for a text in a list."""


class Where(NamedTuple):
    """A spot as an occurrence names it."""

    line: int
    column: int
    span: Span


def key_positions(text: str) -> Iterator[Spot]:
    """Yield the keys and the texts in lists of ``text``, which must be valid JSON, in order."""
    keys: list[str | None] = []
    openings: list[int] = []
    for match in re.finditer(_PART, text):
        part = match[0]
        if part in "{[":
            openings.append(match.start())
            keys.append(None)
            continue
        in_object = bool(openings) and text[openings[-1]] == "{"
        if part in "}]":
            openings.pop()
            keys.pop()
        elif part[0] == '"' and openings and (not in_object or keys[-1] is None):
            word = json.loads(part)
            path = (*(key for key in keys if key is not None), word)
            yield Spot(path, *match.span(), openings[-1] if in_object else None)
            if in_object:
                keys[-1] = word
                continue
        # A value is complete: what comes next in this object is a key.
        if keys:
            keys[-1] = None


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, from 1, of the character at ``offset``."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


def where_all(data: bytes) -> Mapping[tuple[str, ...], Where]:
    """Return where each spot of the lockfile ``data`` stands, by its path."""
    text = data.decode()
    lines = LineIndex(data)
    found = {}
    characters = offset = 0
    for spot in key_positions(text):
        offset += len(text[characters : spot.start].encode())
        characters = spot.start
        span = Span(offset, offset + len(text[spot.start : spot.end].encode()))
        found[spot.path] = Where(*lines.locate(offset), span)
    return found
