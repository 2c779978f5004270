"""Instruction arguments: flags, the JSON form, and the declarations of ``ARG``."""

from __future__ import annotations

import math
import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.dockerfile.expand import Expander
from pinner.formats.dockerfile.source import (
    BLANKS,
    WORD,
    DockerfileError,
    Piece,
    UnsetError,
    skip_space,
    text_of,
    trimmed_end,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pinner.formats.dockerfile.source import LogicalLine, Value


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


def read_array(arguments: str) -> list[object] | None:
    """Return the array that ``arguments`` (trimmed) are in JSON, or None where they are anything else."""
    if arguments[:1] != "[" or arguments[-1:] != "]":
        return None
    import json  # noqa: PLC0415 - few files have an array that is not told at a glance

    try:
        found = json.loads(arguments, parse_constant=_no_number, parse_float=_number, parse_int=_number)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _number(text: str) -> float:
    """Return the number as Go does, for which it must not be too large."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(text)
    return number


def _no_number(text: str) -> float:
    """Refuse ``NaN`` and ``Infinity``, which Python takes and JSON does not have."""
    raise ValueError(text)


_BUILD_MACHINE = {
    "BUILDPLATFORM": "linux/amd64",
    "BUILDOS": "linux",
    "BUILDOSVERSION": "",
    "BUILDARCH": "amd64",
    "BUILDVARIANT": "",
    "TARGETPLATFORM": "linux/amd64",
    "TARGETOS": "linux",
    "TARGETOSVERSION": "",
    "TARGETARCH": "amd64",
    "TARGETVARIANT": "",
}
_PREDEFINED: dict[str, Value] = {name: (Piece(text, -1, (), "platform"),) for name, text in _BUILD_MACHINE.items()}


class Declaration(NamedTuple):
    """One name that an ``ARG`` declares, and where its default stands in the logical line."""

    name: str
    start: int
    """-1 where it has no default."""
    end: int


class Definition(NamedTuple):
    """A global ``ARG`` with its default, expanded."""

    name: str
    value: Value
    altered: tuple[Piece, ...]
    """What a pattern has changed on the way: see `Expander.altered`."""


def predefined(target_stage: str) -> dict[str, Value]:
    """Return the platform arguments that every ``FROM`` sees (dockerfile2llb/platform.go), as on linux/amd64."""
    return {**_PREDEFINED, "TARGETSTAGE": (Piece(target_stage or "default", -1, (), "platform"),)}


def read_declarations(line: LogicalLine, escape: str) -> Iterator[Declaration]:
    """Yield what the ``ARG`` in ``line`` declares. Its flags are not looked at: BuildKit ignores them too."""
    text = line.text[: trimmed_end(line.text)]
    name = WORD.match(text, skip_space(text))
    _, start = read_flags(text, name.end() if name else len(text), escape)
    for begin, end in read_words(text, start, escape):
        equals = text.find("=", begin, end)
        if equals < 0:
            yield Declaration(text[begin:end], -1, end)
        else:
            yield Declaration(text[begin:equals], equals + 1, end)


def define(
    line: LogicalLine, declaration: Declaration, escape: str, environment: dict[str, Value]
) -> Definition | None:
    """Put the default of ``declaration``, if it has one, into ``environment``, and return it.

    Raises `DockerfileError` where the default does not parse; the name then has no value.
    """
    if declaration.start < 0:
        return None
    expander = Expander(line, escape, environment)
    try:
        value = expander.expand(declaration.start, declaration.end)
        text = text_of(value)
    except UnsetError:
        environment.pop(declaration.name, None)
        return None
    except DockerfileError:
        environment.pop(declaration.name, None)
        raise
    if declaration.name not in _PREDEFINED:
        environment[declaration.name] = value
        return Definition(declaration.name, value, tuple(expander.altered))
    # BuildKit takes the default; other builders, and whoever wrote this, mean the platform.
    fixed = (Piece(text, -1, (), "platform"),)
    environment[declaration.name] = fixed
    return Definition(declaration.name, fixed, (*expander.altered, *value))


def read_words(text: str, index: int, escape: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of each word from ``index`` on; spaces in quotes and escaped ones are part of it."""
    while (index := skip_space(text, index)) < len(text):
        start = index
        quote = ""
        while index < len(text):
            character = text[index]
            if character == escape and quote != "'":
                index += 2
                continue
            if character == quote:
                quote = ""
            elif not quote and character in "'\"":
                quote = character
            elif not quote and (character in BLANKS or (character >= "\x80" and skip_space(text, index) > index)):
                break
            index += 1
        # An escape at the very end is dropped.
        end = index if index <= len(text) else len(text) - 1
        if start < end:
            yield start, end
