"""Heredoc detection by BuildKit's shell lexer in word-splitting mode (shell/lex.go).

No offsets are needed here, so this works on characters. Three things of the original look odd and are meant: the
escape is always the backslash, whatever the directive says; a word inside ``${…}`` empties the buffer that the outer
word is collected in; and a text that does not lex opens no heredoc, silently.
"""

from __future__ import annotations

import re

from pinner._typing import NamedTuple
from pinner.formats.dockerfile.arguments import arguments_of, read_array
from pinner.formats.dockerfile.source import WORD, DockerfileError, decode_utf8

_BODIES = frozenset(("RUN", "COPY", "ADD"))
_MARKER = re.compile(r"[0-9]*<<(-?)[ \t\n\f\r]*([^<]*)")
_PLAIN = re.compile(r"[^$'\"\\<}/\s\x1c-\x1f\x85\xa0]+")
_PARAMETERS = "@*#?-$!0"
_DEEPEST = 100


class Marker(NamedTuple):
    """What ends a heredoc, and whether the tabs before it do not count."""

    name: str
    strips_tabs: bool


def open_heredocs(name: str, text: str, escape: str) -> list[Marker]:
    """Return the heredocs that the instruction ``name`` (RUN, COPY, ADD or ONBUILD) of the logical line ``text`` opens.

    Raises `DockerfileError` where a marker does not lex, as in BuildKit.
    """
    if "<<" not in text:
        return []
    arguments = arguments_of(text, escape)
    if name == "ONBUILD":
        sub = WORD.match(arguments)
        if sub is None or sub.group().upper() not in _BODIES:
            return []
        arguments = arguments_of(arguments, escape)
    if read_array(arguments) is not None:
        return []
    try:
        words = _Lexer(decode_utf8(text), raw_quotes=True, raw_escapes=True).words()
    except DockerfileError:
        return []
    markers = []
    for word in words:
        match = _MARKER.fullmatch(word)
        if match is not None:
            names = _Lexer(match.group(2), raw_quotes=False, raw_escapes=False).words()
            # `<<-` alone has no name at all.
            if len(names) == 1:
                markers.append(Marker(names[0].encode("utf-8", "replace").decode("latin-1"), match.group(1) == "-"))
    return markers


class _Lexer:
    """``shellWord`` with ``SkipUnsetEnv`` and an empty environment: every variable keeps its spelling."""

    __slots__ = ("_buffer", "_depth", "_index", "_raw_escapes", "_raw_quotes", "_text", "_words")

    def __init__(self, text: str, *, raw_quotes: bool, raw_escapes: bool) -> None:
        self._text = text
        self._index = 0
        self._raw_quotes = raw_quotes
        self._raw_escapes = raw_escapes
        self._buffer: list[str] = []
        self._words: list[str] = []
        self._depth = 0

    def words(self) -> list[str]:
        """Return the words of the text, or raise `DockerfileError`."""
        while self._index < len(self._text):
            character = self._text[self._index]
            if character == "$":
                self._split(self._dollar())
            elif character in "'\"":
                self._buffer.append(self._quoted(character, pattern=False))
            elif character == "\\":
                self._buffer.append(self._escaped())
            elif character == "<":
                self._buffer.append(self._angle())
            else:
                plain = _PLAIN.match(self._text, self._index)
                part = plain.group() if plain else character
                self._index += len(part)
                self._split(part)
        self._flush()
        return self._words

    def _split(self, text: str) -> None:
        """Add ``text``, of which spaces end words (``addString``)."""
        for number, part in enumerate(_SPACES.split(text)):
            if number:
                self._flush()
            if part:
                self._buffer.append(part)

    def _flush(self) -> None:
        word = "".join(self._buffer)
        self._buffer.clear()
        if word:
            self._words.append(word)

    def _next(self) -> str:
        """Return the next character, or the empty text at the end."""
        character = self._text[self._index : self._index + 1]
        self._index += 1
        return character

    def _peek(self) -> str:
        return self._text[self._index : self._index + 1]

    def _escaped(self) -> str:
        escape = self._next() if self._raw_escapes else self._next()[:0]
        return escape + self._next()

    def _angle(self) -> str:
        start = self._index
        self._index += 1
        if self._peek() == "<":
            self._index += 1
            while self._peek() and self._peek() in "\t\r ":
                self._index += 1
        return self._text[start : self._index]

    def _until(self, stop: str, *, raw: bool, pattern: bool) -> str:
        """``processStopOn`` below the top level: the text up to ``stop``, which is taken too."""
        self._buffer.clear()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise DockerfileError("variables are nested too deeply")
        outer, self._raw_escapes = self._raw_escapes, raw
        parts = []
        while (character := self._peek()) != stop:
            if not character:
                raise DockerfileError(f"`{stop}` is missing")
            if character == "$":
                parts.append(self._dollar())
            elif character in "'\"":
                parts.append(self._quoted(character, pattern=pattern))
            elif character == "\\":
                parts.append(self._escaped())
            elif character == "<":
                parts.append(self._angle())
            else:
                plain = _PLAIN.match(self._text, self._index)
                parts.append(plain.group() if plain else character)
                self._index += len(parts[-1])
        self._index += 1
        self._raw_escapes = outer
        self._depth -= 1
        return "".join(parts)

    def _quoted(self, quote: str, *, pattern: bool) -> str:
        self._index += 1
        parts = [quote] if self._raw_quotes else []
        while (character := self._peek()) != quote:
            if not character:
                raise DockerfileError(f"a {quote} is not closed")
            if quote == "'":
                parts.append(self._next() * 2 if pattern and character == "\\" else self._next())
            elif character == "$":
                parts.append(self._dollar())
            else:
                parts.append(self._in_double_quotes(self._next(), pattern=pattern))
        self._index += 1
        if self._raw_quotes:
            parts.append(quote)
        return "".join(parts)

    def _in_double_quotes(self, character: str, *, pattern: bool) -> str:
        if character != "\\":
            return character
        if self._peek() in ('"', "$", "\\"):
            return (character if self._raw_escapes else "") + self._next()
        if not self._peek():
            return ""
        return character * 2 if self._raw_escapes and (not self._raw_quotes or pattern) else character

    def _dollar(self) -> str:
        self._index += 1
        if self._peek() != "{":
            return "$" + self._name()
        self._index += 1
        if not self._peek() or self._peek() in "{}:":
            raise DockerfileError("a `${` is not followed by a name")
        name = self._name()
        modifier = self._next()
        if modifier == "}":
            return "${" + name + "}"
        if modifier == "/":
            if self._peek() == "/":
                self._index += 1
            pattern = self._until("/", raw=True, pattern=True)
            return "${" + f"{name}/{pattern}/{self._until('}', raw=True, pattern=False)}" + "}"
        colon = modifier == ":"
        if colon:
            modifier = self._next()
        trims = modifier in ("#", "%")
        if not modifier or (colon and trims) or (not colon and modifier not in "+-?#%"):
            raise DockerfileError("a `${` has a modifier that BuildKit does not know")
        return "${" + name + ":" * colon + modifier + self._until("}", raw=trims, pattern=trims) + "}"

    def _name(self) -> str:
        start = self._index
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self._index += 1
        elif first and first in _PARAMETERS:
            self._index += 1
        else:
            while self._peek() == "_" or self._peek().isalpha() or self._peek().isdecimal():
                self._index += 1
        return self._text[start : self._index]


_SPACES = re.compile("[\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
