"""Path language for YAML nodes: from a document's root to every node that a path leads to.

Iterative; a collection is entered once for each step of a path, so that neither aliases nor ``**`` cost more than the
size of the document times the length of the path.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.lookup import KeyLookup, anchor_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from pinner.formats.yaml import Node

    Fits: TypeAlias = Callable[[str], bool]

_MAX_VIA = 10
_ITEMS = "[]"
_ROOT = "@/"
"""Marks the root."""
_DEEP = "**"


class Step(NamedTuple):
    """One step of a path."""

    key: str | None
    """The one key that fits; None where `fits` tells."""
    fits: Fits | None
    """Tells whether a key fits; None for a step into a list, or to any depth."""
    is_deep: bool = False
    is_marked: bool = False
    is_named: bool = False
    """Whether the key that it finds tells who owns what is below."""


class Hit(NamedTuple):
    """A node that a path leads to."""

    node: Scalar | Mapping | Sequence
    written: Node
    """What stands there: an alias where ``node`` is reached through one."""
    via: tuple[str, ...] = ()
    """The anchors and merge keys on the way."""
    owner: str = ""
    """The key that the last open step found: a job, a service."""
    marked: Mapping | None = None
    """The mapping that the step with ``@`` led to."""
    holder: Mapping | None = None
    """The mapping that it stands in."""


class _Cursor(NamedTuple):
    hit: Hit
    step: int


@lru_cache(maxsize=1024)
def compiled(path: str) -> tuple[Step, ...]:
    """Return the steps of ``path``; raises `ValueError` for one that is none."""
    return tuple([_step(text) for text in path.split("/")])


def _step(text: str) -> Step:
    is_marked = text.endswith("@")
    text = text.removesuffix("@") if is_marked else text
    if text == _DEEP:
        return Step(None, None, is_deep=True, is_marked=is_marked)
    if text == _ITEMS:
        return Step(None, None, is_marked=is_marked)
    if text == "*":
        return Step(None, lambda _: True, is_marked=is_marked, is_named=True)
    if text.startswith("~"):
        return Step(None, _found_in(text[1:]), is_marked=is_marked)
    if text.startswith(("{", "!{")) and text.endswith("}"):
        keys = frozenset(text.removeprefix("!")[1:-1].split(","))
        if text.startswith("!"):
            return Step(None, lambda key: key not in keys, is_marked=is_marked, is_named=True)
        return Step(None, keys.__contains__, is_marked=is_marked)
    return Step(text, None, is_marked=is_marked)


def _found_in(expression: str) -> Fits:
    try:
        pattern = re.compile(expression, re.IGNORECASE)
    except re.error as error:
        raise ValueError(str(error)) from error
    return lambda key: pattern.search(key) is not None


def find(root: Node, path: str, fields: KeyLookup, transparent: str = "") -> Iterator[Hit]:
    """Yield every node that ``path`` leads to from ``root``, each way to a scalar once.

    Keys that ``transparent`` fits stand for what is under them. A node with a tag of its own (``!reference``) is not
    entered: what is in it is no part of the document's structure.
    """
    start = resolve(root)
    marked = start if path.startswith(_ROOT) and type(start) is Mapping else None
    search = _Search(compiled(path.removeprefix(_ROOT)), fields, re.compile(transparent) if transparent else None)
    yield from search.run(Hit(start, root, marked=marked))


class _Search:
    """One search for what a path leads to."""

    def __init__(self, steps: tuple[Step, ...], fields: KeyLookup, transparent: re.Pattern[str] | None) -> None:
        self._steps = steps
        self._last = len(steps)
        """The number of the step from which on a text fits: all that come may be no step at all."""
        while self._last and steps[self._last - 1].is_deep:
            self._last -= 1
        self._fields = fields
        self._transparent = transparent
        self._seen: set[tuple[int, int]] = set()
        self._stack: list[_Cursor] = []

    def run(self, start: Hit) -> Iterator[Hit]:
        """Yield what the steps lead to from ``start``."""
        self._push(start, 0)
        while self._stack:
            hit, number = self._stack.pop()
            if number == len(self._steps):
                yield hit
                continue
            step = self._steps[number]
            if step.is_deep:
                self._push(_marking(hit, step), number + 1)
            children = list(self._children(hit, step, number))
            for child in reversed(children):
                self._push(child if step.is_deep else _marking(child, step), number if step.is_deep else number + 1)

    def _push(self, hit: Hit, number: int) -> None:
        node = hit.node
        if type(node) is Scalar:
            if number >= self._last:
                self._stack.append(_Cursor(hit, len(self._steps)))
            return
        mark = (id(node), number)
        if mark not in self._seen and not _is_foreign(node):
            self._seen.add(mark)
            self._stack.append(_Cursor(hit, number))

    def _children(self, hit: Hit, step: Step, number: int) -> Iterator[Hit]:
        """Yield what ``step`` leads to from ``hit``: what is one level down."""
        node = hit.node
        takes_texts = number + (not step.is_deep) >= self._last
        if type(node) is Sequence:
            if step.is_deep or (step.fits is None and step.key is None):
                for child in node.children:
                    if type(child) is Scalar and not takes_texts:
                        continue
                    via = _longer(hit.via, anchor_name(child))
                    item = Hit(resolve(child), child, via, hit.owner, hit.marked, hit.holder)
                    self._look_through(item, Sequence, number)
                    yield item
        elif type(node) is Mapping:
            own = self._fields.own(node)
            for key in self._keys(node, step):
                if not takes_texts and type(own.get(key)) is Scalar:  # its own counts before what is merged in
                    continue
                found = self._fields.get(node, key)
                if found is not None and (takes_texts or type(found.node) is not Scalar):
                    owner = key if step.is_named else hit.owner
                    yield Hit(found.node, found.written, _longer(hit.via, found.via), owner, hit.marked, node)
            self._look_through(hit, Mapping, number)

    def _look_through(self, hit: Hit, kind: type, number: int) -> None:
        """Go on with step ``number`` in what conditions in ``hit`` stand for: items among items, keys among keys."""
        if self._transparent is None or type(hit.node) is not Mapping:
            return
        for key in self._fields.keys(hit.node):
            found = self._fields.get(hit.node, key) if self._transparent.search(key) else None
            if found is not None and type(found.node) is kind:
                self._push(hit._replace(node=found.node, written=found.written), number)

    def _keys(self, mapping: Mapping, step: Step) -> Iterable[str]:
        if step.key is not None:
            return (step.key,)
        if step.is_deep:
            return self._fields.keys(mapping)
        fits = step.fits
        return () if fits is None else [key for key in self._fields.keys(mapping) if fits(key)]


def _longer(via: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``via`` and ``more`` of it; a long way is cut short."""
    return (*via, *more)[:_MAX_VIA] if more else via


def _marking(hit: Hit, step: Step) -> Hit:
    return hit._replace(marked=hit.node if type(hit.node) is Mapping else None) if step.is_marked else hit


def _is_foreign(node: Scalar | Mapping | Sequence) -> bool:
    """Tell whether ``node`` has a tag of its own tool: GitLab's ``!reference [job, key]`` is a pointer, not a list."""
    return node.tag is not None and node.tag.startswith("!") and node.tag != "!"
