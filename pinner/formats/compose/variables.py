"""Variable interpolation of compose (``${VARIABLE:-default}``), and whether its result can be pinned.

A port of compose-go's ``template/template.go``: ``$V``, ``${V}``, ``${V:-d}``, ``${V-d}``, ``${V:+x}``, ``${V+x}``,
``${V:?e}``, ``${V?e}``, defaults nested, ``$$`` for a dollar. A ``$`` that begins none of these is itself, as in
``$(date)``; ``${`` without a name or a closing brace is an error there too.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.source import holds_version
from pinner.formats.yaml.scalars import SourceText
from pinner.model import Span, TagPart
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from typing import TypeAlias

    from pinner.formats.yaml.references import Use
    from pinner.model import Place, SkipReason

    Given: TypeAlias = Mapping[str, SourceText]
    """Values of variables, by name, and where each byte of them stands: beyond any file."""

NOT_GIVEN: Given = MappingProxyType({})

_MAX_NESTING = 20
_VARIABLE = re.compile(rb"\$(?:(?P<escaped>\$)|(?P<named>[_a-zA-Z][_a-zA-Z0-9]*)|\{(?P<braced>[_a-zA-Z][_a-zA-Z0-9]*))")
_OPERATOR = re.compile(rb":?[-+?]")
_PLAIN = re.compile(rb"[^$]+")
_OPEN, _CLOSE = b"{}"


class Values(NamedTuple):
    """What is known of a file's variables beyond their defaults."""

    given: Given = NOT_GIVEN
    mirrors: tuple[str, ...] = ()
    """Those that name mirrors: whichever they are, a digest names the same there."""


NO_VALUES = Values()


class InvalidTemplateError(ValueError):
    """The text is no template that compose could fill in."""


class Variable(NamedTuple):
    """One use of a variable, and the bytes of the expanded text that are there because of it."""

    name: str
    operator: str
    """``:-``, ``-``, ``:+``, ``+``, ``:?``, ``?``, or empty."""
    start: int
    end: int
    source: str
    """As written, ``${NAME:-default}``."""

    @property
    def has_default(self) -> bool:
        """Whether the text is whole with the variable unset."""
        return self.operator in (":-", "-", ":+", "+")


class Expansion(NamedTuple):
    """A template with no variable set but those that are given: they count as if the value were a default."""

    text: SourceText
    variables: tuple[Variable, ...]
    """In the order of their ``$``, so that an outer one comes before those in its default."""

    def display(self) -> str:
        """Return the text for people: defaults filled in, a variable that has none as it is written."""
        parts: list[str] = []
        position = 0
        for variable in self.variables:
            if not variable.has_default and variable.start >= position:
                parts += (str(self.text[position : variable.start]), variable.source)
                position = variable.end
        return "".join((*parts, str(self.text[position:])))


def expand(template: SourceText, given: Given = NOT_GIVEN) -> Expansion:
    """Return ``template`` with the variables set that are ``given``; raises `InvalidTemplateError`."""
    if b"$" not in template.data:
        return Expansion(template, ())
    expander = _Expander(template, given)
    expander.expand(0, len(template.data), 0)
    return Expansion(
        SourceText(bytes(expander.data), expander.starts, expander.ends),
        tuple(expander.variables[position] for position in sorted(expander.variables)),
    )


class _Expander:
    """Writes the expanded text; positions are those of the template."""

    def __init__(self, template: SourceText, given: Given) -> None:
        self.template = template
        self.given = given
        self.data = bytearray()
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.variables: dict[int, Variable] = {}

    def expand(self, start: int, end: int, depth: int) -> None:
        """Append the expansion of the template from ``start`` to ``end``."""
        if depth > _MAX_NESTING:
            raise InvalidTemplateError(f"variables nested over {_MAX_NESTING} deep")
        source = self.template.data
        position = start
        while position < end:
            plain = _PLAIN.match(source, position, end)
            if plain is not None:
                self._copy(position, plain.end())
                position = plain.end()
                continue
            match = _VARIABLE.match(source, position, end)
            if match is None:
                if source.startswith(b"${", position, end):
                    raise InvalidTemplateError("`${` without a name: write `$${` where no variable is meant")
                self._copy(position, position + 1)
                position += 1
            elif match["escaped"]:
                self._copy(position, position + 1)
                self.ends[-1] = self.template.ends[position + 1]
                position = match.end()
            elif match["named"]:
                position = self._simple(match, match.end())
            else:
                position = self._braced(match, end, depth)

    def _braced(self, match: re.Match[bytes], end: int, depth: int) -> int:
        """Expand ``${NAME…}``, whose name ``match`` found, and return the position after it."""
        source = self.template.data
        after_name = match.end()
        if source.startswith(b"}", after_name, end):
            return self._simple(match, after_name + 1)
        operator = _OPERATOR.match(source, after_name, end)
        closing = _closing_brace(source, match.start() + 1, end)
        if operator is None or closing < operator.end():
            raise InvalidTemplateError(f"`{_text(source[match.start() : end])}` is no variable")
        start = len(self.data)
        sign = operator[0].decode()
        value = self._given_value(match, sign)
        if value is not None and "+" in sign:  # what follows counts, and no digest may go there: another value drops it
            return self._found(match, "", closing + 1, start)
        if value is not None:
            self._append(value)
            sign = ":-"
        elif sign in (":-", "-"):
            self.expand(operator.end(), closing, depth + 1)
        return self._found(match, sign, closing + 1, start)

    def _simple(self, match: re.Match[bytes], end: int) -> int:
        """Expand ``$NAME`` or ``${NAME}``, which ends at ``end``."""
        start = len(self.data)
        value = self._given_value(match, "")
        if value is not None:
            self._append(value)
        return self._found(match, "" if value is None else ":-", end, start)

    def _given_value(self, match: re.Match[bytes], operator: str) -> SourceText | None:
        """Return the value that is given and counts before what follows ``operator``."""
        value = self.given.get((match["named"] or match["braced"]).decode())
        return None if value is not None and operator.startswith(":") and not value.data else value

    def _found(self, match: re.Match[bytes], operator: str, end: int, start: int) -> int:
        name = (match["named"] or match["braced"]).decode()
        source = _text(self.template.data[match.start() : end])
        self.variables[match.start()] = Variable(name, operator, start, len(self.data), source)
        return end

    def _copy(self, start: int, end: int) -> None:
        self._append(self.template[start:end])

    def _append(self, part: SourceText) -> None:
        self.data += part.data
        self.starts += part.starts
        self.ends += part.ends


def _closing_brace(source: bytes, opening: int, end: int) -> int:
    """Return the position of the ``}`` that ends the variable: the balanced one, else the line's last; -1 if none."""
    newline = source.find(b"\n", opening, end)
    end = end if newline < 0 else newline
    depth = 0
    position = opening
    while position < end:
        character = source[position]
        if character == _CLOSE:
            depth -= 1
            if not depth:
                return position
        elif character == _OPEN:
            depth += 1
            position += 1  # compose-go leaves out the character after a brace
        position += 1
    return source.rfind(b"}", opening, end)


def _text(source: bytes) -> str:
    return source.decode("utf-8", "replace")


def judge(use: Use, text: SourceText, given: Given = NOT_GIVEN, mirrors: Collection[str] = ()) -> Place:
    """Return what ``text``, not yet interpolated, is at ``use``: an occurrence, or a skip with the reason.

    ``mirrors`` are variables with which a digest names the same, whatever they are.
    """
    try:
        expansion = expand(text, given)
    except InvalidTemplateError as error:
        return use.skip(str(text), "invalid-reference", f"compose cannot fill it in: {error}")
    if not expansion.variables:
        return use.judge(expansion.text)
    return _judge_missing(use, expansion) or _judge_defaults(use, expansion, mirrors)


def interpolated_text(text: SourceText | None) -> str:
    """Return what compose makes of ``text``, for people and for comparisons; a variable without a value as written."""
    if text is None or b"$" not in text.data:
        return str(text or "")
    try:
        return expand(text).display()
    except InvalidTemplateError:
        return str(text)


def _judge_missing(use: Use, expansion: Expansion) -> Place | None:
    """Return the skip of a text with a variable that has no default; None where all have one."""
    data = expansion.text.data
    missing = next((variable for variable in expansion.variables if not variable.has_default), None)
    if missing is None:
        return None
    origin = "must be given" if "?" in missing.operator else "has no default here"
    detail = f"`{missing.name}` {origin}: its value comes from the environment or the .env file"
    if missing.start == len(data) or _tail(expansion):
        return use.skip(expansion.display(), "no-default", detail)
    reason: SkipReason = "interpolated-tag" if missing.end > _tag_colon(data) >= 0 else "interpolated-name"
    return use.skip(expansion.display(), reason, detail)


def _judge_defaults(use: Use, expansion: Expansion, mirrors: Collection[str]) -> Place:
    data = expansion.text.data
    shown_text = expansion.display()
    tail = _tail(expansion)
    names = tuple(f"${{{one.name}}}" for one in tail)
    after = [variable for variable in expansion.variables if variable.start == len(data)]
    if after:
        if not _is_reference(shown_text):
            return use.skip(shown_text, "no-default", f"`{after[0].name}` is empty unless it is given")
        return use.skip(shown_text, "interpolated-tag", f"`{after[0].name}` may add to the tag after a digest")
    if b"@" in data:
        return use.judge(expansion.text, names)
    colon = _tag_colon(data)
    in_tag = [variable for variable in expansion.variables if variable not in tail and variable.end > colon >= 0]
    if in_tag:
        detail = f"with a digest, another `{in_tag[0].name}` would be ignored without a word"
        return use.skip(shown_text, "interpolated-tag", detail)._replace(part=_part(expansion, in_tag, colon + 1))
    in_name = [one for one in expansion.variables if one not in tail and one.name not in mirrors]
    if in_name:
        detail = f"the digest would belong to one value of `{in_name[0].name}` only"
        return use.skip(shown_text, "interpolated-name", detail)
    return use.judge(expansion.text, names)


def _part(expansion: Expansion, variables: Iterable[Variable], tag: int) -> TagPart | None:
    """Return the default that is the version of the tag, which begins at ``tag``; None where none is by itself."""
    text = expansion.text
    for start, end, name in ((one.start, one.end, one.name) for one in variables if one.start >= tag):
        if holds_version(str(text[start:end]), str(text[end:])) and text.is_run(start, end):
            return TagPart(Span(text.starts[start], text.ends[end - 1]), start - tag, name)
    return None


def _tail(expansion: Expansion) -> list[Variable]:
    """Return the variables in whose defaults the last character stands, outermost first."""
    end = len(expansion.text.data)
    return [variable for variable in expansion.variables if variable.start < variable.end == end]


def _tag_colon(data: bytes) -> int:
    """Return the position of the colon before the tag, -1 where there is none."""
    return data.find(b":", data.rfind(b"/") + 1)


def _is_reference(text: str) -> bool:
    return ImageReference.try_parse(text) is not None
