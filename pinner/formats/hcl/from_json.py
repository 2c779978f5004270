"""HCL written as JSON: the same blocks and attributes out of objects.

Source: hcl/v2, ``json/spec.md``. Whether an object is a block or an attribute's value is the reader's to know, so it
comes as both; strings are templates, as Terraform has them.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.hcl.blocks import Attribute, Block, File, Problem
from pinner.formats.hcl.tokens import HclError, Skipper, Word
from pinner.formats.hcl.values import Array, Object, Template, read_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pinner.formats.hcl.values import Value

_BOM = b"\xef\xbb\xbf"


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
