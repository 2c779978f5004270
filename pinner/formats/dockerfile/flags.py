"""The flags of an instruction, with the place of every character (parser/split_command.go, instructions/bflag.go)."""

from __future__ import annotations

import re

from pinner.formats.dockerfile.problems import DockerfileError
from pinner.formats.dockerfile.text import BLANKS, WORD, skip_space, trimmed_end
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The flags are read byte by byte, and Go's `unicode.IsSpace` is asked of each: these two bytes are spaces then.
_SPACES = BLANKS + "\x85\xa0"
_PLAIN = re.compile(f"[^{_SPACES}'\"\\\\`]+")

Kind = str
BOOLEAN: Kind = "boolean"
ONCE: Kind = "once"
MANY: Kind = "many"


class Text(NamedTuple):
    """A piece of text after quotes and escapes are gone, and the (start, end) ranges of the line that it is made of."""

    text: str
    ranges: tuple[tuple[int, int], ...]

    def part(self, start: int, end: int) -> Text:
        """Return ``text[start:end]`` with its own ranges."""
        ranges = []
        position = 0
        for first, last in self.ranges:
            begin = max(first, first + start - position)
            stop = min(last, first + end - position)
            if begin < stop:
                ranges.append((begin, stop))
            position += last - first
            if position >= end:
                break
        return Text(self.text[start:end], tuple(ranges))


def read_flags(line: str, start: int, escape: str) -> tuple[list[Text], int]:
    """Return the flags from ``start`` on, unquoted, ``--`` included, and the index at which the arguments begin."""
    line = line[: trimmed_end(line)]
    flags: list[Text] = []
    while True:
        while start < len(line) and line[start] in _SPACES:
            start += 1
        if not line.startswith("--", start):
            return flags, start
        flag, start = _read_word(line, start, escape)
        if flag.text == "--":
            return flags, start
        flags.append(flag)


def arguments_of(text: str, escape: str) -> str:
    """Return what follows the first word of ``text`` and the flags after it, without spaces around."""
    return text[arguments_start(text, 0, escape) : trimmed_end(text)]


def arguments_start(text: str, start: int, escape: str) -> int:
    """Return the index at which the arguments of the instruction begin whose name is the first word from ``start``."""
    name = WORD.match(text, skip_space(text, start))
    if name is None:
        return len(text)
    _, end = read_flags(text, name.end(), escape)
    return skip_space(text, end)


def _read_word(line: str, index: int, escape: str) -> tuple[Text, int]:
    """Return the word that begins at ``index``, and where it ends; an open quote is closed by the end of the line."""
    ranges = []
    quote = ""
    while index < len(line):
        plain = _PLAIN.match(line, index)
        if plain is not None:
            ranges.append(plain.span())
            index = plain.end()
            continue
        character = line[index]
        if character == escape:
            # The character after it is taken as it is, whatever it is.
            index += 1
        elif character == quote or (not quote and character in "'\""):
            quote = "" if quote else character
            index += 1
            continue
        elif not quote and character in _SPACES:
            break
        if index < len(line):
            ranges.append((index, index + 1))
            index += 1
    return Text("".join([line[begin:end] for begin, end in ranges]), tuple(ranges)), index


def check_flags(flags: Iterable[Text], kinds: Mapping[str, Kind], instruction: str) -> list[tuple[str, Text]]:
    """Return (name, value) of each flag, or raise `DockerfileError` as ``BFlags.Parse`` does."""
    values = []
    used = set()
    for flag in flags:
        name, equals, value = flag.text[2:].partition("=")
        kind = kinds.get(name)
        if kind is None:
            raise DockerfileError(f"{instruction} has no flag --{name}")
        if name in used and kind != MANY:
            raise DockerfileError(f"--{name} is given twice")
        used.add(name)
        if kind == BOOLEAN:
            if (equals and not value) or value.lower() not in ("", "true", "false"):
                raise DockerfileError(f"--{name} is true or false, not `{value}`")
        elif not equals:
            raise DockerfileError(f"--{name} has no value")
        values.append((name, flag.part(len(flag.text) - len(value), len(flag.text))))
    return values


def split_fields(text: str) -> list[Text]:
    """Split a mount at its commas; a field may be quoted as a whole (tonistiigi/go-csvvalue). Ranges are in ``text``.

    Raises `DockerfileError` for a quote out of place.
    """
    fields = []
    start = 0
    while start <= len(text):
        if text.startswith('"', start):
            field, start = _quoted_field(text, start + 1)
            fields.append(field)
            continue
        comma = text.find(",", start)
        end = len(text) if comma < 0 else comma
        if text.find('"', start, end) >= 0:
            raise DockerfileError("a quote stands inside a field of the mount")
        fields.append(Text(text[start:end], ((start, end),)))
        start = end + 1
    return fields


def _quoted_field(text: str, start: int) -> tuple[Text, int]:
    """Return the field that begins at ``start``, and where the next one does: past the end where there is none."""
    ranges = []
    while True:
        quote = text.find('"', start)
        if quote < 0:
            raise DockerfileError("a quote of the mount is not closed")
        if not text.startswith('""', quote):
            break
        # Two quotes are one.
        ranges.append((start, quote + 1))
        start = quote + 2
    ranges.append((start, quote))
    if quote + 1 < len(text) and text[quote + 1] != ",":
        raise DockerfileError("a quote of the mount is followed by more than a comma")
    return Text("".join([text[begin:end] for begin, end in ranges]), tuple(ranges)), quote + 2
