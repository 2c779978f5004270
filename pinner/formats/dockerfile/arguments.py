"""What ``ARG`` declares (``parseWords`` in parser/line_parsers.go, ``buildMetaArgs`` in dockerfile2llb/convert.go)."""

from __future__ import annotations

from pinner.formats.dockerfile.expand import Expander
from pinner.formats.dockerfile.flags import read_flags
from pinner.formats.dockerfile.problems import DockerfileError, UnsetError
from pinner.formats.dockerfile.text import BLANKS, WORD, skip_space, trimmed_end
from pinner.formats.dockerfile.values import Piece, text_of
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.dockerfile.source import LogicalLine
    from pinner.formats.dockerfile.values import Value

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
