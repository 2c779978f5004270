"""A second opinion: the lines of every instruction, straight from BuildKit's ``Parse``."""

from __future__ import annotations

import re

from pinner.formats.dockerfile.heredocs import open_heredocs
from pinner.formats.dockerfile.instructions import MAY_OPEN

SPACES = re.compile(
    "(?:[ \t\n\v\f\r]|\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)*"
)

GO_SPACES = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def strip_left(text: str) -> str:
    match = SPACES.match(text)
    assert match is not None
    return text[match.end() :]


def spans(data: bytes, escape: str) -> list[tuple[str, int, int]]:
    """Return (name, first line, last line) of each instruction, from 1; escape is that of the directives."""
    lines = data.decode("latin-1").removeprefix("\xef\xbb\xbf").split("\n")
    if not lines[-1]:
        lines.pop()
    quoted = re.escape(escape)
    continuation = re.compile(rf"([^{quoted}]){quoted}[ \t]*\Z|^{quoted}[ \t]*\Z")
    found = []
    number = 0
    while number < len(lines):
        first = number
        line = strip_left(lines[number].rstrip("\r"))
        number += 1
        if not line or line.startswith("#"):
            continue
        joined, goes_on = cut(line, continuation)
        while goes_on and number < len(lines):
            line = lines[number].rstrip("\r")
            number += 1
            rest = strip_left(line)
            if rest and not rest.startswith("#"):
                part, goes_on = cut(line, continuation)
                joined += part
        text = joined.encode("latin-1").decode("utf-8", "replace").strip(GO_SPACES)
        name = re.split(r"[ \t\v\f\r]+", text)[0].upper()
        if name in MAY_OPEN and "<<" in joined:
            for marker in open_heredocs(name, joined, escape):
                while number < len(lines):
                    body = lines[number].rstrip("\r")
                    number += 1
                    if (body.lstrip("\t") if marker.strips_tabs else body) == marker.name:
                        break
        found.append((name, first + 1, number))
    return found


def cut(line: str, continuation: re.Pattern[str]) -> tuple[str, bool]:
    match = continuation.search(line)
    if match is None:
        return line, False
    return line[: match.start()] + (match.group(1) or ""), True
