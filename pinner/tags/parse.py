"""Parser of version tags.

A tag is read once, into the parts that order it (release, pre-release, serials) and those that are held exactly. What
stands behind the release is read by itself: pre-release, counted builds, variant.
"""

from __future__ import annotations

from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.tags import distributions
from pinner.tags.model import Tag, order_key
from pinner.tags.tokens import (
    BARE_PRE_RELEASES,
    PRE_RELEASES,
    SERIALS,
    begins_a_piece,
    compact_date,
    dashed_date,
    is_commit,
    is_hash,
    is_number,
    is_short,
    is_tag,
    is_year,
    names_a_digest,
    tokens_of,
)

if TYPE_CHECKING:
    from pinner.tags.model import Scheme
    from pinner.tags.tokens import Token

_STAMP = 10
_UNDERSCORED = 3
_EVERYWHERE = frozenset({"rc", "alpha", "beta", "preview", "milestone"})
"""Words that are a pre-release wherever they stand with a number; the others only right behind the version."""
_UBUNTU = ("04", "10")


class _Release(NamedTuple):
    """The version at the beginning of some tokens."""

    numbers: tuple[str, ...]
    release: tuple[int, ...]
    scheme: Scheme
    end: int
    """Where it ends in the tag."""


class Suffix(NamedTuple):
    """The fields of a `Tag` that stand behind its release, in their order."""

    pre: tuple[int, ...]
    serials: tuple[tuple[int, ...], ...]
    variant: str
    places: tuple[str, ...]


class Word(NamedTuple):
    """A word that means something, with its numbers: a pre-release or a count of builds."""

    is_pre: bool
    numbers: tuple[int, ...]
    end: int


def parse(tag: str) -> Tag | None:
    """Return ``tag`` in parts; None where it names no version: a word, a hash, a signature, no tag at all."""
    if not is_tag(tag) or is_hash(tag) or names_a_digest(tag):
        return None
    tokens = tokens_of(tag)
    named = _named(tag, tokens)
    return _numbered(tag, tokens) if named is None else named


def _numbered(tag: str, tokens: list[Token]) -> Tag | None:
    end = 0
    for index, (separator, text) in enumerate(tokens):
        start = end + len(separator)
        end = start + len(text)
        if index and not begins_a_piece(tokens, index):
            continue
        v = text if text in ("v", "V") else ""
        first = index + bool(v)
        if first >= len(tokens) or not is_number(tokens[first]) or (v and tokens[first][0]):
            continue
        found = _release(tag, start + len(v), tokens, first)
        if found is not None:
            suffix = read_suffix(tag[found.end :])
            key = order_key(found.release, suffix.pre, suffix.serials)
            return Tag(tag, tag[:start], v, found.numbers, found.release, found.scheme, *suffix, key)
    return None


def _release(tag: str, start: int, tokens: list[Token], first: int) -> _Release | None:
    """Return the release that begins with the number ``tokens[first]``; None where that stands in a word, as in 2fa.

    ``start`` is where that number begins in ``tag``.
    """
    dashed = dashed_date(tag, start)
    if dashed is not None:
        return _Release((tokens[first][1],), (dashed[0], 0), "date", dashed[1])
    rest = _numbers_end(tokens, first)
    numbers = tuple([text for _, text in tokens[first:rest]])
    end = start + sum(map(len, numbers)) + len(numbers) - 1
    moment = compact_date(numbers[0])
    if moment is not None:
        return _Release(numbers[:1], (moment, int(numbers[1]) if len(numbers) > 1 else 0), "date", end)
    if len(numbers) == 1 and rest < len(tokens) and not tokens[rest][0] and not _goes_on(tokens, rest):
        return None
    return _Release(numbers, tuple(map(int, numbers)), _scheme(numbers), end)


def _scheme(numbers: tuple[str, ...]) -> Scheme:
    if len(numbers) > 1:
        return "year" if is_year(numbers[0]) else "number"
    return "stamp" if len(numbers[0]) == _STAMP else "number"


def _numbers_end(tokens: list[Token], first: int) -> int:
    """Return the index behind the numbers that dots join; or underscores, where there are no dots and three of them."""
    for separator, least in ((".", 1), ("_", _UNDERSCORED)):
        end = first + 1
        while end < len(tokens) and tokens[end][0] == separator and is_number(tokens[end]):
            end += 1
        if end - first > max(1, least - 1):
            return end
    return first + 1


def _goes_on(tokens: list[Token], index: int) -> bool:
    """Tell whether the word glued to a single number belongs to a version: ``21rc2``, ``8u462``."""
    return word_at(tokens, index, is_behind=True) is not None


def _named(tag: str, tokens: list[Token]) -> Tag | None:
    """Return the parts of a tag that is a distribution's code name, perhaps with a date and a variant; else None."""
    name = tokens[0][1] if tokens else ""
    released = distributions.released(name)
    if not released or not tag.startswith(name):
        return None
    variant, serials, index = distributions.family(name), ((0, 0),), 1
    is_dated = False
    while index < len(tokens):
        separator, text = tokens[index]
        if is_number(tokens[index]) and begins_a_piece(tokens, index):
            moment = None if is_dated else compact_date(text)
            if moment is None:
                return None
            is_dated, more = True, 0
            if index + 1 < len(tokens) and tokens[index + 1][0] == "." and is_number(tokens[index + 1]):
                index += 1
                more = int(tokens[index][1])
            serials, text = ((moment, more),), "#"
        variant += separator + text
        index += 1
    key = order_key((released,), (), serials)
    return Tag(tag, "", "", (name,), (released,), "codename", (), serials, variant, (), key)


@lru_cache(maxsize=4096)
def read_suffix(text: str) -> Suffix:
    """Return what ``text``, all that stands behind the release of a tag, says. Thousands of tags have few of them."""
    tokens, index = tokens_of(text), 0
    pre: tuple[int, ...] = ()
    serials: list[tuple[int, ...]] = []
    places: list[str] = []
    variant = ""
    is_behind = True
    while index < len(tokens):
        word = word_at(tokens, index, is_behind=is_behind)
        if word is None or (word.is_pre and pre):
            index, piece = _piece(tokens, index)
            variant += piece
            is_behind = False
            continue
        if word.is_pre:
            pre = word.numbers
        else:
            separator, name = tokens[index]
            serials.append(word.numbers)
            places.append(f"{len(variant)}{separator}{'' if is_number(tokens[index]) else name.lower()}")
        index = word.end
    end = text[len(text.rstrip("-_.")) :]
    return Suffix(pre, tuple(serials), variant + end, tuple(places))


def _piece(tokens: list[Token], index: int) -> tuple[int, str]:
    """Return the index behind the piece at ``index``, which reaches to the next separator, and what it is held as."""
    separator, piece = tokens[index]
    index += 1
    while index < len(tokens) and not tokens[index][0]:
        piece += tokens[index][1]
        index += 1
    return index, separator + ("<sha>" if is_commit(piece) else piece)


def word_at(tokens: list[Token], index: int, *, is_behind: bool) -> Word | None:
    """Return the word at ``index`` that orders versions; None for a part of the variant.

    ``is_behind`` says whether nothing of the variant stands between it and the release.
    """
    separator, text = tokens[index]
    if is_number(tokens[index]):
        return _build(tokens, index) if is_behind and separator else None
    name = text.lower()
    if separator and name == "a" and _is_hash(tokens, index):
        return None
    if name in PRE_RELEASES and not (name == "b" and separator):
        return _pre_release(tokens, index, name, is_behind=is_behind)
    return _serial(tokens, index, name) if name in SERIALS else None


def _is_hash(tokens: list[Token], index: int) -> bool:
    """Tell whether the letter at ``index`` begins a commit's hash that has digits alone behind it."""
    glued = tokens[index + 1 : index + 2]
    return bool(glued) and not glued[0][0] and is_commit(tokens[index][1] + glued[0][1])


def _build(tokens: list[Token], index: int) -> Word | None:
    """Return the build that numbers right behind the release are: ``-1``, ``_8``, ``-923.16``, a date, a stamp."""
    end = _dotted_end(tokens, index + 1)
    texts = [text for _, text in tokens[index:end]]
    is_base = len(texts) == 2 and len(texts[0]) == 2 and texts[1] in _UBUNTU  # noqa: PLR2004 - 22.04 is Ubuntu
    return None if is_base or not _ends(tokens, end) else Word(is_pre=False, numbers=tuple(map(int, texts)), end=end)


def _pre_release(tokens: list[Token], index: int, name: str, *, is_behind: bool) -> Word | None:
    separator = tokens[index][0]
    start = index + 1
    has_number = start < len(tokens) and is_number(tokens[start])
    is_glued = has_number and not tokens[start][0]
    is_joined = has_number and len(name) > 1 and tokens[start][0] in _joints(name)
    if (is_glued or is_joined) and (is_behind or name in _EVERYWHERE):
        end = _dotted_end(tokens, start + 1)
        numbers = tuple([int(text) for _, text in tokens[start:end]])
        return Word(is_pre=True, numbers=(PRE_RELEASES[name], *numbers), end=end) if _ends(tokens, end) else None
    is_bare = is_behind and name in BARE_PRE_RELEASES and not has_number and _ends(tokens, start)
    is_word = bool(separator) or len(name) > 1
    return Word(is_pre=True, numbers=(PRE_RELEASES[name],), end=start) if is_bare and is_word else None


def _joints(name: str) -> tuple[str, ...]:
    """Return what may stand between a word and its number: ``-dev-20240101`` is a variant with a date."""
    return (".",) if name == "dev" else (".", "-")


def _serial(tokens: list[Token], index: int, name: str) -> Word | None:
    start = index + 1
    if start >= len(tokens) or not is_number(tokens[start]):
        return None
    joint = tokens[start][0]
    if joint and (is_short(name) or joint not in (".", "-")):
        return None
    end = start + 1 if is_short(name) else _dotted_end(tokens, start + 1)
    return Word(is_pre=False, numbers=(int(tokens[start][1]),), end=start + 1) if _ends(tokens, end) else None


def _dotted_end(tokens: list[Token], index: int) -> int:
    while index < len(tokens) and tokens[index][0] == "." and is_number(tokens[index]):
        index += 1
    return index


def _ends(tokens: list[Token], index: int) -> bool:
    """Tell whether a piece of the tag ends before ``index``: nothing is glued to it."""
    return index >= len(tokens) or bool(tokens[index][0])
