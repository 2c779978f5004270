"""HCL blocks and attributes: scanned from HCL itself, or from its JSON syntax.

HashiCorp's own parser reads on behind what it cannot read as well, and Nomad's users write HCL 1: one-line blocks of
several attributes, quoted names, commas. What is wrong is told once, with the first place.

Source: hcl/v2, ``json/spec.md``. Whether an object is a block or an attribute's value is the reader's to know, so it
comes as both; strings are templates, as Terraform has them.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.hcl.tokens import BLANK, BLANKS, IDENTIFIER, HclError, Skipper, Word
from pinner.formats.hcl.values import Array, Object, Template, read_value
from pinner.limits import HCL_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.formats.hcl.values import Value

_BOM = b"\xef\xbb\xbf"
_STRING = rb'(?:[^"\\\n]++|\\[^\n])*+'
_NAME = rb'(?:(?P<name>%b(?:\.%b)*+)|"(?P<quoted>%b)")' % (IDENTIFIER, IDENTIFIER, _STRING)
# An attribute on one line whose value is a plain string, a name or a number: most of any file.
_SIMPLE = re.compile(
    rb'(%b)[ \t]*+=[ \t]*+(?:"(?:[^"\\\n$%%]++|\\[^\n])*+"|([\w\x80-\xff][\w.\x80-\xff-]*+))()'
    rb"[ \t]*+(?:(?:#|//)[^\n]*+)?\r?(?=\n|\Z)" % IDENTIFIER
)
_HEADER = re.compile(
    rb'%b(?P<labels>(?:[ \t]*+(?:%b|"%b")|(?!)){0,8}+)[ \t]*+(?P<mark>\{|=(?![=>])|:)?' % (_NAME, IDENTIFIER, _STRING)
)
_LABEL = re.compile(rb'(%b)|"(%b)"' % (IDENTIFIER, _STRING))


class Attribute(NamedTuple):
    """``name = expression``."""

    name: str
    offset: int
    """Of the name."""
    start: int
    """Of the expression."""
    end: int


class Block(NamedTuple):
    """``type "label" { … }``; the file itself is one without type and labels."""

    type: str
    labels: tuple[str, ...]
    offset: int
    attributes: tuple[Attribute, ...]
    blocks: tuple[Block, ...]

    def attribute(self, name: str) -> Attribute | None:
        """Return the attribute called ``name``: the last one, where a broken file has several."""
        return next((one for one in reversed(self.attributes) if one.name == name), None)

    def each(self, type_: str) -> Iterator[Block]:
        """Yield the blocks of the type ``type_`` directly inside."""
        return (block for block in self.blocks if block.type == type_)


class Problem(NamedTuple):
    """What is wrong with a file."""

    message: str
    offset: int
    is_fatal: bool
    """Whether nothing behind it was read."""


class File(NamedTuple):
    """A file of HCL."""

    data: bytes
    root: Block
    words: tuple[Word, ...]
    """The names in expressions that begin as asked for, strings' and heredocs' included, in the order of the file."""
    problem: Problem | None


def outline(root: Block) -> Iterator[object]:
    """Yield the structure of a file: its blocks and attributes, down from the top."""
    yield root.type, root.labels, tuple(one.name for one in root.attributes), len(root.blocks)
    for block in root.blocks:
        yield from outline(block)


class _Frame:
    """A block that is being read."""

    __slots__ = ("attributes", "blocks", "labels", "offset", "type")

    def __init__(self, type_: str, labels: tuple[str, ...], offset: int) -> None:
        self.type = type_
        self.labels = labels
        self.offset = offset
        self.attributes: list[Attribute] = []
        self.blocks: list[Block] = []

    def block(self) -> Block:
        return Block(self.type, self.labels, self.offset, tuple(self.attributes), tuple(self.blocks))


def scan(data: bytes, prefixes: tuple[bytes, ...] = ()) -> File:
    """Return the blocks and attributes of ``data``, and the words in expressions that begin as in ``prefixes``.

    The prefixes are ``var.``, ``local.`` and such that begin so, or one that is empty, for every word.

    Never raises: what cannot be read is passed over, and told in the problem.
    """
    reader = _Reader(data, prefixes)
    try:
        reader.read()
    except HclError as error:
        reader.problem = Problem(error.message, error.offset, is_fatal=True)
    return File(data, reader.finished(), tuple(reader.words), reader.problem)


class _Reader:
    """Reads a file from its beginning to its end."""

    __slots__ = ("_data", "_frames", "_prefixes", "_skipper", "problem", "words")

    def __init__(self, data: bytes, prefixes: tuple[bytes, ...]) -> None:
        self._data = data
        self._prefixes = prefixes
        self._skipper = Skipper(data, self._note if prefixes else None, every_word=b"" in prefixes)
        self._frames = [_Frame("", (), 0)]
        self.words: list[Word] = []
        self.problem: Problem | None = None

    def finished(self) -> Block:
        """Return the whole file; blocks that are open yet end here."""
        if len(self._frames) > 1:
            self._wrong("a block is not closed", self._frames[-1].offset)
        while len(self._frames) > 1:
            self._close()
        return self._frames[0].block()

    def read(self) -> None:
        """Read the whole file; raises `HclError`."""
        data = self._data
        end = len(data)
        position = len(_BOM) if data.startswith(_BOM) else 0
        blank, simple = BLANK.match, _SIMPLE.match
        while True:
            space = blank(data, position)
            position = space.end() if space is not None else position
            if position >= end:
                return
            match = simple(data, position)
            if match is None:
                position = self._item(position, end)
                continue
            if match[2] and self._prefixes:
                self._note(match[2], match.start(2))
            value = match.start(2) if match[2] else data.index(b'"', match.end(1))
            self._frames[-1].attributes.append(
                Attribute(match[1].decode("utf-8", "replace"), position, value, match.end(3))
            )
            position = match.end()

    def _item(self, position: int, end: int) -> int:
        """Read the item at ``position`` and return the offset after it."""
        data = self._data
        match = _HEADER.match(data, position)
        mark = match["mark"] if match is not None else None
        if match is not None and mark == b"{":
            labels = tuple(_text(one[1] or one[2]) for one in _LABEL.finditer(match["labels"]))
            return self._open(_Frame(_name(match), labels, position), match.end())
        if match is not None and mark is not None and not match["labels"]:
            return self._attribute(_name(match), position, match.end(), end)
        if data.startswith(b"}", position):
            if len(self._frames) > 1:
                self._close()
            else:
                self._wrong("a bracket is closed that was not opened", position)
            return position + 1
        self._wrong("no attribute and no block", position)
        return max(self._skipper.after_line(position, end), position + 1)

    def _attribute(self, name: str, offset: int, position: int, end: int) -> int:
        space = BLANKS.match(self._data, position)
        start = space.end() if space is not None else position
        after = self._skipper.after_expression(start, end, lines=True)
        self._frames[-1].attributes.append(Attribute(name, offset, start, after))
        return max(after, start)

    def _open(self, frame: _Frame, position: int) -> int:
        self._frames.append(frame)
        if len(self._frames) > HCL_DEPTH:
            raise HclError(f"it is nested over {HCL_DEPTH} levels deep", frame.offset)
        return position

    def _close(self) -> None:
        block = self._frames.pop().block()
        self._frames[-1].blocks.append(block)

    def _note(self, text: bytes, offset: int) -> None:
        if text.startswith(self._prefixes):
            self.words.append(Word(text, offset))

    def _wrong(self, message: str, offset: int) -> None:
        if self.problem is None:
            self.problem = Problem(message, offset, is_fatal=False)


def _name(match: re.Match[bytes]) -> str:
    return _text(match["name"] or match["quoted"])


def _text(name: bytes | None) -> str:
    return (name or b"").decode("utf-8", "replace")


def scan_json(data: bytes, prefixes: tuple[bytes, ...], labels: Mapping[str, int]) -> File:
    """Return the JSON ``data`` as a file of HCL; ``labels`` says how many of them blocks of a type have.

    Words as in `scan`. Never raises: what is no object has a problem and nothing else.
    """
    words: list[Word] = []
    start = len(_BOM) if data.startswith(_BOM) else 0

    def note(text: bytes, offset: int) -> None:
        if text.startswith(prefixes):
            words.append(Word(text, offset))

    try:
        Skipper(data, note, every_word=b"" in prefixes).after_expression(start, len(data), lines=False)
    except HclError as error:
        return File(data, Block("", (), 0, (), ()), (), Problem(error.message, error.offset, is_fatal=True))
    value = read_value(data, start, len(data))
    if type(value) is not Object:
        return File(data, Block("", (), 0, (), ()), (), Problem("it is no object", start, is_fatal=True))
    return File(data, _block("", (), value, labels), tuple(words), None)


def _block(type_: str, found: tuple[str, ...], value: Object, labels: Mapping[str, int]) -> Block:
    attributes: list[Attribute] = []
    blocks: list[Block] = []
    for key, inner in value.items:
        if key is not None:
            attributes.append(Attribute(key, inner.start, *_extent(inner)))
            blocks += _blocks(key, (), inner, labels)
    return Block(type_, found, value.start, tuple(attributes), tuple(blocks))


def _blocks(type_: str, found: tuple[str, ...], value: Value, labels: Mapping[str, int]) -> Iterator[Block]:
    """Yield the blocks of ``type_`` that ``value`` is, whose labels up to here are ``found``."""
    for one in value.values if type(value) is Array else (value,):
        if type(one) is not Object:
            continue
        if len(found) == labels.get(type_, 0):
            yield _block(type_, found, one, labels)
        else:
            for label, inner in one.items:
                if label is not None:
                    yield from _blocks(type_, (*found, label), inner, labels)


def _extent(value: Value) -> tuple[int, int]:
    """Return where ``value`` begins and ends, the quotation marks of a string included."""
    return (value.start - 1, value.end + 1) if type(value) is Template else (value.start, value.end)
