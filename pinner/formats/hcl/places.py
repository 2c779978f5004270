"""Places in HCL: paths into its values, and the images that stand there, collected."""

from __future__ import annotations

from operator import itemgetter

from pinner._typing import TYPE_CHECKING
from pinner.formats.hcl.values import Array, Call, Name, Object, Other, Template, literal_text, read_value
from pinner.formats.source import LineIndex
from pinner.formats.yaml.references import Use
from pinner.limits import HCL_DEPTH
from pinner.model import SkippedOccurrence, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.formats.hcl.blocks import Attribute, Problem
    from pinner.formats.hcl.values import Value
    from pinner.model import Place, SkipReason

_SHOWN = 80
_TEMPLATE_MARKS = (b"[[", b"{{", b"<%")


class Collector:
    """Gathers the places of one file, and puts them in the order of their use."""

    def __init__(self, format_name: str, data: bytes) -> None:
        self.format = format_name
        self.data = data
        self.lines = LineIndex(data)
        self._entries: list[tuple[int, Place]] = []
        self.open: list[tuple[str, Value, str]] = []
        """The images whose names are put together from other values: kind, value and owner."""
        self._values: dict[int, Value] = {}

    def read(self, attribute: Attribute) -> Value:
        """Return the value of ``attribute``, which is read once: several positions may be in it."""
        value = self._values.get(attribute.start)
        if value is None:
            value = self._values[attribute.start] = read_value(self.data, attribute.start, attribute.end)
        return value

    def use(self, kind: str, value: Value, owner: str) -> Use:
        """Return the use of ``value``."""
        line, column = self.lines.locate(value.start)
        return Use(self.format, kind, value.start, line, column, Span(value.start, value.end), owner=owner)

    def add(self, use: Use, place: Place, offset: int | None = None) -> None:
        """Keep ``place``, found at ``use``; ``offset`` says where inside of it, where it is but a part."""
        self._entries.append((use.offset if offset is None else offset, place))

    def add_image(self, kind: str, value: Value, owner: str) -> None:
        """Keep what ``value``, an image's name to its reader, is: an occurrence, or a skip with the reason."""
        if type(value) is Template and len(value.pieces) == 1 and value.pieces[0].is_hole:
            value = read_value(self.data, value.pieces[0].start, value.pieces[0].end)
        if value.start < value.end:
            use = self.use(kind, value, owner)
            self.add(use, self._judged(use, value))
            if type(value) is Name or (type(value) is Template and not value.is_literal):
                self.open.append((kind, value, owner))

    def add_result(self, kind: str, value: Value, owner: str) -> None:
        """Keep the skip of ``value``, which names what a resource builds."""
        if value.start < value.end:
            use = self.use(kind, value, owner)
            text = literal_text(self.data, value) if type(value) is Template and value.is_literal else None
            shown = self._shown(value) if text is None else str(text)
            self.add(use, use.skip(shown, "built-here", "the resource has `build`: this names the result"))

    def _shown(self, value: Value) -> str:
        return self.data[value.start : value.end].strip()[:_SHOWN].decode("utf-8", "replace")

    def _judged(self, use: Use, value: Value) -> Place:
        shown = self._shown(value)
        if type(value) is Template:
            if not value.is_literal:
                return _filled_in(use, value, shown, self.data)
            text = literal_text(self.data, value)
            if text is None:
                return use.skip(shown, "invalid-reference", "the text is too long for a name, or has a wrong escape")
            if value.is_heredoc:
                detail = "a heredoc ends with a line break, which no name has; write it as one string"
                return use.skip(shown, "invalid-reference", detail)
            return use.judge(text)
        if type(value) is Name:
            return use.skip(shown, "no-default", f"`{shown}` is not known here")
        return use.skip(shown, "computed", f"`{shown}` is worked out")

    def report(self, problem: Problem | None) -> None:
        """Keep the skip of a file that could not be read on, or is no HCL before a template engine has been at it."""
        templated = problem is not None and any(mark in self.data for mark in _TEMPLATE_MARKS)
        if problem is None or not (problem.is_fatal or templated):
            return
        line, column = self.lines.locate(problem.offset)
        detail = "a template, which is no HCL before it is filled in" if templated else problem.message
        reason: SkipReason = "templated" if templated else "parse-error"
        span = Span(problem.offset, problem.offset)
        skip = SkippedOccurrence(self.format, "document", "", line, column, span, reason, detail)
        self._entries.append((problem.offset, skip))

    def places(self) -> tuple[Place, ...]:
        """Return everything kept, in the order of the uses."""
        return tuple(place for _, place in sorted(self._entries, key=itemgetter(0)))


def _filled_in(use: Use, template: Template, shown: str, data: bytes) -> Place:
    """Return the skip of a text in which something is filled in."""
    hole = next(piece for piece in template.pieces if piece.is_hole)
    inner = data[hole.start : hole.end].strip()[:_SHOWN].decode("utf-8", "replace")
    before = data[template.start : hole.start]
    in_tag = b":" in before[before.rfind(b"/") + 1 :].rstrip(b"${%~")
    reason: SkipReason = "interpolated-tag" if in_tag else "interpolated-name"
    return use.skip(shown, reason, f"`{inner}` is filled in")


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
