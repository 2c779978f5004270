"""Parser directives: the escape character, and the frontend's image of ``# syntax=`` (parser/directives.go)."""

from __future__ import annotations

import re

from pinner.formats.dockerfile.glance import LONGEST_LINE
from pinner.formats.dockerfile.text import decoded, skip_space
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pinner.formats.dockerfile.source import Source

_KNOWN = ("syntax", "escape", "check")
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
                detail = f"the escape character is \\ or `, not `{decoded(escape)[:20]}`"
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
