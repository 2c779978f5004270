"""HCL as tree-sitter reads it, and as the scanner does: where every string and heredoc of an expression stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tree_sitter_hcl
from tree_sitter import Language, Parser

from pinner.formats.hcl.blocks import scan
from pinner.formats.hcl.tokens import TOKEN, HclError
from pinner.formats.hcl.values import Template, read_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Tree

    from pinner.formats.hcl.blocks import Block

_PARSER = Parser(Language(tree_sitter_hcl.language()))
_STRINGS = ("string_lit", "quoted_template")


def parse(data: bytes) -> Tree:
    return _PARSER.parse(data)


def strings_of_tree(data: bytes) -> set[tuple[int, int]]:
    """Return what is between the quotation marks of every string in an expression of ``data``."""
    found = set()
    pending: list[tuple[Node, bool]] = [(parse(data).root_node, False)]
    while pending:
        node, inside = pending.pop()
        if inside and node.type in _STRINGS:
            found.add((node.start_byte + 1, node.end_byte - 1))
        inside = inside or node.type == "attribute"
        pending += [(child, inside) for child in node.children]
    return found


def strings_of_scanner(data: bytes) -> set[tuple[int, int]]:
    """Return the same by the scanner, a string in what another fills in included."""
    found: set[tuple[int, int]] = set()
    for start, end in _expressions(scan(data).root):
        found.update(_strings(data, start, end))
    return found


def _expressions(block: Block) -> Iterator[tuple[int, int]]:
    for attribute in block.attributes:
        yield attribute.start, attribute.end
    for inner in block.blocks:
        yield from _expressions(inner)


def _strings(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    while (match := TOKEN.match(data, position, end)) is not None:
        position = match.end()
        if match.lastgroup in ("quote", "heredoc"):
            value, position = _template(data, match.start(match.lastgroup), end)
            if not value.is_heredoc:
                yield value.start, value.end
            for piece in value.pieces:
                if piece.is_hole:
                    yield from _strings(data, piece.start, piece.end)


def _template(data: bytes, start: int, end: int) -> tuple[Template, int]:
    """Return the template that begins at ``start``, and the offset after it."""
    from pinner.formats.hcl.values import _Values  # noqa: PLC0415 - one step of the reader alone

    try:
        value, position = _Values(data, end)._operand(start, 0)  # noqa: SLF001 - as above
    except HclError as error:
        raise AssertionError(error.message) from error
    assert isinstance(value, Template), read_value(data, start, end)
    return value, position
