"""What one look at an instruction's raw text tells. Most name no image, or a plain one: the rest is taken apart."""

from __future__ import annotations

import re
from functools import cache

from pinner.formats.dockerfile.glance import tails
from pinner.formats.dockerfile.refusals import ARRAYS, VALUES
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = r"[ \t]*+[A-Za-z]++"


class Shortcuts(NamedTuple):
    """Patterns to match where the first line of an instruction whose name is known begins."""

    quiet: Mapping[str, re.Pattern[str]]
    """By instruction: matches where it names no image, and BuildKit has nothing against it (see `find_refusal`)."""
    base: re.Pattern[str]
    """Matches a ``FROM`` without flags and variables; groups: the image, the stage's name if it has one."""
    copy: re.Pattern[str]
    """Matches a ``COPY`` whose only flag is a plain ``--from``; group: the image."""


@cache
def shortcuts(escape: str) -> Shortcuts:
    """Return the patterns for files with this escape character."""
    command_tail, values_tail, base_tail, copy_tail = tails(escape)
    command = re.compile(_HEAD + command_tail)
    values = re.compile(rf"{_HEAD}(?:{values_tail})")
    nothing = re.compile(r"(?!)")
    return Shortcuts(
        {
            **dict.fromkeys(ARRAYS, command),
            **dict.fromkeys(VALUES, values),
            **dict.fromkeys(("HEALTHCHECK", "ONBUILD"), nothing),
        },
        re.compile(_HEAD + base_tail),
        re.compile(_HEAD + copy_tail),
    )
