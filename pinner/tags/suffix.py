"""Parser of what stands behind the version in a tag: pre-release, counted builds, variant."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.tags.tokens import BARE_PRE_RELEASES, PRE_RELEASES, SERIALS, is_commit, is_short

if TYPE_CHECKING:
    from pinner.tags.tokens import Token

_EVERYWHERE = frozenset({"rc", "alpha", "beta", "preview", "milestone"})
"""Words that are a pre-release wherever they stand with a number; the others only right behind the version."""
_UBUNTU = ("04", "10")


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


def read_suffix(tag: str, tokens: list[Token], index: int) -> Suffix:
    """Return what the tokens from ``index`` on say."""
    pre: tuple[int, ...] = ()
    serials: list[tuple[int, ...]] = []
    places: list[str] = []
    variant = ""
    is_behind = True
    while index < len(tokens):
        separator, text, _, is_number = tokens[index]
        word = word_at(tokens, index, is_behind=is_behind)
        if word is None or (word.is_pre and pre):
            index, piece = _piece(tokens, index)
            variant += piece
            is_behind = False
            continue
        if word.is_pre:
            pre = word.numbers
        else:
            serials.append(word.numbers)
            places.append(f"{len(variant)}{separator}{'' if is_number else text.lower()}")
        index = word.end
    end = tag[tokens[-1].end :] if tokens else ""
    return Suffix(pre, tuple(serials), variant + end, tuple(places))


def _piece(tokens: list[Token], index: int) -> tuple[int, str]:
    """Return the index behind the piece at ``index``, which reaches to the next separator, and what it is held as."""
    separator = tokens[index].separator
    piece = tokens[index].text
    index += 1
    while index < len(tokens) and not tokens[index].separator:
        piece += tokens[index].text
        index += 1
    return index, separator + ("<sha>" if is_commit(piece) else piece)


def word_at(tokens: list[Token], index: int, *, is_behind: bool) -> Word | None:
    """Return the word at ``index`` that orders versions; None for a part of the variant.

    ``is_behind`` says whether nothing of the variant stands between it and the release.
    """
    separator, text, _, is_number = tokens[index]
    if is_number:
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
    return bool(glued) and not glued[0].separator and is_commit(tokens[index].text + glued[0].text)


def _build(tokens: list[Token], index: int) -> Word | None:
    """Return the build that numbers right behind the release are: ``-1``, ``_8``, ``-923.16``, a date, a stamp."""
    end = _dotted_end(tokens, index + 1)
    texts = [token.text for token in tokens[index:end]]
    is_base = len(texts) == 2 and len(texts[0]) == 2 and texts[1] in _UBUNTU  # noqa: PLR2004 - 22.04 is Ubuntu
    return None if is_base or not _ends(tokens, end) else Word(is_pre=False, numbers=tuple(map(int, texts)), end=end)


def _pre_release(tokens: list[Token], index: int, name: str, *, is_behind: bool) -> Word | None:
    separator = tokens[index].separator
    start = index + 1
    has_number = start < len(tokens) and tokens[start].is_number
    is_glued = has_number and not tokens[start].separator
    is_joined = has_number and len(name) > 1 and tokens[start].separator in _joints(name)
    if (is_glued or is_joined) and (is_behind or name in _EVERYWHERE):
        end = _dotted_end(tokens, start + 1)
        numbers = tuple([int(token.text) for token in tokens[start:end]])
        return Word(is_pre=True, numbers=(PRE_RELEASES[name], *numbers), end=end) if _ends(tokens, end) else None
    is_bare = is_behind and name in BARE_PRE_RELEASES and not has_number and _ends(tokens, start)
    is_word = bool(separator) or len(name) > 1
    return Word(is_pre=True, numbers=(PRE_RELEASES[name],), end=start) if is_bare and is_word else None


def _joints(name: str) -> tuple[str, ...]:
    """Return what may stand between a word and its number: ``-dev-20240101`` is a variant with a date."""
    return (".",) if name == "dev" else (".", "-")


def _serial(tokens: list[Token], index: int, name: str) -> Word | None:
    start = index + 1
    if start >= len(tokens) or not tokens[start].is_number:
        return None
    joint = tokens[start].separator
    if joint and (is_short(name) or joint not in (".", "-")):
        return None
    end = start + 1 if is_short(name) else _dotted_end(tokens, start + 1)
    return Word(is_pre=False, numbers=(int(tokens[start].text),), end=start + 1) if _ends(tokens, end) else None


def _dotted_end(tokens: list[Token], index: int) -> int:
    while index < len(tokens) and tokens[index].separator == "." and tokens[index].is_number:
        index += 1
    return index


def _ends(tokens: list[Token], index: int) -> bool:
    """Tell whether a piece of the tag ends before ``index``: nothing is glued to it."""
    return index >= len(tokens) or bool(tokens[index].separator)
