"""Value tracing: the literal behind an argument, through constants and defaults."""

from __future__ import annotations

import ast
from itertools import islice

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.python.names import Names, dotted, own_class

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from pinner.formats.python.scopes import Binding, Scope
    from pinner.model import SkipReason

_ENVIRONMENT = frozenset({"os.environ.get", "os.getenv"})
_DEEPEST = 8
_SHOWN = 20
"""Assignments of one name in which a text to show is looked for."""
_ELSEWHERE = "its value comes from elsewhere"


class Carrier(NamedTuple):
    """A variable or an attribute that a literal goes through: everybody who reads it gets the literal's text."""

    name: str
    home: Scope
    """The scope whose name it is; for an attribute its class."""
    attribute: bool = False


class Literal(NamedTuple):
    """A string whose text is the whole value."""

    node: ast.expr
    text: str
    via: tuple[str, ...] = ()
    carriers: tuple[Carrier, ...] = ()


class Opaque(NamedTuple):
    """A value that no one literal of this file holds."""

    reason: SkipReason
    detail: str
    text: str = ""
    """What of the reference can be read; empty where nothing of it is written here."""
    via: tuple[str, ...] = ()


Value: TypeAlias = Literal | Opaque


class Values:
    """Follows arguments to their literals."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.read: set[ast.AST] = set()
        """Every variable and attribute that was read on the way: uses of it that mean an image."""

    def of(self, expression: ast.expr, scope: Scope) -> list[Value]:
        """Return what ``expression`` may be: more than one value where a condition decides, none for `None`."""
        return list(self._trace(expression, scope, (), ()))

    def _trace(
        self, expression: ast.expr, scope: Scope, via: tuple[str, ...], carriers: tuple[Carrier, ...]
    ) -> Iterator[Value]:
        if len(via) > _DEEPEST:
            yield Opaque("non-literal", _ELSEWHERE, via=via[:1])
            return
        match expression:
            case ast.Name():
                yield from self._variable(expression, scope, via, carriers)
            case ast.Attribute():
                yield from self._attribute(expression, scope, via, carriers)
            case ast.Call():
                yield from self._call(expression, scope, via, carriers)
            case ast.NamedExpr(target=ast.Name(id=name)):
                home = scope.find(name)
                also = () if home is None else (Carrier(name, home),)
                yield from self._trace(expression.value, scope, via, (*carriers, *also))
            case ast.IfExp():
                for side in (expression.body, expression.orelse):
                    yield from self._trace(side, scope, via, carriers)
            case ast.BoolOp(op=ast.Or()):
                found = [value for part in expression.values for value in self._trace(part, scope, via, carriers)]
                literal = any(isinstance(value, Literal) for value in found)
                # `image or "nginx:1"`: where the default is written here, whoever overrides it is on their own.
                yield from (value for value in found if not literal or isinstance(value, Literal) or value.text)
            case _:
                yield from _written(expression, via, carriers)

    def _variable(
        self, name: ast.Name, scope: Scope, via: tuple[str, ...], carriers: tuple[Carrier, ...]
    ) -> Iterator[Value]:
        self.read.add(name)
        home = scope.find(name.id)
        # Two are as many as matter, but for the text that is shown.
        bound = iter(() if home is None else home.bindings[name.id])
        meanings = list(islice((found for found in bound if found.kind != "annotation"), _SHOWN))
        binding = _only(meanings)
        if home is None or binding is None or binding.value is None:
            why = "it is assigned more than once" if len(meanings) > 1 else _ELSEWHERE
            # What one of them says is shown: somebody who looks for an image here finds it.
            text = next(filter(None, (_first_text(one.value) for one in meanings)), "")
            yield Opaque("non-literal", f"`{name.id}`: {why}", text, via=via)
            return
        carriers = (*carriers, Carrier(name.id, home), *self._together(binding.value))
        yield from self._trace(binding.value, binding.scope, (*via, name.id), carriers)

    def _attribute(
        self, attribute: ast.Attribute, scope: Scope, via: tuple[str, ...], carriers: tuple[Carrier, ...]
    ) -> Iterator[Value]:
        self.read.add(attribute)
        home = own_class(attribute.value, scope) or self._class_named(attribute.value, scope)
        choices = [] if home is None else self._names.attribute_values(home, attribute.attr)
        shown = dotted(attribute)
        value, where = choices[0] if len(choices) == 1 else (None, scope)
        if home is None or value is None:
            why = "it is assigned more than once" if len(choices) > 1 else _ELSEWHERE
            yield Opaque("non-literal", f"`{shown}`: {why}", via=via)
            return
        carriers = (*carriers, Carrier(attribute.attr, home, attribute=True), *self._together(value))
        yield from self._trace(value, where, (*via, shown), carriers)

    def _together(self, value: ast.expr) -> Iterator[Carrier]:
        """Yield everything that ``a = b = value`` gives ``value`` to."""
        for target, scope in self._names.module.together.get(value, ()):
            if isinstance(target, ast.Name) and (home := scope.find(target.id)) is not None:
                yield Carrier(target.id, home)
            elif isinstance(target, ast.Attribute):
                # Whose attribute it is may be unknown: whoever reads one of that name is taken for a reader of this.
                yield Carrier(target.attr, own_class(target.value, scope) or self._names.module.scope, attribute=True)

    def _class_named(self, expression: ast.expr, scope: Scope) -> Scope | None:
        """Return the scope of the class of this module that ``expression`` names, where that is certain."""
        home = scope.find(expression.id) if isinstance(expression, ast.Name) else None
        if home is None or not isinstance(expression, ast.Name):
            return None
        meanings = home.bindings[expression.id]
        if len(meanings) != 1 or meanings[0].kind != "class" or meanings[0].node is None:
            return None
        return self._names.module.scopes[meanings[0].node]

    def _call(
        self, call: ast.Call, scope: Scope, via: tuple[str, ...], carriers: tuple[Carrier, ...]
    ) -> Iterator[Value]:
        names = self._names.of(call.func, scope) or frozenset()
        if names & _ENVIRONMENT and names <= _ENVIRONMENT:
            variable = call.args[0] if call.args else None
            shown = str(variable.value) if isinstance(variable, ast.Constant) else "environment"
            default = _default(call)
            if default is None:
                yield Opaque("non-literal", f"the environment's `{shown}` has no default here", via=via)
            else:
                yield from self._trace(default, scope, (*via, shown), carriers)
            return
        text = ""
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("format", "join", "replace"):
            text = _pieces(call.func.value)
        detail = "the text is put together by a call" if text else f"`{dotted(call)}`: {_ELSEWHERE}"
        yield Opaque("non-literal", detail, text, via)


def _only(meanings: list[Binding]) -> Binding | None:
    """Return the one assignment or parameter among ``meanings``; None where there is another meaning too."""
    if len(meanings) == 1 and meanings[0].kind in ("value", "parameter"):
        return meanings[0]
    return None


def _first_text(value: ast.expr | None) -> str:
    """Return the first string that an assigned ``value`` is, or may be by its conditions."""
    stack = [value]
    while stack:
        part = stack.pop()
        match part:
            case ast.Constant(value=str(text)) if text:
                return text
            case ast.BoolOp(op=ast.Or(), values=parts):
                stack += reversed(parts)
            case ast.IfExp(body=body, orelse=orelse):
                stack += (orelse, body)
    return ""


def _default(call: ast.Call) -> ast.expr | None:
    """Return the second argument of ``os.environ.get`` or ``os.getenv``."""
    if len(call.args) == 2:  # noqa: PLR2004 - the variable and its default
        return call.args[1]
    return next((keyword.value for keyword in call.keywords if keyword.arg == "default"), None)


def _written(expression: ast.expr, via: tuple[str, ...], carriers: tuple[Carrier, ...]) -> Iterator[Value]:
    """Yield what ``expression``, which stands for nothing else, says itself: nothing for None, a number or bytes."""
    match expression:
        case ast.Constant(value=value):
            if isinstance(value, str):
                yield Literal(expression, value, via, carriers)
        case ast.JoinedStr(values=parts):
            constants = [part.value for part in parts if isinstance(part, ast.Constant)]
            if len(constants) == len(parts):
                yield Literal(expression, "".join(map(str, constants)), via, carriers)
            else:
                yield Opaque("fstring", "an f-string fills in a part of it", _pieces(expression), via)
        case ast.BinOp():
            yield Opaque("non-literal", "the text is put together by an operator", _pieces(expression), via)
        case _:
            yield Opaque("non-literal", f"`{dotted(expression)}`: {_ELSEWHERE}", via=via)


def _pieces(node: ast.expr) -> str:
    """Return what of ``node`` is literal text, ``{name}`` in between; empty where no word of it is."""
    shown: list[str] = []
    literal = False
    stack: list[ast.expr] = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            literal = literal or any(map(str.isalnum, part.value))
            shown.append(part.value)
        elif isinstance(part, ast.JoinedStr):
            stack.extend(reversed(part.values))
        elif isinstance(part, ast.FormattedValue):
            shown.append(f"{{{dotted(part.value)}}}")
        elif isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
            stack.extend((part.right, part.left))
        elif isinstance(part, ast.BinOp):
            stack.append(part.left)
        else:
            shown.append(f"{{{dotted(part)}}}")
    return "".join(shown)[:200] if literal else ""
