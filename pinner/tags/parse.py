"""Parser of version tags.

A tag is read once, into the parts that order it (release, pre-release, serials) and those that are held exactly.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.tags import distributions
from pinner.tags.model import Tag, order_key
from pinner.tags.suffix import read_suffix, word_at
from pinner.tags.tokens import begins_a_piece, compact_date, dashed_date, is_hash, is_year, names_a_digest, tokens_of

if TYPE_CHECKING:
    from pinner.tags.model import Scheme
    from pinner.tags.tokens import Token

_STAMP = 10
_UNDERSCORED = 3


class _Release(NamedTuple):
    """The version at the beginning of some tokens."""

    numbers: tuple[str, ...]
    release: tuple[int, ...]
    scheme: Scheme
    rest: int
    """The index of the first token behind it."""


def parse(tag: str) -> Tag | None:
    """Return ``tag`` in parts; None where it names no version: a word, a hash, a signature, no tag at all."""
    tokens = tokens_of(tag)
    if tokens is None or is_hash(tag) or names_a_digest(tag):
        return None
    named = _named(tag, tokens)
    return _numbered(tag, tokens) if named is None else named


def _numbered(tag: str, tokens: list[Token]) -> Tag | None:
    for index, token in enumerate(tokens):
        if index and not begins_a_piece(tokens, index):
            continue
        v = token.text if token.text in ("v", "V") else ""
        first = index + bool(v)
        if first >= len(tokens) or not tokens[first].is_number or (v and tokens[first].separator):
            continue
        found = _release(tag, tokens, first)
        if found is not None:
            start = token.end - len(token.text)
            suffix = read_suffix(tag, tokens, found.rest)
            key = order_key(found.release, suffix.pre, suffix.serials)
            return Tag(tag, tag[:start], v, found.numbers, found.release, found.scheme, *suffix, key)
    return None


def _release(tag: str, tokens: list[Token], first: int) -> _Release | None:
    """Return the release that begins with the number ``tokens[first]``; None where that stands in a word, as in 2fa."""
    token = tokens[first]
    dashed = dashed_date(tag, token.end - len(token.text))
    if dashed is not None:
        value, end = dashed
        rest = next((index for index in range(first, len(tokens)) if tokens[index].end > end), len(tokens))
        return _Release((token.text,), (value, 0), "date", rest)
    rest = _numbers_end(tokens, first)
    numbers = tuple([token.text for token in tokens[first:rest]])
    moment = compact_date(numbers[0])
    if moment is not None:
        return _Release(numbers[:1], (moment, int(numbers[1]) if len(numbers) > 1 else 0), "date", rest)
    if len(numbers) == 1 and rest < len(tokens) and not tokens[rest].separator and not _goes_on(tokens, rest):
        return None
    return _Release(numbers, tuple(map(int, numbers)), _scheme(numbers), rest)


def _scheme(numbers: tuple[str, ...]) -> Scheme:
    if len(numbers) > 1:
        return "year" if is_year(numbers[0]) else "number"
    return "stamp" if len(numbers[0]) == _STAMP else "number"


def _numbers_end(tokens: list[Token], first: int) -> int:
    """Return the index behind the numbers that dots join; or underscores, where there are no dots and three of them."""
    for separator, least in ((".", 1), ("_", _UNDERSCORED)):
        end = first + 1
        while end < len(tokens) and tokens[end].separator == separator and tokens[end].is_number:
            end += 1
        if end - first > max(1, least - 1):
            return end
    return first + 1


def _goes_on(tokens: list[Token], index: int) -> bool:
    """Tell whether the word glued to a single number belongs to a version: ``21rc2``, ``8u462``."""
    return word_at(tokens, index, is_behind=True) is not None


def _named(tag: str, tokens: list[Token]) -> Tag | None:
    """Return the parts of a tag that is a distribution's code name, perhaps with a date and a variant; else None."""
    name = tokens[0].text if tokens else ""
    released = distributions.released(name)
    if not released or not tag.startswith(name):
        return None
    variant, serials, index = distributions.family(name), ((0, 0),), 1
    is_dated = False
    while index < len(tokens):
        separator, text, _, is_number = tokens[index]
        index += 1
        if is_number and begins_a_piece(tokens, index - 1):
            moment = None if is_dated else compact_date(text)
            if moment is None:
                return None
            is_dated, more = True, 0
            if index < len(tokens) and tokens[index].separator == "." and tokens[index].is_number:
                more = int(tokens[index].text)
                index += 1
            serials, text = ((moment, more),), "#"
        variant += separator + text
    key = order_key((released,), (), serials)
    return Tag(tag, "", "", (name,), (released,), "codename", (), serials, variant, (), key)
