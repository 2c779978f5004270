"""Version ranges of the settings ``allow`` and ``ignore``: ``>=3.11,<3.14``.

A bound is compared at its own precision, so that ``<=3.13`` takes 3.13.7 and ``<3.14`` does not take 3.14.1; ``==3.12``
is 3.12 and 3.12.0, ``==3.12.*`` all that begins so.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import ConfigError
from pinner.tags.tokens import is_year

if TYPE_CHECKING:
    from pinner.tags.model import Tag

_CONDITION = re.compile(r"(>=|<=|==|!=|>|<|=|)[ \t]*[vV]?([0-9]{1,100}(?:\.[0-9]{1,100}){0,20})(\.\*)?\Z")


class Condition(NamedTuple):
    """One bound."""

    operator: str
    numbers: tuple[int, ...]
    is_prefix: bool

    def holds(self, release: tuple[int, ...]) -> bool:
        """Tell whether ``release`` is within the bound."""
        if self.operator in ("==", "!=") and not self.is_prefix:
            longest = max(len(release), len(self.numbers))
            return (_padded(release, longest) == _padded(self.numbers, longest)) == (self.operator == "==")
        cut = _padded(release, len(self.numbers))[: len(self.numbers)]
        return {
            "==": cut == self.numbers,
            "!=": cut != self.numbers,
            ">=": cut >= self.numbers,
            "<=": cut <= self.numbers,
            ">": cut > self.numbers,
            "<": cut < self.numbers,
        }[self.operator]

    def first_numbers(self) -> tuple[int, int | None]:
        """Return the least and the greatest first number within the bound; None for a greatest where there is none."""
        first, *rest = self.numbers
        match self.operator:
            case "==":
                return first, first
            case ">=":
                return first, None
            case ">":
                return (first if rest else first + 1), None
            case "<=":
                return 0, first
            case "<":
                return 0, first if any(rest) else first - 1
        return 0, None


class Range(NamedTuple):
    """Bounds that all have to hold."""

    conditions: tuple[Condition, ...]

    def holds(self, tag: Tag) -> bool:
        """Tell whether the release of ``tag`` is in the range."""
        return all(condition.holds(tag.release) for condition in self.conditions)

    def only_first_number(self) -> int | None:
        """Return the first number of every version in the range; None where there may be several."""
        lowest = max((condition.first_numbers()[0] for condition in self.conditions), default=0)
        highest = [last for condition in self.conditions if (last := condition.first_numbers()[1]) is not None]
        return lowest if highest and min(highest) == lowest else None

    @property
    def names_a_year(self) -> bool:
        """Whether a bound is a year: then a change from numbers to years is meant."""
        return any(is_year(str(condition.numbers[0])) for condition in self.conditions)


def parse_range(text: str) -> Range:
    """Return the range that ``text`` says. Raises `ConfigError` where it says none, or one that nothing can be in."""
    conditions = tuple([_condition(part.strip(), text) for part in text.split(",")])
    found = Range(conditions)
    if _is_empty(conditions):
        raise ConfigError(f"no version is in the range `{text}`", hint="commas mean `and`: >=3.11,<3.14")
    return found


def _condition(text: str, whole: str) -> Condition:
    match = _CONDITION.match(text)
    if match is None or (match[3] and match[1] not in ("==", "!=", "=", "")):
        raise ConfigError(f"not a range of versions: `{whole}`", hint="as in >=3.11,<3.14 or ==3.12.*")
    operator = "==" if match[1] in ("", "=") else match[1]
    return Condition(operator, tuple(map(int, match[2].split("."))), bool(match[3]))


def _is_empty(conditions: tuple[Condition, ...]) -> bool:
    """Tell whether no release is within all ``conditions``: of those at and around every bound, none is."""
    longest = max(len(condition.numbers) for condition in conditions)
    probes: set[tuple[int, ...]] = {(0,)}
    for condition in conditions:
        numbers = _padded(condition.numbers, longest)
        for last in range(longest):
            for step in (-1, 0, 1):
                probe = (*numbers[:last], max(0, numbers[last] + step), *numbers[last + 1 :])
                probes |= {probe, (*probe, 1), (*probe[: last + 1], *[0] * (longest - last - 1))}
        probes.add((*[number + 1 for number in numbers], 1))
    return not any(all(condition.holds(probe) for condition in conditions) for probe in probes)


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
