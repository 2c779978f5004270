"""Streaming tar reader without seeking or extraction.

The standard library's tarfile takes headers of any size into memory and follows their offsets; archives that come from
anywhere get this reader instead. Source: POSIX pax (``ustar``, ``x``, ``g``) and GNU tar (``L``, ``K``, base-256).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from pinner.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Kind: TypeAlias = Literal["file", "symlink", "hardlink", "other"]

_BLOCK = 512
_ASCII = bytes(range(128))
_MAX_EXTENSION = 1024 * 1024
_KINDS: dict[bytes, Kind] = {b"0": "file", b"\0": "file", b"7": "file", b"1": "hardlink", b"2": "symlink"}
_LONG_NAMES = {b"L": "path", b"K": "linkpath"}


class NotTarError(InputError):
    """The bytes are no tar archive."""


class Entry(NamedTuple):
    """A member as its header has it."""

    name: str
    kind: Kind
    size: int
    """The bytes of its content."""
    target: str = ""
    """What a link points to."""


class Stream:
    """Bytes in pieces, taken in the amounts that are wanted."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer only at the end."""
        parts = list(self.up_to(size))
        return b"".join(parts)

    def up_to(self, size: int) -> Iterator[bytes]:
        """Yield the next ``size`` bytes in pieces, fewer only at the end."""
        while size > 0:
            piece = self._rest or next(self._pieces, b"")
            if not piece:
                return
            self._rest = piece[size:]
            piece = piece[:size]
            size -= len(piece)
            yield piece


class TarReader:
    """The members of a tar stream. Each member's content is to be taken, or skipped, before the next member."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._left = 0
        self._padding = 0

    def __iter__(self) -> Iterator[Entry]:
        """Yield every member. Raises `NotTarError` where the first bytes are no header, `InputError` further on."""
        extended: dict[str, str] = {}
        common: dict[str, str] = {}
        first = True
        while (header := self._header(first=first)) is not None:
            first = False
            flag, size = header[156:157], _number(header[124:136])
            self._left, self._padding = size, -size % _BLOCK
            if flag in b"xgLK" and flag:
                more = self._extension(flag, size)
                (common if flag == b"g" else extended).update(more)
                continue
            fields = {**common, **extended}
            extended = {}
            entry = _entry(header, flag, size, fields)
            self._left, self._padding = entry.size, -entry.size % _BLOCK
            yield entry
            self.skip()

    def content(self) -> Iterator[bytes]:
        """Yield the current member's content in pieces. Raises `InputError` where the archive ends inside it."""
        for piece in self._stream.up_to(self._left):
            self._left -= len(piece)
            yield piece
        if self._left:
            raise _cut_short()

    def skip(self) -> None:
        """Go to the next header."""
        for _ in self.content():
            pass
        if len(self._stream.take(self._padding)) != self._padding:
            raise _cut_short()
        self._padding = 0

    def _header(self, *, first: bool) -> bytes | None:
        """Return the next header; None at the end, which two empty blocks mark or the stream itself."""
        block = self._stream.take(_BLOCK)
        if not block or (len(block) == _BLOCK and not any(block)):
            if first and not block:
                raise NotTarError("is empty")
            return None
        if len(block) != _BLOCK or not _is_header(block):
            if first:
                raise NotTarError("is not a tar archive")
            if len(block) != _BLOCK:
                raise _cut_short()
            raise InputError("is a broken tar archive: there is no header where the next file should begin")
        return block

    def _extension(self, flag: bytes, size: int) -> dict[str, str]:
        if size > _MAX_EXTENSION:
            raise InputError(f"is a broken tar archive: a name in it takes {size} bytes")
        data = b"".join(self.content())
        self.skip()
        if flag in _LONG_NAMES:
            return {_LONG_NAMES[flag]: _text(data)}
        return _pax_records(data)


def _entry(header: bytes, flag: bytes, size: int, fields: dict[str, str]) -> Entry:
    if flag == b"S" or any(key.startswith("GNU.sparse.") for key in fields):
        raise InputError("has a sparse file in it, as no program that saves images writes")
    name, target = _text(header[:100]), _text(header[157:257])
    if header[257:263] == b"ustar\0" and header[345]:
        name = f"{_text(header[345:500])}/{name}"
    if "size" in fields:
        if not fields["size"].isdecimal():
            raise InputError("is a broken tar archive: a file's size is no number")
        size = int(fields["size"])
    kind = _KINDS.get(flag, "other")
    # A link has no content, whatever its size says; a folder neither.
    has_content = kind == "file" or flag not in b"12345"
    return Entry(fields.get("path", name), kind, size if has_content else 0, fields.get("linkpath", target))


def _is_header(block: bytes) -> bool:
    """Compare the checksum, over the bytes unsigned or, as old programs did, signed."""
    try:
        stated = _number(block[148:156])
    except InputError:
        return False
    counted = block[:148] + b" " * 8 + block[156:]
    total = sum(counted)
    return stated in (total, total - 256 * len(counted.translate(None, _ASCII)))


def _number(field: bytes) -> int:
    if field[0] == 0x80:  # noqa: PLR2004 - GNU's mark of a positive base-256 number
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        raise InputError("is a broken tar archive: a number in it is none") from None


def _pax_records(data: bytes) -> dict[str, str]:
    """Read pax records, each a length, a key and a value on a line of that length."""
    records: dict[str, str] = {}
    start = 0
    while start < len(data):
        space = data.find(b" ", start, start + 20)
        length = data[start:space] if space >= 0 else b""
        end = start + int(length) if length.isdigit() else 0
        if not space < end <= len(data) or not length:
            raise InputError("is a broken tar archive: an extended header cannot be read")
        key, _, value = data[space + 1 : end - 1].partition(b"=")
        records[_text(key)] = _text(value)
        start = end
    return records


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _cut_short() -> InputError:
    return InputError("ends in the middle of a file: it is incomplete", hint="save or copy it again")
