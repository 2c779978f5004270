"""Parse Python: with `ast`, and with libcst's help where the code is newer than the Python that runs this."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pinner.formats.python.text import Text


class BrokenError(Exception):
    """The code does not parse. ``offset`` is the byte where it goes wrong."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class Source(NamedTuple):
    """A syntax tree, and the text whose lines and columns it counts."""

    tree: ast.Module
    text: Text

    def characters(self, node: ast.expr) -> tuple[int, int]:
        """Return the indices of the first character of ``node`` and of the one after its last."""
        assert node.end_lineno is not None  # noqa: S101 - the parser sets both
        assert node.end_col_offset is not None  # noqa: S101
        return self.text.index(node.lineno, node.col_offset), self.text.index(node.end_lineno, node.end_col_offset)


def parse(text: Text) -> Source:
    """Return the syntax tree of ``text``. Raises `BrokenError`."""
    try:
        return Source(_tree(text.text), text)
    except SyntaxError as error:
        raise BrokenError(error.msg, 0) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise BrokenError(str(error) or "too deeply nested", 0) from error


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        # An invalid escape in somebody's string is no business of ours.
        warnings.simplefilter("ignore")
        return ast.parse(text)
