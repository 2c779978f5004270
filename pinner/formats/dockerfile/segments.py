"""The instructions of a Dockerfile and the lines they take, heredocs included, exactly as BuildKit counts them."""

from __future__ import annotations

import re

from pinner.formats.dockerfile.directives import Problem
from pinner.formats.dockerfile.feed import instruction_lines
from pinner.formats.dockerfile.glance import LONGEST_LINE
from pinner.formats.dockerfile.heredocs import MAY_OPEN, open_heredocs
from pinner.formats.dockerfile.problems import DockerfileError
from pinner.formats.dockerfile.source import join_lines
from pinner.formats.dockerfile.text import WORD, decoded, is_comment, skip_space, trimmed_end
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.formats.dockerfile.heredocs import Marker
    from pinner.formats.dockerfile.source import Source


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
    return decoded(word.group()).upper() if word else ""


def _read_heredocs(name: str, source: Source, first: int, last: int, escape: str) -> Instruction:
    lines = source.lines
    if not [True for number in range(first, last + 1) if "<" in lines[number]]:
        return Instruction(name, first, last, last)
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
                return number - 1, f"the heredoc is not ended by a line `{decoded(marker.name)}`"
            line = lines[number].rstrip("\r")
            if (line.lstrip("\t") if marker.strips_tabs else line) == marker.name:
                break
    return number, ""
