"""Python code of a notebook as one module, IPython magics replaced (``%magic``, ``!command``, ``help?``).

Rules: IPython's ``core/inputtransformer2.py``. Only a cell that is no Python as it stands has to be looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats.python.syntax import BrokenError, Text, is_current, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pinner.formats.notebook.cells import Code


# Cell magics whose body is run in the notebook's own namespace.
_PYTHON_BODY = frozenset(
    {b"capture", b"debug", b"memit", b"mprun", b"prun", b"px", b"pyspark", b"snakeviz", b"spark", b"time", b"timeit"}
)
_CELL_MAGIC = re.compile(rb"%%(\w+)")
_PROMPT = re.compile(rb"(?:>>>|\.\.\.|In \[\d+\]:|[ \t]*\.{3,}:)(?: |(?=\s)|$)")
_FIRST_PROMPT = re.compile(rb"(?:>>>|In \[\d+\]:)(?: |(?=\s)|$)")
_NOT_BLANK = re.compile(rb"^[^\n]*\S[^\n]*$\n?", re.MULTILINE)
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_INDENT = re.compile(rb"[ \t\f]*")
# `%time statement` runs the statement where it stands.
_TIMED = re.compile(rb"%time[ \t]+(?=[A-Za-z_(\[])")
_COMMAND = re.compile(rb"[%!?,;/]")
# What a line is made of as far as this matters: where strings, brackets, comments and assignments begin.
_TOKEN = re.compile(
    rb"#[^\n]*"
    rb"|(?P<triple>'''|\"\"\")"
    rb"|'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\""
    rb"|(?P<open>[\[({])|(?P<close>[\])}])"
    rb"|[=!<>]="
    rb"|(?P<assigned>=[ \t]*(?:!|%(?=[ \t]*[A-Za-z_])))"
    rb"|(?P<continued>\\\r?\n)"
    rb"|(?P<help>\?[ \t]*\r?(?:\n|\Z))"
    rb"|(?P<newline>\n)",
    re.DOTALL,
)
_END_OF_TRIPLE = {
    b"'''": re.compile(rb"(?:[^'\\]|\\.|'(?!'')|(?!))*+'''", re.DOTALL),
    b'"""': re.compile(rb'(?:[^"\\]|\\.|"(?!"")|(?!))*+"""', re.DOTALL),
}


class Piece(NamedTuple):
    """Text of a cell, or what replaces it, and the position in the cell of its first byte."""

    text: bytes
    position: int


def as_python(cell: bytes) -> list[Piece]:
    """Return ``cell`` with what only IPython reads replaced, as pieces that together are the new text.

    A cell in another language is left out whole. Indentation that all lines share, and prompts, are left out.
    """
    start = 0
    while (line := _NOT_BLANK.search(cell, start)) is not None and (magic := _CELL_MAGIC.match(line[0])) is not None:
        if magic[1] not in _PYTHON_BODY:
            return []
        start = line.end()
    lines = _undecorated(cell, line.start()) if line is not None else []
    return list(_replaced(lines))


def _undecorated(cell: bytes, start: int) -> list[Piece]:
    """Return the lines of ``cell`` from ``start`` without the first one's indentation, and without prompts."""
    lines = [Piece(match[0], match.start()) for match in _LINE.finditer(cell, start)]
    indent = cell[start : _after_indentation(cell, start)]
    lines = [_without(line, len(indent)) if line.text.startswith(indent) else line for line in lines]
    if _FIRST_PROMPT.match(lines[0].text):
        lines = [_without(line, match.end()) if (match := _PROMPT.match(line.text)) else line for line in lines]
    return lines


def _without(line: Piece, length: int) -> Piece:
    return Piece(line.text[length:], line.position + length)


def _after_indentation(text: bytes, start: int) -> int:
    match = _INDENT.match(text, start)
    return match.end() if match else start


def _replaced(lines: list[Piece]) -> Iterator[Piece]:
    """Yield the pieces of the text that ``lines`` make up, its commands replaced by Python that does nothing."""
    text = b"".join(line.text for line in lines)
    starts = list(accumulate((len(line.text) for line in lines), initial=0))

    def between(start: int, end: int) -> Iterator[Piece]:
        while start < end:
            index = bisect_right(starts, start) - 1
            stop = min(end, starts[index + 1])
            yield Piece(text[start:stop], lines[index].position + start - starts[index])
            start = stop

    position = 0
    for command in _commands(text):
        yield from between(position, command.start)
        yield from (piece._replace(text=command.instead) for piece in between(command.start, command.start + 1))
        position = command.end
    yield from between(position, len(text))


class _Command(NamedTuple):
    """The part of a text that is not Python, and the Python to read instead."""

    start: int
    end: int
    instead: bytes


def _commands(text: bytes) -> Iterator[_Command]:
    """Yield what is for IPython alone in ``text``, statement by statement."""
    start = 0
    while start < len(text):
        first = _after_indentation(text, start)
        if timed := _TIMED.match(text, first):
            yield _Command(first, timed.end(), b"")
            first = timed.end()
        if _COMMAND.match(text, first):
            end = _end_of_command(text, first)
            yield _Command(first, end, b"pass")
            start = end + 1
            continue
        command, start = _in_statement(text, first)
        if command is not None:
            yield command


def _in_statement(text: bytes, first: int) -> tuple[_Command | None, int]:
    """Return the command in the statement that begins at ``first``, if any, and where the next statement begins."""
    depth = 0
    position = first
    while (token := _TOKEN.search(text, position)) is not None:
        position = token.end()
        if token["triple"]:
            end = _END_OF_TRIPLE[token["triple"]].match(text, position)
            if end is None:
                break
            position = end.end()
        elif token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
        elif depth > 0:
            continue
        elif token["assigned"]:
            end_of_line = _end_of_command(text, position)
            return _Command(token.end() - 1, end_of_line, b"None"), end_of_line + 1
        elif token["help"]:
            end_of_line = token.start() + 1
            return _Command(first, end_of_line, b"pass"), _end_of_command(text, end_of_line) + 1
        elif token["newline"]:
            return None, position
    return None, len(text)


def _end_of_command(text: bytes, position: int) -> int:
    """Return the end of the line at ``position``, of those too that a backslash joins to it; its break left out."""
    while True:
        end = text.find(b"\n", position)
        if end < 0:
            return len(text)
        before = text[position:end].removesuffix(b"\r")
        if not before.endswith(b"\\"):
            return position + len(before)
        position = end + 1


# No line of a cell may be read as a declaration of the encoding, which only the first two lines can be (PEP 263).
_HEAD = Piece(b"\n\n", 0)
_MOST_MAGIC = 1_000_000
"""Bytes of code up to which cells with magics are read: that takes 15 seconds a million where every line is one."""
# A line break to Python, but not to everything that reads Python. Replaced by another, no byte moves.
_LONE_RETURN = re.compile(rb"\r(?!\n)")


class Problem(NamedTuple):
    """A cell that is no Python: what is wrong, and the position in the code where."""

    position: int
    message: str


class Module:
    """The source that pieces of code make together, and where each of its bytes stands in the code."""

    __slots__ = ("_positions", "_starts", "text")

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.text = b"".join(piece.text for piece in pieces)
        self._starts = list(accumulate((len(piece.text) for piece in pieces[:-1]), initial=0))
        self._positions = [piece.position for piece in pieces]

    def position(self, offset: int) -> int:
        """Return the position in the code of the byte at ``offset`` of the source."""
        index = bisect_right(self._starts, offset) - 1
        return self._positions[index] + offset - self._starts[index]


def make_module(code: Code, is_worth_it: Callable[[bytes], bool]) -> tuple[Module, tuple[Problem, ...]]:
    """Return the module that the cells of ``code`` make, and the cells that are no Python: it goes without them.

    Only a cell that ``is_worth_it`` is read with libcst's help where `ast` cannot, and is reported where neither can.
    """
    module = [_HEAD]
    problems: list[Problem] = []
    left = _MOST_MAGIC
    for start, end in code.cells:
        left -= end - start
        if left < 0 and not _is_current(code.text[start:end]):
            # Passed over, and said where it may name an image.
            if is_worth_it(code.text[start:end]):
                problems.append(Problem(start, "there is too much before this that is no plain Python"))
            continue
        read = _read(_LONE_RETURN.sub(b"\n", code.text[start:end]), is_worth_it)
        if isinstance(read, Problem):
            problems.append(Problem(min(start + read.position, end - 1), read.message))
        elif read is not None:
            module += [Piece(piece.text, start + piece.position) for piece in read]
            module.append(Piece(b"\n", end - 1))
    return Module(module), tuple(problems)


def _read(cell: bytes, is_worth_it: Callable[[bytes], bool]) -> list[Piece] | Problem | None:
    """Return what Python reads of ``cell``; None for one that is none and that nobody asks about."""
    if _is_current(cell):
        return [Piece(cell, 0)]
    pieces = as_python(cell)
    source = b"".join(piece.text for piece in pieces)
    if _is_current(source):
        return pieces
    if not is_worth_it(cell):
        return None
    error = _syntax_error(source)
    return pieces if error is None else Problem(Module(pieces).position(error[0]), error[1])


def _is_current(source: bytes) -> bool:
    try:
        return is_current(source.decode())
    except UnicodeDecodeError:
        return False


def _syntax_error(source: bytes) -> tuple[int, str] | None:
    """Return where ``source`` is no Python of any version, and why; None where it is."""
    try:
        parse(Text(source, source.decode(), "utf-8", 0))
    except BrokenError as error:
        return error.offset, str(error)
    except UnicodeDecodeError as error:
        return error.start, "it holds half of a surrogate pair, or bytes that are not UTF-8"
    return None
