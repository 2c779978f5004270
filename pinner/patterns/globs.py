"""Glob patterns as gitignore(5) has them, matched without backtracking.

Each pattern becomes one regular expression in which every wildcard but the last of a kind is atomic: it takes the first
text that fits and never another. That loses no match, for what follows a wildcard may as well begin later; and nothing
is tried twice. (Of ``*a*a*a*b`` as ``[^/]*a[^/]*a[^/]*a[^/]*b`` every way of sharing the letters out is tried.)

Where a folder's pattern and a file's disagree, the file's wins: ``vendor/`` with ``!vendor/Dockerfile`` leaves that
file in, as in other tools that match whole paths. Whoever walks folders asks about each before it is entered.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.limits import PATTERN_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ANYWHERE = "**"
_CLASSES = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "A-Za-z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "blank": r" \t",
    "space": r" \t\n\v\f\r",
    "xdigit": "0-9A-Fa-f",
    "punct": r"!-/:-@\[-`{-~",
    "print": " -~",
    "graph": "!-~",
    "cntrl": r"\x00-\x1f\x7f",
}


class PatternError(ValueError):
    """A line that is no pattern: a lone ``!``, an escape or a bracket of nothing, or longer than any path."""


class _Pattern(NamedTuple):
    regex: re.Pattern[str]
    ignores: bool
    """False for one that begins with ``!``."""


class Patterns:
    """A list of patterns; the last that fits decides."""

    __slots__ = ("_patterns",)

    def __init__(self, patterns: Iterable[_Pattern]) -> None:
        self._patterns = tuple(patterns)[::-1]

    def check(self, path: str) -> bool | None:
        """Tell whether ``path`` (relative, ``/`` on every system, ending in one for a folder) is ignored.

        None where no pattern has an opinion.
        """
        below = None
        for regex, ignores in self._patterns:
            match = regex.match(path)
            if match is None:
                continue
            if match["below"] is None:
                return ignores
            if below is None:
                below = ignores
        return below

    def match(self, path: str) -> bool:
        """Tell whether ``path`` is ignored."""
        return self.check(path) is True


def read_patterns(lines: Iterable[str]) -> tuple[Patterns, list[str]]:
    """Return what ``lines`` of a .gitignore match, and those lines that are no pattern (git passes over them too)."""
    good: list[_Pattern] = []
    wrong: list[str] = []
    for line in lines:
        try:
            pattern = _pattern(line)
        except PatternError:
            wrong.append(line)
        else:
            if pattern is not None:
                good.append(pattern)
    return Patterns(good), wrong


def _pattern(line: str) -> _Pattern | None:
    """Return the pattern in ``line``; None for a comment, a blank line, and what matches nothing."""
    text = _stripped(line)
    if not text or text.startswith("#") or text == "/":
        return None
    if len(text) > PATTERN_CHARACTERS:
        raise PatternError
    ignores = not text.startswith("!")
    text = text if ignores else text[1:]
    only_folders = text.endswith("/")
    segments = _segments(text.removesuffix("/"))
    if not segments:
        raise PatternError
    translated = [_translated(segment) for segment in segments]
    if None in translated:
        return None
    known = [segment for segment in translated if segment is not None]
    return _Pattern(re.compile(_joined(known, only_folders=only_folders), re.DOTALL), ignores)


def _stripped(line: str) -> str:
    """Return ``line`` without the spaces at its end; one that is escaped stays."""
    text = line.rstrip()
    escapes = len(text) - len(text.rstrip("\\"))
    return text + line[len(text) : len(text) + 1] if escapes % 2 else text


def _segments(text: str) -> list[str]:
    """Return the segments of a pattern, ``**`` before them where they may stand anywhere."""
    parts = text.split("/")
    if not parts[0]:
        del parts[0]
    elif len(parts) == 1:
        parts.insert(0, _ANYWHERE)
    # `**` after `**` says nothing.
    kept = [
        part for number, part in enumerate(parts) if not (part == _ANYWHERE and parts[number - 1 : number] == [part])
    ]
    if not any(kept):
        return []
    return [*kept, "*"] if kept == [_ANYWHERE] else kept


def _joined(segments: Sequence[str], *, only_folders: bool) -> str:
    """Return the expression of translated ``segments``: those between two ``**`` stand side by side."""
    chunks: list[list[str]] = [[]]
    for segment in segments:
        if segment == _ANYWHERE:
            chunks.append([])
        else:
            chunks[-1].append(segment)
    first, *others = chunks
    end = rf"(?:(?P<below>/.)|/{'' if only_folders else '?'}\Z)"
    # `foo/**` is what is in the folder, and not the folder.
    inside = bool(others) and not others[-1]
    if inside:
        others.pop()
        end = r"/(?:.+/\Z|[^/]++(?P<below>/.))" if only_folders else r"/[^/](?P<below>(?!))?"
    parts = ["/".join(first) + "/" if first and others else "/".join(first)]
    parts += [f"(?>(?:[^/]++/)*?{'/'.join(chunk)}/)" for chunk in others[:-1]]
    parts += [f"(?:[^/]++/)*{'/'.join(chunk)}" for chunk in others[-1:]]
    return "".join((*parts, end))


def _translated(segment: str) -> str | None:
    """Return the expression of one segment, ``**`` as it is; None where it matches nothing."""
    if segment == _ANYWHERE:
        return segment
    if not segment.strip("*"):
        return "[^/]++" if segment else None
    pieces: list[list[str]] = [[]]
    for token in _tokens(segment):
        if token == "*":  # noqa: S105 - a wildcard
            pieces.append([])
        elif token:
            pieces[-1].append(token)
        else:
            return None
    head, *rest = ("".join(piece) for piece in pieces)
    if not rest:
        return head
    middle = "".join(f"(?>[^/]*?{piece})" for piece in rest[:-1] if piece)
    return f"{head}{middle}[^/]*{rest[-1]}" if rest[-1] else f"{head}{middle}[^/]*+"


def _tokens(segment: str) -> Iterator[str]:
    """Yield ``*`` for each star and an expression for each other character; empty for a bracket that is not closed."""
    position = 0
    while position < len(segment):
        character = segment[position]
        position += 1
        if character == "\\":
            if position == len(segment):
                raise PatternError
            yield re.escape(segment[position])
            position += 1
        elif character == "*":
            yield "*"
        elif character == "?":
            yield "[^/]"
        elif character == "[":
            expression, position = _bracket(segment, position)
            yield expression
        else:
            yield re.escape(character)


def _bracket(segment: str, position: int) -> tuple[str, int]:
    """Return the expression of the bracket that begins before ``position`` (git's wildmatch.c), and where it ends."""
    negated = segment[position : position + 1] in ("!", "^") and position < len(segment)
    start = position = position + negated
    parts: list[str] = []
    while position < len(segment):
        if segment[position] == "]" and position > start:
            inside = "".join(parts)
            if not inside:
                raise PatternError
            return f"[^/{inside}]" if negated else f"(?!/)[{inside}]", position + 1
        part, position = _bracket_part(segment, position)
        parts.append(part)
    return "", position


def _bracket_part(segment: str, position: int) -> tuple[str, int]:
    """Return one class, range or character of a bracket as an expression, and where it ends."""
    if segment.startswith("[:", position):
        end = segment.find(":]", position + 2)
        name = segment[position + 2 : end] if end >= 0 else ""
        if name in _CLASSES:
            return _CLASSES[name], end + 2
    first, position = _bracket_character(segment, position)
    if segment[position : position + 1] != "-" or segment[position + 1 : position + 2] in ("", "]"):
        return re.escape(first), position
    last, position = _bracket_character(segment, position + 1)
    # A range that runs backwards holds nothing.
    return (f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""), position


def _bracket_character(segment: str, position: int) -> tuple[str, int]:
    if segment[position] == "\\" and position + 1 < len(segment):
        position += 1
    return segment[position], position + 1
