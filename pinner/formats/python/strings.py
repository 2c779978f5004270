"""String literal pieces: where the text ends, and where a digest stands in it.

libcst reads them, but for the plain ones that nearly all are: importing it takes longer than the rest of a check.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import libcst

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
