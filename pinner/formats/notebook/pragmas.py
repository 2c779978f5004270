"""The code of a notebook as comments are looked for in it: line by line, each on the line of the file it stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.formats.notebook.cells import read_code
from pinner.formats.notebook.jsontext import JsonError
from pinner.formats.source import LineIndex

if TYPE_CHECKING:
    from pinner.model import Document


def unwrapped(document: Document) -> bytes:
    """Return the code of ``document`` with as many lines as the file has; lines without code are empty.

    A cell that is one string is one line of the file: what is said on any of its lines is said of all.
    """
    data = document.data
    if b"pinner" not in data:
        return b""
    try:
        code = read_code(data)
    except JsonError:
        return b""
    if code is None:
        return b""
    lines = LineIndex(data)
    found = [b""] * len(lines.starts)
    for start, end in code.cells:
        position = start
        for text in code.text[start:end].splitlines(keepends=True):
            number = lines.line(code.start(position)) - 1
            found[number] = _together(found[number], text.strip())
            position += len(text)
    return b"\n".join(found)


def _together(line: bytes, text: bytes) -> bytes:
    """Return what two lines of code that stand on one line of the file say as one: what the first pragma says."""
    if not line:
        return text
    if b"pinner" not in text or b"pinner" in line:
        # A comment of its own would speak of the line below; but this one may speak of the whole file.
        return b"; " + line if line.startswith(b"#") and b"ignore-file" not in line else line
    return b"; " + text
