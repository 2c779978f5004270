"""Tokenizer of image tags, and the words that name pre-releases and builds.

A tag is at most 128 characters of ``[A-Za-z0-9_.-]`` (distribution-spec, "Pulling manifests"); no pattern here
backtracks: none has two ways to match one text.
"""

from __future__ import annotations

import re
from datetime import date

from pinner._typing import TYPE_CHECKING
from pinner.tags import distributions

if TYPE_CHECKING:
    from typing import TypeAlias

    Token: TypeAlias = tuple[str, str]
    """Separators, and the digits or letters behind them. A bare tuple: there is one for every few bytes of a list."""

PRE_RELEASES = {
    "dev": 0,
    "ea": 1,
    "m": 2,
    "milestone": 2,
    "a": 3,
    "alpha": 3,
    "b": 4,
    "beta": 4,
    "pre": 5,
    "preview": 5,
    "rc": 6,
    "cr": 6,
}
"""Words of pre-releases and their order. Sources: PEP 440, semver.org, Maven's ComparableVersion, OpenJDK's JEP 322."""
BARE_PRE_RELEASES = frozenset({"rc", "alpha", "beta", "pre", "ea"})
"""Those that are one without a number. A bare ``-dev`` is a variant with a shell in it (Chainguard)."""
SERIALS = frozenset({"r", "ls", "p", "b", "u", "kb", "sp", "build", "patch", "security", "post", "master", "main"})
"""Words before a number that counts builds: bitnami's ``-r10``, linuxserver's ``-ls240``, Ruby's ``-p547``."""
_SHORT = 2
_SHORTEST_HEX = 7
_LEFT_OUT = frozenset(
    {*PRE_RELEASES, *SERIALS, *distributions.DEBIAN, *distributions.UBUNTU, "debian", "ubuntu", "v", "t", "z"}
)

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z")
_TOKEN = re.compile(r"([-_.]*)([0-9]+|[A-Za-z]+)")
_COMMIT = re.compile(r"g?[0-9a-f]{7,40}\Z")
_DASHED = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2})-([0-9]{2})-([0-9]{2})Z)?(?![0-9A-Za-z])")
_YEARS = range(1990, 2100)
_DAY, _MINUTE, _SECOND = 8, 12, 14


_WORDS = re.compile(r"[A-Za-z]+")
_HEX = re.compile(r"[0-9a-f]{7,}")
_DIGITS = re.compile(r"[0-9]+")
_STAMP = 10
OPEN = "?"
"""What `words_of` returns where a commit's hash may stand in a tag."""


def is_tag(text: str) -> bool:
    """Tell whether a registry takes ``text`` for a tag."""
    return _TAG.match(text) is not None


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a tag or of what is left of one: digits or letters, each behind its separators."""
    return _TOKEN.findall(text)


def is_number(token: Token) -> bool:
    """Tell whether ``token`` is digits."""
    return token[1] < ":"  # what comes behind the digits in ASCII


def words_of(text: str) -> str:
    """Return the words of a tag, or of its lead and variant, that are the same in all tags of its line and family.

    Left out are those that order versions, or may: of pre-releases, of builds, of the system under an image by its code
    name. `OPEN` where a commit's hash may be among them. In a fraction of the time that parsing takes.
    """
    if len(text) >= _SHORTEST_HEX and any(not piece.isdecimal() for piece in _HEX.findall(text)):
        return OPEN
    return " ".join([word for word in map(str.lower, _WORDS.findall(text)) if word not in _LEFT_OUT])


def commit_form(tag: str) -> str:
    """Return what ``tag`` has in common with those that have another commit's hash and other numbers in its places."""
    return _DIGITS.sub("0", _HEX.sub(_as_length, tag))


def with_commit(tag: str, forms: set[str]) -> str:
    """Return ``tag`` with a letter before those digits of it that are a commit's hash, as among ``forms`` of others.

    A date, or a time as ten digits, is none, whatever stands in its place elsewhere.
    """
    for match in _HEX.finditer(tag):
        digits = match[0]
        if not digits.isdecimal() or len(digits) == _STAMP or compact_date(digits) is not None:
            continue
        changed = f"{tag[: match.start()]}f{digits[1:]}{tag[match.end() :]}"
        if commit_form(changed) in forms:
            return changed
    return tag


def _as_length(match: re.Match[str]) -> str:
    return match[0] if match[0].isdecimal() else f"<{'x' * len(match[0])}>"


def begins_a_piece(tokens: list[Token], index: int) -> bool:
    """Tell whether a number or word at ``index`` is glued to no word, as both numbers of alpine3.21 are."""
    separator = tokens[index][0]
    return bool(separator) and not (separator == "." and is_number(tokens[index]) and is_number(tokens[index - 1]))


def is_commit(text: str) -> bool:
    """Tell whether ``text`` is an abbreviated hash of git's, ``g`` before it or not: digits and letters in it."""
    return _COMMIT.match(text) is not None and not text.isdecimal() and any(map(str.isdecimal, text))


def is_hash(tag: str) -> bool:
    """Tell whether the whole ``tag`` is a hash of git's."""
    return _COMMIT.match(tag) is not None and not tag.isdecimal()


def names_a_digest(tag: str) -> bool:
    """Tell whether ``tag`` is named after a digest or a commit, as signatures and attestations are."""
    return tag.startswith(("sha-", "sha256-")) or tag.endswith((".sig", ".att", ".sbom"))


def compact_date(digits: str) -> int | None:
    """Return YYYYMMDD[HHMM[SS]] as a number of 14 digits; None where it is no date."""
    if len(digits) not in (_DAY, _MINUTE, _SECOND):
        return None
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    hour, minute, second = int(digits[8:10] or 0), int(digits[10:12] or 0), int(digits[12:] or 0)
    fits = int(digits[:4]) in _YEARS and hour < 24 and minute < 60 and second < 60  # noqa: PLR2004 - of a clock
    return int(digits.ljust(_SECOND, "0")) if fits else None


def dashed_date(tag: str, start: int) -> tuple[int, int] | None:
    """Return the date written with dashes at ``start``, as MinIO does, and where it ends; None for none."""
    match = _DASHED.match(tag, start)
    if match is None:
        return None
    value = compact_date("".join(part or "" for part in match.groups()))
    return None if value is None else (value, match.end())


def is_year(text: str) -> bool:
    """Tell whether ``text`` is a year in which images were made."""
    return len(text) == 4 and int(text) in _YEARS  # noqa: PLR2004 - the digits of a year


def is_short(word: str) -> bool:
    """Tell whether a word is too short to be one unless its number is glued to it: ``-r10``, but not ``-r-10``."""
    return len(word) <= _SHORT
