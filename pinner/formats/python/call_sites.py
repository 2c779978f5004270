"""Call sites that take an image, and the expression that each is given."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.python.known_calls import LOOSE, Callee
from pinner.formats.python.names import LOCAL, dotted
from pinner.formats.python.scopes import CallSite

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from pinner.formats.python.known_calls import Table
    from pinner.formats.python.names import Names
    from pinner.formats.python.scopes import Scope

_ANY_END = r"(?:.*\.)?"
_PARTIAL = frozenset({"functools.partial"})
# What a test double is made by, and what it is called where nobody can tell how it was made.
_DOUBLES = frozenset({"unittest", "mock", "pytest_mock"})
_LIKE_A_DOUBLE = re.compile(r"(?i:mock)|(?:^|[.])(?:return_value|side_effect)[.]")


class Site(NamedTuple):
    """One argument that names an image."""

    argument: ast.expr
    scope: Scope
    owner: str
    """The callee's qualified name, or how it is written where that is not known."""
    loose: bool = False
    """Whether nothing but the parameter's name says that it is an image."""
    tag: ast.expr | None = None
    """The argument that overrides the reference's tag."""
    output: str = ""
    """The parameter, where the image is one that the call makes."""
    takes_apart: bool = False
    """Whether the callee reads a version out of the text."""


class _Match(NamedTuple):
    callee: Callee
    owner: str
    by_position: bool = True


class Sites:
    """Finds the arguments of one module that are images."""

    def __init__(self, names: Names, table: Table) -> None:
        self._names = names
        self._loose = table.loose
        imported = {*_imported_roots(names), "*"}
        self._callees = [callee for callee in table.callees if not imported.isdisjoint(callee.roots)]
        self._called: dict[tuple[str, frozenset[str] | None], tuple[_Match, ...]] = {}
        """What is called by its text and its names: most code calls the same again and again."""

    def all(self) -> list[Site]:
        """Return every argument that is an image, and every one that names an image to be made."""
        return [site for call in self._names.module.calls for site in self._of_call(call)]

    def _of_call(self, call: CallSite) -> Iterator[Site]:
        call = self._applied(call)
        seen: set[str] = set()
        for match in self._matches(call):
            if match.callee.parameters or match.callee.position is not None:
                if "image" in seen:
                    continue
                argument = _argument(call.node, match)
                if argument is not None:
                    seen.add("image")
                    tag = None if match.callee.tag is None else _tag(call.node, *match.callee.tag)
                    loose = match.callee is LOOSE
                    yield Site(argument, call.scope, match.owner, loose, tag, takes_apart=match.callee.takes_apart)
            for keyword in call.node.keywords:
                if keyword.arg in match.callee.outputs and keyword.arg not in seen:
                    seen.add(keyword.arg)
                    yield Site(keyword.value, call.scope, match.owner, output=keyword.arg)

    def _applied(self, call: CallSite) -> CallSite:
        """Return the call that ``functools.partial(callee, …)`` prepares, or ``call`` where it is none."""
        arguments = call.node.args
        if not arguments or self._names.of(call.node.func, call.scope) != _PARTIAL:
            return call
        return CallSite(ast.Call(arguments[0], arguments[1:], call.node.keywords), call.scope)

    def _matches(self, call: CallSite) -> Iterator[_Match]:
        """Yield the callees that ``call`` may be of, the user's own first and the loosest last."""
        function = call.node.func
        names = self._names.of(function, call.scope)
        text = dotted(function)
        key = text, names
        found = self._called.get(key)
        if found is None:
            found = self._called[key] = tuple(self._by_name(text, names or ()))
        yield from found
        bases = self._of_bases(function, call.scope)
        for callee in self._callees if bases else ():
            if (name := _first_called(callee, bases)) is not None:
                # A class of this module is given its arguments by name alone; `super().__init__` as its base is.
                yield _Match(callee, name, by_position=isinstance(function, ast.Attribute))
        if self._loose and _compiled(LOOSE.pattern)(text):
            yield _Match(LOOSE, text, by_position=False)

    def _by_name(self, text: str, names: Collection[str]) -> Iterator[_Match]:
        """Yield the callees that are called as ``text``, which stands for ``names``."""
        known = sorted(name for name in names if not name.startswith("builtins."))
        foreign = _is_foreign(known) or _LIKE_A_DOUBLE.search(text) is not None
        own = any(name.startswith(LOCAL) for name in known)
        for callee in self._callees:
            if callee.methods:
                # An object of unknown origin may be a client of any library that is imported here.
                if ("*" in callee.roots or not foreign) and _compiled(_ANY_END + callee.pattern)(text):
                    yield _Match(callee, text)
            elif not own and (name := _first_called(callee, known)) is not None:
                yield _Match(callee, name)

    def _of_bases(self, function: ast.expr, scope: Scope) -> list[str]:
        """Return the names of the base classes whose ``__init__`` is called through a class of this module."""
        match function:
            case ast.Attribute(attr="__init__", value=ast.Call(func=ast.Name(id="super"))):
                home: Scope | None = scope
                while home is not None and not home.is_class:
                    home = home.parent
                node = None if home is None else home.node
            case ast.Name(id=name):
                home = scope.find(name)
                meanings = [] if home is None else home.bindings[name]
                node = meanings[0].node if len(meanings) == 1 and meanings[0].kind == "class" else None
                if isinstance(node, ast.ClassDef) and _has_own_init(node):
                    return []
            case _:
                return []
        if not isinstance(node, ast.ClassDef):
            return []
        around = self._names.module.scopes[node].parent
        assert around is not None  # noqa: S101 - a class stands in a module at least
        return sorted({name for base in node.bases for name in self._names.of(base, around) or ()})


def _first_called(callee: Callee, names: list[str]) -> str | None:
    """Return the first of ``names`` that is ``callee``'s."""
    if callee.methods:
        return None
    for name in names:
        root, _, rest = name.partition(".")
        if root in callee.roots and _compiled(callee.pattern)(rest):
            return name
    return None


def _has_own_init(node: ast.ClassDef) -> bool:
    return any(isinstance(part, ast.FunctionDef) and part.name in ("__init__", "__new__") for part in node.body)


def _is_foreign(known: list[str]) -> bool:
    """Tell whether the names say that a client is none of ours: of this module, of another library, a test double."""
    roots = {name.partition(".")[0] for name in known}
    if roots & _DOUBLES:
        return True
    elsewhere = any(name.startswith(LOCAL) or "()" not in name for name in known)
    return elsewhere and roots.isdisjoint(("docker", "podman", "dagger"))


def _imported_roots(names: Names) -> frozenset[str]:
    bindings = (found for scope in names.module.scopes.values() for home in scope.bindings.values() for found in home)
    modules = [binding.qualified for binding in bindings if binding.kind == "import"]
    return frozenset(module.partition(".")[0] for module in (*modules, *names.module.stars))


def _argument(call: ast.Call, match: _Match) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg in match.callee.parameters:
            return keyword.value
    position = match.callee.position
    return _positional(call, position) if match.by_position and position is not None else None


def _tag(call: ast.Call, parameter: str, position: int) -> ast.expr | None:
    """Return the argument that overrides the reference's tag, or asks for all of them; None where nothing does."""
    for keyword in call.keywords:
        if keyword.arg in (parameter, "all_tags") and not _is_falsy(keyword.value):
            return keyword.value
    argument = _positional(call, position)
    return None if argument is None or _is_falsy(argument) else argument


def _positional(call: ast.Call, position: int) -> ast.expr | None:
    if len(call.args) <= position or any(isinstance(argument, ast.Starred) for argument in call.args[: position + 1]):
        return None
    return call.args[position]


def _is_falsy(expression: ast.expr) -> bool:
    return isinstance(expression, ast.Constant) and not expression.value


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(pattern).fullmatch
