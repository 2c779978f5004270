"""Text style: colours, hints, and trees of lines."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.reference import Digest
    from pinner.rules import Severity


_SHORT = 12

_CODES = {"error": "1;31", "warning": "1;33", "note": "1;36"}


class Style(NamedTuple):
    """What the place that text goes to can show."""

    color: bool = False
    unicode: bool = True
    columns: int = 120
    """How wide it is; what is no terminal is wide enough."""

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color else text

    def severity(self, severity: Severity) -> str:
        """Return the word for ``severity``, red, yellow or cyan."""
        return self._paint(_CODES[severity], severity)

    def good(self, text: str) -> str:
        """Return ``text`` in green."""
        return self._paint("32", text)

    def gone(self, text: str) -> str:
        """Return ``text`` in red."""
        return self._paint("31", text)

    def where(self, text: str) -> str:
        """Return ``text``, a place in a file, in bold."""
        return self._paint("1", text)

    def hint(self, text: str) -> str:
        """Return ``text`` in cyan."""
        return self._paint("36", text)

    def faint(self, text: str) -> str:
        """Return ``text`` less bright."""
        return self._paint("2", text)

    @property
    def arrow(self) -> str:
        """What stands between old and new."""
        return "→" if self.unicode else "->"

    def short(self, digest: Digest) -> str:
        """Return the beginning of ``digest``: enough to compare by eye."""
        return f"{digest.algorithm}:{digest.hex[:_SHORT]}{'…' if self.unicode else '...'}"


PLAIN = Style()


def hint_line(hint: str, style: Style) -> str:
    """Return the line that says what to do about the line above."""
    return f"  {style.hint('hint')}: {printable(hint)}"


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
