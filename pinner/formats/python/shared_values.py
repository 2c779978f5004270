"""Constants and defaults with other readers, who would read the digest too."""

from __future__ import annotations

import ast

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.python.known_calls import LOOSE_PARAMETERS
from pinner.formats.python.names import own_class
from pinner.formats.python.values import Carrier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.python.scopes import Link, Module, Scope, Use

_TALK = frozenset(
    {
        "print",
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "critical",
        "exception",
        "log",
        "echo",
        "secho",
        "fail",
        "skip",
    }
)
_KEYS = frozenset({*LOOSE_PARAMETERS, "Image"})
_TRANSPARENT = (ast.FormattedValue, ast.JoinedStr, ast.keyword, ast.Tuple, ast.Starred)


class Conflict(NamedTuple):
    """Somebody who reads a constant and is given no image by it."""

    name: str
    line: int


class Sharing:
    """Tells whether everybody who reads a variable means an image by it."""

    def __init__(self, module: Module, read: set[ast.AST]) -> None:
        self._module = module
        self._read = read
        self._known: dict[Carrier, Conflict | None] = {}
        self._read_in: dict[str, dict[Scope | None, list[Use]]] = {}
        """Who reads a name, by the scope whose name it is."""

    def conflict(self, carrier: Carrier) -> Conflict | None:
        """Return somebody who reads ``carrier`` and would be surprised by a digest, or None."""
        if carrier not in self._known:
            self._known[carrier] = None  # one that leads back to itself adds nothing
            self._known[carrier] = self._find(carrier)
        return self._known[carrier]

    def _find(self, carrier: Carrier) -> Conflict | None:
        for use in self._uses(carrier):
            node = use.link.node
            if node in self._read or _is_harmless(use.link):
                continue
            passed_on = _assigned_to(use)
            if passed_on is None:
                return Conflict(carrier.name, node.lineno if isinstance(node, ast.expr) else 0)
            conflict = self.conflict(passed_on)
            if conflict is not None:
                return conflict
        return None

    def _uses(self, carrier: Carrier) -> Iterator[Use]:
        # In the class itself the attribute is a plain name; elsewhere it is one of some object, perhaps of this class.
        yield from self._readers(carrier.name).get(carrier.home, ())
        if not carrier.attribute:
            return
        for use in self._module.attribute_uses.get(carrier.name, ()):
            node = use.link.node
            other = own_class(node.value, use.scope) if isinstance(node, ast.Attribute) else None
            if other is None or other is carrier.home:
                yield use

    def _readers(self, name: str) -> dict[Scope | None, list[Use]]:
        if name not in self._read_in:
            readers = self._read_in[name] = {}
            for use in self._module.uses.get(name, ()):
                readers.setdefault(use.scope.find(name), []).append(use)
        return self._read_in[name]


def _is_harmless(link: Link) -> bool:
    """Tell whether a reader takes the text as it is: shows it, tests that there is one, or calls it an image."""
    child, parent = link.node, link.parent
    while parent is not None and isinstance(parent.node, _TRANSPARENT):
        if isinstance(parent.node, ast.keyword) and parent.node.arg in _KEYS and child is link.node:
            return True
        child, parent = parent.node, parent.parent
    return parent is not None and _takes_as_it_is(parent, child, link.node)


def _takes_as_it_is(link: Link, child: ast.AST, value: ast.AST) -> bool:
    """Tell it of the node of ``link``, whose child ``child`` is ``value`` or shows it."""
    match link.node:
        case ast.Call(func=function):
            name = getattr(function, "attr", getattr(function, "id", ""))
            raised = link.parent is not None and isinstance(link.parent.node, ast.Raise)
            return child is not function and (name in _TALK or raised)
        case ast.Dict(keys=keys, values=values):
            key = next((key for key, other in zip(keys, values, strict=True) if other is value), None)
            return isinstance(key, ast.Constant) and key.value in _KEYS
        case ast.Assert(msg=shown) | ast.If(test=shown) | ast.While(test=shown):
            return child is shown
        case ast.Compare(ops=operators):
            return all(isinstance(operator, (ast.Is, ast.IsNot)) for operator in operators)
        case _:
            return isinstance(link.node, ast.Expr) or _negates(link.node)


def _negates(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _assigned_to(use: Use) -> Carrier | None:
    """Return the variable or own attribute that simply gets the value of ``use``."""
    parent = None if use.link.parent is None else use.link.parent.node
    target: ast.expr | None = None
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1:
        target = parent.targets[0]
    elif isinstance(parent, ast.AnnAssign):
        target = parent.target
    if isinstance(target, ast.Name):
        home = use.scope.find(target.id)
        return None if home is None else Carrier(target.id, home)
    if isinstance(target, ast.Attribute):
        owner: Scope | None = own_class(target.value, use.scope)
        return None if owner is None else Carrier(target.attr, owner, attribute=True)
    return None
