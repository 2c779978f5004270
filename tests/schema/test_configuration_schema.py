"""pinner.toml's schema and its reader agree: what the schema refuses pinner refuses, and every key is in both."""

from __future__ import annotations

import copy
import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from schemas import accepts, as_toml, at, hold, ways

from pinner.config.parse import KEYS, parse_settings
from pinner.config.verify import KEYS as POLICY_KEYS
from pinner.config.verify import SCHEMES
from pinner.errors import ConfigError
from pinner.schema import published_schema
from pinner.schema.generate import table, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCS = Path(__file__).parent.parent.parent / "docs"
KEYLESS = {"by": "keyless", "identity": "me@acme.test", "issuer": "https://acme.test"}
SIGSTORE: dict[str, Any] = {
    "log": True,
    "trusted-root": "root.json",
    "annotations": {"team": "web"},
    "attestations": ["https://slsa.dev/provenance/v1"],
    "match-repository": True,
    "via-index": True,
    "via-platforms": True,
    "signatures-in": "acme/signatures",
}
RAISED: dict[str, Any] = {
    "tags": "minor",
    "variant": "follow",
    "pre": True,
    "min-age": "3d",
    "allow": ">=3.11,<3.14",
    "ignore": ["==3.12.1"],
    "track": "lts",
}
FULL: dict[str, Any] = {
    "exclude": ["vendor/**"],
    "images": {"exclude": ["localhost/*"]},
    "platforms": ["linux/amd64", "linux/arm/v7"],
    "min-age": "3d",
    "timeout": "90s",
    "mirror-variables": ["REGISTRY"],
    "rules": {"PIN001": "note", "PIN111": "off"},
    "override": [{"paths": ["tests/"], "rules": {"PIN001": "note"}}],
    "registries": {
        "docker.io": {"endpoint": "https://mirror.example/v2-cache", "plain-http": False, "ca": "ca.pem"},
        "*": {"token-server": "git.example", "mirrors": True},
        "[::1]:5000": {"plain-http": True},
    },
    "bot": {
        "branch-prefix": "deps/",
        "base": "develop",
        "labels": ["docker"],
        "assignees": ["ann"],
        "reviewers": ["org/team"],
        "title": "chore: {summary}",
        "commit-message": "{title}\n\n{changes}",
        "author": "Ann Lee <ann@example.org>",
        "sign-off": True,
        "auto-merge": True,
        "max-open": 3,
        "schedule": ["mon-fri 22:00-06:00 Europe/Berlin"],
        "commits": "git",
    },
    "group": [
        {
            "name": "Data bases",
            "images": ["*/postgres"],
            "paths": ["deploy/"],
            "registries": ["docker.io"],
            "branch": "db",
            "title": "{images}",
            "labels": ["db"],
            "assignees": ["cid"],
            "reviewers": ["dora"],
            "auto-merge": False,
            "schedule": ["sun"],
        }
    ],
    "python": {"calls": ["my.module.Runner.start:image"], "tiers": ["frameworks"]},
    "terraform": {"modules": True},
    "formats": {"disable": ["helm"], "since": "0.1"},
    "places": [
        {
            "files": ["deploy/*.yaml"],
            "yaml": "spec/images/*",
            "strip": "oci://",
            "join": {"registry": "host", "name": "repo", "tag": "tag", "digest": "sha"},
            "when": {"kind": "Thing"},
        },
        {"files": ["*.json"], "json": "a/b"},
        {"files": ["Makefile"], "regex": "run (?P<image>[a-z]+)"},
    ],
    "update": {**RAISED, "image": {"*/python": RAISED}},
    "verify": [
        {**KEYLESS, **SIGSTORE, "images": ["ghcr.io/*"], "mode": "warn", "name": "ours"},
        {"by": "keyless", "identity-regex": r"https://acme\.test/.*", "issuer": "i", "claims": {"source-ref": "main"}},
        {"by": "keyless", "github": "acme/app", "workflow": "release.yml"},
        {"by": "key", "key": ["a.pub", "b.pub"]},
        {"by": "notation", "config": "notation"},
        {"by": "dct", "server": "https://notary.test", "root-keys": ["a" * 64], "min-version": 3},
        {"by": "none", "images": ["docker.io/*"]},
    ],
    "signatures": {"remember": True, "trusted-root": "root.json"},
}
# Of every type of TOML, and texts and numbers at the ends of what is taken.
OTHERS: tuple[Any, ...] = (
    *(0, 1, -1, 2.5, True, False, "", "x", " ", "*", "3d", "a/b", "0.1", "note", "a" * 64),
    *([], [""], ["x"], [1], [["x"]], {}, {"x": 1}, {"x": "y"}, [{}], [{"x": "y"}]),
)


def is_taken(settings: Mapping[str, Any]) -> bool:
    """Tell whether pinner takes the file that says ``settings``."""
    data = "".join(f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in settings.items()).encode()
    assert tomllib.loads(data.decode()) == settings
    try:
        parse_settings(data, "pinner.toml", root="/r", shared=False)
    except ConfigError:
        return False
    return True


def around(way: tuple[Any, ...]) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Return the part of the settings that matters to what ``way`` leads to, and the way in it."""
    top, *rest = way
    part = copy.deepcopy(FULL[top])
    if isinstance(part, list) and len(rest) > 1:
        part, rest = [part[rest[0]]], [0, *rest[1:]]
    return {top: part}, (top, *rest)


def replaced(way: tuple[Any, ...], value: object) -> dict[str, Any]:
    changed, way = around(way)
    at(changed, way[:-1])[way[-1]] = value
    return changed


WAYS = list(ways(FULL))


def test_everything_that_can_be_said_is_said_here() -> None:
    assert is_taken(FULL)
    hold("config", FULL)
    assert set(FULL) == set(KEYS)
    properties = published_schema("config")["properties"]
    for name, schema in properties.items():
        item = schema["anyOf"][0] if "anyOf" in schema else schema
        item = item.get("items", item)
        said = {key for one in FULL[name] for key in one} if isinstance(FULL[name], list) else set(FULL[name])
        if "properties" in item and name != "rules":
            assert said == set(item["properties"]), name
    assert {
        by: {key for one in FULL["verify"] if one["by"] == by for key in one} for by in SCHEMES
    }.keys() == POLICY_KEYS.keys()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: ".".join(map(str, way)))
def test_what_the_schema_refuses_pinner_refuses_and_types_the_other_way_round(way: tuple[Any, ...]) -> None:
    before = at(FULL, way)
    for value in OTHERS:
        changed = replaced(way, value)
        taken, accepted = is_taken(changed), accepts("config", changed)
        assert accepted or not taken, f"only the schema refuses {value!r}"
        if type(value) is not type(before):
            assert taken or not accepted, f"only pinner refuses {value!r}"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: ".".join(map(str, way)))
def test_a_key_that_is_left_out_or_unknown_is_the_same_to_both(way: tuple[Any, ...]) -> None:
    without, inner = around(way)
    del at(without, inner[:-1])[inner[-1]]
    assert is_taken(without) == accepts("config", without)
    if isinstance(at(FULL, way), dict):
        with_more = replaced(way, {**at(FULL, way), "x-unknown": "x"})
        assert is_taken(with_more) == accepts("config", with_more)


@pytest.mark.parametrize("table", [{"remember": True}, {"trusted-root": "x"}, {}, {"remember": 1}, {"by": "none"}])
def test_what_stands_for_all_policies_is_a_table(table: dict[str, Any]) -> None:
    assert is_taken({"verify": table}) == accepts("config", {"verify": table})


def test_keys_of_one_scheme_are_not_those_of_another() -> None:
    some = {key: one for policy in reversed(FULL["verify"]) for key, one in policy.items()}
    for by in SCHEMES:
        policy = next(one for one in FULL["verify"] if one["by"] == by)
        for key, value in some.items():
            settings = {"verify": [{**policy, key: policy.get(key, value)}]}
            assert is_taken(settings) <= accepts("config", settings), (by, key)
            if key not in POLICY_KEYS[by]:
                assert not accepts("config", settings), (by, key)


@pytest.mark.parametrize("page", ["configuration.md", "pull-request.md", "tags.md", "signatures.md", "ci.md"])
def test_what_the_pages_show_is_accepted(page: str) -> None:
    shown = re.findall(r"(?ms)^```toml\n(.*?)^```", (DOCS / page).read_text("utf-8"))
    for one in shown:
        settings = tomllib.loads(one)
        hold("config", settings.get("tool", {}).get("pinner", settings))
    assert shown or page == "ci.md"


def test_every_key_has_a_sentence() -> None:
    def silent(schema: dict[str, Any], name: str) -> Iterator[str]:
        if not schema.get("description"):
            yield name
        for key, one in {**schema.get("properties", {}), **schema.get("patternProperties", {})}.items():
            yield from silent(one, f"{name}.{key}")
        if schema.get("type") == "array" and schema["items"].get("type") == "object":
            yield from silent(schema["items"], f"{name}[]")

    assert list(silent(published_schema("config"), "")) == []


def test_a_table_has_the_keys_of_the_code_and_no_others() -> None:
    with pytest.raises(KeyError, match="b"):
        table("", ["a", "b"], {"a": text("")})
    with pytest.raises(KeyError, match="c"):
        table("", ["a"], {"a": text(""), "c": text("")})


def test_it_is_in_the_form_that_is_asked_for() -> None:
    schema = published_schema("config")
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["$id"].endswith("/schemas/config.json")
    assert schema["additionalProperties"] is False
    [pattern] = schema["x-taplo-info"]["patterns"]
    assert all(re.search(pattern, path) for path in ("pinner.toml", "a/pinner.toml", "C:\\a\\pinner.toml"))
    assert not re.search(pattern, "not-pinner.toml")
    for key, one in schema["properties"].items():
        page = one["x-taplo"]["links"]["key"].rpartition("/pinner/")[2].replace(".html", ".md")
        assert (DOCS / page).is_file(), key
