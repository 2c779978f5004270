"""Python source reader: encodings (PEP 263), lines, the syntax tree, and where the text of a literal ends.

libcst reads literals, but for the plain ones that nearly all are: importing it takes longer than the rest of a check.
"""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.python.newer_syntax import in_older_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import libcst

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


_LONGEST = 20_000
"""Characters that the pieces of a reference, and the comments between them, may take."""


class Ending(NamedTuple):
    """Where the text of a literal ends, as indices into its source."""

    insert: int
    digest: tuple[int, int] | None = None


def ending(source: str, value: str, digest: str | None) -> Ending | None:
    """Return where ``source``, the source of a literal whose value is ``value``, holds its last character.

    ``source`` is one or more adjacent string pieces with what stands between them. Text goes in before the closing
    quote of the last piece; where there is a ``digest`` and one piece holds it as it is, at its end. None where libcst
    reads another value, or where it is too long to be a name.

    Only the literal is parsed, and not the module: `ast` has found where it starts and ends, libcst takes 100 ms for an
    ordinary file and brings the process down on one that nests deeply.
    """
    if len(source) > _LONGEST:
        return None
    return _plain_ending(source, value, digest) or _read_ending(source, value, digest)


def _plain_ending(source: str, value: str, digest: str | None) -> Ending | None:
    """Return the same where ``source`` is one piece that says what it shows; None where it may be anything else."""
    quote = source[:1]
    if (
        quote not in ("'", '"')
        or source != f"{quote}{value}{quote}"
        or any(sign in value for sign in (quote, *"\\\r\n"))
    ):
        return None
    end = len(source) - 1
    return Ending(end, (end - len(digest), end) if digest is not None and value.endswith(digest) else None)


def _read_ending(source: str, value: str, digest: str | None) -> Ending | None:
    import libcst  # noqa: PLC0415 - 200 ms, for files that do name an image
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper  # noqa: PLC0415

    # In parentheses, since the pieces may stand on several lines.
    wrapper = MetadataWrapper(libcst.parse_module(f"({source})\n"), unsafe_skip_copy=True)
    spans = wrapper.resolve(ByteSpanPositionProvider)
    statement = wrapper.module.body[0]
    assert isinstance(statement, libcst.SimpleStatementLine)  # noqa: S101 - what was just written
    expression = statement.body[0]
    assert isinstance(expression, libcst.Expr)  # noqa: S101
    pieces = _pieces(expression.value)
    if _value(pieces) not in (value, None):
        return None
    encoded = source.encode()

    def index(offset: int) -> int:
        return len(encoded[: offset - 1].decode())

    def closing(piece: libcst.SimpleString | libcst.FormattedString) -> int:
        span = spans[piece]
        quote = piece.quote if isinstance(piece, libcst.SimpleString) else piece.end
        return index(span.start + span.length) - len(quote)

    # A last piece may be empty; what it follows holds the digest then.
    last = next((piece for piece in reversed(pieces) if _text(piece)), pieces[-1])
    if digest is not None and _text(last).endswith(digest):
        end = closing(last)
        return Ending(end, (end - len(digest), end))
    return Ending(closing(pieces[-1]))


def _pieces(node: libcst.BaseExpression) -> list[libcst.SimpleString | libcst.FormattedString]:
    import libcst  # noqa: PLC0415 - loaded already

    found: list[libcst.SimpleString | libcst.FormattedString] = []
    while isinstance(node, libcst.ConcatenatedString):
        assert isinstance(node.left, (libcst.SimpleString, libcst.FormattedString))  # noqa: S101 - libcst nests right
        found.append(node.left)
        node = node.right
    assert isinstance(node, (libcst.SimpleString, libcst.FormattedString))  # noqa: S101 - `ast` says it is a string
    return [*found, node]


def _text(piece: libcst.SimpleString | libcst.FormattedString) -> str:
    """Return the source between the quotes of ``piece``, escapes as they are written."""
    import libcst  # noqa: PLC0415 - loaded already

    if isinstance(piece, libcst.SimpleString):
        return piece.raw_value
    return "".join(part.value for part in piece.parts if isinstance(part, libcst.FormattedStringText))


def _value(pieces: list[libcst.SimpleString | libcst.FormattedString]) -> str | None:
    """Return what ``pieces`` say together, or None where a piece is an f-string, which libcst does not evaluate."""
    import libcst  # noqa: PLC0415 - loaded already

    values = [piece.evaluated_value for piece in pieces if isinstance(piece, libcst.SimpleString)]
    if len(values) < len(pieces):
        return None
    return "".join(value if isinstance(value, str) else value.decode("latin-1") for value in values)
