"""Paths into HCL values: objects, lists, JSON in a heredoc or string, and calls that hand their argument on."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.hcl.values import Array, Call, Object, Other, Template, read_value
from pinner.limits import HCL_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.formats.hcl.values import Value

_HANDS_ON = frozenset({"jsonencode", "merge", "concat", "flatten", "tolist", "toset", "tomap", "try", "coalescelist"})
"""Functions whose result is made of their arguments."""


def values_at(data: bytes, value: Value, path: Sequence[str], depth: int = 0) -> Iterator[Value]:
    """Yield what ``path`` leads to from ``value``: keys, ``[]`` for elements, ``**`` for any way down."""
    if depth > HCL_DEPTH:
        return
    value = opened(data, value)
    if not path:
        yield value
        return
    if type(value) is Call and value.name in _HANDS_ON:
        for argument in value.arguments:
            yield from values_at(data, argument, path, depth + 1)
        return
    step = path[0]
    if step == "**":
        yield from values_at(data, value, path[1:], depth + 1)
    for one in _inner(value, step):
        yield from values_at(data, one, path if step == "**" else path[1:], depth + 1)


def _inner(value: Value, step: str) -> Iterator[Value]:
    """Yield what one step leads to from ``value``."""
    if type(value) is Array and step in ("[]", "**"):
        yield from value.values
    elif type(value) is Object and step != "[]":
        yield from (one for key, one in value.items if step in (key, "**"))


def opened(data: bytes, value: Value) -> Value:
    """Return what ``value`` is without the template around it: JSON in a heredoc, ``"${expression}"``."""
    if type(value) is not Template:
        return value
    if value.is_heredoc:
        inner = read_value(data, value.start, value.end)
        return value if type(inner) is Other else inner
    if len(value.pieces) == 1 and value.pieces[0].is_hole and not value.pieces[0].is_directive:
        inner = read_value(data, value.pieces[0].start, value.pieces[0].end)
        return inner if type(inner) in (Call, Object, Array) else value
    return value
