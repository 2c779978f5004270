"""What pinner prints and reads, held against the schemas that it publishes: by every test that runs a command."""

from __future__ import annotations

import functools
import itertools
import json
import tomllib
from typing import TYPE_CHECKING, Any

from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from pinner.config.load import OWN_FILE, load_settings
from pinner.errors import ConfigError
from pinner.fleet.config import NAME as FLEET_FILE
from pinner.fleet.config import parse_fleet
from pinner.schema import published_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BOT = {"--pr", "--repo", "--repos", "--org"}
_LINES = {"list": "mention", "check": "finding", "pin": "finding", "update": "finding"}
_OBJECTS = {"list": "list", "check": "check", "pin": "check", "inspect": "inspect", "identify": "identify"}


@functools.cache
def validator(name: str) -> Draft7Validator:
    """Return what holds a value against the schema ``name``; members that it does not know are refused."""
    schema = published_schema(name, closed=True)
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def accepts(name: str, value: object) -> bool:
    return bool(validator(name).is_valid(value))


def ways(value: object, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the keys and positions that lead to everything in ``value``."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*way, key)
        yield from ways(one, (*way, key))


def as_toml(value: object) -> str:
    """Return ``value`` in TOML: tables inline, texts as JSON has them, which TOML's are like."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {as_toml(one)}" for key, one in value.items()) + "}"
    return f"[{', '.join(map(as_toml, value))}]" if isinstance(value, list) else json.dumps(value)


def at(value: Any, way: tuple[Any, ...]) -> Any:
    """Return what ``way`` leads to."""
    for key in way:
        value = value[key]
    return value


def hold(name: str, value: object) -> None:
    """Fail where ``value`` is not as the schema ``name`` says."""
    errors = [f"{error.json_path}: {error.message[:300]}" for error in validator(name).iter_errors(value)]
    assert errors == [], name


def hold_output(arguments: Sequence[str], stdout: str) -> None:
    """Fail where ``stdout``, of a run with ``arguments``, is JSON of another shape than is published."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    given = dict(itertools.pairwise(words))
    command = next((word for word in words if word in {*_OBJECTS, "update", "verify", "fleet"}), "")
    if not stdout or "--output" in words:
        return
    if given.get("--format") == "jsonl" and command in _LINES:
        for line in stdout.splitlines():
            hold(_LINES[command], json.loads(line))
    elif given.get("--format") == "json" and (name := _name_of(command, words)):
        hold(name, json.loads(stdout))


def _name_of(command: str, words: Sequence[str]) -> str | None:
    if command == "update":
        return "update" if _BOT & set(words) else "check"
    if command == "inspect" and "--rate-limit" in words:
        return "rate-limit"
    if command == "fleet":
        return f"fleet-{'plan' if 'plan' in words else 'status'}"
    return "verify" if command == "verify" else _OBJECTS.get(command)


def hold_files(folder: Path) -> None:
    """Fail where pinner takes a configuration or a lock in ``folder`` that the schema refuses."""
    file, lock, fleet = folder / OWN_FILE, folder / "pinner.lock", folder / FLEET_FILE
    if fleet.is_file() and _is_fleet(fleet):
        hold("fleet", tomllib.loads(fleet.read_text("utf-8")))
    if file.is_file() and not file.is_symlink() and _taken(str(folder)):
        hold("config", tomllib.loads(file.read_text("utf-8")))
    if lock.is_file() and not lock.is_symlink() and (known := _lock(lock)) is not None:
        hold("lock", known)


def _taken(folder: str) -> bool:
    try:
        load_settings(folder)
    except (ConfigError, OSError):
        return False
    return True


def _is_fleet(file: Path) -> bool:
    try:
        parse_fleet(file.read_bytes(), file.name, str(file.parent))
    except ConfigError:
        return False
    return True


def _lock(file: Path) -> Any:
    from pinner.lockfile.parse import parse_lock  # noqa: PLC0415 - few tests have one

    try:
        data = file.read_bytes()
        parse_lock(data, file.name)
    except (ConfigError, OSError):
        return None
    return json.loads(data)
