"""Fallback for newer syntax: libcst reads what this Python's `ast` cannot.

Type parameters and aliases (PEP 695, 696), nested quotes in f-strings (PEP 701), t-strings (PEP 750) and `except A, B`
(PEP 758) name no image, so they are written over, character by character, and `ast` reads the rest where it stood.
"""

from __future__ import annotations

import ast
import re
import warnings

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import libcst

_LARGEST = 1_000_000
"""Characters: libcst takes ten seconds for as many."""
_DEEPEST = 600
# libcst's parser is compiled code without a limit: what nests too deeply takes the process down, and not with an error.
_TOKEN = re.compile(
    r"#[^\r\n]*"
    r"|(?<![\w])(?:[rRbBuU]{0,2})(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\r\n]|\\.)*\"|'(?:[^'\\\r\n]|\\.)*')"
    r"|[\w.]*\w|[(\[{]|[)\]}]|[,;\r\n]|[^\s\w]",
    re.DOTALL,
)


class Replacement(NamedTuple):
    """Characters to write over, from ``start`` on, by as many others."""

    start: int
    text: str


def in_older_words(text: str) -> str | None:
    """Return ``text`` with its newer syntax written over, each character still in its place.

    None where libcst cannot read it either, or where it would be dangerous to let it try.
    """
    if len(text) > _LARGEST or _depth(text) > _DEEPEST:
        return None
    import libcst  # noqa: PLC0415 - 200 ms, for files that do name an image
    from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper  # noqa: PLC0415

    try:
        module = libcst.parse_module(text)
        if module.code != text:
            return None
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        spans = wrapper.resolve(ByteSpanPositionProvider)
    except (libcst.ParserSyntaxError, RecursionError):
        return None
    encoded = text.encode()

    def span(node: libcst.CSTNode) -> tuple[int, int]:
        found = spans[node]
        start = len(encoded[: found.start].decode())
        return start, start + len(encoded[found.start : found.start + found.length].decode())

    older = list(text)
    for replacement in _replacements(wrapper.module, text, span):
        older[replacement.start : replacement.start + len(replacement.text)] = replacement.text
    return "".join(older)


def _depth(text: str) -> int:
    """Return how deep an expression of ``text`` may nest at the most: the words since the last comma, added up."""
    deepest = 0
    levels = [0]
    total = 0
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word in "([{":
            levels.append(1)
            total += 1
        elif word in ")]}":
            if len(levels) > 1:
                total -= levels.pop()
            levels[-1] += 1
            total += 1
        elif word in ",;" or (word in "\r\n" and len(levels) == 1):
            total -= levels[-1]
            levels[-1] = 0
        elif word not in "\r\n" and word[0] != "#":
            levels[-1] += 1 + word.count(".")
            total += 1 + word.count(".")
        deepest = max(deepest, total)
    return deepest


def _replacements(
    module: libcst.Module, text: str, span: Callable[[libcst.CSTNode], tuple[int, int]]
) -> Iterator[Replacement]:
    import libcst  # noqa: PLC0415 - loaded already

    stack: list[libcst.CSTNode] = [module]
    while stack:
        node = stack.pop()
        if isinstance(node, libcst.TypeAlias):
            start, _ = span(node)
            # Without a value there is no type alias; the name moves to the front, since the line must begin with it.
            equals = text.index("=", span(node.type_parameters or node.name)[1])
            yield Replacement(start, node.name.value.ljust(equals - start))
        elif isinstance(node, libcst.TypeParameters):
            start, end = span(node)
            yield Replacement(start, " " * (end - start))
        elif isinstance(node, (libcst.FormattedString, libcst.TemplatedString)):
            start, end = span(node)
            if not _parses(text[start:end]):
                yield Replacement(start, _stand_in(node, end - start))
            continue
        elif (
            isinstance(node, (libcst.ExceptHandler, libcst.ExceptStarHandler))
            and isinstance(node.type, libcst.Tuple)
            and not node.type.lpar
        ):
            for element in node.type.elements[:-1]:
                _, end = span(element.value)
                yield Replacement(text.index(",", end), "|")
        stack.extend(node.children)


def _parses(source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(f"({source})")
    except SyntaxError:
        return False
    return True


def _stand_in(node: libcst.CSTNode, length: int) -> str:
    """Return a string of ``length`` characters that reads every variable that ``node`` reads."""
    import libcst  # noqa: PLC0415 - loaded already

    names: dict[str, None] = {}
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, libcst.Name):
            names[part.value] = None
        stack.extend(part.children)
    # A comma takes the place of what stands between two names, so it always fits in.
    return (f"f'{{{','.join(names)}}}'" if names else "''").ljust(length)
