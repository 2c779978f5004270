"""The JSON form of an instruction's arguments, ``CMD ["serve", "--all"]`` (``parseJSON``, parser/line_parsers.go)."""

from __future__ import annotations

import math


def read_array(arguments: str) -> list[object] | None:
    """Return the array that ``arguments`` (trimmed) are in JSON, or None where they are anything else."""
    if arguments[:1] != "[" or arguments[-1:] != "]":
        return None
    import json  # noqa: PLC0415 - few files have an array that is not told at a glance

    try:
        found = json.loads(arguments, parse_constant=_no_number, parse_float=_number, parse_int=_number)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _number(text: str) -> float:
    """Return the number as Go does, for which it must not be too large."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _no_number(text: str) -> float:
    """Refuse ``NaN`` and ``Infinity``, which Python takes and JSON does not have."""
    raise ValueError(text)
