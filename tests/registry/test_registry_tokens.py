"""One token for many repositories: where that works, and what is done where it does not."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from typing import TYPE_CHECKING

import httpx
import pytest
from scripted_registry import (
    HUB,
    OCI_INDEX,
    A,
    Answer,
    ScriptedRegistry,
    ask,
    bearer,
    challenge,
    refusal,
    resolver,
    tag_answer,
    token,
)

from pinner.config import RegistryOptions, Settings
from pinner.errors import NotFoundError, RateLimitedError, ResolveError, UnauthorizedError, UnavailableError
from pinner.http.retry import Clock
from pinner.model import Resolved
from pinner.reference import Digest
from pinner.registry.auth.token_requests import Token, TokenKey
from pinner.registry.auth.token_store import MAX_SCOPES, Tokens, granted_repositories

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ANSWER = Resolved(Digest.parse(A), OCI_INDEX)
REALM = "https://auth.docker.io/token"
BASE = "https://r.example"


@pytest.fixture
def registry() -> ScriptedRegistry:
    return ScriptedRegistry(pause=0.001)


def url(name: str) -> str:
    return f"{BASE}/v2/{name}/manifests/1"


def door(name: str) -> Answer:
    return bearer(name, f"{BASE}/token", "s")


def tokens_for(*names: str, more: str = "") -> str:
    scopes = "".join(f"&scope=repository%3A{name.replace('/', '%2F')}%3Apull" for name in names)
    return f"{BASE}/token?service=s{more}{scopes}"


def opens(registry: ScriptedRegistry, text: str, names: Iterable[str]) -> None:
    for name in names:
        registry.on("TAG", url(name), tag_answer(A), authorization=f"Bearer {text}")


def closed(registry: ScriptedRegistry, text: str, names: Iterable[str], answer: Answer | None = None) -> None:
    for name in names:
        registry.on("TAG", url(name), answer or door(name), authorization=f"Bearer {text}")


def single(registry: ScriptedRegistry, names: Iterable[str]) -> None:
    for name in names:
        registry.on("GET", tokens_for(name), token(f"own-{name}"))
        opens(registry, f"own-{name}", [name])


def jwt(*names: str, access: object = None) -> str:
    entries = [{"type": "repository", "name": name, "actions": ["pull"]} for name in names]
    claims = json.dumps({"access": entries if access is None else access}).encode()
    return f"aa.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.bb"


def resolve(
    registry: ScriptedRegistry,
    names: Iterable[str],
    environment: Mapping[str, str] | None = None,
    settings: Settings | None = None,
) -> list[Resolved | ResolveError]:
    asked = resolver(registry, environment=environment, settings=settings)
    answers = ask(asked, *(f"r.example/{name}:1" for name in names))
    registry.assert_used_up()
    return answers


def test_thirty_repositories_cost_a_challenge_a_token_and_a_request_each() -> None:
    registry = ScriptedRegistry(pause=0.001)
    names = [f"library/image{number}" for number in range(30)]
    scopes = "".join(f"&scope=repository%3A{name.replace('/', '%2F')}%3Apull" for name in names)
    registry.on("TAG", f"{HUB}{names[0]}/manifests/1", bearer(names[0]))
    registry.on("GET", f"{REALM}?service=registry.docker.io{scopes}", token("t"))
    for name in names:
        registry.on("TAG", f"{HUB}{name}/manifests/1", tag_answer(A), authorization="Bearer t")
    assert ask(resolver(registry), *(f"image{number}:1" for number in range(30))) == [ANSWER] * 30
    assert len(registry.asked) == 32


def test_each_token_is_shared_by_a_bounded_number(registry: ScriptedRegistry) -> None:
    names = [f"a{number}" for number in range(MAX_SCOPES + 2)]
    registry.on("TAG", url("a0"), door("a0"))
    registry.on("GET", tokens_for(*names[:MAX_SCOPES]), token("t1"))
    opens(registry, "t1", names[:MAX_SCOPES])
    registry.on("GET", tokens_for(*names[MAX_SCOPES:]), token("t2"))
    opens(registry, "t2", names[MAX_SCOPES:])
    assert resolve(registry, names) == [ANSWER] * len(names)


def test_no_address_grows_longer_than_servers_take(registry: ScriptedRegistry) -> None:
    names = [f"{letter}{'-x' * 100}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    registry.on("TAG", url(names[0]), door(names[0]))
    registry.on("GET", tokens_for(*names[:17]), token("t1"))
    opens(registry, "t1", names[:17])
    registry.on("GET", tokens_for(*names[17:]), token("t2"))
    opens(registry, "t2", names[17:])
    assert len(tokens_for(*names[:17])) <= 4096 < len(tokens_for(*names[:18]))
    assert resolve(registry, names) == [ANSWER] * len(names)


def test_a_tag_more_of_a_repository_is_no_scope_more(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for("a", "b"), token("t"))
    opens(registry, "t", "ab")
    registry.on("TAG", f"{BASE}/v2/b/manifests/2", tag_answer(A), authorization="Bearer t")
    assert ask(resolver(registry), *(f"r.example/{name}" for name in ("a:1", "b:1", "b:2"))) == [ANSWER] * 3


def test_a_repository_that_was_answered_is_not_asked_for_again(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), tag_answer(A))
    registry.on("TAG", url("b"), door("b"))
    registry.on("GET", tokens_for("b"), token("t"))
    opens(registry, "t", "b")
    assert resolve(registry, "ab", settings=Settings(jobs=1)) == [ANSWER] * 2


@pytest.mark.parametrize("refused", [None, refusal(403, "DENIED", "no")])
def test_a_server_that_grants_one_scope_only_is_asked_for_one_each(
    registry: ScriptedRegistry, refused: Answer | None
) -> None:
    """With one question at a time: the one that finds out warns all others."""
    names = [f"a{number}" for number in range(6)]
    registry.on("TAG", url("a0"), door("a0"))
    registry.on("GET", tokens_for(*names), token("first-only"))
    opens(registry, "first-only", ["a0"])
    closed(registry, "first-only", ["a1"], refused)
    single(registry, names[1:])
    assert resolve(registry, names, settings=Settings(jobs=1)) == [ANSWER] * 6


def test_a_server_that_grants_the_last_scope_only_is_asked_for_one_each(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for(*"abc"), token("last-only"))
    closed(registry, "last-only", "ab")
    opens(registry, "last-only", "c")
    single(registry, "ab")
    assert resolve(registry, "abc") == [ANSWER] * 3


def test_where_sharing_has_worked_one_repositorys_refusal_is_its_own(registry: ScriptedRegistry) -> None:
    names = [f"a{number}" for number in range(6)]
    registry.on("TAG", url("a0"), door("a0"))
    registry.on("GET", tokens_for(*names), token("t"))
    closed(registry, "t", ["a2"])
    opens(registry, "t", [name for name in names if name != "a2"])
    registry.on("GET", tokens_for("a2"), token("own"))
    closed(registry, "own", ["a2"])
    answers = resolve(registry, names, settings=Settings(jobs=1))
    assert isinstance(answers.pop(2), UnauthorizedError)
    assert answers == [ANSWER] * 5


def test_what_a_token_says_it_does_not_open_is_not_tried_with_it(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    text = jwt("a", "b", "d")
    registry.on("GET", tokens_for(*"abcd"), token(text))
    opens(registry, text, "abd")
    registry.on("GET", tokens_for("c"), refusal(403, "DENIED", "no"))
    answers = resolve(registry, "abcd")
    assert isinstance(answers.pop(2), UnauthorizedError)
    assert answers == [ANSWER] * 3


def test_a_token_that_says_it_opens_one_is_the_last_one_to_be_shared(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for(*"abc"), token(jwt("a")))
    opens(registry, jwt("a"), "a")
    single(registry, "bc")
    assert resolve(registry, "abc") == [ANSWER] * 3


def test_a_token_that_speaks_of_other_names_is_tried(registry: ScriptedRegistry) -> None:
    text = jwt("tenant/a", "tenant/b")
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for(*"ab"), token(text))
    opens(registry, text, "ab")
    assert resolve(registry, "ab") == [ANSWER] * 2


@pytest.mark.parametrize("status", [401, 403])
def test_where_one_of_many_is_refused_each_is_asked_for_alone(registry: ScriptedRegistry, status: int) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for(*"abc"), refusal(status, "DENIED", "no"))
    single(registry, "ac")
    registry.on("GET", tokens_for("b"), refusal(status, "DENIED", "no"))
    first, second, third = resolve(registry, "abc")
    assert (first, third) == (ANSWER, ANSWER)
    assert isinstance(second, UnauthorizedError)


@pytest.mark.parametrize("status", [400, 414, 431])
def test_a_server_to_which_so_many_are_too_many_is_asked_for_fewer(registry: ScriptedRegistry, status: int) -> None:
    names = [f"a{number}" for number in range(12)]
    registry.on("TAG", url("a0"), door("a0"))
    registry.on("GET", tokens_for(*names), refusal(status))
    for start in range(0, 12, 3):
        batch = names[start : start + 3]
        registry.on("GET", tokens_for(*batch), token(f"t{start}"))
        opens(registry, f"t{start}", batch)
    assert resolve(registry, names, settings=Settings(jobs=1)) == [ANSWER] * 12


def test_a_shared_token_too_long_for_a_header_is_not_used(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for(*"ab"), token("x" * 8000))
    single(registry, "ab")
    assert resolve(registry, "ab") == [ANSWER] * 2


def test_a_lone_token_may_be_long(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for("a"), token("x" * 8000))
    opens(registry, "x" * 8000, "a")
    assert resolve(registry, "a") == [ANSWER]


def test_a_pause_asked_for_holds_for_every_size(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for(*"ab"), refusal(429, Retry_After="999"))
    answers = resolve(registry, "ab")
    assert all(isinstance(answer, RateLimitedError) for answer in answers)
    assert len(registry.asked) == 2


def test_credentials_bring_only_what_they_are_for(registry: ScriptedRegistry) -> None:
    def entry(user: str) -> dict[str, str]:
        return {"auth": base64.b64encode(f"{user}:{user}".encode()).decode()}

    auths = {"r.example/team": entry("alice"), "r.example/other": entry("bob")}
    environment = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": auths})}
    registry.on("TAG", url("team/a"), door("team/a"))
    for user, names in (("alice", ["team/a", "team/b"]), ("bob", ["other/a", "other/b"])):
        address = tokens_for(*names, more=f"&account={user}")
        registry.on("GET", address, token(user), authorization=f"Basic {entry(user)['auth']}")
        opens(registry, user, names)
    registry.on("GET", tokens_for("open/c", "open/d"), token("nobody"))
    opens(registry, "nobody", ["open/c", "open/d"])
    names = ["team/a", "other/a", "open/c", "team/b", "other/b", "open/d"]
    assert resolve(registry, names, environment) == [ANSWER] * 6


def test_a_posted_request_for_tokens_carries_all_scopes(registry: ScriptedRegistry) -> None:
    auth = {"r.example": {"identitytoken": "refresh me"}}
    registry.on("TAG", url("a"), door("a"))
    registry.on("POST", f"{BASE}/token", token("t"))
    opens(registry, "t", "ab")
    assert resolve(registry, "ab", {"DOCKER_AUTH_CONFIG": json.dumps({"auths": auth})}) == [ANSWER] * 2
    assert b"scope=repository%3Aa%3Apull+repository%3Ab%3Apull&" in registry.requests[1].content


@pytest.mark.parametrize("scope", ["aws", "repository:hub/a:pull", "repository:a:pull repository:base:pull"])
def test_scopes_of_another_form_are_used_as_they_are(registry: ScriptedRegistry, scope: str) -> None:
    words = "".join(f"&scope={word.replace(':', '%3A').replace('/', '%2F')}" for word in scope.split())
    registry.on("TAG", url("a"), challenge(f'Bearer realm="{BASE}/token",service="s",scope="{scope}"'))
    registry.on("GET", f"{BASE}/token?service=s{words}", token("t"))
    opens(registry, "t", "a")
    registry.on("TAG", url("b"), tag_answer(A))
    registry.on("TAG", url("b"), tag_answer(A), authorization="Bearer t")
    registry.on("GET", f"{BASE}/token?service=s&scope=repository%3Ahub%2Fb%3Apull", token("t"))
    answers = ask(resolver(registry), "r.example/a:1", "r.example/b:1")
    assert answers == [ANSWER] * 2


def test_what_is_asked_of_one_host_is_told_to_no_other(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for("a"), token("t"))
    opens(registry, "t", "a")
    registry.on("TAG", "https://else.example/v2/b/manifests/1", bearer("b", f"{BASE}/token", "s"))
    registry.on("GET", tokens_for("b"), token("u"))
    registry.on("TAG", "https://else.example/v2/b/manifests/1", tag_answer(A), authorization="Bearer u")
    assert ask(resolver(registry), "r.example/a:1", "else.example/b:1") == [ANSWER] * 2


def test_names_are_asked_for_as_the_endpoint_has_them(registry: ScriptedRegistry) -> None:
    settings = Settings(registries={"docker.io": RegistryOptions(endpoint=f"{BASE}/hub")})
    names = [f"library/{name}" for name in "ab"]
    registry.on("HEAD", f"{BASE}/hub/v2/{names[0]}/manifests/1", door(names[0]))
    registry.on("GET", tokens_for(*names), token("t"))
    for name in names:
        registry.on("MIRROR", f"{BASE}/hub/v2/{name}/manifests/1", tag_answer(A), authorization="Bearer t")
    assert ask(resolver(registry, settings=settings), "a:1", "b:1") == [ANSWER] * 2


def test_a_missing_tag_costs_sharing_nothing(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for(*"abc"), token("t"))
    opens(registry, "t", "ac")
    closed(registry, "t", "b", Answer(404))
    registry.on("GET", url("b"), Answer(404), authorization="Bearer t")
    answers = resolve(registry, "abc")
    assert isinstance(answers.pop(1), NotFoundError)
    assert answers == [ANSWER] * 2


def test_a_token_server_that_breaks_down_is_named_to_all(registry: ScriptedRegistry) -> None:
    registry.on("TAG", url("a"), door("a"))
    registry.on("GET", tokens_for(*"ab"), *[refusal(503)] * 4)
    for name in "ab":
        registry.on("GET", tokens_for(name), *[refusal(503)] * 4)
    assert all(isinstance(answer, UnavailableError) for answer in resolve(registry, "ab"))


@pytest.mark.parametrize(
    "text",
    [
        "opaque",
        "a.b",
        "a.!!!!.c",
        "a.W10.c",
        "a.eyJhIjoxfQ.c",
        jwt(access=7),
        jwt(access=[7]),
        jwt(access=[{"name": "a"}]),
        jwt(access=[{"name": "a", "actions": 7}]),
    ],
)
def test_a_token_that_is_no_list_of_repositories_says_nothing(text: str) -> None:
    assert granted_repositories(text) is None


def test_a_token_in_distributions_form_says_what_it_opens() -> None:
    access = [
        {"name": "a", "actions": ["pull", "push"]},
        {"name": "b", "actions": []},
        {"name": "c", "actions": ["pull"]},
    ]
    assert granted_repositories(jwt(access=access)) == frozenset("ac")


def test_who_found_no_room_in_one_token_shares_the_next(registry: ScriptedRegistry) -> None:
    names = [f"a{number:03}" for number in range(40)]
    registry.on("TAG", url(names[0]), door(names[0]))
    registry.on("GET", tokens_for(*names[:32]), token("t1"))
    opens(registry, "t1", names[:32])
    registry.on("GET", tokens_for(*names[32:]), token("t2"))
    opens(registry, "t2", names[32:])
    assert resolve(registry, names, settings=Settings(jobs=64)) == [ANSWER] * len(names)


def test_nobody_waits_for_a_token_that_has_no_room_for_him() -> None:
    """From when sharing has worked on: of a thousand that wait each token would otherwise be every one's concern."""
    keys = [TokenKey(httpx.URL(REALM), "s", (f"repository:a{number}:pull",), None) for number in range(100)]
    store = Tokens(Clock())
    claimed: list[list[int]] = []

    async def fetch(key: TokenKey) -> Token:
        claimed.append([number for number, one in enumerate(keys) if store.is_served(one)])
        return Token(f"t{len(claimed)}", math.inf, key.scopes)

    async def story() -> None:
        first, is_own = await store.get(keys[0], None, keys[1:], fetch)
        assert not is_own
        for key in keys[:2]:
            store.opened(key, first)
        assert store.room(keys[50]) == MAX_SCOPES
        await store.get(keys[50], None, keys[51:], fetch)
        await store.get(keys[99], None, [], fetch)

    asyncio.run(story())
    assert claimed == [[*range(100)], [*range(32), *range(50, 82)], [*range(95), 99]]
