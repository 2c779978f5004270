"""Fast path: reads plain YAML without a parser.

Its nodes are made when somebody asks for them, for most lines of most documents are of no interest to anybody.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import accumulate, compress

from pinner._typing import TYPE_CHECKING
from pinner.formats.yaml.blocks import Blocks
from pinner.formats.yaml.lines import BLANK, PARTS, SCALAR, Lines, NotPlainError, block_scalars, unquoted
from pinner.formats.yaml.nodes import Mapping, Scalar, Sequence
from pinner.formats.yaml.scalars import block_units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.formats.yaml.blocks import Block
    from pinner.formats.yaml.nodes import Node

_START = re.compile(r"---[ ]*+(?:(?<=[ ])#[^\r\n]*+)?(?:\r?\n|\Z)")
_BLOCK, _IN_BRACKETS = False, True
_lines = Lines()
_blocks = Blocks()


def read_page(text: str, base: int) -> tuple[tuple[Node, ...], int] | None:
    """Return the root of the document ``text`` (shadow text, or ASCII as it is), if any, and how many nodes it has.

    Offsets count from ``base``, that of the text in its file. None where the text is not plain enough.
    """
    if text.endswith("\r"):  # the end of a line to parsers; to us where LF follows
        return None
    start = _START.match(text) if text.startswith("---") else None
    if start is not None:
        text = text[start.end() :]
        base += start.end()
    texts = whole = text.split("\n")
    ends: dict[int, int] = {}
    if _lines.is_full:
        forget()
    try:
        if "|" in text or ">" in text:
            texts = _without_scalars(text, whole, ends)
        new = set(texts).difference(_lines.of_text)
        if new:
            _lines.learn(new)
        written = "".join(map(_lines.of_text.__getitem__, texts))
        kinds = written.replace(BLANK, "")
        if not kinds:  # after `---`, nothing is a null
            return ((), 0) if start is None else None
        block = _blocks.of(kinds, _lines)
    except NotPlainError:
        return None
    starts = list(accumulate(map((1).__add__, map(len, whole)), initial=base))
    starts.pop()  # where a line after the last would begin
    if len(kinds) < len(written):
        held = list(map(BLANK.__ne__, written))
        texts, starts = list(compress(texts, held)), list(compress(starts, held))
    page = Page(text, base, texts, starts, ends)
    return (page.node(block, 0),), 1 + block.size


def forget() -> None:
    """Forget what was told of lines and stretches of lines."""
    _lines.clear()
    _blocks.clear()


def _without_scalars(text: str, texts: list[str], ends: dict[int, int]) -> list[str]:
    """Return the lines ``texts`` of ``text`` without those of block scalars, and with `SCALAR` where these begin.

    Notes in ``ends`` where each of them ends, by where it begins. Lines that are kept are as long as they were.
    Raises `NotPlainError`.
    """
    kept = texts
    number = counted = 0
    for match in block_scalars().finditer(text):
        column = match.end("dashes") if match["key"] else text.rfind("-", match.start(), match.start("mark"))
        ends_within_line = match.end() == len(text) and not text.endswith("\n")
        if len(match["margin"]) <= column - match.start() or ends_within_line:
            raise NotPlainError
        kept = texts.copy() if kept is texts else kept
        number += text.count("\n", counted, match.start())
        counted = match.start()
        begin = match.start("mark")
        kept[number] = kept[number].replace(match["mark"], SCALAR, 1)
        height = text.count("\n", begin, match.end())
        kept[number + 1 : number + 1 + height] = [""] * height
        ends[begin] = match.end("break")
    return kept


class Page:
    """The lines of one document that hold something."""

    __slots__ = ("_base", "_end", "_ends", "_starts", "_text", "_texts", "_values")

    def __init__(self, text: str, base: int, texts: list[str], starts: list[int], ends: dict[int, int]) -> None:
        self._text = text
        self._base = base
        """The offset of the text."""
        self._texts = texts
        self._starts = starts
        self._ends = ends
        """Where the block scalars end in the text, by where they begin."""
        self._end = min(starts[-1] + len(texts[-1]) + 1, base + len(text))
        """Where the last line ends."""
        self._values = _lines.values

    def node(self, block: Block, first: int) -> Mapping | Sequence:
        """Return the collection that ``block`` is, where it begins in the line ``first``."""
        make = Mapping if block.numbers else Sequence
        node = make(None, self._starts[first] + block.column, None, None, _BLOCK, self, block)
        node.first = first
        return node

    def under(self, block: Block, first: int, number: int) -> Node:
        """Return the value of the mapping ``block``, which begins in the line ``first``, that has this ``number``."""
        part = block.parts[number]
        line = first + block.lines[number]
        return self.value(line) if part is None else self.node(part, line + 1)

    def items(self, block: Block, first: int) -> list[Node]:
        """Return the items of the sequence ``block``, which begins in the line ``first``."""
        return [
            self.value(first + line) if part is None else self.node(part, first + line)
            for line, part in zip(block.lines, block.parts, strict=True)
        ]

    def has_mapping(self, line: int) -> bool:
        """Tell whether a mapping may stand in the brackets of ``line``."""
        value = self._values[self._texts[line]]
        return value is not None and value[3] in ("[", "{") and ":" in value[0]

    def value(self, line: int) -> Node:
        """Return what stands in ``line`` itself, behind its dashes and its key."""
        text, start = self._texts[line], self._starts[line]
        value = self._values[text]
        if value is None:
            return self._nothing(line + 1)
        written, begin, end, style = value
        if style in ("[", "{"):
            return _in_brackets(written, start + begin)
        if style == SCALAR:
            return self._scalar(start + begin)
        return Scalar(written, start + begin, start + end, style, None, None)

    def starts(self, block: Block, first: int) -> list[int]:
        """Return where the keys of the mapping ``block``, which begins in the line ``first``, stand."""
        starts, column = self._starts, block.column
        return [starts[first + line] + column for line in block.lines]

    def lines_of(self, offsets: Iterable[int]) -> list[int]:
        """Return the lines in which ``offsets`` are, or after which: a comment is of the line before it."""
        return [bisect_right(self._starts, offset) - 1 for offset in offsets]

    def _scalar(self, start: int) -> Scalar:
        """Return the block scalar that begins at ``start``."""
        begin = start - self._base
        end = self._ends[begin]
        source = self._text[begin:end]
        units = next(block_units(source, "", folded=source[0] == ">"))
        return Scalar(units.text, start, end + self._base, source[0], None, None)

    def _nothing(self, line: int) -> Scalar:
        """Return the null that ends where ``line`` begins."""
        offset = self._end
        if line < len(self._texts):
            text = self._texts[line]
            offset = self._starts[line] + len(text) - len(text.lstrip(" "))
        return Scalar("", offset, offset, "", None, None)


def _in_brackets(value: str, offset: int) -> Node:
    """Return the collection that ``value`` spells in brackets."""
    outer: list[Node] = []
    items = outer
    for match in PARTS.finditer(value, 1):
        text, start, end = match[0], offset + match.start(), offset + match.end()
        if text == "{":
            items = []
            outer.append(Mapping(items, start, None, None, _IN_BRACKETS))
        elif text == "}":
            items = outer
        else:
            style = text[0] if text[0] in "\"'" else ""
            items.append(Scalar(unquoted(text), start, end, style, None, None))
    return (Sequence if value[0] == "[" else Mapping)(outer, offset, None, None, _IN_BRACKETS)
