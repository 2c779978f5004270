"""Variable expansion, a port of BuildKit's shell lexer (shell/lex.go) that keeps every character's origin."""

from __future__ import annotations

import re
from functools import cache

from pinner._typing import TYPE_CHECKING
from pinner.formats.dockerfile.shell_patterns import Cut, find_all, find_prefix, find_suffix, replace_cuts
from pinner.formats.dockerfile.source import BOM, LONGEST, DockerfileError, Piece, UnsetError, decode_utf8, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.formats.dockerfile.source import LogicalLine, Nature, Value

_DEEPEST = 100
_MOST_PIECES = 10_000
_PARAMETERS = "@*#?-$!0"
_ASCII_NAME = re.compile(r"[0-9]+|[A-Za-z_][A-Za-z0-9_]*")


@cache
def _plain(specials: str) -> re.Pattern[str]:
    """Return a pattern of text in which none of ``specials`` occurs."""
    return re.compile(f"[^{re.escape(specials)}]+")


class Expander:
    """Expands one part of a logical line; ``expressions`` and ``altered`` tell afterwards what was met on the way."""

    __slots__ = (
        "_depth",
        "_end",
        "_environment",
        "_escape",
        "_index",
        "_line",
        "_out",
        "_raw",
        "_text",
        "altered",
        "expressions",
        "met",
    )

    def __init__(self, line: LogicalLine, escape: str, environment: Mapping[str, Value]) -> None:
        self._line = line
        self._text = line.text
        self._escape = escape
        self._environment = environment
        self._index = 0
        self._end = 0
        self._depth = 0
        self._raw = False
        self._out: list[Piece] = []
        self.expressions: list[tuple[int, int]] = []
        """The variables at the top level, each as the range of pieces that it gave."""
        self.altered: list[Piece] = []
        """The pieces of values that a pattern has changed or was made of: more text in them may change the outcome."""
        self.met: list[Piece] = []
        """Every piece of a value, also where the expansion fails later on."""

    def expand(self, start: int, end: int) -> Value:
        """Return what ``text[start:end]`` of the line stands for.

        Raises `DockerfileError` where BuildKit does, and where the text would grow beyond reason.
        """
        # Go's text/scanner, which reads the text, drops a byte order mark at its beginning.
        self._index = start + len(BOM) if self._text.startswith(BOM, start, end) else start
        self._end = end
        self._until("", raw=False, pattern=False)
        return tuple(self._out)

    def _add(self, start: int, end: int) -> None:
        for offset, text in self._line.runs(start, end):
            self._out.append(Piece(text, offset))

    def _insert(self, via: str, pieces: Value | list[Piece], nature: Nature) -> None:
        """Add ``pieces`` as what came through ``via``; a piece without text of ``nature`` where they say nothing."""
        if len(self._out) + len(pieces) > _MOST_PIECES or sum([len(piece.text) for piece in pieces]) > LONGEST:
            raise DockerfileError("the expanded text is too long")
        self.met += pieces
        for piece in pieces:
            if len(piece.via) > _DEEPEST:
                raise DockerfileError("variables refer to each other too deeply")
            self._out.append(Piece(piece.text, piece.offset, (via, *piece.via), piece.nature))
        if not pieces:
            self._out.append(Piece("", -1, (via,), nature))

    def _peek(self) -> str:
        return self._text[self._index] if self._index < self._end else ""

    def _next(self) -> str:
        character = self._peek()
        self._index += 1
        return character

    def _until(self, stop: str, *, raw: bool, pattern: bool) -> None:
        """Add everything up to ``stop`` (``processStopOn``); to the end where that is the empty text."""
        outer, self._raw = self._raw, raw
        plain = _plain("$'\"" + self._escape + stop)
        while True:
            run = plain.match(self._text, self._index, self._end)
            if run is not None:
                self._add(*run.span())
                self._index = run.end()
            character = self._peek()
            if character == stop:
                break
            if not character:
                raise DockerfileError(f"`{stop}` is missing at the end of a variable")
            self._special(character, pattern=pattern)
        self._index += 1
        self._raw = outer

    def _special(self, character: str, *, pattern: bool) -> None:
        if character == "$":
            self._dollar()
        elif character == "'":
            self._single_quotes(pattern=pattern)
        elif character == '"':
            self._double_quotes()
        else:
            start = self._index if self._raw else self._index + 1
            self._index = min(self._index + 2, self._end)
            self._add(start, self._index)

    def _single_quotes(self, *, pattern: bool) -> None:
        start = self._index + 1
        end = self._text.find("'", start, self._end)
        if end < 0:
            raise DockerfileError("a single quote is not closed")
        self._index = end + 1
        while pattern and (escape := self._text.find(self._escape, start, end)) >= 0:
            # A pattern is read a second time, and an escape in quotes has to survive that.
            self._add(start, escape + 1)
            self._add(escape, escape + 1)
            start = escape + 1
        self._add(start, end)

    def _double_quotes(self) -> None:
        self._index += 1
        plain = _plain('"$' + self._escape)
        while (character := self._peek()) != '"':
            if not character:
                raise DockerfileError("a double quote is not closed")
            run = plain.match(self._text, self._index, self._end)
            if run is not None:
                self._add(*run.span())
                self._index = run.end()
            elif character == "$":
                self._dollar()
            else:
                self._escape_in_quotes()
        self._index += 1

    def _escape_in_quotes(self) -> None:
        start = self._index
        self._index += 1
        following = self._peek()
        if following and following in '"$' + self._escape:
            self._index += 1
            self._add(start if self._raw else start + 1, self._index)
        elif following:
            if self._raw:
                # Where escapes are kept, one that escapes nothing comes out doubled.
                self._add(start, start + 1)
            self._add(start, start + 1)

    def _dollar(self) -> None:
        before = len(self._out)
        start = self._index
        self._index += 1
        if self._peek() == "{":
            self._index += 1
            self._depth += 1
            if self._depth > _DEEPEST:
                raise DockerfileError("variables are nested too deeply")
            self._braces()
            self._depth -= 1
        elif name := self._name():
            self._variable(name)
        else:
            self._add(start, start + 1)
            return
        if not self._depth:
            self.expressions.append((before, len(self._out)))

    def _braces(self) -> None:
        if not self._peek() or self._peek() in "{}:":
            raise DockerfileError("`${` is not followed by the name of a variable")
        name = self._name()
        modifier = self._next()
        if modifier == "}":
            self._variable(name)
        elif modifier == "/":
            self._replace(name)
        elif modifier in ("#", "%"):
            self._trim(name, modifier)
        elif modifier in (":", "-", "+", "?"):
            null_is_unset = modifier == ":"
            self._choose(name, self._next() if null_is_unset else modifier, null_is_unset=null_is_unset)
        else:
            raise DockerfileError(f"`${{{decode_utf8(name)}` has a modifier that BuildKit does not know")

    def _variable(self, name: str) -> None:
        value = self._environment.get(name)
        self._insert(f"ARG {decode_utf8(name)}", value or (), "unset" if value is None else "empty")

    def _word(self, stop: str, *, raw: bool, pattern: bool) -> list[Piece]:
        """Return the word inside braces, expanded, without adding it."""
        outer, self._out = self._out, []
        self._until(stop, raw=raw, pattern=pattern)
        word, self._out = self._out, outer
        return word

    def _choose(self, name: str, modifier: str, *, null_is_unset: bool) -> None:
        word = self._word("}", raw=False, pattern=False)
        value = self._environment.get(name)
        absent = value is None or (null_is_unset and not any(piece.text for piece in value))
        if modifier == "-" and absent:
            self._insert(f"${{{decode_utf8(name)}}}", word, "empty")
        elif modifier == "+":
            known = any(piece.nature == "platform" for piece in value or ())
            nature: Nature = "platform" if known else "unset" if value is None else "empty"
            self._insert(f"${{{decode_utf8(name)}}}", () if absent else word, nature)
        elif modifier == "?" and absent:
            raise UnsetError(f"ARG {decode_utf8(name)} has no default: its value must be given to the build")
        elif modifier in ("-", "?"):
            self._variable(name)
        else:
            raise DockerfileError(f"`${{{decode_utf8(name)}:` has a modifier that BuildKit does not know")

    def _pattern(self, stop: str, *, pattern: bool) -> str:
        """Return the text of a pattern, or of what replaces it."""
        word = self._word(stop, raw=True, pattern=pattern)
        self.altered += word
        return text_of(word)

    def _trim(self, name: str, modifier: str) -> None:
        pattern = self._pattern("}", pattern=True)
        longest = pattern.startswith(modifier)
        find = find_prefix if modifier == "#" else find_suffix
        value = text_of(self._environment.get(name) or ())
        cut = find(pattern[longest:], value, longest=longest)
        if cut is None and modifier == "#" and "*" not in pattern and len(pattern) <= len(value):
            # What does not begin with the pattern will not do so either with a digest at its end.
            self._variable(name)
        else:
            self._cut(name, [cut] if cut else [], "")

    def _replace(self, name: str) -> None:
        everywhere = self._peek() == "/"
        self._index += everywhere
        pattern = self._pattern("/", pattern=True)
        replacement = self._pattern("}", pattern=False)
        cuts = find_all(pattern, text_of(self._environment.get(name) or ()))
        self._cut(name, cuts if everywhere else cuts[:1], replacement)

    def _cut(self, name: str, cuts: list[Cut], replacement: str) -> None:
        """Add the value of ``name`` with ``replacement`` in the place of each of ``cuts``.

        Even where there is nothing to cut: with a digest in it, there might be.
        """
        value = self._environment.get(name)
        nature: Nature = "unset" if value is None else "computed"
        if any(piece.nature == "platform" for piece in value or ()):
            nature = "platform"
        text = replace_cuts(text_of(value or ()), cuts, replacement)
        self.altered += value or ()
        self._insert(f"ARG {decode_utf8(name)}", (Piece(text, -1, (), nature),), nature)

    def _name(self) -> str:
        """Read a variable's name: digits, a special parameter, or letters, digits and underscores (``processName``)."""
        start = self._index
        match = _ASCII_NAME.match(self._text, start, self._end)
        if match is not None:
            self._index = match.end()
            if match.group()[0].isdigit():
                return match.group()
        elif self._peek() and self._peek() in _PARAMETERS:
            self._index += 1
            return self._text[start]
        if self._peek() >= "\x80":
            self._letters_beyond_ascii()
        return self._text[start : self._index]

    def _letters_beyond_ascii(self) -> None:
        """Go on over the letters and digits of other scripts, which are several bytes each."""
        rest = self._text[self._index : min(self._end, self._index + 1000)].encode("latin-1").decode("utf-8", "replace")
        for letter in rest:
            if not (letter.isalpha() or letter.isdecimal() or letter == "_"):
                break
            self._index += len(letter.encode())
