"""Qualified names of expressions: imports and clients in variables and attributes resolved."""

from __future__ import annotations

import ast

from pinner._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.formats.python.scopes import AttributeBinding, Binding, Module, Scope

LOCAL = "."
"""What names start with that this module defines itself: a class, a literal. Never a library's."""
_NOTHING: frozenset[str] = frozenset()
_MOCKER = frozenset({"pytest_mock.MockerFixture"})
"""What pytest's fixture of that name is."""
_METHODS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Names:
    """Resolves expressions of one module.

    The names of an expression are what it may be called from outside: ``docker.from_env().containers.run``. An
    instance goes by the name of its class. None where nothing is known: a parameter, a function's result.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self._known: dict[ast.expr, frozenset[str] | None] = {}
        self._named: dict[tuple[Scope, str], frozenset[str] | None] = {}
        """What names stand for, by the scope that binds them: one may be bound, and read, a thousand times."""
        self._naming: set[tuple[Scope, str]] = set()

    def of(self, expression: ast.expr, scope: Scope) -> frozenset[str] | None:
        """Return every name that ``expression``, read in ``scope``, may have; None where one cannot tell."""
        if expression not in self._known:
            # What leads back to itself (`client = client or …`) adds nothing.
            self._known[expression] = _NOTHING
            try:
                self._known[expression] = self._resolve(expression, scope)
            except RecursionError:
                self._known[expression] = None
        return self._known[expression]

    def _resolve(self, expression: ast.expr, scope: Scope) -> frozenset[str] | None:
        match expression:
            case ast.Name():
                return self._name(expression.id, scope)
            case ast.Attribute():
                return self._attribute(expression, scope)
            case ast.Call():
                return self._result(expression, scope)
            case ast.Await() | ast.NamedExpr() | ast.Starred():
                return self.of(expression.value, scope)
            case ast.BoolOp():
                return self._either((value, scope) for value in expression.values)
            case ast.IfExp():
                return self._either([(expression.body, scope), (expression.orelse, scope)])
            case _:
                return _plain(expression)

    def _either(self, choices: Iterable[tuple[ast.expr, Scope]]) -> frozenset[str] | None:
        found = [self.of(expression, scope) for expression, scope in choices]
        known = [names for names in found if names is not None]
        return frozenset().union(*known) if known and (len(known) == len(found) or any(known)) else None

    def _name(self, name: str, scope: Scope) -> frozenset[str] | None:
        home = scope.find(name)
        if home is None:
            return frozenset((*(f"{module}.{name}" for module in self.module.stars), f"builtins.{name}"))
        key = (home, name)
        if key in self._named:
            return self._named[key]
        # What is found on the way back to the same name is not all of it.
        is_first = key not in self._naming
        self._naming.add(key)
        found = [self._binding(binding, name) for binding in home.bindings[name]]
        known = [names for names in found if names is not None]
        names = frozenset().union(*known) if any(known) or len(known) == len(found) else None
        if is_first:
            self._naming.discard(key)
            self._named[key] = names
        return names

    def _binding(self, binding: Binding, name: str) -> frozenset[str] | None:
        match binding.kind:
            case "import":
                return frozenset((binding.qualified,))
            case "class":
                return frozenset((LOCAL + name,))
            case "function":
                # Its result may be anything, yet no library's function is hidden behind it.
                return frozenset((f"{LOCAL}{name}()",))
        if binding.annotation is not None:
            return self._annotated(binding.annotation, binding.scope)
        if binding.kind == "value" and binding.value is not None:
            return self.of(binding.value, binding.scope)
        return _MOCKER if binding.kind == "parameter" and name == "mocker" else None

    def _annotated(self, annotation: ast.expr, scope: Scope) -> frozenset[str] | None:
        """Return what a variable of type ``annotation`` is: ``X``, ``X | None``, ``Optional[X]``."""
        match annotation:
            case ast.BinOp(op=ast.BitOr()):
                sides = [self._annotated(side, scope) for side in (annotation.left, annotation.right)]
                known = [names for names in sides if names]
                return frozenset().union(*known) if known else None
            case ast.Subscript(value=ast.Name(id="Optional") | ast.Attribute(attr="Optional")):
                return self._annotated(annotation.slice, scope)
            case ast.Constant(value=str(text)):
                quoted = _parsed(text)
                return None if quoted is None else self._annotated(quoted, scope)
            case ast.Name() | ast.Attribute():
                names = self.of(annotation, scope)
                libraries = [name for name in names or () if not name.startswith((LOCAL, "builtins.", "typing."))]
                return frozenset(libraries) or None
            case _:
                return None

    def _attribute(self, expression: ast.Attribute, scope: Scope) -> frozenset[str] | None:
        home = own_class(expression.value, scope)
        if home is not None:
            return self._either(
                (value, where) for value, where in self.attribute_values(home, expression.attr) if value is not None
            )
        names = self.of(expression.value, scope)
        if names is None:
            return None
        # What a function of this module returns is unknown, and so are its attributes.
        libraries = {f"{name}.{expression.attr}" for name in names if not name.endswith("()") or name[:1] != LOCAL}
        return frozenset(libraries) if libraries or not names else None

    def attribute_values(self, home: Scope, attribute: str) -> list[tuple[ast.expr | None, Scope]]:
        """Return everything that ``attribute`` of the class ``home`` is set to in this module, and where."""
        found: list[tuple[ast.expr | None, Scope]] = [
            (binding.value, binding.scope)
            for binding in home.bindings.get(attribute, ())
            if binding.kind not in ("annotation", "function")
        ]
        found += [
            (binding.value, binding.scope)
            for binding in self.module.attribute_bindings.get(attribute, ())
            if self._belongs(binding, home)
        ]
        return found

    def _belongs(self, binding: AttributeBinding, home: Scope) -> bool:
        """Tell whether ``binding`` may set an attribute of the class ``home``: all but ``self.…`` of another do."""
        other = own_class(binding.owner, binding.scope)
        return other is home or other is None

    def _result(self, call: ast.Call, scope: Scope) -> frozenset[str] | None:
        names = self.of(call.func, scope)
        if names is None:
            return None
        found = set()
        for name in names:
            last = name.rpartition(".")[2].lstrip("_")
            if last[:1].isupper():
                found.add(name)  # an instance of a class
            elif name[:1] != LOCAL:
                found.add(f"{name}()")
        return frozenset(found) if found or not names else None


def _plain(expression: ast.expr) -> frozenset[str] | None:
    if isinstance(expression, ast.Subscript):
        return None
    is_none = isinstance(expression, ast.Constant) and expression.value is None
    return _NOTHING if is_none else frozenset((LOCAL,))


def _parsed(annotation: str) -> ast.expr | None:
    """Return the expression that the text of a quoted annotation is; a quoted one in it is none."""
    try:
        expression = ast.parse(annotation.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return None if isinstance(expression, ast.Constant) else expression


def own_class(expression: ast.expr, scope: Scope) -> Scope | None:
    """Return the scope of the class that ``expression`` is ``self`` or ``cls`` of, or None."""
    if not isinstance(expression, ast.Name):
        return None
    home = scope.find(expression.id)
    if home is None or not isinstance(home.node, _METHODS) or home.parent is None or not home.parent.is_class:
        return None
    arguments = home.node.args
    first = [*arguments.posonlyargs, *arguments.args][:1]
    decorators = {getattr(decorator, "id", "") for decorator in home.node.decorator_list}
    if not first or first[0].arg != expression.id or "staticmethod" in decorators:
        return None
    return home.parent


def dotted(expression: ast.expr) -> str:
    """Return ``expression`` as people read it: ``self.client.containers.run``, ``docker.from_env().pull``."""
    parts: list[str] = []
    while True:
        if isinstance(expression, ast.Attribute):
            parts.append(f".{expression.attr}")
            expression = expression.value
        elif isinstance(expression, (ast.Call, ast.Subscript)):
            is_call = isinstance(expression, ast.Call)
            parts.append("()" if is_call else "[]")
            expression = expression.func if isinstance(expression, ast.Call) else expression.value
        elif isinstance(expression, ast.Await):
            expression = expression.value
        else:
            parts.append(expression.id if isinstance(expression, ast.Name) else "…")
            return "".join(reversed(parts))
