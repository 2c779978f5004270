"""Rules by which GitLab and GitHub give variables their values: scopes, what counts, and all that is given."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup

    Giving: TypeAlias = Callable[[Mapping, Mapping, str, KeyLookup], Iterable["Value"]]

_MAX_EXTENDED = 11
"""Jobs that one extends, one through the other (GitLab's own limit)."""


class Value(NamedTuple):
    """What a variable is given."""

    scalar: Scalar
    written: Node


def nodes(root: Node) -> Iterator[Node]:
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
        # The value has to be one of the `options` that people choose from.
        is_free = inner is not None and fields.get(field.node, "options") is None
        yield from _scalars(inner.written if inner is not None and is_free else None)
    else:
        yield from _scalars(field.written)


def _gitlab_values(root: Mapping, scope: Mapping, name: str, fields: KeyLookup) -> Iterator[Value]:
    jobs = _extended(root, scope, fields)
    variants = next(filter(None, (list(_parallel(job, name, fields)) for job in jobs)), [])
    if variants:
        needed = any(_names_a_variant(node) for node in nodes(root))
        yield from () if needed else variants
        return
    yield from next(filter(None, (list(_given(job, name, fields)) for job in (*jobs, root))), ())


def _extended(root: Mapping, job: Mapping, fields: KeyLookup) -> list[Mapping]:
    """Return ``job`` and what it extends in the same document, that which counts first."""
    found: list[Mapping] = []
    stack = [job]
    while stack and len(found) < _MAX_EXTENDED:
        one = stack.pop()
        if any(one is other for other in found):
            continue
        found.append(one)
        field = fields.get(one, "extends")
        for value in _scalars(None if field is None else field.written):
            base = _mapping(root, value.scalar.value, fields)
            stack += [] if base is None else [base]
    return found


def _parallel(job: Mapping, name: str, fields: KeyLookup) -> Iterator[Value]:
    """Yield what ``parallel: matrix:`` of a GitLab job gives the variable, from one text or several."""
    parallel = _mapping(job, "parallel", fields)
    for entry in () if parallel is None else fields.mappings(parallel, "matrix"):
        field = fields.get(entry, name)
        yield from _scalars(None if field is None else field.written)


def _names_a_variant(node: Node) -> bool:
    """Tell whether ``node`` is the name of one of a matrix's jobs, which has the values in it: ``test: [1, a]``."""
    scalar = resolve(node)
    return type(scalar) is Scalar and scalar.value.endswith("]") and ": [" in scalar.value


def _gitlab_givers(root: Mapping, _scope: Mapping, name: str, fields: KeyLookup) -> Iterator[Value]:
    """Yield every value that anything in the document gives the variable: jobs, rules, a matrix."""
    for node in _mappings(root):
        field = fields.get(node, name)
        if field is None:
            continue
        inner = fields.get(field.node, "value") if type(field.node) is Mapping else field
        yield from _scalars(None if inner is None else inner.written)


def _gitlab_included(root: Mapping, name: str, fields: KeyLookup) -> Node | None:
    """Return what names another file of the project that is given what ``root`` gives the variable; None without any.

    What a file has in its own ``variables`` counts in those that it includes, and in child pipelines.
    """
    if next(_given(root, name, fields), None) is None:
        return None
    triggers = (_mapping(job, "trigger", fields) for job in _below(root, fields))
    for holder in (root, *filter(None, triggers)):
        field = fields.get(holder, "include")
        entries: list[Node] = [] if field is None else [field.node]
        if field is not None and type(field.node) is Sequence:
            entries = field.node.children
        for entry in map(resolve, entries):
            local = fields.scalar(entry, "local") if type(entry) is Mapping else entry
            if type(local) is Scalar and "://" not in local.value:
                return local
    return None


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
    first, *rest = name.split(".")
    fields_ = [fields.get(matrix, first), *(fields.get(one, first) for one in fields.mappings(matrix, "include"))]
    for field in filter(None, fields_):
        yield from _members(field.written, rest, fields)


def _members(written: Node, names: list[str], fields: KeyLookup) -> Iterator[Value]:
    """Yield the scalars at ``names`` in the mapping that ``written`` is, or in those that are its items."""
    if not names:
        yield from _scalars(written)
        return
    node = resolve(written)
    for item in node.children if type(node) is Sequence else (node,):
        holder = resolve(item)
        field = fields.get(holder, names[0]) if type(holder) is Mapping else None
        if field is not None and (len(names) > 1 or type(field.node) is Scalar):
            yield from _members(field.written, names[1:], fields)


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
    included: Callable[[Mapping, str, KeyLookup], Node | None] = lambda _root, _name, _fields: None
    """Returns what names another file that may read what the root gives."""


RULES = {
    "gitlab": _Rules(
        re.compile(r"\$(?:\{(\w+)\}|(\w+))\Z"),
        re.compile(r"\$"),
        r"\$(?:\{|env:)?NAME\b|%NAME%",
        is_global=True,
        scopes=_below,
        values=_gitlab_values,
        givers=_gitlab_givers,
        included=_gitlab_included,
    ),
    "github": _Rules(
        re.compile(r"\$\{\{\s*matrix\.([\w-]+(?:\.[\w-]+){0,4})\s*\}\}\Z"),
        re.compile(r"\$\{\{"),
        r"\bmatrix\.NAME(?![\w-])|\bmatrix\s*\[|\(\s*matrix\s*[,)]",
        is_global=False,
        scopes=_jobs,
        values=_github_values,
        givers=_github_values,
    ),
}
