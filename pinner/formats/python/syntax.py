"""Parse Python: with `ast`, and with libcst's help where the code is newer than the Python that runs this."""

from __future__ import annotations

import ast
import warnings

from pinner.formats.python.newer import in_older_words
from pinner.formats.python.text import Text
from pinner.lean import NamedTuple

_NESTED = "too many nested"
"""What CPython says of 200 parentheses (``tokenizer.c``); libcst would not survive more."""


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
        problem = error
    except ValueError as error:  # half a surrogate pair, which some encodings can say
        raise BrokenError(str(error), 0) from error
    except (RecursionError, MemoryError) as error:
        raise BrokenError("it is nested too deeply to be read", 0) from error
    older = None if _NESTED in problem.msg else in_older_words(text.text)
    if older is not None:
        try:
            rewritten = Text(older.encode(), older, "utf-8", 0)
            return Source(_tree(older), rewritten)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    raise BrokenError(problem.msg, _place(text, problem)) from problem


def is_current(text: str) -> bool:
    """Tell whether ``text`` is Python to the version that runs here."""
    try:
        _tree(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _place(text: Text, error: SyntaxError) -> int:
    """Return the byte that ``error`` points at; lines beyond the last are those of an end that came too soon."""
    if not error.lineno or error.lineno > len(text.starts):
        return text.offset(len(text.text))
    start = text.starts[error.lineno - 1]
    end = text.starts[error.lineno] if error.lineno < len(text.starts) else len(text.text)
    return text.offset(min(start + max((error.offset or 1) - 1, 0), end))


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        # An invalid escape in somebody's string is no business of ours.
        warnings.simplefilter("ignore")
        return ast.parse(text)
