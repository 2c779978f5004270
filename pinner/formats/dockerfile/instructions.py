"""Dockerfile instruction splitter: parser directives, physical lines, heredocs, as BuildKit counts them.

dockerfile-parse 2.0.1 is not asked here: it differs from BuildKit where a blank line stands in a continuation, an
escape is doubled, a file ends in a continuation, a byte is not UTF-8, or a directive it does not know comes first; and
it copies what it has of an instruction for every line it adds. It is the second opinion on edits (`second_reading`).
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.dockerfile.source import (
    LONGEST_LINE,
    WORD,
    DockerfileError,
    continuation,
    decode_utf8,
    is_comment,
    join_lines,
    skip_space,
    trimmed_end,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.formats.dockerfile.heredocs import Marker
    from pinner.formats.dockerfile.source import Source


_KNOWN = ("syntax", "escape", "check")
MAY_OPEN = frozenset(("RUN", "COPY", "ADD", "ONBUILD"))
"""The instructions that heredocs can follow."""
_NAME = re.compile(r"([a-zA-Z][a-zA-Z0-9]*)[ \t\n\f\r]*=")
_OBJECT = re.compile(r"[ \t\r\n]*+\{")
# Go's `\s`, which has no vertical tab.
_SPACE = " \t\n\f\r"


class Problem(NamedTuple):
    """What BuildKit refuses a file for: the physical line, from 0, and why."""

    line: int
    detail: str


class Directives(NamedTuple):
    """What the directive lines say."""

    escape: str = "\\"
    problem: Problem | None = None


def read_directives(source: Source) -> Directives:
    """Read the directives that the parser itself honours: contiguous from the first line on, blanks before ``#``."""
    seen: set[str] = set()
    escape = "\\"
    for number, line in enumerate(source.lines):
        text = line.rstrip("\r")
        found = _directive(text, skip_space(text), "#")
        if found is None:
            break
        name, start, end = found
        if name in seen:
            return Directives(escape, Problem(number, f"only one {name} parser directive can be used"))
        seen.add(name)
        if name == "escape":
            escape = text[start:end]
            if escape not in ("\\", "`"):
                detail = f"the escape character is \\ or `, not `{decode_utf8(escape)[:20]}`"
                return Directives(problem=Problem(number, detail))
    return Directives(escape)


def find_syntax(source: Source) -> tuple[int, int, int] | None:
    """Return (line from 0, start, end) of the frontend's reference; start and end are indexes in that line.

    ``DetectSyntax`` is not the parser: it skips a ``#!`` line, allows no blank before ``#``, and knows ``// syntax=``
    and JSON too.
    """
    first = 1 if source.lines and source.lines[0].startswith("#!") else 0
    for comment in ("#", "//"):
        found = _find(source, first, comment)
        if found is not None:
            return found
    if first < len(source.lines) and _OBJECT.match(source.text, source.starts[first]):
        return _find_json(source, first)
    return None


def _find(source: Source, first: int, comment: str) -> tuple[int, int, int] | None:
    seen: set[str] = set()
    for number in range(first, len(source.lines)):
        line = source.lines[number]
        found = _directive(line.removesuffix("\r"), 0, comment)
        if found is None or found[0] in seen:
            return None
        name, start, end = found
        if name == "syntax":
            space = line.find(" ", start, end)
            return number, start, end if space < 0 else space
        seen.add(name)
    return None


def _directive(line: str, start: int, comment: str) -> tuple[str, int, int] | None:
    """Return (name, start and end of the value), or None where ``line`` is no directive."""
    if not line.startswith(comment, start) or len(line) > LONGEST_LINE:
        return None
    match = _NAME.match(line, skip_space(line, start + len(comment)))
    if match is None or match.end() == len(line):
        return None
    name = match.group(1).lower()
    if name not in _KNOWN:
        return None
    value = line[match.end() :]
    begin = len(value) - len(value.lstrip(_SPACE))
    if begin == len(value):
        # Go's `=\s*(.+?)\s*$` gives back one blank, for the value must not be empty.
        return name, len(line) - 1, len(line)
    return name, match.end() + begin, match.end() + len(value.rstrip(_SPACE))


def _find_json(source: Source, first: int) -> tuple[int, int, int] | None:
    """Find the value of ``syntax`` in a document that is one JSON object, for frontends that read JSON."""
    import json  # noqa: PLC0415 - hardly any file needs it

    text = "\n".join(source.lines[first:])
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    value = content.get("syntax")
    if not isinstance(value, str):
        return None
    found = list(re.finditer(rf'"syntax"[ \t\r\n]*:[ \t\r\n]*"({re.escape(value)})"', text))
    if len(found) != 1:
        return None
    start, end = found[0].span(1)
    begin = text.rfind("\n", 0, start) + 1
    return first + text.count("\n", 0, start), start - begin, end - begin


def instruction_lines(lines: list[str], escape: str) -> list[tuple[int, int]]:
    """Return the first and the last line (from 0) of each instruction in ``lines``, heredocs taken for instructions."""
    found: list[tuple[int, int]] = []
    first: int | None = None
    for number, line in enumerate(lines):
        body = line.rstrip("\r").strip(" \t")
        if body and not "!" <= body[0] <= "~":
            body = body[skip_space(body) :]
        if not body or body[0] == "#":
            continue
        if body[-1] == escape and continuation(body, escape) >= 0:
            first = number if first is None else first
        else:
            found.append((number if first is None else first, number))
            first = None
    if first is not None:  # the file leaves an instruction open
        found.append((first, len(lines) - 1))
    return found


_PLAIN_NAME = re.compile(r"[ \t]*([A-Za-z]+)[ \t]")


class Instruction(NamedTuple):
    """One instruction: its name in upper case, and its physical lines from 0, inclusive."""

    name: str
    first: int
    last: int
    """The last line of the instruction itself."""
    end: int
    """The last line of its last heredoc; ``last`` where it has none."""
    problem: str = ""
    """Why BuildKit refuses the file here."""


def read_instructions(source: Source, escape: str) -> list[Instruction]:
    """Return the instructions of ``source``. What is refused is returned as well, with its problem."""
    instructions = []
    text, _, starts = source
    # `<<` may be split over two lines.
    openers = MAY_OPEN if "<" in text else frozenset[str]()
    end = -1
    for first, last in instruction_lines(source.lines, escape):
        if last <= end:
            continue  # the body of a heredoc
        if first <= end:
            # An `instruction` that begins in a heredoc's body and goes on after it. All lines behind the heredoc but
            # the last are continuations (or comments), so they make one instruction together.
            begin = next((number for number in range(end + 1, last + 1) if not is_comment(source.lines[number])), None)
            if begin is None:
                continue
            first = begin  # noqa: PLW2901 - the same instruction, less the part that is none
        word = _PLAIN_NAME.match(text, starts[first])
        name = word[1].upper() if word else _read_name(source, first, last, escape)
        if name in openers:
            instructions.append(_read_heredocs(name, source, first, last, escape))
            end = instructions[-1].end
        else:
            instructions.append(Instruction(name, first, last, last, ""))
            end = last
    return instructions


def long_line(source: Source) -> Problem | None:
    """Return the problem of the first line that BuildKit finds too long to read; it reads nothing of such a file."""
    if len(source.text) <= LONGEST_LINE:
        return None
    number = next((number for number, line in enumerate(source.lines) if len(line) > LONGEST_LINE), None)
    return None if number is None else Problem(number, f"the line is longer than {LONGEST_LINE:,} bytes")


def _read_name(source: Source, first: int, last: int, escape: str) -> str:
    """Return the name of an instruction in upper case.

    It may go on in the next line, or end in spaces that only count as such at the end of a line.
    """
    joined = join_lines(source, first, last, escape).text
    word = WORD.match(joined[: trimmed_end(joined)], skip_space(joined))
    return decode_utf8(word.group()).upper() if word else ""


def _read_heredocs(name: str, source: Source, first: int, last: int, escape: str) -> Instruction:
    lines = source.lines
    if not [True for number in range(first, last + 1) if "<" in lines[number]]:
        return Instruction(name, first, last, last)
    from pinner.formats.dockerfile.heredocs import open_heredocs  # noqa: PLC0415 - few files have one

    try:
        markers = open_heredocs(name, join_lines(source, first, last, escape).text, escape)
    except DockerfileError as error:
        return Instruction(name, first, last, last, f"the heredoc does not parse: {error}")
    end, problem = _skip_bodies(lines, last, markers)
    return Instruction(name, first, last, end, problem)


def _skip_bodies(lines: Sequence[str], last: int, markers: Sequence[Marker]) -> tuple[int, str]:
    """Return the last line of the bodies that follow line ``last``, and what is wrong with them."""
    number = last
    for marker in markers:
        while True:
            number += 1
            if number == len(lines):
                return number - 1, f"the heredoc is not ended by a line `{decode_utf8(marker.name)}`"
            line = lines[number].rstrip("\r")
            if (line.lstrip("\t") if marker.strips_tabs else line) == marker.name:
                break
    return number, ""
