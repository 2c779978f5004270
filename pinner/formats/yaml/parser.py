"""YAML parser: ruamel.yaml's events composed to nodes, without recursion and within limits.

The C parser (ruamel.yaml.clib, an old libyaml) is an accelerator and no judge: it refuses valid YAML such as
``{image: nginx:1.25}``, so after any error of it the pure parser has the word. Only its *events* are used; its
composer recurses in C and brings the interpreter down on deep nesting.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml.nodes import Alias, Mapping, Scalar, Sequence
from pinner.formats.yaml.stream import shadow
from pinner.limits import YAML_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from pinner.formats.yaml.nodes import Collection, Node
    from pinner.formats.yaml.stream import Chunk


if TYPE_CHECKING:
    EventSource: TypeAlias = Callable[[str], Iterator[Any]]


def pure_events(text: str) -> Iterator[Any]:
    """Yield the events of shadow ``text`` by ruamel.yaml's own parser; raises whatever that raises."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - 40 ms, paid only by a file that may name an image

    return iter(YAML(typ="safe", pure=True).parse(text))


@lru_cache(maxsize=1)
def c_events() -> EventSource | None:
    """Return the function that yields the events of the C parser, or None where it is not installed."""
    try:
        from _ruamel_yaml import CParser  # noqa: PLC0415 - only a file that may name an image pays for it
    except ImportError:
        return None

    def events(text: str) -> Iterator[Any]:
        return iter(CParser(text).get_event, None)

    return events


def describe(error: Exception) -> tuple[str, int | None]:
    """Return what a parser complains about, in one line, and the index in the text where it does."""
    problem = getattr(error, "problem", None) or getattr(error, "context", None)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    message = " ".join(str(problem or str(error) or type(error).__name__).split())
    return message, None if mark is None else mark.index


# Whitespace at the start of a line is indentation, also after `- `, `? ` and `: `: there a tab is an error in YAML,
# unless nothing but a comment follows.
_INDENTATION = re.compile(r"(?m)^[ \t]*+(?:(?:[-?:][ \t]++|(?!))++(?P<comment>#)?)?")
# A block scalar's header, its first lines where they are blank, and the blanks of the first that is not.
_BLOCK = re.compile(
    r"(?m)(?P<header>(?:^|[:\-?][ ]+|[!&][^\s]*[ ]+)[|>][+\-]?(?:[ ]+\#[^\r\n]*)?)[ ]*(?P<break>\r?\n)"
    r"(?P<blanks>(?:[ ]*\r?\n)+)(?P<margin>[ ]*)"
)
_HEADER_AND_BLANK = re.compile(r"[|>][^\r\n]*\r?\n[ ]*\r?\n")
"""A part of it that is found sooner."""
_BLANKS = re.compile(" +")


def spaces_for_tabs(text: str) -> str:
    """Return shadow ``text`` with tabs that only separate replaced by spaces: ``key:<tab>value``, ``value<tab># c``."""
    if "\t" not in text:
        return text
    parts: list[str] = []
    position = 0
    for match in _INDENTATION.finditer(text):
        kept = match[0].replace("\t", " ") if match["comment"] else match[0]
        parts += (text[position : match.start()].replace("\t", " "), kept)
        position = match.end()
    return "".join((*parts, text[position:].replace("\t", " ")))


def without_blanks_in_blocks(text: str) -> str:
    """Return shadow ``text`` with the blanks of a block scalar's first, blank lines moved behind its header.

    They are indentation, and say nothing where they are no more than that of the text (YAML 1.2.2, section 8.1.1.1).
    """
    return text if _HEADER_AND_BLANK.search(text) is None else _BLOCK.sub(_moved, text)


def _moved(match: re.Match[str]) -> str:
    blanks = match["blanks"]
    if any(len(run) > len(match["margin"]) for run in _BLANKS.findall(blanks)):
        return match[0]
    kept = _BLANKS.sub("", blanks)
    head = match["header"]
    fill = " " * (len(match[0]) - len(head) - len(match["break"]) - len(kept) - len(match["margin"]))
    return head + fill + match["break"] + kept + match["margin"]


MAX_DEPTH = YAML_DEPTH
"""Nested collections; real manifests stay under 40."""
MAX_BYTES = 10_000_000
"""Of one document."""
MAX_PURE_EVENTS = 1_000_000
"""Of the pure parser in one document, and about that in one file: half a minute, several times what 10 MB need."""
_PRICE_OF_REFUSAL = 2_000
"""Events that looking into a document nested too deep is worth."""


class Problem(NamedTuple):
    """Why a document could not be read to its end, and the byte offset at which that shows."""

    message: str
    offset: int


class Composed(NamedTuple):
    """The documents of one chunk; ``problem`` says what ended them early."""

    roots: tuple[Node, ...]
    size: int
    """How many nodes there are: a cheap measure of the structure."""
    problem: Problem | None
    shares: bool = False
    """Whether there is an alias."""
    pure_events: int = 0
    """What the pure parser had to do for it."""


class Budget:
    """What the pure parser may still do for one file."""

    __slots__ = ("events",)

    def __init__(self, events: int = MAX_PURE_EVENTS) -> None:
        self.events = events


class _LimitError(Exception):
    """The document goes over a limit of ours: no other parser may have a try."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


def compose(
    data: bytes, chunk: Chunk, accelerator: EventSource | None, most_pure_events: int = MAX_PURE_EVENTS
) -> Composed:
    """Return the nodes of ``chunk``, their offsets counted in ``data``, the whole file. Never raises.

    The ``accelerator`` is tried first; where it is absent or raises, the pure parser decides.
    """
    start, end = chunk
    if end - start > MAX_BYTES:
        return Composed((), 0, Problem(f"a document of over {MAX_BYTES:,} bytes", start))
    text = shadow(data[start:end])
    if accelerator is not None:
        builder = _Builder(start)
        try:
            builder.consume(accelerator(text))
        except _LimitError as error:
            return builder.composed(Problem(str(error), start + error.index))
        except Exception:  # noqa: BLE001, S110 - an old libyaml refuses valid YAML: the pure parser decides
            pass
        else:
            return builder.composed()
    readable = spaces_for_tabs(text)
    composed = _compose_pure(readable, start, most_pure_events)
    repaired = readable if composed.problem is None else without_blanks_in_blocks(readable)
    if repaired == readable:
        return composed
    second = _compose_pure(repaired, start, most_pure_events)
    better = composed if second.problem else second
    return better._replace(pure_events=composed.pure_events + second.pure_events)


def refusal(chunk: Chunk) -> Composed:
    """Return what is there to say of a ``chunk`` that the budget does not reach."""
    return Composed((), 0, Problem(_TOO_MUCH, chunk.start))


def _compose_pure(text: str, start: int, most: int) -> Composed:
    builder = _Builder(start, most)
    problem = None
    price = 0
    try:
        _refuse_deep_lines(text)
        builder.consume(pure_events(text))
    except _LimitError as error:
        problem = Problem(str(error), start + error.index)
        price = _PRICE_OF_REFUSAL
    except Exception as error:  # noqa: BLE001 - whatever a scanner raises on hostile bytes: one unreadable document
        message, index = describe(error)
        problem = Problem(message, start + (builder.index if index is None else index))
    return builder.composed(problem)._replace(pure_events=price + builder.count)


def _refuse_deep_lines(text: str) -> None:
    """Refuse what the pure scanner, looking for a key, would read ahead at quadratic cost: deep nesting in one line."""
    offset = 0
    for line in text.split("\n"):
        if line.count("[") + line.count("{") > MAX_DEPTH:
            depth = 0
            for index, character in enumerate(line):
                if character in "[{":
                    depth += 1
                    if depth > MAX_DEPTH:
                        raise _LimitError(_TOO_DEEP, offset + index)
                elif character in "]}" and depth:
                    depth -= 1
        offset += len(line) + 1


_TOO_DEEP = f"nested over {MAX_DEPTH} levels deep"
_TOO_MUCH = "more than the pure YAML parser can read in good time; install ruamel.yaml.clib"
_OPENINGS = ("MappingStartEvent", "SequenceStartEvent")
_ENDINGS = ("MappingEndEvent", "SequenceEndEvent")


class _Builder:
    """Collects nodes from events, and keeps the documents that were complete when a problem came."""

    def __init__(self, base: int, most: int | None = None) -> None:
        self.base = base
        self.most = most
        self.roots: list[Node] = []
        self.anchors: dict[str, Scalar | Collection] = {}
        self.shares = False
        self.count = 0
        self.index = 0

    def composed(self, problem: Problem | None = None) -> Composed:
        """Return what was collected."""
        return Composed(tuple(self.roots), self.count, problem, self.shares)

    def consume(self, events: Iterator[Any]) -> None:
        """Make nodes of ``events``; raises what their parser raises, and `_LimitError`."""
        stack: list[tuple[Collection, Callable[[Node], None]]] = []  # with where each goes when it ends
        add = self.roots.append
        base, begin = self.base, self._begin
        for event in events:
            kind = event.__class__.__name__
            if kind == "ScalarEvent":  # most are: a call for each would take as long
                name, end = event.anchor, base + event.end_mark.index
                tag = None if event.ctag is None else event.tag
                scalar = Scalar(event.value, begin(event), end, event.style or "", tag, name)
                add(scalar)
                if name is not None:
                    self.anchors[name] = scalar
            elif kind in _OPENINGS:
                if len(stack) >= MAX_DEPTH:
                    raise _LimitError(_TOO_DEEP, self.index)
                node = self._collection(kind, event)
                stack.append((node, add))
                add = node.children.append
            elif kind in _ENDINGS:
                # Only now, so that a document that breaks off leaves nothing behind.
                node, add = stack.pop()
                add(node)
            elif kind == "AliasEvent":
                add(self._alias(event))
            else:
                self.anchors = {}  # a document's start or end

    def _collection(self, kind: str, event: Any) -> Collection:  # noqa: ANN401 - the parsers ship no types
        name = event.anchor
        make = Mapping if kind == "MappingStartEvent" else Sequence
        node = make([], self._begin(event), event.tag, name, bool(event.flow_style))
        if name is not None:
            self.anchors[name] = node
        return node

    def _alias(self, event: Any) -> Alias:  # noqa: ANN401 - the parsers ship no types
        start = self._begin(event)
        self.shares = True
        target = self.anchors.get(event.anchor)
        if target is None:
            raise ValueError(f"`*{event.anchor}` has no anchor before it")
        return Alias(target, start, event.anchor)

    def _begin(self, event: Any) -> int:  # noqa: ANN401 - the parsers ship no types
        self.index = index = event.start_mark.index
        self.count += 1
        if self.most is not None and self.count > self.most:
            raise _LimitError(_TOO_MUCH, index)
        offset: int = self.base + index
        return offset
