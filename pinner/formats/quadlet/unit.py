r"""Quadlet unit reader: sections and settings of a systemd unit, and the image in a ``Mount=``.

A port of podman's ``pkg/systemd/parser/unitfile.go`` (``Parse``): lines are trimmed, ``#`` and ``;`` begin comments, a
``\\`` at a line's end joins the next one, comments between them passed over. Podman refuses a file with a line that is
none of these.

Sources: podman's ``splitString`` (pkg/systemd/parser/split.go) and ``FindMountType`` (pkg/specgenutilexternal).
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.source import SourceError
from pinner.formats.yaml.scalars import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANKS = b" \t\r\n\v\f"
_CONTROLS = frozenset(range(0x20)) | {0x7F}
_LONGEST_LINE = 65_536
"""Bytes of a line, with those joined to it, that are looked at: a name is 4 kB at most, a list of arguments a few."""


class UnitError(SourceError):
    """Podman refuses the file: what is wrong, and the offset of the line."""


class Setting(NamedTuple):
    """``key=value`` in a section."""

    section: str
    key: str
    value: SourceText
    offset: int
    """Of the value's first byte, or of where one would begin."""


class _Line(NamedTuple):
    r"""A line with those that ``\\`` joins to it."""

    text: SourceText
    offset: int


def read_unit(data: bytes) -> tuple[Setting, ...]:
    """Return the settings of the unit ``data`` in their order; raises `UnitError` where podman refuses it."""
    section = ""
    found: list[Setting] = []
    for line in _lines(data):
        text = line.text.data
        if text.startswith(b"[") and _is_section(text):
            section = _section(text, line.offset)
            continue
        equals = text.find(b"=")
        if equals < 1:
            raise UnitError("a line that is no key, no section and no comment: podman refuses the unit", line.offset)
        if not section:
            raise UnitError("the unit does not begin with a section: podman refuses it", line.offset)
        value = line.text[equals + 1 :]
        value = value[len(value.data) - len(value.data.lstrip(_BLANKS)) :]
        offset = value.starts[0] if value.data else line.text.ends[-1]
        key = text[:equals].rstrip(_BLANKS).decode("utf-8", "replace")
        found.append(Setting(section, key, value, offset))
    return tuple(found)


def _lines(data: bytes) -> Iterator[_Line]:
    """Yield the lines that are no comments, joined where they go on."""
    parts: list[tuple[int, int]] = []
    length = position = 0
    while position <= len(data):
        newline = data.find(b"\n", position)
        end = len(data) if newline < 0 else newline
        line = data[position:end]
        start = position + len(line) - len(line.lstrip(_BLANKS))
        line = line.strip(_BLANKS)
        position = end + 1
        is_last = newline < 0 or newline == len(data) - 1
        if not line or line.startswith((b"#", b";")):
            if is_last:
                break
            continue
        goes_on = line.endswith(b"\\")
        stop = min(start + len(line) - goes_on, start + _LONGEST_LINE - length)
        if stop > start or not parts:
            parts.append((start, stop))
            length += stop - start
        if goes_on and not is_last:
            continue
        yield _Line(_joined(data, parts), parts[0][0])
        parts, length = [], 0
        if is_last:
            break


def _joined(data: bytes, parts: list[tuple[int, int]]) -> SourceText:
    if len(parts) == 1:
        start, end = parts[0]
        return SourceText(data[start:end], range(start, end), range(start + 1, end + 1))
    text = b"".join(data[start:end] for start, end in parts)
    starts = [offset for start, end in parts for offset in range(start, end)]
    return SourceText(text, starts, [offset + 1 for offset in starts])


def _is_section(text: bytes) -> bool:
    end = text.find(b"]")
    return end > 0 and not text[end + 1 :].strip(b" \t")


def _section(text: bytes, offset: int) -> str:
    name = text[1 : text.find(b"]")]
    if not name or b"[" in name or _CONTROLS.intersection(name):
        raise UnitError("the name of a section is wrong: podman refuses the unit", offset)
    return name.decode("utf-8", "replace")


_SHORT = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"s": b" "}
_TOKEN = re.compile(
    rb"(?P<blank>[ \t\r\n]+)|\\(?:x(?P<hex>[0-9a-fA-F]{2})|(?P<escape>.))|(?P<quote>[\"'])|(?P<plain>[^ \t\r\n\\\"']+)",
    re.DOTALL,
)


def image_of(value: SourceText) -> Iterator[SourceText]:
    """Yield the names of images that the mounts of ``value`` have for their source."""
    for argument in _arguments(value):
        fields = list(_fields(argument))
        type_ = next(
            (field for field in fields if field.data.startswith(b"type=") and field.data.count(b"=") == 1), None
        )
        if type_ is None or type_.data != b"type=image":
            continue
        sources = [field for field in fields if field.data.startswith((b"source=", b"src="))]
        if sources:
            field = sources[-1]
            yield field[field.data.index(b"=") + 1 :]


class _Writer:
    """A text that is put together from bytes of another one."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.starts: list[int] = []
        self.ends: list[int] = []

    def add(self, text: SourceText, start: int, end: int, instead: bytes | None = None) -> None:
        """Append what ``text`` has from ``start`` to ``end``, or ``instead``, one byte that stands for all of it."""
        if instead is None:
            self.data += text.data[start:end]
            self.starts += text.starts[start:end]
            self.ends += text.ends[start:end]
        else:
            self.data += instead
            self.starts.append(text.starts[start])
            self.ends.append(text.ends[end - 1])

    def text(self) -> SourceText:
        return SourceText(bytes(self.data), self.starts, self.ends)


def _arguments(value: SourceText) -> Iterator[SourceText]:
    """Yield the words of ``value``, unquoted and their escapes resolved."""
    if not any(mark in value.data for mark in (b"\\", b'"', b"'", b" ", b"\t")):
        yield value
        return
    word, quote, is_open = _Writer(), b"", False
    for match in _TOKEN.finditer(value.data):
        kind, start, end = match.lastgroup, match.start(), match.end()
        if kind == "quote" and quote in (b"", match["quote"]):
            quote = b"" if quote else match["quote"]
            is_open = True
        elif kind == "blank" and not quote:
            if is_open:
                yield word.text()
            word, is_open = _Writer(), False
        else:
            instead = None
            if kind == "hex":
                instead = bytes.fromhex(match["hex"].decode())
            elif kind == "escape":
                instead = _SHORT.get(match["escape"], match["escape"])
            word.add(value, start, end, instead)
            is_open = True
    if is_open:
        yield word.text()


def _fields(record: SourceText) -> Iterator[SourceText]:
    """Yield the fields of one line of CSV (RFC 4180)."""
    data = record.data
    position = 0
    while True:
        if data.startswith(b'"', position):
            field, position = _quoted_field(record, position + 1)
            yield field
            comma = data.find(b",", position)
        else:
            comma = data.find(b",", position)
            yield record[position : comma if comma >= 0 else len(data)]
        if comma < 0:
            return
        position = comma + 1


def _quoted_field(record: SourceText, position: int) -> tuple[SourceText, int]:
    """Return the field whose opening quotation mark is before ``position``, and the position after it."""
    field = _Writer()
    data = record.data
    while True:
        end = data.find(b'"', position)
        stop = end if end >= 0 else len(data)
        field.add(record, position, stop)
        if end < 0:
            return field.text(), len(data)
        if not data.startswith(b'""', end):
            return field.text(), end + 1
        field.add(record, end, end + 2, b'"')
        position = end + 2
