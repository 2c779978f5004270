"""The adapter to dockerfile-parse: which physical lines make an instruction.

Only `DockerfileParser.structure` is used, for its line numbers. Read raw, dockerfile-parse 2.0.1 differs from BuildKit
where a blank line stands in a continuation, an escape is doubled, a file ends in a continuation, a byte is not UTF-8,
or a directive it does not know comes first; so it is fed lines of its own making, as many as there are in the file,
that mean to it what the true ones mean to BuildKit. Heredocs, which it does not know, are the caller's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.formats.dockerfile.text import continuation, skip_space

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMENT = "#\n"
"""What a comment and a blank line in a continuation are fed as."""
_BLANK = "\n"
_LINE = "_\n"
_CONTINUES = "_\\\n"
_MIDDLE = "#+\n"
# dockerfile-parse copies what it has of an instruction for every line it adds; beyond this many lines, those that
# neither begin nor end the instruction are fed as comments, which it does not join.
_JOINED_LINES = 64


class _Feed:
    """The part of a file object that dockerfile-parse asks for; it takes text as it is."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def seek(self, _position: int) -> None:
        """Do nothing: every reading starts at the beginning."""

    def readlines(self) -> list[str]:
        return self._lines


def make_feed(lines: list[str], escape: str) -> list[str]:
    """Return what dockerfile-parse is given in the place of ``lines``, and one blank line more to end the last one."""
    feed = []
    joined = 0
    for line in lines:
        if "A" <= line[:1] <= "z" and "!" <= line[-1] <= "~" and line[-1] != escape:
            # What most lines are: an instruction, or the last line of one.
            feed.append(_LINE)
            joined = 0
            continue
        text = line.rstrip("\r")
        begin = skip_space(text)
        if begin == len(text) or text[begin] == "#":
            # Either would do outside a continuation; blank lines cost less.
            feed.append(COMMENT if joined else _BLANK)
        elif continuation(text, escape) < 0:
            feed.append(_LINE)
            joined = 0
        else:
            feed.append(_CONTINUES if joined <= _JOINED_LINES else _MIDDLE)
            joined += 1
    feed.append(_BLANK)
    return feed


def instruction_lines(feed: list[str]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last line (from 0) of each instruction of ``feed``, heredocs taken for instructions."""
    from dockerfile_parse import DockerfileParser  # noqa: PLC0415 - 30 ms that files of other formats need not pay

    last = len(feed) - 2
    for entry in DockerfileParser(fileobj=_Feed(feed)).structure:
        first = entry["startline"]
        if feed[first][0] != "#":
            yield first, min(entry["endline"], last)
