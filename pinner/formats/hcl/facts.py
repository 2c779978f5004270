"""Names in HCL for the linker: ``variable`` defaults and ``locals``, and who reads them."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.hcl.values import Name, Object, Template, read_value
from pinner.link.facts import HclDefinition, HclModule, HclPart, HclRead, HclText, HclUse
from pinner.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pinner.formats.hcl.blocks import Block
    from pinner.formats.hcl.places import Collector
    from pinner.formats.hcl.tokens import Word
    from pinner.formats.hcl.values import Value

PREFIXES = (b"var.", b"local.")
_NAME = re.compile(r"[A-Za-z_](?:[\w-]|\.(?=[\w-]))*")
# Text of which an image's name, or a part of one, can be made.
_LITERAL = re.compile(r"[\w./:@+-]*")
_LONGEST = 1_000
_DEEPEST = 4


def module_of(collector: Collector, root: Block, words: Iterable[Word], *, is_alone: bool = False) -> HclModule | None:
    """Return what a file says of its module's names; None where it says nothing.

    ``words`` are all that the file reads under `PREFIXES`, ``root`` its blocks, ``collector`` has its images.
    """
    return module_with(collector, list(_definitions(collector, root)), words, is_alone=is_alone)


def module_with(
    collector: Collector, definitions: Sequence[HclDefinition], words: Iterable[Word], *, is_alone: bool
) -> HclModule | None:
    """Return what a file says of its module's names, of which it defines ``definitions``."""
    uses = [
        HclUse(collector.format, kind, owner, text)
        for kind, value, owner in collector.open
        if (text := text_of(collector, value)) is not None
    ]
    texts = [*(one.text for one in uses), *(one.text for one in definitions)]
    known = [text.span for text in texts if any(part.is_name for part in text.parts)]
    known.sort()
    reads: dict[str, HclRead] = {}
    index = 0
    for word in words:
        while index < len(known) and known[index].end <= word.offset:
            index += 1
        if index == len(known) or word.offset < known[index].start:
            name = word.text.rstrip(b".").decode("utf-8", "replace")
            reads.setdefault(name, HclRead(name, collector.lines.line(word.offset)))
    if not (uses or definitions or reads):
        return None
    return HclModule(tuple(uses), tuple(definitions), tuple(reads.values()), is_alone)


def _definitions(collector: Collector, root: Block) -> Iterator[HclDefinition]:
    for block in root.blocks:
        if block.type == "variable" and block.labels:
            default = block.attribute("default")
            if default is not None:
                yield from _defined(collector, f"var.{block.labels[0]}", collector.read(default), 0)
        elif block.type == "locals":
            for attribute in block.attributes:
                yield from _defined(collector, f"local.{attribute.name}", collector.read(attribute), 0)


def _defined(collector: Collector, name: str, value: Value, depth: int) -> Iterator[HclDefinition]:
    """Yield what ``name`` is: a text, or an object of such."""
    if type(value) is Object and depth < _DEEPEST:
        for key, inner in value.items:
            if key is not None:
                yield from _defined(collector, f"{name}.{key}", inner, depth + 1)
        return
    text = text_of(collector, value)
    if text is not None and all(part.is_name or _LITERAL.fullmatch(part.text) for part in text.parts):
        yield HclDefinition(name, text, name.startswith("var."))


def text_of(collector: Collector, value: Value) -> HclText | None:
    """Return ``value`` where it is a text that may name an image, or the name of one."""
    if value.end - value.start > _LONGEST:
        return None
    if type(value) is Name and _NAME.fullmatch(value.text):
        parts: tuple[HclPart, ...] = (HclPart(value.text, is_name=True),)
    elif type(value) is Template and not value.is_heredoc and value.pieces:
        parts = tuple(_parts(collector.data, value))
    else:
        return None
    line, column = collector.lines.locate(value.start)
    return HclText(parts, line, column, Span(value.start, value.end))


def _parts(data: bytes, template: Template) -> Iterator[HclPart]:
    for piece in template.pieces:
        text = data[piece.start : piece.end].decode("utf-8", "replace")
        if piece.is_hole:
            inner = read_value(data, piece.start, piece.end)
            is_known = not piece.is_directive and type(inner) is Name and _NAME.fullmatch(inner.text)
            yield HclPart(inner.text if is_known and type(inner) is Name else "?", is_name=True)
        else:
            # A backslash or a doubled mark stands for something else: nobody knows that part.
            yield HclPart("?", is_name=True) if "\\" in text or "{" in text else HclPart(text)
