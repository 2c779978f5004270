"""Mounts of a container unit: the image in ``Mount=``, out of systemd's quoting and the CSV inside of it.

Sources: podman's ``splitString`` (pkg/systemd/parser/split.go) and ``FindMountType`` (pkg/specgenutilexternal).
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.yaml.scalars import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator

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
