"""Possessive quantifiers mended: the trees that Python's parser makes, rewritten, match the same."""

from __future__ import annotations

import importlib
import re
from types import SimpleNamespace
from typing import Any

import pytest

from pinner._possessive import mend
from pinner.formats.dockerfile.instruction_patterns import shortcuts
from pinner.formats.hcl import tokens

PARSER: Any = importlib.import_module("re._parser")
COMPILER: Any = importlib.import_module("re._compiler")


def compiled(pattern: str | bytes, flags: int = 0) -> Any:
    """Return ``pattern`` as it is compiled where expressions are mended."""
    parser = SimpleNamespace(parse=PARSER.parse)
    mend(parser)
    return COMPILER.compile(parser.parse(pattern, flags), flags)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        # What Python 3.11.2 misses: the group fails midway, and the position stays there.
        (r"(?:--(?!x)[a-z=]++ ++)*+(--x)", "--ab=c --x"),
        (r"(?:(?:a++b)?+c)*+(a++)", "abcaa"),
        (r"(?:a|ab)?+c", "abc"),
        (r"(?=(?:a b)*+(a c))(?:(x)|a)", "a ba c"),
        (r"(?:a(?:b c)*+){2}+(b d)?", "ab cab cb d"),
        (r"(x)?(?(1)(?:a b)*+|(?:c d)*+)c e", "c dc e"),
        (r"[ab]*+c|(?:a)*+d", "ab d"),
    ],
)
def test_what_is_mended_matches_as_it_should(pattern: str, text: str) -> None:
    usual, other = re.match(pattern, text), compiled(pattern).match(text)
    assert (usual and (usual.span(), usual.groups())) == (other and (other.span(), other.groups()))


def test_patterns_of_dockerfiles_and_terraform_match_the_same() -> None:
    known = shortcuts("\\")
    lines = (
        "COPY --link --from=a:1 b c\n",
        "COPY --from=a:1 b c",
        "RUN --mount=from=a b\n",
        'CMD ["a", "b"]\n',
        "FROM a AS b\n",
    )
    for pattern in (known.base, known.copy, *known.quiet.values()):
        other = compiled(pattern.pattern)
        for line in lines:
            assert bool(other.match(line)) == bool(pattern.match(line))
    for data in (b'a = "b" # c\n', b"/* a * b */ x", b'"a${b}"'):
        for one in (tokens.BLANK, tokens.QUOTED):
            usual, other = one.match(data), compiled(one.pattern).match(data)
            assert (usual and usual.span()) == (other and other.span())


def test_what_repeats_one_character_stays() -> None:
    parser = SimpleNamespace(parse=PARSER.parse)
    mend(parser)
    kinds = [[str(kind) for kind, _ in parser.parse(text, 0).data] for text in ("[ab]*+", "(?:ab)*+", "(?:a)*+")]
    assert kinds == [["POSSESSIVE_REPEAT"], ["ATOMIC_GROUP"], ["POSSESSIVE_REPEAT"]]
