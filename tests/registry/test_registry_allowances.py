"""How much registries let be fetched: asked without taking any of it, and told with who is counted."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from images import make_multi_platform, write_layout
from scripted_registry import HUB, Answer, ScriptedRegistry, bearer, challenge, refusal, resolver, tag_answer, token
from virtual_time import run_virtually

from pinner.config import Settings
from pinner.errors import ResolveError
from pinner.oci.resolver import Allowance
from pinner.reference import ImageReference
from pinner.registry.client import RegistryResolver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PREVIEW = f"{HUB}ratelimitpreview/test/manifests/latest"
LIMITS = (
    ("ratelimit-limit", "100;w=21600"),
    ("ratelimit-remaining", "76;w=21600"),
    ("docker-ratelimit-source", "203.0.113.7"),
)
LIMITED = Answer(200, (("Content-Type", "application/json"), *LIMITS))
TOKEN_URL = (
    "https://auth.docker.io/token?service=registry.docker.io{account}&scope=repository%3Aratelimitpreview%2Ftest%3Apull"
)


def allowance(asked: RegistryResolver, registry: str, name: str | None = None) -> Allowance | str:
    async def run() -> Allowance | str:
        async with asked:
            try:
                return await asked.allowance(registry, None if name is None else ImageReference.parse(name))
            except ResolveError as error:
                return error.message

    return run_virtually(run())


def logged_in(folder: Path, **users: str) -> Mapping[str, str]:
    auths = {key: {"auth": base64.b64encode(pair.encode()).decode()} for key, pair in users.items()}
    (folder / "config.json").write_text(json.dumps({"auths": auths}), "utf-8")
    return {"DOCKER_CONFIG": str(folder), "HOME": str(folder)}


def test_docker_hub_is_asked_by_a_head_of_the_image_made_for_it() -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", PREVIEW, bearer("ratelimitpreview/test"))
    registry.on("GET", TOKEN_URL.format(account=""), token("t"))
    registry.on("HEAD", PREVIEW, LIMITED, authorization="Bearer t")
    assert allowance(resolver(registry), "docker.io") == Allowance("docker.io", None, 100, 76, 21_600, "203.0.113.7")
    registry.assert_used_up()


def test_the_account_that_is_counted_is_named(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    basic = f"Basic {base64.b64encode(b'alice:secret').decode()}"
    registry.on("HEAD", PREVIEW, bearer("ratelimitpreview/test"))
    registry.on("GET", TOKEN_URL.format(account="&account=alice"), token("t"), authorization=basic)
    registry.on("HEAD", PREVIEW, LIMITED, authorization="Bearer t")
    environment = logged_in(tmp_path, **{"https://index.docker.io/v1/": "alice:secret"})
    answer = allowance(resolver(registry, environment=environment), "docker.io")
    assert answer == Allowance("docker.io", "alice", 100, 76, 21_600, "203.0.113.7")


def test_another_registry_is_asked_at_its_front_door() -> None:
    registry = ScriptedRegistry()
    registry.on("GET", "https://gitlab.example/v2/", LIMITED)
    answer = allowance(resolver(registry), "gitlab.example")
    assert answer == Allowance("gitlab.example", None, 100, 76, 21_600, "203.0.113.7")


def test_a_front_door_that_wants_a_token_is_given_one() -> None:
    registry = ScriptedRegistry()
    registry.on("GET", "https://r.example/v2/", challenge('Bearer realm="https://r.example/token",service="s"'))
    registry.on("GET", "https://r.example/token?service=s", token("t"))
    registry.on("GET", "https://r.example/v2/", LIMITED, authorization="Bearer t")
    answer = allowance(resolver(registry), "r.example")
    assert isinstance(answer, Allowance)
    assert (answer.user, answer.remaining) == (None, 76)


def test_an_image_that_is_named_is_what_is_asked_about() -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", "https://r.example/v2/team/app/manifests/1", LIMITED)
    answer = allowance(resolver(registry), "r.example", "r.example/team/app:1")
    assert isinstance(answer, Allowance)
    assert answer.limit == 100


def test_a_refusal_that_tells_the_limit_is_an_answer() -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", PREVIEW, Answer(429, LIMITS), forever=True)
    answer = allowance(resolver(registry), "docker.io")
    assert isinstance(answer, Allowance)
    assert answer.remaining == 76


def test_a_door_that_stays_shut_may_tell_the_limit_too() -> None:
    registry = ScriptedRegistry()
    registry.on("GET", "https://r.example/v2/", Answer(401, (("WWW-Authenticate", 'Basic realm="x"'), *LIMITS)))
    answer = allowance(resolver(registry), "r.example")
    assert answer == Allowance("r.example", None, 100, 76, 21_600, "203.0.113.7")


def test_a_registry_may_say_nothing_of_a_limit() -> None:
    registry = ScriptedRegistry()
    registry.on("GET", "https://r.example/v2/", Answer(200))
    answer = allowance(resolver(registry), "r.example")
    assert answer == Allowance("r.example", None)
    assert not answer.is_told


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refusal(403, "DENIED", "go away"), "cannot tell what r.example lets be fetched: r.example denies access"),
        (Answer(401), "cannot tell what r.example lets be fetched: r.example wants credentials"),
        (Answer(404), "cannot tell what r.example lets be fetched: no registry answers at r.example"),
    ],
)
def test_a_refusal_that_tells_nothing_is_an_error(answer: Answer, words: str) -> None:
    registry = ScriptedRegistry()
    registry.on("GET", "https://r.example/v2/", answer, forever=True)
    said = allowance(resolver(registry), "r.example")
    assert isinstance(said, str)
    assert said.startswith(words)


@pytest.mark.parametrize("name", ["UPPER/case", "a b", "", "my_host.example", "nodots", "docker.io/x"])
def test_what_is_no_registry_is_asked_nothing(name: str) -> None:
    said = allowance(resolver(ScriptedRegistry()), name)
    assert isinstance(said, str)
    assert said.endswith("that is no registry's name")


def test_nobody_is_asked_offline() -> None:
    said = allowance(resolver(ScriptedRegistry(), settings=Settings(offline=True, use_cache=False)), "docker.io")
    assert isinstance(said, str)
    assert "--offline forbids to ask" in said


def test_a_layout_has_no_limit(tmp_path: Path) -> None:
    write_layout(tmp_path, {"docker.io/ratelimitpreview/test:latest": make_multi_platform("test")})
    asked = RegistryResolver(Settings(layout=str(tmp_path)), environment={})
    assert allowance(asked, "docker.io") == Allowance("docker.io", None)


def test_a_head_of_an_image_by_digest_asks_for_that_digest() -> None:
    registry = ScriptedRegistry()
    digest = f"sha256:{'a' * 64}"
    registry.on("HEAD", f"https://r.example/v2/team/app/manifests/{digest}", tag_answer(digest))
    assert allowance(resolver(registry), "r.example", f"r.example/team/app@{digest}") == Allowance("r.example", None)
