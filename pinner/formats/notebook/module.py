"""All Python of a notebook as one module: what an earlier cell imports, a later one knows."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats.notebook.magics import Piece, as_python
from pinner.formats.python.syntax import BrokenError, parse
from pinner.formats.python.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.formats.notebook.cells import Code

# No line of a cell may be read as a declaration of the encoding, which only the first two lines can be (PEP 263).
_HEAD = Piece(b"\n\n", 0)
# A line break to Python, but not to everything that reads Python. Replaced by another, no byte moves.
_LONE_RETURN = re.compile(rb"\r(?!\n)")


class Problem(NamedTuple):
    """A cell that is no Python: what is wrong, and the position where."""

    start: int
    """Where the cell starts in the code."""
    end: int
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


def make_module(code: Code) -> tuple[Module, tuple[Problem, ...]]:
    """Return the module that the cells of ``code`` make, and the cells that are no Python: it goes without them."""
    module = [_HEAD]
    problems: list[Problem] = []
    for start, end in code.cells:
        text = _LONE_RETURN.sub(b"\n", code.text[start:end])
        pieces = [Piece(text, start)]
        if _syntax_error(text) is not None:
            pieces = [Piece(piece.text, start + piece.position) for piece in as_python(text)]
            if error := _syntax_error(b"".join(piece.text for piece in pieces)):
                offset, message = error
                problems.append(Problem(start, end, min(Module(pieces).position(offset), end - 1), message))
                continue
        module += (*pieces, Piece(b"\n", end - 1))
    return Module(module), tuple(problems)


def _syntax_error(source: bytes) -> tuple[int, str] | None:
    """Return where ``source`` is no Python, and why; None where it is."""
    try:
        parse(Text(source, source.decode(), "utf-8", 0))
    except BrokenError as error:
        return error.offset, str(error)
    except UnicodeDecodeError as error:
        return error.start, "it holds half of a surrogate pair, or bytes that are not UTF-8"
    return None
