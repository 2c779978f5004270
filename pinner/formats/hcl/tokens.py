"""HCL tokens: where strings, templates, heredocs, brackets and expressions end, on bytes.

One pass with a stack of its own, so that neither nesting nor length can exhaust anything. Source of the rules:
hcl/v2, ``hclsyntax/scan_tokens.rl``.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.source import SourceError
from pinner.limits import HCL_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

IDENTIFIER = rb"[A-Za-z_\x80-\xff][\w\x80-\xff-]*+"
BLOCK_COMMENT = rb"/\*(?:[^*]++|\*(?!/)|(?!))*+\*/"
BLANK = re.compile(rb"(?:[ \t\r\n,;]++|#[^\n]*+|//[^\n]*+|%b|(?!))*+" % BLOCK_COMMENT)
"""What may stand between two items; commas too, which HCL 1 had and HCL 2 has in objects and lists."""
BLANKS = re.compile(rb"[ \t]*+")
TOKEN = re.compile(
    rb"[ \t\r]*+(?:"
    rb"(?P<word>[\w\x80-\xff][\w.\x80-\xff-]*+)"
    rb'|(?P<quote>")'
    rb"|(?P<open>[({\[])"
    rb"|(?P<close>[)}\]])"
    rb"|(?P<newline>\n)"
    rb"|(?P<comma>,)"
    rb"|(?P<comment>#[^\n]*+|//[^\n]*+|%b)"
    rb"|(?P<unclosed>/\*)"
    rb"|(?P<heredoc><<-?(?P<marker>%b)\r?\n)"
    rb"|(?P<interpolation>[$%%]\{~?)"
    rb"|(?P<operator>[^\n])"
    rb")" % (BLOCK_COMMENT, IDENTIFIER)
)
QUOTED = re.compile(rb'(?:[^"\\\n$%]++|\\[^\n]|\$\$\{|%%\{|[$%](?!\{)|(?!))*+')
"""Text between quotation marks, up to the closing one or to what is filled in."""
HEREDOC = re.compile(
    rb"\$\$\{|%%%%\{|(?P<interpolation>[$%%]\{~?)|^[ \t]*+(?P<marker>%b)[ \t]*+\r?(?=\n|\Z)" % IDENTIFIER, re.MULTILINE
)
"""What is no plain text in a heredoc: something filled in, or a line that may be its end."""
_PLAIN_STRING = rb'"(?:[^"\\\n$%]++|\\[^\n])*+"'
_OTHER_WORD = rb"(?!(?:var|local)\.)[\w\x80-\xff][\w.\x80-\xff-]*+"
# What nobody need look at between brackets, many of it at once.
_UNREAD = re.compile(rb"(?:[ \t\r\n,:=]++|%b|%b|(?!))*+" % (_PLAIN_STRING, _OTHER_WORD))
_UNREAD_BUT_WORDS = re.compile(rb"(?:[ \t\r\n,:=]++|%b|(?!))*+" % _PLAIN_STRING)
_CLOSING = {b"(": b")", b"{": b"}", b"[": b"]"}
_QUOTE = b'"'


class HclError(SourceError):
    """The bytes are no HCL that can be read on: what is wrong, and the offset where."""


class Word(NamedTuple):
    """A name or number outside of plain text, such as ``var.image``."""

    text: bytes
    offset: int


class Skipper:
    """Finds the ends of expressions in ``data``, and tells of the words in them."""

    __slots__ = ("_data", "_note", "_stack", "_unread")

    def __init__(
        self, data: bytes, note: Callable[[bytes, int], object] | None = None, *, every_word: bool = False
    ) -> None:
        """``note`` is called with words and their offsets: ``var.…``, ``local.…`` and some, or with ``every_word``."""
        self._data = data
        self._unread = _UNREAD_BUT_WORDS if every_word else _UNREAD
        self._note = note
        self._stack: list[bytes] = []
        """What is open, the innermost last: the bracket that closes it, ``"``, or ``<`` and a heredoc's marker."""

    def after_expression(self, position: int, end: int, *, lines: bool, operand: bool = False) -> int:
        """Return where the expression at ``position`` is over: at a comma, a closing bracket, ``end``.

        With ``lines`` at the end of its line too, and where the next item begins on the same line without an operator,
        as HCL 1 had it; ``operand`` says that a part of the expression was read already. Raises `HclError`.
        """
        stack, data = self._stack, self._data
        stack.clear()
        while position < end:
            if stack:
                position = self._inside(position, end)
                continue
            match = TOKEN.match(data, position, end)
            if match is None:  # blanks before the end
                return end
            kind = match.lastgroup
            if kind in ("close", "comma") or (lines and kind == "newline"):
                return match.end() - 1
            if kind in ("word", "quote"):
                if operand and lines:
                    return match.start(kind)
                operand = True
            elif kind == "operator":
                operand = False
            self._take(match)
            position = match.end()
        if stack:
            raise HclError(_unclosed(stack[-1]), end)
        return end

    def _inside(self, position: int, end: int) -> int:
        """Read on at ``position`` in what is open, and return how far that was."""
        top = self._stack[-1]
        if top == _QUOTE:
            return self._in_string(position, end)
        if top[:1] == b"<":
            return self._in_heredoc(position, end, top[1:])
        unread = self._unread.match(self._data, position, end)
        match = TOKEN.match(self._data, unread.end() if unread is not None else position, end)
        if match is None:
            return end
        self._take(match)
        return match.end()

    def after_line(self, position: int, end: int) -> int:
        """Return where the line at ``position`` ends, which is no item; its brackets are closed. Raises `HclError`."""
        while True:
            after = self.after_expression(position, end, lines=True)
            if after >= end or self._data.startswith((b"\n", b"}"), after):
                return after
            position = max(after, position + 1)

    def after_template(self, position: int, end: int) -> int:
        """Return the offset after what is filled in by ``${`` or ``%{``, which ``position`` comes after."""
        return self.after_expression(position, end, lines=False) + 1

    def _take(self, match: re.Match[bytes]) -> None:
        """Take a token of an expression into account."""
        kind = match.lastgroup
        if kind == "word":
            if self._note is not None:
                self._note(match["word"], match.start("word"))
        elif kind == "open":
            self._push(_CLOSING[match["open"]], match.start("open"))
        elif kind == "close":
            if self._stack.pop() != match["close"]:
                raise HclError("brackets do not match", match.start("close"))
        elif kind == "quote":
            self._push(_QUOTE, match.start("quote"))
        elif kind == "heredoc":
            self._push(b"<" + match["marker"], match.start("heredoc"))
        elif kind == "interpolation":
            self._push(b"}", match.start("interpolation"))
        elif kind == "unclosed":
            raise HclError("a comment has no end", match.start("unclosed"))

    def _push(self, closing: bytes, offset: int) -> None:
        self._stack.append(closing)
        if len(self._stack) > HCL_DEPTH:
            raise HclError(f"it is nested over {HCL_DEPTH} levels deep", offset)

    def _in_string(self, position: int, end: int) -> int:
        """Return the offset after the string at ``position``, or after the mark of what is filled in there."""
        data = self._data
        plain = QUOTED.match(data, position, end)
        position = plain.end() if plain is not None else position
        if data.startswith(_QUOTE, position, end):
            self._stack.pop()
            return position + 1
        if position < end and data[position : position + 1] in (b"$", b"%"):
            self._push(b"}", position)
            return position + 2
        raise HclError("a string has no end on its line", min(position, end))

    def _in_heredoc(self, position: int, end: int, marker: bytes) -> int:
        """Return the offset after the heredoc at ``position``, or after the mark of what is filled in there."""
        while (match := HEREDOC.search(self._data, position, end)) is not None:
            position = match.end()
            if match["interpolation"]:
                self._push(b"}", match.start())
                return position
            if match["marker"] == marker:
                self._stack.pop()
                return position
        raise HclError(_unclosed(b"<" + marker), end)


def _unclosed(top: bytes) -> str:
    if top == _QUOTE:
        return "a string has no end"
    if top[:1] == b"<":
        return f"the heredoc `{top[1:61].decode('utf-8', 'replace')}` has no end"
    return f"a bracket is not closed: `{top.decode()}` is missing"
