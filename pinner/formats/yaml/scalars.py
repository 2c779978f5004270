"""Scalar values of YAML: escapes, folding and chomping, each character with its origin.

Follows the scanner of libyaml (``scanner.c``: ``scan_flow_scalar``, ``scan_plain_scalar``, ``scan_block_scalar``),
whose reading Go's parsers share. Works on shadow text, so that one character is one byte.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.yaml.stream import shadow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pinner.formats.yaml.nodes import Scalar


_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_HEXADECIMAL = {"x": 2, "u": 4, "U": 8}
_BREAK = re.compile(r"\r\n|\r|\n")
_FOLD = re.compile(r"[ \t]*(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))*[ \t]*")
_HEADER = re.compile(r"[|>](?P<options>[+\-1-9]{0,2})[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n|\Z)")
_TRIES = 10


class Units:
    """The characters of a value, each with the half-open range of the source it was made of."""

    __slots__ = ("characters", "ends", "literal", "starts")

    def __init__(self) -> None:
        self.characters: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.literal: list[bool] = []
        """Whether the character stands in the source as it is (else it was escaped, or folded from a line break)."""

    @property
    def text(self) -> str:
        """The value."""
        return "".join(self.characters)

    def add(self, character: str, start: int, end: int) -> None:
        """Append a character that the source spells otherwise."""
        self.characters.append(character)
        self.starts.append(start)
        self.ends.append(end)
        self.literal.append(False)

    def copy(self, source: str, start: int, end: int) -> None:
        """Append ``source[start:end]`` as it stands."""
        self.characters += source[start:end]
        self.starts += range(start, end)
        self.ends += range(start + 1, end + 1)
        self.literal += [True] * (end - start)

    def extend(self, other: Units) -> None:
        """Append all of ``other``."""
        self.characters += other.characters
        self.starts += other.starts
        self.ends += other.ends
        self.literal += other.literal


def quoted_units(source: str, style: str) -> Units:
    """Return the units of a plain (``style`` empty) or quoted scalar; ``source`` is what is between the quotes."""
    units = Units()
    position = 0
    while position < len(source):
        character = source[position]
        if character in " \t\r\n" and (fold := _FOLD.match(source, position)):
            position = _folded(units, fold)
        elif character == "'" and style == "'":
            units.add("'", position, position + 2)
            position += 2
        elif character == "\\" and style == '"':
            position = _escaped(units, source, position)
        else:
            units.copy(source, position, position + 1)
            position += 1
    return units


def _folded(units: Units, fold: re.Match[str]) -> int:
    """One line break reads as a space, each further one as a line break; blanks around them are nothing."""
    breaks = list(_BREAK.finditer(fold.string, fold.start(), fold.end()))
    if len(breaks) == 1:
        units.add(" ", fold.start(), fold.end())
    for line_break in breaks[1:]:
        units.add("\n", line_break.start(), line_break.end())
    return fold.end()


def _escaped(units: Units, source: str, position: int) -> int:
    """Read the escape at ``position``; a wrong one is kept as it stands, and fails the comparison with the parser's."""
    follower = source[position + 1 : position + 2]
    line_break = _BREAK.match(source, position + 1)
    if line_break is not None:  # an escaped line break, and the blanks after it, read as nothing
        end = line_break.end()
        rest = _FOLD.match(source, end)
        if rest is not None:
            for further in _BREAK.finditer(source, end, rest.end()):
                units.add("\n", further.start(), further.end())
            return rest.end()
        while source[end : end + 1] in (" ", "\t"):
            end += 1
        return end
    if follower in _ESCAPES:
        units.add(_ESCAPES[follower], position, position + 2)
        return position + 2
    digits = source[position + 2 : position + 2 + _HEXADECIMAL.get(follower, 0)]
    try:
        units.add(chr(int(digits, 16)), position, position + 2 + len(digits))
    except (ValueError, OverflowError):
        units.copy(source, position, position + 1)
        return position + 1
    return position + 2 + len(digits)


def block_units(source: str, value: str, *, folded: bool) -> Iterator[Units]:
    """Yield the units that a block scalar may have; ``source`` begins at its ``|`` or ``>``.

    An indentation indicator counts from a parent that is not known here: the indentation is what ``value``, the
    parser's reading, lacks; where that holds blanks alone, there are several to try.
    """
    header = _HEADER.match(source)
    if header is None:
        return
    options = header["options"]
    body = header.end()
    found, is_content = _first_indentation(source, body)
    candidates: Iterable[int] = (max(found, 1), found)
    if any(option.isdigit() for option in options):
        kept, _ = _first_indentation(value, 0)
        candidates = (found - kept,) if is_content else range(found, max(found - _TRIES, -1), -1)
    for indentation in candidates:
        yield _block(source, body, indentation, options, folded=folded)


def _first_indentation(text: str, position: int) -> tuple[int, bool]:
    """Return the spaces before the first content, and True; those of the longest blank line, and False, without any."""
    deepest = 0
    while True:
        line_break = _BREAK.search(text, position)
        line = text[position : len(text) if line_break is None else line_break.start()]
        spaces = len(line) - len(line.lstrip(" "))
        if spaces < len(line):
            return spaces, True
        deepest = max(deepest, spaces)
        if line_break is None:
            return deepest, False
        position = line_break.end()


def _block(source: str, position: int, indentation: int, options: str, *, folded: bool) -> Units:
    units = Units()
    leading_break = Units()
    trailing_breaks, position = _blank_lines(source, position, indentation)
    leading_blank = False
    margin = " " * indentation
    while position < len(source) and source.startswith(margin, position):
        position += indentation
        trailing_blank = source[position : position + 1] in (" ", "\t")
        if folded and leading_break.characters and not leading_blank and not trailing_blank:
            if not trailing_breaks.characters:
                units.add(" ", leading_break.starts[0], leading_break.ends[0])
        else:
            units.extend(leading_break)
        units.extend(trailing_breaks)
        leading_blank = trailing_blank
        line_break = _BREAK.search(source, position)
        units.copy(source, position, len(source) if line_break is None else line_break.start())
        leading_break, trailing_breaks = Units(), Units()
        if line_break is None:
            break
        leading_break.add("\n", line_break.start(), line_break.end())
        trailing_breaks, position = _blank_lines(source, line_break.end(), indentation)
    if "-" not in options:
        units.extend(leading_break)
    if "+" in options:
        units.extend(trailing_breaks)
    return units


def _blank_lines(source: str, position: int, indentation: int) -> tuple[Units, int]:
    """Return the breaks of lines that hold no more than indentation, and the position after them."""
    breaks = Units()
    while True:
        end = position
        while end < position + indentation and source[end : end + 1] == " ":
            end += 1
        line_break = _BREAK.match(source, end)
        if line_break is None:
            return breaks, position
        breaks.add("\n", line_break.start(), line_break.end())
        position = line_break.end()


_MAX_REFERENCE = 4_000
_PROPERTIES = re.compile(
    rb"(?:(?:&[^\s,\[\]{}]+|!<[^>\s]*>|![^\s,\[\]{}]*)(?:[ \t\r\n]|(?<=[ \t\r\n])#[^\n]*\n|(?!))*+)+"
)


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
