"""The text of a scalar as its consumer reads it, and for every byte of it the bytes of the file it comes from."""

from __future__ import annotations

import re

from pinner.formats.yamlnodes.folding import block_units, quoted_units
from pinner.formats.yamlnodes.shadow import shadow
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.formats.yamlnodes.folding import Units
    from pinner.formats.yamlnodes.nodes import Scalar

_MAX_REFERENCE = 4_000
_PROPERTIES = re.compile(rb"(?:(?:&[^\s,\[\]{}]+|!<[^>\s]*>|![^\s,\[\]{}]*)(?:[ \t\r\n]|(?<=[ \t\r\n])#[^\n]*\n)*+)+")


class SourceText:
    """UTF-8 bytes and where each of them stands in the file: byte ``i`` comes from ``[starts[i], ends[i])``."""

    __slots__ = ("data", "ends", "starts")

    def __init__(self, data: bytes, starts: Sequence[int], ends: Sequence[int]) -> None:
        self.data = data
        self.starts = starts
        """A range where the bytes stand side by side, as they nearly always do."""
        self.ends = ends

    def __getitem__(self, part: slice) -> SourceText:
        return SourceText(self.data[part], self.starts[part], self.ends[part])

    def __str__(self) -> str:
        return self.data.decode("utf-8", "replace")

    def is_run(self, start: int, end: int) -> bool:
        """Tell whether the bytes ``start`` to ``end`` of the text stand side by side in the file."""
        starts, ends = self.starts, self.ends
        return type(starts) is range or all(ends[index] == starts[index + 1] for index in range(start, end - 1))

    def run_before(self, end: int) -> int:
        """Return the start of the longest run, side by side in the file, that comes before ``end`` (above 0)."""
        if type(self.starts) is range:
            return 0
        start = end - 1
        while start and self.ends[start - 1] == self.starts[start]:
            start -= 1
        return start


def content_start(data: bytes, scalar: Scalar) -> int:
    """Return the offset of a scalar's text, after anchor, tag and opening quote; for a block that of ``|`` or ``>``."""
    start = scalar.start
    if data[start : start + 1] in (b"&", b"!"):
        match = _PROPERTIES.match(data, start, scalar.end)
        start = scalar.end if match is None else match.end()
    return start + 1 if scalar.style in ("'", '"') else start


def source_text(data: bytes, scalar: Scalar) -> SourceText | None:
    """Return the text of ``scalar`` in the file ``data``, or None where it cannot be told exactly where it comes from.

    The mapping is proved, not believed: what it makes of the file's bytes must be what the parser read.
    """
    start = content_start(data, scalar)
    if scalar.style in ("|", ">"):
        raw = shadow(data[start : scalar.end])
        for units in block_units(raw, scalar.value, folded=scalar.style == ">"):
            if _same(units.text, scalar.value):
                return _mapped(data, units, start)
        return None
    end = scalar.end - 1 if scalar.style else scalar.end
    raw_bytes = data[start:end]
    if len(raw_bytes) == len(scalar.value) and b"\\" not in raw_bytes and b"\n" not in raw_bytes:
        return SourceText(raw_bytes, range(start, end), range(start + 1, end + 1))
    units = quoted_units(shadow(raw_bytes), scalar.style)
    return _mapped(data, units, start) if _same(units.text, scalar.value) else None


def reference_text(data: bytes, scalar: Scalar) -> SourceText | None:
    """Return the text of ``scalar`` as `source_text` does, but None for what is far too long for a reference or a name.

    A scalar may have thousands of aliases: what is done for each of them must not cost the scalar's length.
    """
    return source_text(data, scalar) if scalar.end - scalar.start <= _MAX_REFERENCE else None


def _same(text: str, value: str) -> bool:
    # The pure parser was given spaces for tabs.
    return text.replace("\t", " ") == value.replace("\t", " ")


def _mapped(data: bytes, units: Units, base: int) -> SourceText:
    parts: list[bytes] = []
    starts: list[int] = []
    ends: list[int] = []
    for character, start, end, literal in zip(units.characters, units.starts, units.ends, units.literal, strict=True):
        encoded = data[base + start : base + start + 1] if literal else character.encode("utf-8", "surrogatepass")
        parts.append(encoded)
        starts += [base + start] * len(encoded)
        ends += [base + end] * len(encoded)
    return SourceText(b"".join(parts), starts, ends)
