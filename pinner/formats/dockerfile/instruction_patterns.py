"""Instruction patterns: what one look at an instruction's raw text tells.

Most instructions name no image, or a plain one; the rest is taken apart. Every pattern matches less than it could:
printable ASCII without quotes and escapes, no comment between the lines. Where one does not match, nothing is known.
Where it does, the answer is that of the modules that read every case: a test compares them.
"""

from __future__ import annotations

import re
from functools import cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.dockerfile.validation import ARRAYS, VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_STAGE = r"[A-Za-z][A-Za-z0-9._-]*+"
# Upper and lower case by hand: with the flag for it, every class of characters takes three times as long.
_FROM = r"[Ff][Rr][Oo][Mm]"
_NAME = r"[A-Za-z0-9_.][A-Za-z0-9_./-]*+"
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
    command_tail, values_tail, base_tail, copy_tail = _tails(escape)
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


def _tails(escape: str) -> tuple[str, str, str, str]:
    """Return what may follow the instruction's name in files with this escape character.

    These are patterns for: a command that names no image; ``ENV`` and ``LABEL``, to which
    BuildKit has no objection; a ``FROM`` without flags and variables (groups: the image, and the stage's name if it
    has one); and a ``COPY`` with a plain ``--from`` and one more flag at most (group: the image).
    """
    escaped = re.escape(escape)
    gap = rf"[ \t]++(?:{escaped}[ \t]*+\r*+\n[ \t]*+|(?!))*+"
    flag = rf"--(?!{_PLAIN}*{_FROM}){_PLAIN}++{gap}"
    other = rf"--(?:link|ch(?:own|mod)={_PLAIN}++)"
    before = rf"{other}[ \t]++(?=--from={_IMAGE}++{gap}[^-])"
    two = rf"{_FIRST}{_PLAIN}*+{gap}{_FIRST}"
    array = rf"\[[ \t]*+(?:{_STRING}(?:,[ \t]*+{_STRING}|(?!))*+|(?!))?+\]{_END}"
    value = rf"""(?:{_PLAIN}++|"(?:[^"{escaped}\n]++|{escaped}[^\n])*+"|'[^'\n]*+'|{escaped}[!-~]|(?!))*+"""
    return (
        rf"{gap}(?:{flag}|(?!))*+(?:{_FIRST}|{array})",
        rf"(?:{gap}{_NAME}={value}|(?!))++{_END}|{gap}{_NAME}{gap}{_VALUE}",
        rf"[ \t]++(?!-)({_IMAGE}++)(?:[ \t]++[Aa][Ss][ \t]++({_STAGE}))?(?={_END})",
        rf"[ \t]++(?:{before}|(?!))?+--from=({_IMAGE}++){gap}(?:{other}{gap}|(?!))?+{two}",
    )
