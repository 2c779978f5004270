"""The schemas of outputs and files: made from the types, kept in docs/, and true of the golden runs."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import pytest
from schemas import accepts, as_toml, at, hold, hold_output, ways
from world import pinner

from pinner.errors import ConfigError
from pinner.fleet.config import parse_fleet
from pinner.fleet.webhooks import SENDERS
from pinner.lockfile.parse import parse_lock
from pinner.schema import SCHEMAS, published_schema
from pinner.schema.fleet import HooksRecord
from pinner.schema.generate import schema_of

ROOT = Path(__file__).parent.parent.parent
PUBLISHED = ROOT / "docs" / "schemas"
A = f"sha256:{'a' * 64}"
RECORD: dict[str, Any] = {
    "digest": A,
    "firstSeen": "2026-11-01T12:00:00Z",
    "mediaType": "application/vnd.oci.image.index.v1+json",
    "labels": {"org.opencontainers.image.source": "https://github.com/a/b"},
    "platforms": {"linux/amd64": {"digest": A, "config": A, "size": 12}},
    "signature": {
        "by": "keyless",
        "signer": "me",
        "subject": A,
        "place": A,
        "policy": "ours@12345678",
        "issuer": "i",
        "keyId": "k",
        "signedAt": "2026-11-01T12:00:00Z",
        "log": {"url": "https://r.test", "index": 3},
    },
}
NAME = "docker.io/library/nginx:1.27"
LOCK: dict[str, Any] = {
    "version": 2,
    "images": {NAME: {**RECORD, "candidates": [RECORD]}},
    "sources": {"Dockerfile": [NAME]},
}
OTHERS: tuple[Any, ...] = (0, -1, True, None, 2.5, "", "x", A, [], ["x"], [NAME], {}, {"x": 1}, {"x": "y"}, [{}])


APP = {"org": "https://github.com/acme", "app": {"id": 5, "key": "file:x.pem"}, "own": ["ghcr.io/acme/*"]}
FLEET: dict[str, Any] = {
    "store": "sqlite:x",
    "every": "1h",
    "full-every": "24h",
    "settle": "0s",
    "stalled": "60s",
    "openings-per-hour": 200,
    "concurrency": 4,
    "source": [{"org": "https://f/a", "token": "env:T", "forge": "gitea", "skip": ["a/b"]}, APP],
    "hooks": dict.fromkeys(SENDERS, "env:H"),
    "serve": {"token": "file:t", "user-header": "X-User"},
}
CALLED = {
    "toml": "config",
    "pinner.toml": "config",
    "fleet.toml": "fleet",
    "pinner.lock": "lock",
    "lock.json": "lock",
}
"""What files are called, and the names of their schemas."""


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_the_site_has_is_made_from_the_code(name: str, *, update_golden: bool) -> None:
    file = PUBLISHED / f"{name}.json"
    made = json.dumps(published_schema(name), indent=2, ensure_ascii=False) + "\n"
    if update_golden:
        PUBLISHED.mkdir(exist_ok=True)
        file.write_text(made, "utf-8")
    assert file.read_text("utf-8") == made, "`make docs` rewrites it"


def test_there_are_no_others() -> None:
    assert {file.stem for file in PUBLISHED.iterdir()} == set(SCHEMAS)


@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != "config"])
def test_no_object_has_a_member_that_is_not_named(name: str) -> None:
    def inner(schema: Any) -> Any:
        if isinstance(schema, dict):
            yield from ([schema] if "properties" in schema else [])
            for one in schema.values():
                yield from inner(one)
        elif isinstance(schema, list):
            for one in schema:
                yield from inner(one)

    found = list(inner(published_schema(name, closed=True)))
    assert found
    assert all(one["additionalProperties"] is False and one["description"] for one in found)
    is_open = [one for one in inner(published_schema(name)) if "additionalProperties" not in one]
    assert bool(is_open) is not SCHEMAS[name].is_file, "an output may get a member more, a file may not"


def test_the_command_prints_one_or_lists_them(tmp_path: Path) -> None:
    for name in (*SCHEMAS, *CALLED):
        printed = json.loads(pinner(tmp_path, "schema", name).stdout)
        assert printed == published_schema(CALLED.get(name, name))
    listed = pinner(tmp_path, "schema")
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(SCHEMAS)
    assert (listed.status, listed.stderr) == (0, "`pinner schema NAME` prints one\n")
    wrong = pinner(tmp_path, "schema", "chek")
    assert (wrong.status, wrong.stderr) == (2, "error: there is no schema `chek`\n  hint: did you mean `check`?\n")
    other = pinner(tmp_path, "schema", "sarif")
    assert other.stderr.endswith(
        "hint: the schemas are config, lock, baseline, fleet, list, mention, check, finding, inspect, "
        "rate-limit, identify, verify, update, fleet-plan, fleet-status\n"
    )


def test_a_fleet_is_read_as_it_is_published() -> None:
    def is_taken(value: object) -> bool:
        text = "".join(f"{key} = {as_toml(one)}\n" for key, one in value.items())  # type: ignore[attr-defined] # a table
        try:
            parse_fleet(text.encode(), "fleet.toml", "/")
        except ConfigError:
            return False
        return True

    assert is_taken(FLEET)
    hold("fleet", FLEET)
    assert set(HooksRecord.__annotations__) == set(SENDERS)
    for way in ways(FLEET):
        for value in (*(one for one in OTHERS if one is not None), ...):
            changed = copy.deepcopy(FLEET)
            place = at(changed, way[:-1])
            if value is ...:
                del place[way[-1]]
            else:
                place[way[-1]] = value
            taken, accepted = is_taken(changed), accepts("fleet", changed)
            assert accepted or not taken, (way, value)
            assert taken or not accepted or isinstance(value, str), (way, value)


def test_a_baseline_is_as_it_is_published(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n", "utf-8")
    pinner(tmp_path, "check", "--write-baseline", "known.json")
    hold("baseline", json.loads((tmp_path / "known.json").read_text("utf-8")))


def lock_is_taken(value: object) -> bool:
    try:
        parse_lock(json.dumps(value).encode(), "pinner.lock")
    except ConfigError:
        return False
    return True


def test_the_lock_is_read_as_it_is_published() -> None:
    assert lock_is_taken(LOCK)
    hold("lock", LOCK)
    for way in ways(LOCK):
        for value in (*OTHERS, ...):
            changed = copy.deepcopy(LOCK)
            place = at(changed, way[:-1])
            if value is ...:
                del place[way[-1]]
            else:
                place[way[-1]] = value
            # That a text is a platform or an image's full name is more than a schema tells.
            taken, accepted = lock_is_taken(changed), accepts("lock", changed)
            assert accepted or not taken, (way, value)
            assert taken or not accepted or isinstance(value, dict | list | str), (way, value)


@pytest.mark.parametrize("version", [1, 2])
def test_both_versions_of_the_lock_are_known(version: int) -> None:
    hold("lock", {"version": version, "images": {}, "sources": {}})


def test_a_number_is_no_version_that_there_is_not() -> None:
    assert not accepts("lock", {"version": 3, "images": {}, "sources": {}})


def test_what_is_no_json_has_no_schema() -> None:
    with pytest.raises(TypeError, match="no JSON is like"):
        schema_of(bytes)


class Node(TypedDict):
    """One that holds itself, and one of some."""

    inner: list[Node]
    either: int | Literal["x", "y"]
    told: Annotated[Node | None, "what is said"]


def test_types_become_keywords() -> None:
    schema = schema_of(Node)
    assert schema["$ref"] == "#/definitions/Node"
    properties = schema["definitions"]["Node"]["properties"]
    assert properties["inner"] == {"type": "array", "items": {"$ref": "#/definitions/Node"}}
    assert properties["either"] == {"anyOf": [{"type": "string", "enum": ["x", "y"]}, {"type": "integer"}]}
    assert properties["told"]["description"] == "what is said"


def test_an_output_of_another_shape_is_noticed() -> None:
    with pytest.raises(AssertionError, match="check"):
        hold_output(["check", "--format", "json"], '{"version": 1}')
    with pytest.raises(AssertionError, match="finding"):
        hold_output(["check", "--format=jsonl"], '{"rule": "PIN001"}\n')
