"""Compose ``.env`` format: variables and the bytes of their values.

Read as compose-go's ``dotenv`` package reads it. It names no image by itself: what a compose file beside it makes of a
variable says whether one stands there. A file that compose would refuse states nothing.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.source import LineIndex
from pinner.link.facts import EnvironmentFile, EnvironmentVariable, VariableRead
from pinner.model import Located, Span

if TYPE_CHECKING:
    from pinner.model import Document

_BLANK = rb" \t\v\f\r"
_KEY = re.compile(rb"(?:export\s+)?(?P<key>[A-Za-z0-9_.\-\[\]" + _BLANK + rb"]*)(?P<end>[=:\n]|\Z)")
_TO_VALUE = re.compile(rb"[" + _BLANK + rb"]*")
_SKIPPED = re.compile(rb"(?:\s+|#[^\n]*)*")
_NAMES = re.compile(r"\$(?:\$|\{?(?P<name>[_a-zA-Z][_a-zA-Z0-9]*))")
_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")


class _BrokenError(ValueError):
    """compose refuses the file."""


def locate(document: Document) -> Located | None:
    """Return what a ``.env`` file states; None where compose would refuse it. Never raises."""
    try:
        variables, reads = _read(document.data)
    except _BrokenError:
        return None
    outline = tuple([(one.name, one.line) for one in variables])
    # The last of two values wins.
    last = {one.name: one for one in variables}
    return Located((), outline, (EnvironmentFile(tuple(last.values()), tuple(reads)),))


def _read(data: bytes) -> tuple[list[EnvironmentVariable], list[VariableRead]]:
    lines = LineIndex(data)
    variables: list[EnvironmentVariable] = []
    reads: list[VariableRead] = []
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
        line, column = lines.locate(span.start)
        names = [match["name"] for match in _NAMES.finditer(text) if match["name"]] if is_literal is not None else []
        reads += [VariableRead(one, line) for one in names]
        known = text if is_literal and not names and "$" not in text and text.isascii() else None
        if is_literal is None and text.isascii():
            known = text
        if _NAME.fullmatch(name):
            variables.append(EnvironmentVariable(name, known, line, column, span))
    return variables, reads


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
