"""Shell patterns in ``${V#pattern}``, ``${V%pattern}`` and ``${V/pattern/text}`` (shell/lex.go).

BuildKit makes regular expressions of them; here the set of positions that a match can have reached is kept as the bits
of one integer, so that no pattern takes longer than its length times the value's.
"""

from __future__ import annotations

from pinner._typing import NamedTuple
from pinner.formats.dockerfile.source import DockerfileError

# More than any reference has; a replacement takes the square of it.
_LONGEST = 512
_ANY = ""
"""The token of ``?``; a token is one character otherwise, and ``**`` stands for ``*``."""
_STAR = "**"


class Cut(NamedTuple):
    """A match: the characters from ``start`` to ``end`` of the value."""

    start: int
    end: int


def find_prefix(pattern: str, value: str, *, longest: bool) -> Cut | None:
    """Return what ``pattern`` matches at the beginning of ``value``, or None."""
    end = _match(_tokens(pattern), value, 0, longest=longest)
    return None if end < 0 else Cut(0, end)


def find_suffix(pattern: str, value: str, *, longest: bool) -> Cut | None:
    """Return what ``pattern`` matches at the end of ``value``, or None."""
    end = _match(_tokens(pattern)[::-1], value[::-1], 0, longest=longest)
    return None if end < 0 else Cut(len(value) - end, len(value))


def find_all(pattern: str, value: str) -> list[Cut]:
    """Return the leftmost longest matches of ``pattern`` in ``value``, as Go's ``ReplaceAll`` takes them."""
    tokens = _tokens(pattern)
    cuts: list[Cut] = []
    position = 0
    while position <= len(value):
        end = _match(tokens, value, position, longest=True)
        # An empty match right behind another one does not count.
        if end > position or (end == position and not (cuts and cuts[-1].end == position)):
            cuts.append(Cut(position, end))
        position = max(end, position + 1)
    return cuts


def replace_cuts(value: str, cuts: list[Cut], replacement: str) -> str:
    """Return ``value`` with ``replacement`` in the place of each of ``cuts``."""
    parts: list[str] = []
    position = 0
    for cut in cuts:
        parts += (value[position : cut.start], replacement)
        position = cut.end
    return "".join((*parts, value[position:]))


def _tokens(pattern: str) -> list[str]:
    tokens = []
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            tokens.append(_STAR)
        elif character == "?":
            tokens.append(_ANY)
        elif character == "\\":
            escaped = next(characters, "")
            if not escaped or escaped not in "*?\\}/":
                raise DockerfileError(f"the pattern `{pattern}` escapes what needs no escape")
            tokens.append(escaped)
        else:
            tokens.append(character)
    return tokens


def _match(tokens: list[str], value: str, start: int, *, longest: bool) -> int:
    """Return where a match of ``tokens`` that begins at ``start`` ends, or -1."""
    if len(value) > _LONGEST or len(tokens) > _LONGEST:
        raise DockerfileError("a pattern, or what it is compared with, is too long")
    every = (1 << (len(value) + 1)) - 1
    where = dict.fromkeys(tokens, 0)
    for index, character in enumerate(value):
        if character in where:
            where[character] |= 1 << index
    reached = 1 << start
    for token in tokens:
        if token == _STAR:
            reached = every & -(reached & -reached)
        elif token == _ANY:
            reached = (reached << 1) & every
        else:
            reached = (reached & where[token]) << 1
        if not reached:
            return -1
    return reached.bit_length() - 1 if longest else (reached & -reached).bit_length() - 1
