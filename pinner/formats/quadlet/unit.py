r"""Unit files of systemd as podman reads them: sections, keys and values, each byte with its offset.

A port of podman's ``pkg/systemd/parser/unitfile.go`` (``Parse``): lines are trimmed, ``#`` and ``;`` begin comments, a
``\\`` at a line's end joins the next one, comments between them passed over. Podman refuses a file with a line that is
none of these.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml.scalars import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLANKS = b" \t\r\n\v\f"
_CONTROLS = frozenset(range(0x20)) | {0x7F}
_LONGEST_LINE = 65_536
"""Bytes of a line, with those joined to it, that are looked at: a name is 4 kB at most, a list of arguments a few."""


class UnitError(ValueError):
    """Podman refuses the file: what is wrong, and the offset of the line."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


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
