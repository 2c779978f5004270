"""Regular expressions that a repository brings along, matched without backtracking.

``re`` takes a time that doubles with each character for some patterns, and whose pattern it is decides that. What the
language is: `pinner.patterns.regular_expression_compiler`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.patterns.regular_expression_compiler import Instruction, Parser, PatternError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Budget", "Pattern", "PatternError", "fits_whole"]


_MOST_STATES = 500_000
"""Of one text: some 60 MB."""


def fits_whole(pattern: str, text: str) -> bool:
    """Tell whether ``pattern`` fits all of ``text``, as `re.fullmatch` does; raises `PatternError`.

    A text that is too long for what the pattern is does not fit: of names no real one is.
    """
    compiled = Pattern(pattern, whole=True)
    is_bounded = len(text) * len(compiled.program) <= _MOST_STATES
    return is_bounded and compiled.match_at(text, 0, set()) is not None


class Budget:
    """The steps that may be taken in one file."""

    def __init__(self, steps: int) -> None:
        self.steps = steps


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str, *, whole: bool = False) -> None:
        """Compile ``text``; where ``whole``, matches end where the line does. Raises `PatternError`."""
        parser = Parser(text)
        self.program = parser.compile()
        if whole:
            *before, end = self.program
            self.program = (*before, Instruction("at", name="$"), end)
        self.groups = frozenset(parser.names)
        letters = []
        for one in self.program:
            if one.kind not in ("char", "save") or (one.kind == "char" and not one.name):
                break
            letters.append(one.name if one.kind == "char" else "")
        self._start = "".join(letters)
        """What every match begins with."""

    def find(self, line: str, budget: Budget) -> Iterator[dict[str, tuple[int, int]]]:
        """Yield the spans of the named groups of each match in ``line``, in order, none overlapping another.

        Ends early where the ``budget`` is used up: its steps are below zero then.
        """
        failed: set[tuple[int, int]] = set()
        start = 0
        while budget.steps >= 0 and (start := line.find(self._start, start)) >= 0:
            known = len(failed)
            found = self.match_at(line, start, failed)
            budget.steps -= len(failed) - known + 1
            if found is None:
                start += 1
                continue
            end, saved = found
            failed.clear()
            yield {
                name: (saved[f"{name}<"], saved[f"{name}>"])
                for name in self.groups
                if f"{name}<" in saved and f"{name}>" in saved
            }
            start = max(end, start + 1)

    def match_at(self, line: str, start: int, failed: set[tuple[int, int]]) -> tuple[int, dict[str, int]] | None:
        """Return the end of the match at ``start`` and what it saved; every state that fails goes to ``failed``."""
        stack: list[tuple[int, int, dict[str, int]]] = [(0, start, {})]
        while stack:
            number, position, saved = stack.pop()
            if (number, position) in failed:
                continue
            failed.add((number, position))
            one = self.program[number]
            if one.kind == "match":
                return position, saved
            if one.kind == "split":
                if one.second != one.first:
                    stack.append((one.second, position, saved))
                stack.append((one.first, position, saved))
            elif one.kind == "save":
                stack.append((number + 1, position, {**saved, one.name: position}))
            elif one.kind == "at":
                if _holds(one.name, line, position):
                    stack.append((number + 1, position, saved))
            elif one.fits is not None and one.fits.match(line, position):
                stack.append((number + 1, position + 1, saved))
        return None


def _holds(name: str, line: str, position: int) -> bool:
    if name == "b":
        return re.compile(r"\b").match(line, position) is not None
    return position == (0 if name == "^" else len(line))
