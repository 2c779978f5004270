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
_VALUE = r"[!\"$-\[\]-~]"
"""What the value in ``ENV NAME VALUE`` may begin with: no comment, no escape."""
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


class Tails(NamedTuple):
    """What `Shortcuts` match after the instruction's name, as patterns for files with one escape character."""

    command: str
    values: str
    base: str
    copy: str


def tails(escape: str) -> Tails:
    """Return the patterns for files with this escape character; they hold in verbose mode as well."""
    escaped = re.escape(escape)
    gap = rf"[ \t]++(?:{escaped}[ \t]*+\r*+\n[ \t]*+)*+"
    flag = rf"--(?!{_PLAIN}*{_FROM}){_PLAIN}++{gap}"
    value = rf"""(?:{_PLAIN}|"(?:[^"{escaped}\n]|{escaped}[^\n])*+"|'[^'\n]*+'|{escaped}[!-~])*+"""
    pair = rf"{_NAME}={value}"
    return Tails(
        rf"{gap}(?:{flag})*+(?:{_FIRST}|{_ARRAY})",
        rf"{gap}(?:{pair}(?:{gap}{pair})*+{_END}|{_NAME}{gap}{_VALUE})",
        rf"[ \t]++(?!-)({_IMAGE}++)(?:[ \t]++[Aa][Ss][ \t]++({_STAGE}))?{_END}",
        rf"{gap}--from=({_IMAGE}++){gap}{_FIRST}{_PLAIN}*+{gap}{_FIRST}",
    )


@cache
def shortcuts(escape: str) -> Shortcuts:
    """Return the patterns for files with this escape character."""
    tail = tails(escape)
    command = re.compile(_HEAD + tail.command)
    values = re.compile(_HEAD + tail.values)
    nothing = re.compile(r"(?!)")
    return Shortcuts(
        {
            **dict.fromkeys(ARRAYS, command),
            **dict.fromkeys(VALUES, values),
            **dict.fromkeys(("HEALTHCHECK", "ONBUILD"), nothing),
        },
        re.compile(_HEAD + tail.base),
        re.compile(_HEAD + tail.copy),
    )
