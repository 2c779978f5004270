"""The adapter to dockerfile-parse: which physical lines make an instruction.

Only `DockerfileParser.structure` is used, for its line numbers. Read raw, dockerfile-parse 2.0.1 differs from BuildKit
where a blank line stands in a continuation, an escape is doubled, a file ends in a continuation, a byte is not UTF-8,
or a directive it does not know comes first. And it copies what it has of an instruction for every line it adds. So it
is fed lines of its own making: one for each line that begins or ends an instruction, which means to it what the true
one means to BuildKit. Heredocs, which it does not know, are the caller's business.
"""

from __future__ import annotations

from pinner.formats.dockerfile.text import continuation, skip_space
from pinner.lean import NamedTuple

_ENDS = "_\n"
_CONTINUES = "_\\\n"
_BLANK = "\n"


class _Feed(NamedTuple):
    """The part of a file object that dockerfile-parse asks for; it takes text as it is."""

    lines: list[str]
    numbers: list[int]
    """The physical line that each of ``lines`` stands for."""

    def seek(self, _position: int) -> None:
        """Do nothing: every reading starts at the beginning."""

    def readlines(self) -> list[str]:
        return self.lines


def _make_feed(lines: list[str], escape: str) -> _Feed:
    fed: list[str] = []
    numbers: list[int] = []
    continues = False
    for number, line in enumerate(lines):
        body = line.rstrip("\r").strip(" \t")
        if body and not "!" <= body[0] <= "~":
            body = body[skip_space(body) :]
        if not body or body[0] == "#":
            continue
        if body[-1] == escape and continuation(body, escape) >= 0:
            if continues:
                continue
            continues = True
            fed.append(_CONTINUES)
        else:
            continues = False
            fed.append(_ENDS)
        numbers.append(number)
    # Ends an instruction that the file leaves open.
    fed.append(_BLANK)
    numbers.append(len(lines) - 1)
    return _Feed(fed, numbers)


def instruction_lines(lines: list[str], escape: str) -> list[tuple[int, int]]:
    """Return the first and the last line (from 0) of each instruction in ``lines``, heredocs taken for instructions."""
    from dockerfile_parse import DockerfileParser  # noqa: PLC0415 - 30 ms that files of other formats need not pay

    feed = _make_feed(lines, escape)
    numbers = feed.numbers
    return [
        (numbers[entry["startline"]], numbers[entry["endline"]]) for entry in DockerfileParser(fileobj=feed).structure
    ]
