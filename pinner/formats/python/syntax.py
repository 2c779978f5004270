"""Python source reader: encodings (PEP 263), lines, offsets, and the syntax tree."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.python.newer_syntax import in_older_words

if TYPE_CHECKING:
    from collections.abc import Iterable


_BOM = b"\xef\xbb\xbf"
# Python's own line ends; LF alone is what `str.splitlines` and pinner's `LineIndex` agree on.
_LINE_END = re.compile(r"\r\n|\r|\n")
_TWO_LINES = re.compile(rb"([^\r\n]*(?:\r\n|\r|\n)?)([^\r\n]*)")


class UnreadableError(Exception):
    """The bytes are no text in the encoding that they name, or name none that there is."""


class Text:
    """Decoded source whose characters know their bytes. ``offset`` counts bytes of the file, BOM included."""

    __slots__ = ("_base", "_bases", "_one_to_one", "_starts", "data", "encoding", "text")

    def __init__(self, data: bytes, text: str, encoding: str, base: int) -> None:
        self.data = data
        self.text = text
        self.encoding = encoding
        self._base = base
        self._one_to_one = text.isascii() and len(text) == len(data) - base
        self._starts: list[int] | None = None
        self._bases: list[int] | None = None

    @property
    def starts(self) -> list[int]:
        """The index of the first character of each line, as Python counts lines."""
        if self._starts is None:
            self._starts = [0, *(match.end() for match in _LINE_END.finditer(self.text))]
        return self._starts

    def index(self, line: int, column: int) -> int:
        """Return the index of the character at ``line`` (from 1) and ``column``, which counts UTF-8 bytes as `ast`."""
        start = self.starts[line - 1]
        if self.text.isascii():
            return start + column
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode("utf-8", "replace"))

    def offset(self, index: int) -> int:
        """Return the offset in the file of the character at ``index``."""
        if self._one_to_one:
            return self._base + index
        if self._bases is None:
            self._bases = [self._base]
            for start, end in zip(self.starts, self.starts[1:], strict=False):
                self._bases.append(self._bases[-1] + len(self.text[start:end].encode(self.encoding)))
        line = bisect_right(self.starts, index) - 1
        return self._bases[line] + len(self.text[self.starts[line] : index].encode(self.encoding))

    def source(self, start: int, end: int) -> str | None:
        """Return the characters from ``start`` to ``end``; None where the file has others where `offset` says."""
        characters = self.text[start:end]
        held = self.data[self.offset(start) : self.offset(end)] == characters.encode(self.encoding)
        return characters if held else None


def read(data: bytes) -> Text:
    """Return ``data`` as text, decoded as Python does (PEP 263). Raises `UnreadableError`."""
    base = len(_BOM) if data.startswith(_BOM) else 0
    encoding = "utf-8"
    first_lines = _TWO_LINES.match(data)
    # Only a comment on the first two lines can name another encoding.
    if first_lines is not None and b"coding" in first_lines[0]:
        encoding = _named_encoding(first_lines.groups())
    try:
        text = data[base:].decode(encoding)
        faithful = encoding == "utf-8" or text.encode(encoding) == data[base:]
    except (UnicodeError, LookupError) as error:
        raise UnreadableError(f"these bytes are not {encoding}") from error
    if not faithful:
        raise UnreadableError(f"{encoding} would not be written back as it was")
    return Text(data, text, encoding, base)


def _named_encoding(lines: Iterable[bytes]) -> str:
    from tokenize import detect_encoding  # noqa: PLC0415 - only for files that name their encoding

    try:
        encoding, _ = detect_encoding(iter(lines).__next__)
    except SyntaxError as error:
        raise UnreadableError(str(error)) from error
    return "utf-8" if encoding == "utf-8-sig" else encoding


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
