"""Compiler of regular expressions that a repository brings along, for a matcher without backtracking.

A part of Python's language: literals, classes, groups, alternatives, greedy and lazy repeats, ``^``, ``$``, word ends.
It becomes a program that is run over each line by itself; a state that has failed in a line is not tried again there,
from whichever start, so that a line costs at most its length times the program's, and a budget ends what takes long all
the same. Backreferences and look-around, which cannot be bounded so, are errors.
"""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_INSTRUCTIONS = 2_000
_MOST_DEPTH = 50
_CLASSES = frozenset("dDwWsS")
_CONTROLS = {"t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_COUNT = re.compile(r"\{([0-9]{0,4})(?:(,)([0-9]{0,4}))?\}")
_GROUP = re.compile(r"\?P<([A-Za-z_][A-Za-z0-9_]*)>|\?:")


class PatternError(ValueError):
    """A pattern that is none, or that has what is not known here."""


class Instruction(NamedTuple):
    """One step of a program."""

    kind: str
    """``char``: one character; ``split``: two ways, the first one before the second; ``save``, ``at``, ``match``."""
    first: int = 0
    second: int = 0
    fits: re.Pattern[str] | None = None
    name: str = ""


class Parser:
    """Compiles a pattern by recursive descent; each method appends to the program."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.program: list[Instruction] = []
        self.names: dict[str, int] = {}
        self._depth = 0

    def compile(self) -> tuple[Instruction, ...]:
        """Return the program."""
        self._alternatives()
        if self.position < len(self.text):
            raise PatternError(f"a `)` at {self.position} closes nothing")
        self._emit(Instruction("match"))
        return tuple(self.program)

    def _emit(self, instruction: Instruction) -> int:
        if len(self.program) >= MOST_INSTRUCTIONS:
            raise PatternError(f"it needs more than {MOST_INSTRUCTIONS:,} steps; repeat less")
        self.program.append(instruction)
        return len(self.program) - 1

    def _next(self) -> str:
        return self.text[self.position : self.position + 1]

    def _alternatives(self) -> None:
        start = len(self.program)
        self._sequence()
        if self._next() != "|":
            return
        self.position += 1
        self._shift(start, 1)
        jump = self._emit(Instruction("split"))
        self.program[start] = Instruction("split", start + 1, jump + 1)
        self._alternatives()
        end = len(self.program)
        self.program[jump] = Instruction("split", end, end)

    def _sequence(self) -> None:
        while self._next() not in ("", "|", ")"):
            start = len(self.program)
            self._atom()
            self._repeats(start)

    def _shift(self, start: int, by: int) -> None:
        """Make room for ``by`` instructions at ``start``."""
        moved = [_moved(one, start, by) for one in self.program[start:]]
        self.program[start:] = []
        for one in [*[Instruction("split")] * by, *moved]:
            self._emit(one)

    def _atom(self) -> None:
        character = self._next()
        self.position += 1
        if character == "(":
            self._group()
        elif character == "[":
            self._char(self._class())
        elif character == "\\":
            self._escape()
        elif character in "^$":
            self._emit(Instruction("at", name=character))
        elif character == ".":
            self._char(".")
        elif character in "*+?":
            raise PatternError(f"a `{character}` at {self.position - 1} repeats nothing")
        else:
            self._char(re.escape(character), character)

    def _char(self, pattern: str, literal: str = "") -> None:
        try:
            self._emit(Instruction("char", fits=re.compile(pattern), name=literal))
        except re.error as error:
            raise PatternError(f"`{pattern}` is no class of characters: {error}") from error

    def _escape(self) -> None:
        character = self._next()
        self.position += 1
        if character == "b":
            self._emit(Instruction("at", name="b"))
        elif character in _CLASSES and character:
            self._char("\\" + character)
        elif character in _CONTROLS and character:
            self._char(re.escape(_CONTROLS[character]))
        elif character and not character.isalnum():
            self._char(re.escape(character))
        else:
            raise PatternError(f"`\\{character}` is not known here")

    def _class(self) -> str:
        """Return the class at the position, behind its ``[``, as it is written."""
        start = self.position
        if self._next() == "^":
            self.position += 1
        if self._next() == "]":
            self.position += 1
        while self._next() not in ("]", ""):
            self.position += 2 if self._next() == "\\" else 1
        if not self._next():
            raise PatternError(f"the `[` at {start - 1} is not closed")
        self.position += 1
        # What a later Python may read as a set operation is a character here.
        return "[" + self.text[start : self.position].replace("[", "\\[").replace("\\\\[", "\\[")

    def _group(self) -> None:
        opening = self.position - 1
        name = ""
        if self._next() == "?":
            match = _GROUP.match(self.text, self.position)
            if match is None:
                raise PatternError(f"the group at {opening} is of a kind that is not known here")
            name = match[1] or ""
            self.position = match.end()
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise PatternError("its groups are nested too deep")
        if name in self.names:
            raise PatternError(f"the group `{name}` is there twice")
        if name:
            self.names[name] = len(self.names)
            self._emit(Instruction("save", name=f"{name}<"))
        self._alternatives()
        if self._next() != ")":
            raise PatternError(f"the `(` at {opening} is not closed")
        self.position += 1
        self._depth -= 1
        if name:
            self._emit(Instruction("save", name=f"{name}>"))

    def _repeats(self, start: int) -> None:
        found = self._count()
        if found is None:
            return
        least, most = found
        is_lazy = self._next() == "?"
        self.position += is_lazy
        if self._next() in ("*", "+", "?") or _COUNT.match(self.text, self.position):
            raise PatternError(f"a repeat at {self.position} repeats a repeat")
        body = self.program[start:]
        del self.program[start:]
        for _ in range(least):
            self._copy(body, start)
        if most is None:
            self._loop(body, start, lazy=is_lazy)
        else:
            for _ in range(most - least):
                split = self._emit(Instruction("split"))
                self._copy(body, start)
                self.program[split] = _way(split + 1, -1, lazy=is_lazy)
            self._close(start)

    def _count(self) -> tuple[int, int | None] | None:
        character = self._next()
        if character in ("*", "+", "?"):
            self.position += 1
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
        match = _COUNT.match(self.text, self.position)
        if match is None or not (match[1] or match[3]):
            return None
        self.position = match.end()
        least = int(match[1] or 0)
        most = least if match[2] is None else int(match[3]) if match[3] else None
        if most is not None and most < least:
            raise PatternError(f"`{match[0]}` repeats less often than it must")
        return least, most

    def _copy(self, body: list[Instruction], start: int) -> None:
        by = len(self.program) - start
        for one in body:
            self._emit(_moved(one, start, by))

    def _loop(self, body: list[Instruction], start: int, *, lazy: bool) -> None:
        split = self._emit(Instruction("split"))
        self._copy(body, start)
        self._emit(Instruction("split", split, split))
        self.program[split] = _way(split + 1, len(self.program), lazy=lazy)

    def _close(self, start: int) -> None:
        """Let the ways out of the repeats behind ``start`` end behind all of them."""
        end = len(self.program)
        for number in range(start, end):
            one = self.program[number]
            if one.kind == "split" and -1 in (one.first, one.second):
                first, second = (end if way < 0 else way for way in (one.first, one.second))
                self.program[number] = one._replace(first=first, second=second)


def _way(inside: int, outside: int, *, lazy: bool) -> Instruction:
    return Instruction("split", outside, inside) if lazy else Instruction("split", inside, outside)


def _moved(one: Instruction, start: int, by: int) -> Instruction:
    """Return ``one`` with its ways moved ``by``, as far as they lead behind ``start``."""
    if one.kind != "split":
        return one
    first, second = (way + by if way >= start else way for way in (one.first, one.second))
    return one._replace(first=first, second=second)
