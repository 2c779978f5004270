"""Compose ``.env`` format: variables and the bytes of their values.

Read as compose-go's ``dotenv`` package reads it: a value may be put together from those before it. It names no image by
itself: what a compose file beside it makes of a variable says whether one stands there. A file that compose would
refuse states nothing.
"""

from __future__ import annotations

import re
from collections import Counter

from pinner._typing import TYPE_CHECKING
from pinner.formats.source import LineIndex
from pinner.link.facts import EnvironmentFile, EnvironmentVariable, VariableRead
from pinner.model import Located, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.model import Document

_BLANK = rb" \t\v\f\r"
_KEY = re.compile(rb"(?:export\s+)?(?P<key>[A-Za-z0-9_.\-\[\]" + _BLANK + rb"]*)(?P<end>[=:\n]|\Z)")
_TO_VALUE = re.compile(rb"[" + _BLANK + rb"]*")
_SKIPPED = re.compile(rb"(?:\s+|#[^\n]*)*")
_NAMES = re.compile(r"\$(?:\$|\{?(?P<name>[_a-zA-Z][_a-zA-Z0-9]*))")
_READ = re.compile(r"\$(?:\{([_a-zA-Z][_a-zA-Z0-9]*)\}|([_a-zA-Z][_a-zA-Z0-9]*))")
_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")


class _BrokenError(ValueError):
    """compose refuses the file."""


def locate(document: Document) -> Located | None:
    """Return what a ``.env`` file states; None where compose would refuse it. Never raises."""
    try:
        entries = _read(document.data)
    except _BrokenError:
        return None
    outline = tuple([(one.name, one.line) for one, _ in entries])
    return Located((), outline, (_settled(entries),))


def _read(data: bytes) -> list[tuple[EnvironmentVariable, str]]:
    """Return the variables, each with its text where that is put together from others; of those it has no value."""
    lines = LineIndex(data)
    entries: list[tuple[EnvironmentVariable, str]] = []
    position = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while (position := _after(_SKIPPED, data, position)) < len(data):
        key = _KEY.match(data, position)
        if key is None or not key["end"]:
            raise _BrokenError
        name = key["key"].strip().decode()
        if " " in name:
            raise _BrokenError
        position = key.end()
        if key["end"] == b"\n":  # the value is the shell's
            continue
        span, position, is_literal = _value(data, _after(_TO_VALUE, data, position))
        text = data[span.start : span.end].decode("utf-8", "replace")
        is_composed = is_literal is not None and "$" in text
        is_known = is_literal is not False and not is_composed and text.isascii()
        variable = EnvironmentVariable(name, text if is_known else None, *lines.locate(span.start), span)
        # A `$` more keeps a text from being filled in: what is escaped in it is not undone here.
        entries.append((variable, "" if not is_composed else text if is_literal else f"{text}$"))
    return entries


def _settled(entries: list[tuple[EnvironmentVariable, str]]) -> EnvironmentFile:
    """Return each variable once, the last of two, with the values of those that it reads filled in."""
    times = Counter([one.name for one, _ in entries])
    last: dict[str, EnvironmentVariable] = {}
    known: dict[str, EnvironmentVariable] = {}
    reads: list[VariableRead] = []
    for one, text in entries:
        settled = _filled(one, text, known) if text and times[one.name] == 1 else one
        names = [match["name"] for match in _NAMES.finditer(text) if match["name"]]
        reads += [VariableRead(name, one.line) for name in (names[:-1] if settled.ends_in else names)]
        # What reads a variable that is there twice has the value that came before it.
        if settled.value and times[one.name] == 1:
            known[one.name] = settled
        if _NAME.fullmatch(one.name):
            last[one.name] = settled
    return EnvironmentFile(tuple(last.values()), tuple(reads))


def _filled(one: EnvironmentVariable, text: str, known: Mapping[str, EnvironmentVariable]) -> EnvironmentVariable:
    """Return the variable ``one`` with the value that ``text`` has where those that it reads are ``known``."""
    matches = list(_READ.finditer(text))
    names = [match[1] or match[2] for match in matches]
    if not all(name in known for name in names) or "$" in _READ.sub("", text):
        return one
    value = _READ.sub(lambda match: known[match[1] or match[2]].value or "", text)
    if matches[-1].end() == len(text):
        return one._replace(value=value, ends_in=names[-1])
    return one._replace(value=value if value.isascii() else None, filled=names[0])


def _after(pattern: re.Pattern[bytes], data: bytes, position: int) -> int:
    match = pattern.match(data, position)
    return position if match is None else match.end()


def _value(data: bytes, start: int) -> tuple[Span, int, bool | None]:
    """Return the bytes of the value at ``start``, where the next statement may begin, and how the bytes are read.

    True where they are the value unless a variable is in it, False where they are not, None where nothing is replaced.
    """
    quote = data[start : start + 1]
    if quote not in (b'"', b"'"):
        newline = data.find(b"\n", start)
        end = len(data) if newline < 0 else newline
        value = data[start:end].partition(b" #")[0].rstrip()
        return Span(start, start + len(value)), min(end + 1, len(data)), True
    position = start + 1
    escaped = False
    while position < len(data):
        if data[position : position + 1] == b"\\":
            escaped = True
            position += 1
        elif data[position : position + 1] == quote:
            reading = False if escaped else (True if quote == b'"' else None)
            return Span(start + 1, position), position + 1, reading
        position += 1
    raise _BrokenError
