"""JSON Schema of TOML tables: the pieces that the schema of ``pinner.toml`` is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Mapping

    from pinner.schema.generate import Schema


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
