"""What the forges publish about their APIs (testdata/forges/), as checks of requests and of our own answers."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent.parent.parent.parent / "testdata" / "forges"
_SAMPLES = {
    "uri": "https://forge.example/x",
    "date-time": "2026-01-01T00:00:00Z",
    "email": "a@b.example",
    "repo.nwo": "a/b",
}


@cache
def published(name: str) -> Published:
    """Return what one forge publishes."""
    return Published(json.loads((FOLDER / name).read_text(encoding="utf-8")))


class Published:
    """A forge's operations and schemas."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.operations: dict[str, Any] = document["operations"]
        self.schemas: dict[str, Any] = document["schemas"]
        self._validators: dict[str, Any] = {}

    def problems(self, schema: Mapping[str, Any], value: Any, *, strict: bool = False) -> Iterator[str]:
        """Yield what is wrong with a value; ``strict``: a key that is not in the schema as well."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            # The references are `#/schemas/…`, so the schemas go along.
            self._validators[key] = jsonschema.Draft202012Validator({**schema, "schemas": self.schemas})
        for error in self._validators[key].iter_errors(value):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message[:300]}"
        if strict and isinstance(value, dict):
            known = {name.lower() for name in self._names(schema)}
            yield from (f"unknown key {name}" for name in value if name.lower() not in known)

    def _names(self, schema: Mapping[str, Any]) -> set[str]:
        schema = self.resolved(schema)
        inner = [*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())]
        return set(schema.get("properties", {})).union(*(self._names(one) for one in inner))

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a schema refers to."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def filled(self, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return an answer of a kind: ``values``, and something for whatever else must be there."""
        schema = self.resolved({"$ref": f"#/schemas/{name}"})
        rest = {key: self._sample(schema["properties"].get(key, {})) for key in schema.get("required", ())}
        return {**rest, **values}

    def _sample(self, schema: Mapping[str, Any]) -> Any:
        schema = self.resolved(schema)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return None if {"type": "null"} in schema[key] else self._sample(schema[key][0])
        if "allOf" in schema:
            return self._sample(schema["allOf"][0])
        if "enum" in schema:
            return schema["enum"][0]
        kind = schema.get("type", "object")
        if isinstance(kind, list):
            return None if "null" in kind else self._sample({**schema, "type": kind[0]})
        if kind == "object":
            return {key: self._sample(schema.get("properties", {}).get(key, {})) for key in schema.get("required", ())}
        samples: dict[str, Any] = {"array": [], "integer": 0, "number": 0, "boolean": False}
        return samples.get(kind, _SAMPLES.get(schema.get("format", ""), "x"))
