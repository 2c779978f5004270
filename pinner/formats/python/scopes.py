"""Scope analysis: bindings, readers and calls in one pass over a syntax tree."""

from __future__ import annotations

import ast

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal, TypeAlias

# As text: nobody needs what typing would make of it.
Kind: TypeAlias = "Literal['import', 'value', 'parameter', 'annotation', 'function', 'class', 'other']"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# What binds nothing and reads nothing: two nodes of five.
_LEAVES = (ast.expr_context, ast.Constant, ast.operator, ast.cmpop, ast.unaryop, ast.boolop)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = frozenset((*_FUNCTIONS, ast.ClassDef, *_COMPREHENSIONS))
_STATEMENTS = frozenset(
    (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.withitem)
)
# Asked for by its type, a node costs a tenth of what a chain of isinstance and `ast.iter_child_nodes` takes.
_NODES = frozenset(kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST))
_BRANCHES = frozenset(kind for kind in _NODES if not issubclass(kind, _LEAVES))
# `except … as name`, `case … as name`, `case *name`, `case {**rest}`, and type parameters: what binds a plain text.
_NAMING = frozenset(kind for kind in _BRANCHES - _SCOPES - _STATEMENTS if {"name", "rest"} & set(kind._fields))


class Link(NamedTuple):
    """A node and the way up to the module."""

    node: ast.AST
    parent: Link | None


class Binding(NamedTuple):
    """One thing that gives a name its meaning."""

    kind: Kind
    scope: Scope
    """Where ``value`` and ``annotation`` are read; for a parameter the scope around its function."""
    qualified: str = ""
    """What an import names."""
    value: ast.expr | None = None
    """What is assigned, or a parameter's default."""
    annotation: ast.expr | None = None
    node: ast.AST | None = None
    """The function or class that is defined."""


class Scope:
    """A module, function, class, lambda or comprehension: the names it binds."""

    __slots__ = ("bindings", "elsewhere", "node", "parent")

    def __init__(self, node: ast.AST, parent: Scope | None) -> None:
        self.node = node
        self.parent = parent
        self.bindings: dict[str, list[Binding]] = {}
        self.elsewhere: dict[str, Scope] = {}
        """Names declared global or nonlocal, and the scope that has them."""

    @property
    def is_class(self) -> bool:
        """Tell whether functions inside do not see these names."""
        return isinstance(self.node, ast.ClassDef)

    def bind(self, name: str, binding: Binding) -> None:
        """Note one more meaning of ``name``."""
        scope = self.elsewhere.get(name, self)
        scope.bindings.setdefault(name, []).append(binding)

    def find(self, name: str) -> Scope | None:
        """Return the scope whose ``name`` is meant here, or None for a builtin or a name of a star import."""
        scope: Scope | None = self.elsewhere.get(name, self)
        while scope is not None:
            if name in scope.bindings and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None


class CallSite(NamedTuple):
    """A call and where it stands."""

    node: ast.Call
    scope: Scope


class Use(NamedTuple):
    """A place that reads a name or an attribute."""

    link: Link
    scope: Scope


class AttributeBinding(NamedTuple):
    """``owner.name = value``; None where what is assigned cannot be told."""

    owner: ast.expr
    value: ast.expr | None
    scope: Scope


class Module:
    """What one pass over a module found."""

    __slots__ = ("attribute_bindings", "attribute_uses", "calls", "scope", "scopes", "stars", "together", "uses")

    def __init__(self, tree: ast.Module) -> None:
        self.scope = Scope(tree, None)
        self.scopes: dict[ast.AST, Scope] = {tree: self.scope}
        self.calls: list[CallSite] = []
        self.stars: list[str] = []
        self.uses: dict[str, list[Use]] = {}
        self.attribute_uses: dict[str, list[Use]] = {}
        self.attribute_bindings: dict[str, list[AttributeBinding]] = {}
        self.together: dict[ast.expr, list[tuple[ast.expr, Scope]]] = {}
        """The values of ``a = b = value``, and their targets."""
        stack: list[tuple[ast.AST, Scope, Link | None]] = [(tree, self.scope, None)]
        # By hand and not by recursion: a long chain of operators nests deeper than Python's stack.
        while stack:
            node, scope, parent = stack.pop()
            link = Link(node, parent)
            inner = self._enter(node, scope, link)
            # Reversed, so that statements come off the stack in their order: `global` before what it is about.
            stack += [(child, where, link) for child, where in reversed(inner)]

    def _enter(self, node: ast.AST, scope: Scope, link: Link) -> Sequence[tuple[ast.AST, Scope]]:
        """Note what ``node`` means, and return its children with the scopes they are read in."""
        kind = type(node)
        if kind is ast.Name:
            self._name(node, scope, link)  # type: ignore[arg-type] # it is
            return ()
        if kind in _SCOPES:
            return self._scoped(node, scope)
        if kind is ast.Call:
            self.calls.append(CallSite(node, scope))  # type: ignore[arg-type] # it is
        elif kind is ast.Attribute:
            self._attribute(node, scope, link)  # type: ignore[arg-type] # it is
        elif kind in _STATEMENTS:
            rest = self._statement(node, scope)
            if rest is not None:
                return [(child, scope) for child in rest]
        elif kind in _NAMING:
            for field in ("name", "rest"):
                bound: object = getattr(node, field, None)
                if isinstance(bound, str):
                    scope.bind(bound, Binding("other", scope))
        return [(child, scope) for child in _children(node)]

    def _name(self, node: ast.Name, scope: Scope, link: Link) -> None:
        if isinstance(node.ctx, ast.Load):
            self.uses.setdefault(node.id, []).append(Use(link, scope))
        else:
            scope.bind(node.id, Binding("other", scope))

    def _attribute(self, node: ast.Attribute, scope: Scope, link: Link) -> None:
        if isinstance(node.ctx, ast.Load):
            self.attribute_uses.setdefault(node.attr, []).append(Use(link, scope))
        else:
            self._bind_attribute(node, None, scope)

    def _bind_attribute(self, node: ast.Attribute, value: ast.expr | None, scope: Scope) -> None:
        found = AttributeBinding(node.value, value, scope)
        self.attribute_bindings.setdefault(node.attr, []).append(found)

    def _statement(self, node: ast.AST, scope: Scope) -> Iterable[ast.AST] | None:
        """Note what ``node`` binds; return the children still to be read, or None for all of them."""
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            self._import(node, scope)
            return ()
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            for name in node.names:
                scope.elsewhere[name] = self.scope if isinstance(node, ast.Global) else _enclosing(scope, name)
            return ()
        if isinstance(node, ast.Assign):
            if len(node.targets) > 1:
                self.together[node.value] = [(target, scope) for target in node.targets]
            return [node.value, *self._targets(node.targets, node.value, scope)]
        if isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            return self._single_target(node, scope)
        if isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            scope.bind(node.optional_vars.id, Binding("value", scope, value=node.context_expr))
            return (node.context_expr,)
        return None

    def _targets(self, targets: Iterable[ast.expr], value: ast.expr, scope: Scope) -> list[ast.AST]:
        rest: list[ast.AST] = []
        for target in targets:
            if isinstance(target, ast.Name):
                scope.bind(target.id, Binding("value", scope, value=value))
            elif isinstance(target, ast.Attribute):
                self._bind_attribute(target, value, scope)
                rest.append(target.value)
            elif (pairs := _pairs(target, value)) is not None:
                for one, its_value in pairs:
                    rest += self._targets((one,), its_value, scope)
            else:
                rest.append(target)
        return rest

    def _single_target(self, node: ast.AnnAssign | ast.NamedExpr, scope: Scope) -> list[ast.AST]:
        annotation = node.annotation if isinstance(node, ast.AnnAssign) else None
        rest: list[ast.AST] = [part for part in (annotation, node.value) if part is not None]
        while isinstance(node, ast.NamedExpr) and isinstance(scope.node, _COMPREHENSIONS) and scope.parent is not None:
            scope = scope.parent
        if node.value is not None:
            rest += self._targets((node.target,), node.value, scope)
        if annotation is not None and isinstance(node.target, ast.Name):
            scope.bind(node.target.id, Binding("annotation", scope, annotation=annotation))
        return rest

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                name, qualified = (alias.asname, alias.name) if alias.asname else (alias.name.partition(".")[0],) * 2
            else:
                module = "." * node.level + (node.module or "")
                if alias.name == "*":
                    self.stars.append(module)
                    continue
                name, qualified = alias.asname or alias.name, f"{module}.{alias.name}"
            scope.bind(name, Binding("import", scope, qualified=qualified))

    def _scoped(self, node: ast.AST, scope: Scope) -> Sequence[tuple[ast.AST, Scope]]:
        inner = self.scopes[node] = Scope(node, scope)
        outside: list[ast.AST] = []
        inside: list[ast.AST]
        if isinstance(node, _COMPREHENSIONS):
            inside = list(ast.iter_child_nodes(node))
        elif isinstance(node, ast.ClassDef):
            scope.bind(node.name, Binding("class", scope, node=node))
            outside = [*node.decorator_list, *node.bases, *node.keywords]
            inside = [*node.body]
        elif isinstance(node, ast.Lambda):
            outside = self._parameters(node.args, inner, scope)
            inside = [node.body]
        else:
            assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))  # noqa: S101 - what is left of the four
            scope.bind(node.name, Binding("function", scope, node=node))
            outside = [*node.decorator_list, *self._parameters(node.args, inner, scope)]
            if node.returns is not None:
                outside.append(node.returns)
            inside = [*node.body]
        return [*((child, scope) for child in outside), *((child, inner) for child in inside)]

    @staticmethod
    def _parameters(arguments: ast.arguments, inner: Scope, scope: Scope) -> list[ast.AST]:
        """Bind the parameters in ``inner``; return what is evaluated outside: annotations and defaults."""
        positional = [*arguments.posonlyargs, *arguments.args]
        missing: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
        pairs = [
            *zip(positional, [*missing, *arguments.defaults], strict=True),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        rest: list[ast.AST] = []
        for argument, default in pairs:
            binding = Binding("parameter", scope, value=default, annotation=argument.annotation)
            inner.bind(argument.arg, binding)
            rest += [part for part in (argument.annotation, default) if part is not None]
        for argument in filter(None, (arguments.vararg, arguments.kwarg)):
            inner.bind(argument.arg, Binding("other", scope))
        return rest


def _children(node: ast.AST) -> list[ast.AST]:
    """Return the children of ``node`` that may bind or read something, in their order."""
    children: list[ast.AST] = []
    for field in node._fields:
        value = getattr(node, field, None)
        kind = type(value)
        if kind is list:
            children += [one for one in value if type(one) in _BRANCHES]  # type: ignore[union-attr] # a list
        elif kind in _BRANCHES:
            children.append(value)  # type: ignore[arg-type] # a node
    return children


def _enclosing(scope: Scope, name: str) -> Scope:
    return (scope.parent.find(name) if scope.parent is not None else None) or scope


def _pairs(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]] | None:
    """Return who gets what in ``a, b = "x", "y"``; None where that is not written so."""
    sequences = (ast.Tuple, ast.List)
    if not isinstance(target, sequences) or not isinstance(value, sequences) or len(target.elts) != len(value.elts):
        return None
    if any(isinstance(element, ast.Starred) for element in (*target.elts, *value.elts)):
        return None
    return list(zip(target.elts, value.elts, strict=True))
