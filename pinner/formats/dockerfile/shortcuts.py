"""What one look at an instruction's raw text tells. Most name no image, or a plain one: only the rest is taken apart.

Every pattern here matches less than it could: printable ASCII without quotes and escapes, no comment between the lines.
Where one does not match, nothing is known. Where it does, the answer is that of the modules that read every case.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from pinner.formats.dockerfile.refusals import ARRAYS, VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEAD = r"[ \t]*+[A-Za-z]++"
_PLAIN = r"[!#-&(-\[\]-_a-~]"
"""No quote, no escape."""
_IMAGE = r"[!%&(-\[\]-_a-~]"
"""Nor a ``$``, or a ``#``."""
_FIRST = r"[!$-&(-,.-Z\]-_a-~]"
"""What arguments may begin with that are neither a flag nor JSON."""
_END = r"[ \t]*+\r*+(?:\n|\Z)"
_STRING = r'"[^"\\\n]*+"[ \t]*+'
_ARRAY = rf"\[[ \t]*+(?:{_STRING}(?:,[ \t]*+{_STRING})*+)?+\]{_END}"
_STAGE = r"[A-Za-z][A-Za-z0-9._-]*+"
# Upper and lower case by hand: with the flag for it, every class of characters takes three times as long.
_FROM = r"[Ff][Rr][Oo][Mm]"
_NAME = r"[A-Za-z0-9_.][A-Za-z0-9_./-]*+"


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
    escaped = re.escape(escape)
    gap = rf"[ \t]++(?:{escaped}[ \t]*+\r*+\n[ \t]*+)*+"
    flag = rf"--(?!{_PLAIN}*{_FROM}){_PLAIN}++{gap}"
    command = re.compile(rf"{_HEAD}{gap}(?:{flag})*+(?:{_FIRST}|{_ARRAY})")
    value = rf"""(?:{_PLAIN}|"(?:[^"{escaped}\n]|{escaped}[^\n])*+"|'[^'\n]*+'|{escaped}[!-~])*+"""
    pair = rf"{_NAME}={value}"
    values = re.compile(rf"{_HEAD}{gap}(?:{pair}(?:{gap}{pair})*+{_END}|{_NAME}{gap}{_FIRST})")
    nothing = re.compile(r"(?!)")
    return Shortcuts(
        {
            **dict.fromkeys(ARRAYS, command),
            **dict.fromkeys(VALUES, values),
            **dict.fromkeys(("HEALTHCHECK", "ONBUILD"), nothing),
        },
        re.compile(rf"{_HEAD}[ \t]++(?!-)({_IMAGE}++)(?:[ \t]++[Aa][Ss][ \t]++({_STAGE}))?{_END}"),
        re.compile(rf"{_HEAD}{gap}--from=({_IMAGE}++){gap}{_FIRST}{_PLAIN}*+{gap}{_FIRST}"),
    )
