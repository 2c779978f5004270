"""Pragma parser: ``# pinner: ignore`` comments, their reasons and expiry dates.

``# pinner: ignore[PIN001] reason until=2027-01-31`` on the reference's own line (where the format has trailing
comments) or on a comment line directly above, and there too ``# pinner: tags=none reason``, which says how far its tag
may be raised; ``# pinner: ignore-file`` among the file's leading comments.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple, cast
from pinner.rules import IDS, rule_hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from pinner.config import TagLevel

# Compiled where they are needed: few files name pinner.
_SHORT = 100_000
"""Bytes in which a word is found before a pattern is compiled."""
_GATE = rb"(?i)#[ \t]*pinner(?::|[ \t]+ignore)"
_COMMENT = (
    rb"(?i)(?:^|(?<=\s))#[ \t]*(?P<name>pinner)(?P<colon>:)?[ \t]*(?P<verb>[a-z-]*)"
    rb"(?P<bracket>\[(?P<rules>[^\]]*)(?P<closed>\])?)?(?P<rest>.*)$"
)
_LEVEL = r"=(none|patch|minor|major)(?![^\s:])"
_UNTIL = r"(?:^|\s)until\s*=\s*(\S*)"


class Pragma(NamedTuple):
    """One comment that silences rules."""

    line: int
    rules: frozenset[str]
    """Rule ids; empty for all of them."""
    reason: str
    until: date | None
    """The last day on which it holds."""
    tags: TagLevel | None = None
    """How far the tag may be raised; where it says that, it silences nothing."""

    def covers(self, rule: str) -> bool:
        """Tell whether ``rule`` (an id) is among those silenced."""
        return self.tags is None and (not self.rules or rule in self.rules)

    def expired(self, today: date) -> bool:
        """Tell whether its last day has passed."""
        return self.until is not None and today > self.until


class PragmaProblem(NamedTuple):
    """A comment that was meant as a pragma and is not one."""

    line: int
    message: str


class Pragmas(NamedTuple):
    """The pragmas of one document."""

    by_line: Mapping[int, Pragma]
    """By the line they apply to: their own, or the one that follows their block of comments."""
    whole_file: tuple[Pragma, ...] = ()
    problems: tuple[PragmaProblem, ...] = ()
    every: tuple[Pragma, ...] = ()
    """Those for one reference, also where none follows."""
    levels: Mapping[int, Pragma] = MappingProxyType({})
    """Those that say how far a tag may be raised, by the line they apply to."""

    def covering(self, lines: Iterable[int]) -> tuple[Pragma, ...]:
        """Return the pragmas that apply to a reference that stands on ``lines``."""
        own = sorted(set(lines))
        found = [one[line] for one in (self.by_line, self.levels) for line in own if line in one]
        return (*found, *self.whole_file)


NO_PRAGMAS = Pragmas({})


def may_have_pragmas(data: bytes) -> bool:
    """Tell whether `read_pragmas` may find something in ``data``, at a fraction of its cost."""
    if b"#" not in data or (len(data) < _SHORT and b"pinner" not in data.lower()):
        return False
    return re.search(_GATE, data) is not None


def read_pragmas(data: bytes, *, trailing: bool) -> Pragmas:
    """Return the pragmas of ``data``; ``trailing`` where a comment may follow the reference on its line.

    A trailing comment counts wherever it starts with ``#`` after white space, as YAML's and Python's do.
    """
    if not may_have_pragmas(data):
        return NO_PRAGMAS
    lines = [line.strip() for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    first = next((number for number, line in enumerate(lines, 1) if line and not _is_comment(line)), len(lines) + 1)
    by_line: dict[int, Pragma] = {}
    levels: dict[int, Pragma] = {}
    whole_file: list[Pragma] = []
    every: list[Pragma] = []
    problems: list[PragmaProblem] = []
    end = 0  # of the block of comments
    for number, found, is_for_file in _found(lines, trailing=trailing):
        if isinstance(found, PragmaProblem):
            problems.append(found)
        elif is_for_file and number < first:
            whole_file.append(found)
        elif is_for_file:
            problems.append(PragmaProblem(number, "`pinner: ignore-file` must stand among the leading comments"))
        else:
            if found.tags is None:
                every.append(found)
            end = max(end, _end_of_comments(lines, number) if number > end else 0)
            if end <= len(lines) and lines[end - 1]:
                (by_line if found.tags is None else levels)[end] = found
    return Pragmas(by_line, tuple(whole_file), tuple(problems), tuple(every), levels)


def _is_comment(line: bytes) -> bool:
    return line.startswith(b"#")


def _found(lines: Iterable[bytes], *, trailing: bool) -> Iterator[tuple[int, Pragma | PragmaProblem, bool]]:
    """Yield each comment that is meant as a pragma: its line, what it says, whether of the whole file."""
    pattern = re.compile(_COMMENT)
    for number, line in enumerate(lines, 1):
        match = pattern.search(line) if trailing or _is_comment(line) else None
        if match is not None and (match["colon"] or match["verb"].lower().startswith(b"ignore")):
            yield number, _parse(number, match), match["verb"] == b"ignore-file"


def _end_of_comments(lines: Sequence[bytes], number: int) -> int:
    """Return the number of the first line from ``number`` on that is no comment: what a block is about."""
    while number <= len(lines) and _is_comment(lines[number - 1]):
        number += 1
    return number


def _parse(line: int, match: re.Match[bytes]) -> Pragma | PragmaProblem:
    verb = match["verb"].decode("ascii", "replace")
    rest = match["rest"].decode("utf-8", "replace").strip()
    level = re.match(_LEVEL, rest) if verb == "tags" and match["colon"] and not match["bracket"] else None
    if level is not None and match["name"] == b"pinner":
        return _dated(line, frozenset(), rest[level.end() :].strip(), cast("TagLevel", level[1]))
    if verb == "tags":
        return PragmaProblem(line, "a pragma of tags says how far; write `pinner: tags=none`, patch, minor or major")
    if verb not in ("ignore", "ignore-file") or match["name"] != b"pinner" or not match["colon"]:
        written = f"{match['name'].decode()}{':' if match['colon'] else ''} {verb}"
        return PragmaProblem(line, f"unknown pragma `{written}`; write `pinner: ignore` or `pinner: ignore-file`")
    if match["bracket"] and not match["closed"]:
        return PragmaProblem(line, "a pragma's list of rules is not closed; write `pinner: ignore[PIN001] reason`")
    rules: list[str] = []
    if match["bracket"]:
        rules = [rule.strip() for rule in match["rules"].decode("utf-8", "replace").split(",")]
        unknown = [rule for rule in rules if rule not in IDS]
        if unknown:
            what = f"unknown rule `{unknown[0]}` in a pragma" if unknown[0] else "a pragma's list of rules is empty"
            hint = rule_hint(unknown[0])
            return PragmaProblem(line, f"{what}; {hint}")
    return _dated(line, frozenset(rules), rest)


def _dated(line: int, rules: frozenset[str], rest: str, tags: TagLevel | None = None) -> Pragma | PragmaProblem:
    """Return the pragma whose reason, and the last day of it, are ``rest``."""
    until = None
    if found := re.search(_UNTIL, rest):
        from datetime import date  # noqa: PLC0415 - hardly a comment has one

        try:
            until = date.fromisoformat(found[1])
        except ValueError:
            return PragmaProblem(line, f"`until={found[1]}` is not a date; write it as `until=2027-01-31`")
        rest = (rest[: found.start()] + rest[found.end() :]).strip()
    return Pragma(line, rules, rest.lstrip(":- ").strip(), until, tags)
