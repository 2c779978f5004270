"""Code cells of a notebook, their comments, and where their text stands in the file.

Positions: nbformat's schemas, ``cells[].source`` in version 4, ``worksheets[].cells[].input`` before.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats.json_positions import JsonError, Run, Shape, Text, decode, read
from pinner.formats.source import LineIndex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.formats.json_positions import Value
    from pinner.model import Document


_STRING = Shape()
_STRINGS = Shape(elements=_STRING)
_CELL = Shape(
    {
        "cell_type": _STRING,
        "source": _STRINGS,
        "input": _STRINGS,
        "language": _STRING,
        "metadata": Shape({"vscode": Shape({"languageId": _STRING})}),
    }
)
_CELLS = Shape(elements=_CELL)
_NOTEBOOK = Shape(
    {
        "cells": _CELLS,
        "worksheets": Shape(elements=Shape({"cells": _CELLS})),
        "metadata": Shape({"kernelspec": Shape({"language": _STRING}), "language_info": Shape({"name": _STRING})}),
    }
)
_PYTHON = frozenset({"python", "python2", "python3", "ipython", "pyspark"})


class Code(NamedTuple):
    """The text of all code cells, one after the other, in UTF-8."""

    text: bytes
    cells: tuple[tuple[int, int], ...]
    """Where each one's text starts and ends in ``text``."""
    runs: tuple[Run, ...]

    def start(self, position: int) -> int:
        """Return the offset in the file of the byte at ``position``, or of the escape that stands for it."""
        run = self.runs[self._index(position)]
        return run.offset if run.escape else run.offset + position - run.position

    def end(self, position: int) -> int:
        """Return the offset in the file after the byte at ``position``, or after the escape that stands for it."""
        run = self.runs[self._index(position)]
        return run.offset + (run.escape or position - run.position + 1)

    def spelled_out(self, start: int, end: int) -> bool:
        """Tell whether the bytes from ``start`` up to ``end`` stand in the file as they are, and together."""
        index = self._index(start)
        return not self.runs[index].escape and index == self._index(end - 1)

    def _index(self, position: int) -> int:
        return max(bisect_right(self.runs, position, key=attrgetter("position")) - 1, 0)


def read_code(data: bytes) -> Code | None:
    """Return the code cells of the notebook ``data``, or None where it is no notebook or not one in Python.

    Raises `JsonError` where it is no JSON.
    """
    notebook = read(data, _NOTEBOOK)
    if not isinstance(notebook, dict) or not {"cells", "worksheets"} & notebook.keys():
        return None
    metadata = notebook.get("metadata")
    if not _is_python(_at(metadata, "kernelspec", "language"), _at(metadata, "language_info", "name"), data):
        return None
    parts: list[bytes] = []
    cells: list[tuple[int, int]] = []
    runs: list[Run] = []
    position = 0
    for cell in _cells(notebook):
        start = position
        for text in _source(cell, data):
            decoded, more = decode(data, text, position)
            parts.append(decoded)
            runs += more
            position += len(decoded)
        if position > start:
            cells.append((start, position))
    return Code(b"".join(parts), tuple(cells), tuple(runs))


def _cells(notebook: dict[str, Value]) -> Iterator[dict[str, Value]]:
    """Yield every cell of ``notebook``, of whatever type, in the order of the file."""
    pages: list[Value] = [notebook]
    if isinstance(worksheets := notebook.get("worksheets"), list):
        pages += worksheets
    for page in pages:
        cells = _at(page, "cells")
        if isinstance(cells, list):
            yield from (cell for cell in cells if isinstance(cell, dict))


def _source(cell: dict[str, Value], data: bytes) -> Sequence[Text]:
    """Return the strings that together are the Python code of ``cell``; none where it is not such a cell."""
    if _plain(cell.get("cell_type"), data) != "code":
        return ()
    if not _is_python(cell.get("language"), _at(cell.get("metadata"), "vscode", "languageId"), data):
        return ()
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list):
        return [text for text in source if isinstance(text, Text)]
    return (source,) if isinstance(source, Text) else ()


def _is_python(one: Value, other: Value, data: bytes) -> bool:
    """Tell whether both languages are Python. One that is not given is: so Jupyter takes it."""
    return all(_plain(value, data).lower() in _PYTHON for value in (one, other) if isinstance(value, Text))


def _plain(value: Value, data: bytes) -> str:
    return decode(data, value)[0].decode("utf-8", "replace") if isinstance(value, Text) else ""


def _at(value: Value, *keys: str) -> Value:
    for key in keys:
        # A string is a tuple, and has no keys.
        value = value.get(key) if isinstance(value, dict) else None
    return value


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
