"""Expanded text that remembers where it stands in the file and what it went through."""

from __future__ import annotations

from pinner.formats.dockerfile.problems import DockerfileError
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, TypeAlias

    Nature: TypeAlias = Literal["written", "computed", "platform", "unset", "empty"]
    Value: TypeAlias = tuple["Piece", ...]

LONGEST = 65_536
"""More characters than any reference has: expansion may not multiply a text without end."""


class Piece(NamedTuple):
    """A run of characters from one place; no characters at all where a variable came to nothing."""

    text: str
    offset: int
    """Where the file spells it, or -1."""
    via: tuple[str, ...] = ()
    """The variables it came through, outermost first; empty for what the instruction itself says."""
    nature: Nature = "written"

    @property
    def end(self) -> int:
        """The offset after its last byte."""
        return self.offset + len(self.text)


def text_of(pieces: Sequence[Piece]) -> str:
    """Return the characters of ``pieces``, or raise `DockerfileError` if they are more than anybody needs."""
    if len(pieces) == 1 and len(pieces[0].text) <= LONGEST:
        return pieces[0].text
    if sum([len(piece.text) for piece in pieces]) > LONGEST:
        raise DockerfileError("the expanded text is too long")
    return "".join([piece.text for piece in pieces])


def tail_start(pieces: Sequence[Piece]) -> int:
    """Return where the bytes begin that hold the end of ``pieces`` in one run; -1 where the file has none."""
    start = -1
    via: tuple[str, ...] = ()
    for piece in reversed(pieces):
        if piece.offset < 0 or (start >= 0 and (piece.end != start or piece.via != via)):
            break
        start, via = piece.offset, piece.via
    return start
