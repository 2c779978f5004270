"""Variables of CI configurations: GitLab's ``variables`` and GitHub's matrix at the end of an image.

A value takes a digest where every reader of the variable in its scope is an image that ends in it, behind one and the
same text. Names of GitLab's own settings or of an including file may win over the value, as over any default.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.ci.variable_rules import RULES, nodes
from pinner.formats.yaml import Scalar, resolve
from pinner.formats.yaml.references import is_null

if TYPE_CHECKING:
    from pinner.formats.ci.variable_rules import Value
    from pinner.formats.yaml import Mapping, Node
    from pinner.formats.yaml.lookup import KeyLookup

# Plain words that YAML does not read as text: YAML 1.1, which these tools' parsers keep to, has more of them.
_NO_TEXT = re.compile(
    r"(?:true|false|yes|no|on|off)\Z|[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|0x[0-9a-f_]+)\Z",
    re.IGNORECASE,
)
_WHOLE_NUMBER = re.compile(r"0\Z|[1-9][0-9]*\Z")


class Variable(NamedTuple):
    """A variable at the end of an image's text."""

    shown: str
    """How the text names it."""
    start: int
    """Where it begins in the text, in characters."""
    values: tuple[Value, ...] = ()
    conflict: str = ""
    """Why no digest may go to the end of a value; empty where one may."""
    line_of: int = -1
    """The offset of what the conflict is with; -1 where it is with nothing that has a place."""


class Variables:
    """The variables of one document."""

    def __init__(self, kind: str, root: Mapping, fields: KeyLookup, images: set[int]) -> None:
        """``kind`` is that of `Dialect.variables`; ``images`` are the scalars at image positions, by identity."""
        self._rules = RULES[kind]
        self._root = root
        self._fields = fields
        self._images = images
        self._scopes = self._found_scopes()

    def at_the_end_of(self, text: str, written: Node) -> Variable | None:
        """Return the variable that ``text``, which stands at ``written``, ends in; None where nobody gives it."""
        match = self._rules.end.search(text)
        if match is None or self._rules.expression.search(text, 0, match.start()):
            return None
        name = next(filter(None, match.groups()))
        scope = self._scopes.get(id(written))
        if scope is None:
            return None
        found = Variable(match[0], match.start())
        values = tuple(self._rules.values(self._root, scope, name, self._fields))
        if not values:
            return None
        if not all(_is_value(value.scalar, self._rules.expression) for value in values):
            return None
        reader = self._other_reader(scope, name, text[: match.start()], values)
        if reader is not None:
            return found._replace(values=values, conflict=reader[0], line_of=reader[1])
        return found._replace(values=values)

    def _found_scopes(self) -> dict[int, Mapping]:
        """Return the mapping that is the scope of each scalar at an image position."""
        scopes: dict[int, Mapping] = {}
        for scope in self._rules.scopes(self._root, self._fields):
            for node in nodes(scope):
                if id(resolve(node)) in self._images:
                    scopes.setdefault(id(node), scope)
        return scopes

    def _other_reader(
        self, scope: Mapping, name: str, before: str, values: tuple[Value, ...]
    ) -> tuple[str, int] | None:
        """Return what else reads or gives the variable, where something does, and the offset of that."""
        whole = self._root if self._rules.is_global else scope
        mark = re.compile(self._rules.reading.replace("NAME", _reading(name.split("."))))
        for node in nodes(whole):
            scalar = resolve(node)
            if type(scalar) is not Scalar or mark.search(scalar.value) is None:
                continue
            end = self._rules.end.search(scalar.value)
            is_same = end is not None and name in end.groups() and scalar.value[: end.start()] == before
            if id(scalar) not in self._images or not is_same:
                return "is read otherwise", node.start
        known = {id(value.scalar) for value in values}
        for value in self._rules.givers(self._root, scope, name, self._fields):
            if id(value.scalar) not in known:
                return "has another value", value.scalar.start
        included = self._rules.included(self._root, name, self._fields)
        return None if included is None else ("may be read by the file that is included", included.start)


def _reading(names: list[str]) -> str:
    """Return the expression for what reads the value at ``names``: that itself, or something that it is a part of."""
    pattern = re.escape(names[-1])
    for name in reversed(names[:-1]):
        pattern = rf"{re.escape(name)}(?:\.{pattern}|\.\*|(?![\w.-]))"
    return pattern


def _is_value(scalar: Scalar, expression: re.Pattern[str]) -> bool:
    """Tell whether a consumer reads the text of ``scalar`` as it stands: ``1.10`` is a number, and reads as 1.1."""
    if is_null(scalar) or expression.search(scalar.value):
        return False
    return is_text(scalar) or _WHOLE_NUMBER.match(scalar.value) is not None


def is_text(scalar: Scalar) -> bool:
    """Tell whether YAML reads ``scalar`` as text: in quotes, or no number and no truth value."""
    if scalar.style or scalar.tag is not None:
        return scalar.tag is None or not scalar.tag.startswith("tag:yaml.org,2002:") or scalar.tag.endswith(":str")
    return _NO_TEXT.match(scalar.value) is None
