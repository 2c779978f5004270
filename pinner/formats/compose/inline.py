"""``dockerfile_inline`` images: found by the Dockerfile format, placed in the compose file."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate

from pinner._typing import TYPE_CHECKING
from pinner.formats.compose.variables import InvalidTemplateError, expand
from pinner.formats.yaml.embedded import Embedded
from pinner.limits import INLINE_BYTES, MIB
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.formats.compose.variables import Expansion, Variable
    from pinner.formats.yaml.references import Collector, Use
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Occurrence


def locate_inline(collector: Collector, use: Use, text: SourceText | None, path: str) -> Iterable[object]:
    """Keep the places in the Dockerfile ``text`` that stands at ``use``; return the outline of that Dockerfile."""
    from pinner.formats import dockerfile  # noqa: PLC0415 - few compose files hold a Dockerfile

    if text is None:
        detail = "the Dockerfile's lines cannot be matched with those of this file"
        collector.add(use, use.skip("", "computed", detail))
        return ()
    if len(text.data) > INLINE_BYTES:
        collector.add(use, use.skip("", "parse-error", f"a Dockerfile of over {INLINE_BYTES // MIB} MB"))
        return ()
    try:
        expansion = expand(text)
    except InvalidTemplateError as error:
        collector.add(use, use.skip("", "invalid-reference", f"compose cannot fill in the Dockerfile: {error}"))
        return ()
    located = dockerfile.locate(Document(path, expansion.text.data))
    if located is None:
        return ()
    inline = _Inline(expansion)
    for place in located.places:
        inline.keep(collector, use, place)
    return located.outline


class _Inline(Embedded):
    """A Dockerfile inside a compose file, and how its offsets read there."""

    def __init__(self, expansion: Expansion) -> None:
        super().__init__(expansion.text)
        self.variable_starts = [variable.start for variable in expansion.variables]
        # Of the variables up to each one, that which reaches furthest: they come in order, and may be nested.
        self.furthest: list[Variable] = list(accumulate(expansion.variables, _further))

    def obstacle(self, place: Occurrence) -> str:
        """Say why a digest cannot go in at ``place``; empty where it can."""
        start, end = place.span.start, place.span.end
        touching = [(start, end)]
        if place.kind == "from":
            touching.append(self._instruction(place.line))
        for first, last in touching:
            before = bisect_right(self.variable_starts, last)
            if before and self.furthest[before - 1].end >= first:
                name = self.furthest[before - 1].name
                return f"compose fills in `{name}` before the Dockerfile is read; `$$` keeps a dollar for it"
        return super().obstacle(place)

    def _instruction(self, line: int) -> tuple[int, int]:
        """Return the positions of the first and after the last character of the instruction that begins on ``line``."""
        last = line - 1
        while last + 1 < len(self.lines) and self.lines[last].rstrip().endswith((b"\\", b"`")):
            last += 1
        return self.line_starts[line - 1], self.line_starts[last] + len(self.lines[last])


def _further(one: Variable, other: Variable) -> Variable:
    return other if other.end > one.end else one
