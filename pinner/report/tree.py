"""Draw a tree of lines: branches where the output can show them, plain characters where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.report.style import Style


class Node(NamedTuple):
    """A line and what hangs below it."""

    text: str
    children: Sequence[Node] = ()


def draw(node: Node, style: Style) -> Iterator[str]:
    """Yield the lines of ``node`` and of everything below it."""
    yield node.text
    yield from _branches(node.children, style, "")


def _branches(nodes: Sequence[Node], style: Style, before: str) -> Iterator[str]:
    middle, last, through = ("├─ ", "└─ ", "│  ") if style.unicode else ("|- ", "`- ", "|  ")
    for number, node in enumerate(nodes, 1):
        is_last = number == len(nodes)
        yield f"{style.faint(before + (last if is_last else middle))}{node.text}"
        yield from _branches(node.children, style, before + ("   " if is_last else through))
