"""All Python of a notebook as one module: what an earlier cell imports, a later one knows."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats.notebook.magics import Piece, as_python
from pinner.formats.python.syntax import BrokenError, is_current, parse
from pinner.formats.python.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pinner.formats.notebook.cells import Code

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
