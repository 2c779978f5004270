"""JSON Schema (draft-07) of typed dictionaries and of TOML tables, as a program can check it.

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
    import re
    from collections.abc import Iterable, Mapping

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


def text(description: str, pattern: re.Pattern[str] | str = "", more: Schema | None = None, **also: Any) -> Schema:  # noqa: ANN401 - JSON Schema
    """Return the schema of a text; it fits ``pattern`` as a whole."""
    fitting = {"pattern": f"^(?:{pattern if isinstance(pattern, str) else pattern.pattern})$"} if pattern else {}
    return {"description": description, "type": "string", **fitting, **(more or {}), **also}


def word(description: str, words: Iterable[str], **more: Any) -> Schema:  # noqa: ANN401 - the same
    """Return the schema of one of some words."""
    return {"description": description, "type": "string", "enum": list(words), **more}


def texts(description: str, item: Schema | None = None, **more: Any) -> Schema:  # noqa: ANN401 - the same
    """Return the schema of a list of texts."""
    return {"description": description, "type": "array", "items": {"type": "string", **(item or {})}, **more}


def flag(description: str) -> Schema:
    """Return the schema of true or false."""
    return {"description": description, "type": "boolean"}


def table(description: str, keys: Iterable[str], known: Mapping[str, Schema], **more: Any) -> Schema:  # noqa: ANN401
    """Return the schema of a table that takes ``keys``; raises `KeyError` where they are not those that are ``known``.

    That would be a key without a sentence, or a sentence on a key that pinner does not read.
    """
    keys = tuple(keys)
    if set(keys) != set(known):
        raise KeyError(*sorted(set(keys) ^ set(known)))
    properties = {key: known[key] for key in keys}
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


def tables(item: Schema) -> Schema:
    """Return the schema of ``[[tables]]``, each of which is an ``item``."""
    return {"description": item["description"], "type": "array", "items": item}


def map_of(description: str, item: Schema) -> Schema:
    """Return the schema of a table whose keys are the user's."""
    return {"description": description, "type": "object", "additionalProperties": item}


def whole(pattern: re.Pattern[str]) -> Schema:
    """Return what a text has to be to fit ``pattern`` as a whole."""
    return {"pattern": f"^(?:{pattern.pattern})$"}


def duration(description: str, units: str) -> Schema:
    """Return the schema of a whole number and one of ``units``."""
    return text(description, f"[0-9]{{1,6}}[{units}]")
