"""Variables of CI configurations: GitLab's ``variables`` and GitHub's matrix at the end of an image.

A value takes a digest where every reader of the variable in its scope is an image that ends in it, behind one and the
same text. Names of GitLab's own settings or of an including file may win over the value, as over any default.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.references import is_null

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup

    Giving: TypeAlias = Callable[[Mapping, Mapping, str, KeyLookup], Iterable["Value"]]

# Plain words that YAML does not read as text: YAML 1.1, which these tools' parsers keep to, has more of them.
_NO_TEXT = re.compile(
    r"(?:true|false|yes|no|on|off)\Z|[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|0x[0-9a-f_]+)\Z",
    re.IGNORECASE,
)
_WHOLE_NUMBER = re.compile(r"0\Z|[1-9][0-9]*\Z")


class Value(NamedTuple):
    """What a variable is given."""

    scalar: Scalar
    written: Node


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
        self._rules = _RULES[kind]
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
            for node in _nodes(scope):
                if id(resolve(node)) in self._images:
                    scopes.setdefault(id(node), scope)
        return scopes

    def _other_reader(
        self, scope: Mapping, name: str, before: str, values: tuple[Value, ...]
    ) -> tuple[str, int] | None:
        """Return what else reads or gives the variable, where something does, and the offset of that."""
        whole = self._root if self._rules.is_global else scope
        mark = re.compile(self._rules.reading.replace("NAME", re.escape(name)))
        for node in _nodes(whole):
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
        return None


def _is_value(scalar: Scalar, expression: re.Pattern[str]) -> bool:
    """Tell whether a consumer reads the text of ``scalar`` as it stands: ``1.10`` is a number, and reads as 1.1."""
    if is_null(scalar) or expression.search(scalar.value):
        return False
    return is_text(scalar) or _WHOLE_NUMBER.match(scalar.value) is not None


def _nodes(root: Node) -> Iterator[Node]:
    """Yield everything that stands below ``root``, keys left out, each collection once."""
    stack: list[Node] = [root]
    seen: set[int] = set()
    while stack:
        written = stack.pop()
        node = resolve(written)
        if isinstance(node, Scalar):
            yield written
        elif id(node) not in seen:
            seen.add(id(node))
            stack += _children(node)


def _children(node: Mapping | Sequence) -> list[Node]:
    return node.children[1::2] if type(node) is Mapping else node.children


def _scalars(node: Node | None) -> Iterator[Value]:
    """Yield the scalar that ``node`` is, or those that are its items."""
    if node is None:
        return
    target = resolve(node)
    for written in target.children if type(target) is Sequence else (node,):
        scalar = resolve(written)
        if type(scalar) is Scalar:
            yield Value(scalar, written)


def _mapping(mapping: Mapping, key: str, fields: KeyLookup) -> Mapping | None:
    field = fields.get(mapping, key)
    return field.node if field is not None and type(field.node) is Mapping else None


def _below(root: Mapping, fields: KeyLookup) -> Iterator[Mapping]:
    """Yield ``root`` itself and, before it, the mappings under its keys: a job is a narrower scope than the file."""
    for key in fields.keys(root):
        if key != "variables" and (found := _mapping(root, key, fields)) is not None:
            yield found
    yield root


def _given(holder: Mapping, name: str, fields: KeyLookup) -> Iterator[Value]:
    """Yield what GitLab's ``variables`` in ``holder`` give the variable: a text, or one under ``value``."""
    variables = _mapping(holder, "variables", fields)
    field = None if variables is None else fields.get(variables, name)
    if field is None:
        return
    if type(field.node) is Mapping:
        inner = fields.get(field.node, "value")
        yield from _scalars(None if inner is None else inner.written)
    else:
        yield from _scalars(field.written)


def _gitlab_values(root: Mapping, scope: Mapping, name: str, fields: KeyLookup) -> Iterator[Value]:
    own = list(_given(scope, name, fields))
    yield from own or _given(root, name, fields)


def _gitlab_givers(root: Mapping, _scope: Mapping, name: str, fields: KeyLookup) -> Iterator[Value]:
    """Yield every value that anything in the document gives the variable: jobs, rules, a matrix."""
    for node in _mappings(root):
        field = fields.get(node, name)
        if field is None:
            continue
        inner = fields.get(field.node, "value") if type(field.node) is Mapping else field
        yield from _scalars(None if inner is None else inner.written)


def _mappings(root: Node) -> Iterator[Mapping]:
    stack: list[Node] = [root]
    seen: set[int] = set()
    while stack:
        node = resolve(stack.pop())
        if isinstance(node, Scalar) or id(node) in seen:
            continue
        seen.add(id(node))
        stack += _children(node)
        if type(node) is Mapping:
            yield node


def _jobs(root: Mapping, fields: KeyLookup) -> Iterator[Mapping]:
    jobs = _mapping(root, "jobs", fields)
    for key in fields.keys(jobs) if jobs is not None else ():
        if jobs is not None and (job := _mapping(jobs, key, fields)) is not None:
            yield job


def _matrix(scope: Mapping, fields: KeyLookup) -> Mapping | None:
    strategy = _mapping(scope, "strategy", fields)
    return None if strategy is None else _mapping(strategy, "matrix", fields)


def _github_values(_root: Mapping, scope: Mapping, name: str, fields: KeyLookup) -> Iterator[Value]:
    matrix = _matrix(scope, fields)
    if matrix is None or fields.get(matrix, "exclude") is not None:  # which is compared with the values
        return
    field = fields.get(matrix, name)
    if field is not None:
        yield from _scalars(field.written)
    for entry in fields.mappings(matrix, "include"):
        extra = fields.get(entry, name)
        yield from _scalars(None if extra is None else extra.written)


class _Rules(NamedTuple):
    """How a dialect writes and gives variables."""

    end: re.Pattern[str]
    """What a text ends in, the name in a group."""
    expression: re.Pattern[str]
    """Any expression."""
    reading: str
    """What reads the variable ``NAME``."""
    is_global: bool
    """Whether it is read in the whole document, and not in the scope alone."""
    scopes: Callable[[Mapping, KeyLookup], Iterable[Mapping]]
    values: Giving
    """Yields the values that count in a scope."""
    givers: Giving
    """Yields every value that there is."""


_RULES = {
    "gitlab": _Rules(
        re.compile(r"\$(?:\{(\w+)\}|(\w+))\Z"),
        re.compile(r"\$"),
        r"\$(?:\{|env:)?NAME\b|%NAME%",
        is_global=True,
        scopes=_below,
        values=_gitlab_values,
        givers=_gitlab_givers,
    ),
    "github": _Rules(
        re.compile(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}\Z"),
        re.compile(r"\$\{\{"),
        r"\bmatrix\.NAME(?![\w-])|\bmatrix\s*\[|\(\s*matrix\s*[,)]",
        is_global=False,
        scopes=_jobs,
        values=_github_values,
        givers=_github_values,
    ),
}


def is_text(scalar: Scalar) -> bool:
    """Tell whether YAML reads ``scalar`` as text: in quotes, or no number and no truth value."""
    if scalar.style or scalar.tag is not None:
        return scalar.tag is None or not scalar.tag.startswith("tag:yaml.org,2002:") or scalar.tag.endswith(":str")
    return _NO_TEXT.match(scalar.value) is None
