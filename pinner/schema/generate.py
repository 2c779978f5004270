"""JSON Schema (draft-07) of typed dictionaries: what a renderer promises by its type, as a program can check it.

Types become ``type``, ``enum``, ``items`` and ``definitions``; of what `Annotated` adds a text is the description, and
`Keyword` one of JSON Schema as it stands.
"""

from __future__ import annotations

from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAFT = "http://json-schema.org/draft-07/schema#"
_NAMES: Mapping[object, str] = {str: "string", int: "integer", bool: "boolean", float: "number", NoneType: "null"}

Schema = dict[str, Any]


class Keyword(NamedTuple):
    """A keyword of JSON Schema beside a type."""

    name: str
    value: str | int | tuple[str, ...]


def schema_of(kind: object, *, closed: bool = False) -> Schema:
    """Return the schema of ``kind``, with the typed dictionaries that it is made of under ``definitions``.

    Where it is ``closed``, an object has no members beside those that are named: right for a file that pinner reads,
    and for tests; who reads an output has to expect new ones.
    """
    definitions: dict[str, Schema] = {}
    schema = _schema(kind, definitions, closed=closed)
    return {**schema, "definitions": dict(sorted(definitions.items()))} if definitions else schema


def _schema(kind: Any, definitions: dict[str, Schema], *, closed: bool) -> Schema:  # noqa: ANN401 - types of any kind
    if kind in _NAMES:
        return {"type": _NAMES[kind]}
    if is_typeddict(kind):
        return _reference(kind, definitions, closed=closed)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _annotated(arguments, definitions, closed=closed)
    if origin is Literal:
        names = dict.fromkeys(_NAMES[type(one)] for one in arguments)
        return {"type": _one_or_all(list(names)), "enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0], definitions, closed=closed)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1], definitions, closed=closed)}
    if origin in (Union, UnionType):
        return _either([_schema(one, definitions, closed=closed) for one in arguments])
    raise TypeError(f"no JSON is like {kind}")


def _annotated(arguments: tuple[Any, ...], definitions: dict[str, Schema], *, closed: bool) -> Schema:
    schema = _schema(arguments[0], definitions, closed=closed)
    for more in arguments[1:]:
        if isinstance(more, str):
            # Beside `$ref` draft-07 reads nothing else.
            schema = {"description": more, **({"allOf": [schema]} if "$ref" in schema else schema)}
        else:
            schema = {**schema, more.name: list(more.value) if isinstance(more.value, tuple) else more.value}
    return schema


def _either(schemas: list[Schema]) -> Schema:
    """Return the schema of what one of ``schemas`` is: one with several types where that says the same."""
    simple = [one for one in schemas if set(one) == {"type"}]
    rich = [one for one in schemas if one not in simple]
    types = list(dict.fromkeys(one["type"] for one in simple))
    if not rich:
        return {"type": _one_or_all(types)}
    if len(rich) == 1 and "type" in rich[0] and "enum" not in rich[0] and isinstance(rich[0]["type"], str):
        # A keyword is about values of its own type alone: `pattern` lets null pass.
        return {**rich[0], "type": [rich[0]["type"], *types]}
    return {"anyOf": [*rich, *simple]}


def _one_or_all(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names


def _reference(kind: Any, definitions: dict[str, Schema], *, closed: bool) -> Schema:  # noqa: ANN401 - a typed dictionary
    name = kind.__name__.removesuffix("Record")
    if name not in definitions:
        definitions[name] = {}  # of one that holds itself
        definitions[name] = _object(kind, definitions, closed=closed)
    return {"$ref": f"#/definitions/{name}"}


def _object(kind: Any, definitions: dict[str, Schema], *, closed: bool) -> Schema:  # noqa: ANN401 - the same
    hints = get_type_hints(kind, include_extras=True)
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    inner = {name: get_args(hint)[0] if name in optional else hint for name, hint in hints.items()}
    schema: Schema = {"type": "object", "description": " ".join((kind.__doc__ or "").split())}
    schema["properties"] = {name: _schema(hint, definitions, closed=closed) for name, hint in inner.items()}
    if needed := [name for name in hints if name not in optional]:
        schema["required"] = needed
    return {**schema, "additionalProperties": False} if closed else schema
