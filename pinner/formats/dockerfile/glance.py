"""What both ways of reading a Dockerfile know at a glance: an instruction's raw text where it is plain, and some words.

Every pattern here matches less than it could: printable ASCII without quotes and escapes, no comment between the lines.
Where one does not match, nothing is known. Where it does, the answer is that of the modules that read every case.
"""

from __future__ import annotations

import re

from pinner.limits import DOCKERFILE_LINE_BYTES

LONGEST_LINE = DOCKERFILE_LINE_BYTES
"""``bufio.MaxScanTokenSize`` less one: a longer line is an error."""
LONGEST_TEXT = 300
"""Characters of what should have been a reference that are shown."""
SCRATCH = "`scratch` is the empty image"

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
FROM = r"[Ff][Rr][Oo][Mm]"
_NAME = r"[A-Za-z0-9_.][A-Za-z0-9_./-]*+"


def stage_detail(text: str) -> str:
    """Tell that the reference ``text`` is a stage's name."""
    return f"`{text}` is a stage of this file"


def tails(escape: str, end: str = _END) -> tuple[str, str, str, str]:
    """Return what may follow the instruction's name in files with this escape character; it holds in verbose mode too.

    ``end`` is how lines end. These are patterns for: a command that names no image; ``ENV`` and ``LABEL``, to which
    BuildKit has no objection; a ``FROM`` without flags and variables (groups: the image, and the stage's name if it
    has one); and a ``COPY`` with a plain ``--from`` and one more flag at most (group: the image).
    """
    escaped = re.escape(escape)
    gap = rf"[ \t]++(?:{escaped}[ \t]*+\r*+\n[ \t]*+)*+"
    flag = rf"--(?!{_PLAIN}*{FROM}){_PLAIN}++{gap}"
    other = rf"--(?:link|ch(?:own|mod)={_PLAIN}++)"
    two = rf"{_FIRST}{_PLAIN}*+{gap}{_FIRST}"
    array = rf"\[[ \t]*+(?:{_STRING}(?:,[ \t]*+{_STRING})*+)?+\]{end}"
    value = rf"""(?:{_PLAIN}++|"(?:[^"{escaped}\n]++|{escaped}[^\n])*+"|'[^'\n]*+'|{escaped}[!-~])*+"""
    return (
        rf"{gap}(?:{flag})*+(?:{_FIRST}|{array})",
        rf"(?:{gap}{_NAME}={value})++{end}|{gap}{_NAME}{gap}{_VALUE}",
        rf"[ \t]++(?!-)({_IMAGE}++)(?:[ \t]++[Aa][Ss][ \t]++({_STAGE}))?(?={end})",
        rf"[ \t]++(?:{other}[ \t]++(?=--from={_IMAGE}++{gap}[^-]))?+--from=({_IMAGE}++){gap}(?:{other}{gap})?+{two}",
    )
