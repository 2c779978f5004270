"""From parse events to nodes, without recursion and within limits: no input exhausts the stack or the clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pinner.formats.yamlnodes.events import describe, pure_events
from pinner.formats.yamlnodes.nodes import Alias, Mapping, Scalar, Sequence
from pinner.formats.yamlnodes.shadow import shadow, spaces_for_tabs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pinner.formats.yamlnodes.documents import Chunk
    from pinner.formats.yamlnodes.events import EventSource
    from pinner.formats.yamlnodes.nodes import Collection, Node

MAX_DEPTH = 200
"""Nested collections; real manifests stay under 40."""
MAX_BYTES = 10_000_000
"""Of one document."""
MAX_PURE_EVENTS = 1_000_000
"""Of the pure parser in one file: about half a minute, several times what a 10 MB manifest needs."""
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


@dataclass(slots=True)
class Budget:
    """What the pure parser may still spend on one file."""

    events: int = MAX_PURE_EVENTS


class _LimitError(Exception):
    """The document goes over a limit of ours: no other parser may have a try."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index


def compose(data: bytes, chunk: Chunk, budget: Budget, accelerator: EventSource | None) -> Composed:
    """Return the nodes of ``chunk``, their offsets counted in ``data``, the whole file. Never raises.

    The ``accelerator`` is tried first; where it is absent or raises, the pure parser decides, at the budget's expense.
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
    return _compose_pure(text, start, budget)


def _compose_pure(text: str, start: int, budget: Budget) -> Composed:
    builder = _Builder(start, budget.events)
    problem = None
    try:
        _refuse_deep_lines(text)
        builder.consume(pure_events(spaces_for_tabs(text)))
    except _LimitError as error:
        problem = Problem(str(error), start + error.index)
        budget.events -= _PRICE_OF_REFUSAL
    except Exception as error:  # noqa: BLE001 - whatever a scanner raises on hostile bytes: one unreadable document
        message, index = describe(error)
        problem = Problem(message, start + (builder.index if index is None else index))
    budget.events -= builder.count
    return builder.composed(problem)


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


_OPENINGS = ("MappingStartEvent", "SequenceStartEvent")
_ENDINGS = ("MappingEndEvent", "SequenceEndEvent")


class _Builder:
    """Collects nodes from events, and keeps the documents that were complete when a problem came."""

    def __init__(self, base: int, most: int | None = None) -> None:
        self.base = base
        self.most = most
        self.roots: list[Node] = []
        self.anchors: dict[str, Scalar | Collection] = {}
        self.count = 0
        self.index = 0

    def composed(self, problem: Problem | None = None) -> Composed:
        """Return what was collected."""
        return Composed(tuple(self.roots), self.count, problem)

    def consume(self, events: Iterator[Any]) -> None:
        """Make nodes of ``events``; raises what their parser raises, and `_LimitError`."""
        stack: list[tuple[Collection, Callable[[Node], None]]] = []  # with where each goes when it ends
        add = self.roots.append
        for event in events:
            kind = event.__class__.__name__
            if kind == "ScalarEvent":
                add(self._scalar(event))
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

    def _scalar(self, event: Any) -> Scalar:  # noqa: ANN401 - the parsers ship no types
        base = self.base
        name = event.anchor
        node = Scalar(event.value, self._begin(event), base + event.end_mark.index, event.style or "", event.tag, name)
        if name is not None:
            self.anchors[name] = node
        return node

    def _collection(self, kind: str, event: Any) -> Collection:  # noqa: ANN401 - the parsers ship no types
        name = event.anchor
        make = Mapping if kind == "MappingStartEvent" else Sequence
        node = make([], self._begin(event), event.tag, name, bool(event.flow_style))
        if name is not None:
            self.anchors[name] = node
        return node

    def _alias(self, event: Any) -> Alias:  # noqa: ANN401 - the parsers ship no types
        start = self._begin(event)
        target = self.anchors.get(event.anchor)
        if target is None:
            raise ValueError(f"`*{event.anchor}` has no anchor before it")
        return Alias(target, start, event.anchor)

    def _begin(self, event: Any) -> int:  # noqa: ANN401 - the parsers ship no types
        self.index = index = event.start_mark.index
        self.count += 1
        if self.most is not None and self.count > self.most:
            raise _LimitError("more than the pure YAML parser can read in good time; install ruamel.yaml.clib", index)
        return self.base + int(index)
