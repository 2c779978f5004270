"""Patterns of one-line instructions, and validation: what BuildKit refuses before it builds.

Most instructions name no image, or a plain one; the rest is taken apart. Every pattern matches less than it could:
printable ASCII without quotes and escapes, no comment between the lines. Where one does not match, nothing is known.
Where it does, the answer is that of the modules that read every case: a test compares them.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import count

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.base import NEVER
from pinner.formats.dockerfile.arguments import arguments_start, read_array, read_words
from pinner.formats.dockerfile.references import is_template
from pinner.formats.dockerfile.source import WORD, decode_utf8, skip_space, trimmed_end

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUES = frozenset(("ENV", "LABEL"))
"""The instructions that take names and values."""
ARRAYS = frozenset(("ADD", "CMD", "COPY", "ENTRYPOINT", "HEALTHCHECK", "RUN", "SHELL", "VOLUME"))
"""The instructions that may have their arguments in JSON."""


def find_refusal(name: str, text: str, escape: str) -> str:
    """Tell why BuildKit refuses the instruction ``name`` whose logical line is ``text``; empty where it does not.

    Says nothing of a line that a template engine has yet to write.
    """
    text = text[: trimmed_end(text)]
    start = arguments_start(text, 0, escape)
    # A chain of these is as long as its line: nothing may be copied at each.
    while name == "ONBUILD":
        trigger = WORD.match(text, start)
        name = trigger.group().upper() if trigger else ""
        start = arguments_start(text, start, escape)
    arguments = text[start:]
    if name == "HEALTHCHECK":
        # The array comes after `CMD`, which has no flags.
        kind = WORD.match(arguments)
        arguments = arguments[skip_space(arguments, kind.end()) :] if kind else ""
    if name in VALUES:
        detail = _values_problem(name, arguments, escape)
    elif name in ARRAYS and not all(isinstance(value, str) for value in read_array(arguments) or ()):
        detail = f"the JSON array of {name} holds something that is no string"
    else:
        return ""
    return "" if is_template(arguments) else detail


def _values_problem(name: str, arguments: str, escape: str) -> str:
    """``parseNameVal``: ``NAME VALUE``, or ``NAME=VALUE`` any number of times."""
    words = [arguments[start:end] for start, end in read_words(arguments, 0, escape)]
    if not words:
        return f"{name} takes a name and a value"
    if "=" not in words[0]:
        first = WORD.match(arguments)
        return f"{name} takes a name and a value" if first and first.end() == len(arguments) else ""
    for word in words:
        if "=" not in word:
            return f"`{decode_utf8(word)[:100]}` has no = and no value"
    return ""


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


_WORTH_COMPILING = (7, 15_000)
"""The files that a process has read, or the bytes of one: compiling the patterns takes 3 ms, and each file without them
half of one more. A hook, or an editor's first look, reads a single file."""
_files = count(1)


def shortcuts_for(escape: str, size: int) -> Shortcuts:
    """Return the patterns for a file of ``size`` bytes with this escape character; at first such as match nothing."""
    files, large = _WORTH_COMPILING
    return shortcuts(escape) if next(_files) > files or size > large else _nothing()


@cache
def _nothing() -> Shortcuts:
    nothing = re.compile(NEVER)
    return Shortcuts(dict.fromkeys((*ARRAYS, *VALUES, "ONBUILD"), nothing), nothing, nothing)


@cache
def shortcuts(escape: str) -> Shortcuts:
    """Return the patterns for files with this escape character."""
    command_tail, values_tail, base_tail, copy_tail = _tails(escape)
    command = re.compile(_HEAD + command_tail)
    values = re.compile(rf"{_HEAD}(?:{values_tail})")
    nothing = re.compile(NEVER)
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
