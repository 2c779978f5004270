"""Which answers are hashed and which are believed: what `pin` writes, and what `check --online` calls served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from images import make_multi_platform
from scripted_registry import (
    HUB,
    OCI_INDEX,
    OCI_MANIFEST,
    A,
    Answer,
    B,
    ScriptedRegistry,
    ask,
    bearer,
    manifest_answer,
    refusal,
    resolver,
    tag_answer,
    token,
)
from virtual_time import run_virtually
from world import outcome, world

from pinner.config import RegistryOptions, Settings
from pinner.errors import IntegrityError, NotFoundError
from pinner.reference import Digest, ImageReference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pinner.model import Resolved
    from pinner.oci.types import Image

IMAGE = make_multi_platform("app", ("linux/amd64", "linux/arm64"))
ZEROS = f"sha256:{'0' * 64}"
APP = "https://reg.example/v2/wrong/x/manifests/"
NGINX = f"{HUB}library/nginx/manifests/"
LIMITS = (("RateLimit-Limit", "100;w=21600"), ("RateLimit-Remaining", "90;w=21600"))


def lying(digest: str = ZEROS) -> Answer:
    """Return the answer of a registry whose header claims ``digest`` and whose body is another."""
    return Answer(200, tag_answer(digest).headers, IMAGE.top.data)


def resolve(registry: ScriptedRegistry, name: str, environment: Mapping[str, str] | None = None) -> Resolved:
    async def once() -> Resolved:
        async with resolver(registry, environment=environment) as asked:
            return await asked.resolve(ImageReference.parse(name), None)

    return run_virtually(once())


def write(folder: Path, *names: str) -> Path:
    file = folder / "Dockerfile"
    file.write_text("".join(f"FROM {name}\n" for name in names))
    return file


# --- what is claimed and is not so ---


def test_pin_writes_no_digest_that_the_body_does_not_have(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("GET", f"{APP}1", lying())
    file = write(tmp_path, "reg.example/wrong/x:1")
    run = outcome(world(tmp_path, resolver(registry)), "pin")
    assert run.status == 3
    assert f"reg.example sent something else than {ZEROS}" in run.stderr
    assert file.read_text() == "FROM reg.example/wrong/x:1\n"


def test_check_online_calls_no_digest_served_that_the_body_does_not_have(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("GET", f"{APP}1", lying())
    registry.on("GET", f"{APP}{ZEROS}", lying())
    write(tmp_path, f"reg.example/wrong/x:1@{ZEROS}")
    run = outcome(world(tmp_path, resolver(registry)), "check", "--online")
    assert run.status == 3
    assert "sent something else than" in run.stderr


def test_a_digest_that_is_not_what_its_tag_means_is_hashed_too(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("GET", f"{APP}1", manifest_answer(IMAGE.top.data))
    registry.on("GET", f"{APP}{ZEROS}", lying())
    write(tmp_path, f"reg.example/wrong/x:1@{ZEROS}")
    run = outcome(world(tmp_path, resolver(registry)), "check", "--online")
    assert run.status == 3
    assert f"sent something else than {ZEROS}" in run.stderr


@pytest.mark.parametrize("header", [(), (("Docker-Content-Digest", IMAGE.digest),)], ids=["none", "its own"])
def test_another_manifest_in_a_digests_place_is_none_however_honest_its_header(
    tmp_path: Path, header: tuple[tuple[str, str], ...]
) -> None:
    registry = ScriptedRegistry()
    registry.on("GET", f"{APP}1", manifest_answer(IMAGE.top.data))
    registry.on("GET", f"{APP}{A}", Answer(200, (("Content-Type", OCI_INDEX), *header), IMAGE.top.data))
    write(tmp_path, f"reg.example/wrong/x:1@{A}")
    run = outcome(world(tmp_path, resolver(registry)), "check", "--online")
    assert run.status == 3
    assert f"sent something else than {A}" in run.stderr


@pytest.mark.parametrize("place", ["redirect", "mirror"])
def test_who_answers_in_a_registrys_place_is_hashed_as_well(place: str) -> None:
    registry, name, settings = ScriptedRegistry(), "reg.example/wrong/x:1", Settings()
    if place == "redirect":
        registry.on("GET", f"{APP}1", Answer(307, (("Location", "https://store.example/x"),)))
        registry.on("GET", "https://store.example/x", lying())
    else:
        settings = Settings(registries={"docker.io": RegistryOptions(endpoint="https://mirror.example")})
        registry.on("MIRROR", "https://mirror.example/v2/library/nginx/manifests/1", lying())
        name = "nginx:1"
    answer = ask(resolver(registry, settings=settings), name)[0]
    assert isinstance(answer, IntegrityError)
    registry.assert_used_up()


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_digest_header_is_none(empty: str) -> None:
    registry = ScriptedRegistry()
    headers = (("Content-Type", OCI_INDEX), ("Docker-Content-Digest", empty))
    registry.on("GET", f"{APP}1", Answer(200, headers, IMAGE.top.data))
    assert resolve(registry, "reg.example/wrong/x:1").digest == Digest.parse(IMAGE.digest)
    registry.on("GET", f"{APP}2", Answer(200, (*headers, ("Docker-Content-Digest", IMAGE.digest)), IMAGE.top.data))
    assert resolve(registry, "reg.example/wrong/x:2").digest == Digest.parse(IMAGE.digest)
    registry.on("HEAD", f"{NGINX}1", Answer(200, headers))
    registry.on("GET", f"{NGINX}1", Answer(200, headers, IMAGE.top.data))
    assert resolve(registry, "nginx:1").is_hashed


# --- where a GET is a pull ---


def test_docker_hub_is_believed_and_that_is_told(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", f"{NGINX}1", tag_answer(A), forever=True)
    registry.on("GET", "https://ghcr.io/v2/a/manifests/1", tag_answer(B), forever=True)
    registry.on("GET", f"https://ghcr.io/v2/a/manifests/{B}", tag_answer(B), forever=True)
    write(tmp_path, f"nginx:1@{A}", f"ghcr.io/a:1@{B}")
    verbose = outcome(world(tmp_path, resolver(registry)), "check", "--online", "-v")
    words = "`nginx:1` was not hashed: docker.io's header is believed, for fetching it is a pull"
    assert f"Dockerfile:1:6: {words}" in verbose.stderr
    assert "ghcr.io/a:1` was not hashed" not in verbose.stderr
    quiet = outcome(world(tmp_path, resolver(registry)), "check", "--online", "--format", "json")
    assert [one["reference"] for one in json.loads(quiet.stdout)["believed"]] == [f"nginx:1@{A}"]
    assert "was not hashed" not in quiet.stderr
    assert {method for method, url, _ in registry.asked if url.startswith(HUB)} == {"HEAD"}


def test_a_digest_of_docker_hub_that_its_tag_left_is_believed_too(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", f"{NGINX}1", tag_answer(A))
    registry.on("HEAD", f"{NGINX}{B}", tag_answer(B))
    write(tmp_path, f"nginx:1@{B}")
    run = outcome(world(tmp_path, resolver(registry)), "check", "--online", "--format", "json")
    assert [one["line"] for one in json.loads(run.stdout)["believed"]] == [1]


def test_what_is_fetched_for_another_reason_is_hashed(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", f"{NGINX}1", tag_answer(IMAGE.digest))
    registry.on("GET", f"{NGINX}{IMAGE.digest}", manifest_answer(IMAGE.top.data))
    # Whether the platform's manifest is there is told by a HEAD, which is no pull.
    registry.on("HEAD", f"{NGINX}{IMAGE.children[0].digest}", tag_answer(IMAGE.children[0].digest, OCI_MANIFEST))
    write(tmp_path, f"nginx:1@{IMAGE.digest}")
    (tmp_path / "pinner.toml").write_text('platforms = ["linux/amd64"]\n')
    run = outcome(world(tmp_path, resolver(registry)), "check", "--online", "--format", "json")
    assert json.loads(run.stdout)["believed"] == []
    registry.assert_used_up()


def test_offline_nobody_is_believed(tmp_path: Path) -> None:
    write(tmp_path, f"nginx:1@{A}")
    run = outcome(world(tmp_path, resolver(ScriptedRegistry())), "check", "--format", "json")
    assert "believed" not in json.loads(run.stdout)


def test_who_stands_in_docker_hubs_place_and_counts_is_asked_by_head_alone() -> None:
    registry, base = ScriptedRegistry(pause=0.001), "https://hub.example/v2/library/"
    settings = Settings(registries={"docker.io": RegistryOptions(endpoint="https://hub.example")})
    registry.on("HEAD", f"{base}a/manifests/1", bearer("library/a", "https://hub.example/token", "s"))
    scopes = "".join(f"&scope=repository%3Alibrary%2F{name}%3Apull" for name in "abc")
    registry.on("GET", f"https://hub.example/token?service=s{scopes}", token("t"))
    for name in "abc":
        counted = Answer(200, (*tag_answer(A).headers, *LIMITS))
        registry.on("HEAD", f"{base}{name}/manifests/1", counted, authorization="Bearer t")
    answers = ask(resolver(registry, settings=settings), "a:1", "b:1", "c:1")
    assert [str(one.digest) for one in answers] == [A] * 3  # type: ignore[union-attr] # an error fails here
    registry.assert_used_up()


def test_who_counts_for_hours_is_not_asked_for_more_bodies() -> None:
    registry, base = ScriptedRegistry(), "https://reg.example/v2/"
    counted = Answer(200, (*tag_answer(A).headers, *LIMITS), tag_answer(A).body)
    registry.on("GET", f"{base}a/manifests/1", counted)
    registry.on("HEAD", f"{base}b/manifests/1", tag_answer(B))

    async def both() -> list[bool]:
        async with resolver(registry) as asked:
            return [
                (await asked.resolve(ImageReference.parse(f"reg.example/{name}:1"), None)).is_hashed for name in "ab"
            ]

    assert run_virtually(both()) == [True, False]


# --- what is known already ---


def test_what_the_cache_holds_is_not_sent_again(tmp_path: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    first, second = ScriptedRegistry(), ScriptedRegistry()
    first.on("GET", f"{APP}1", manifest_answer(IMAGE.top.data))
    second.on("GET", f"{APP}1", Answer(304, (("Docker-Content-Digest", IMAGE.digest),)))
    answer = resolve(first, "reg.example/wrong/x:1", cache)
    assert "if-none-match" not in first.requests[0].headers
    assert resolve(second, "reg.example/wrong/x:1", cache) == answer
    assert second.requests[0].headers["if-none-match"] == f'"{IMAGE.digest}"'


def test_a_tag_that_moved_is_sent_whole_and_hashed(tmp_path: Path) -> None:
    cache, registry = {"XDG_CACHE_HOME": str(tmp_path)}, ScriptedRegistry()
    registry.on("GET", f"{APP}1", tag_answer(A), tag_answer(B), lying(A))
    assert str(resolve(registry, "reg.example/wrong/x:1", cache).digest) == A
    assert str(resolve(registry, "reg.example/wrong/x:1", cache).digest) == B
    with pytest.raises(IntegrityError):
        resolve(registry, "reg.example/wrong/x:1", cache)


@pytest.mark.parametrize("claimed", [B, "md5:1"])
def test_unchanged_and_another_digest_is_asked_again(tmp_path: Path, claimed: str) -> None:
    cache, registry = {"XDG_CACHE_HOME": str(tmp_path)}, ScriptedRegistry()
    contradicts = Answer(304, (("Docker-Content-Digest", claimed),))
    registry.on("GET", f"{APP}1", tag_answer(A), contradicts, tag_answer(B))
    resolve(registry, "reg.example/wrong/x:1", cache)
    assert str(resolve(registry, "reg.example/wrong/x:1", cache).digest) == B
    assert "if-none-match" not in registry.requests[2].headers


def test_unchanged_where_nobody_asked_whether_is_no_answer() -> None:
    registry = ScriptedRegistry()
    registry.on("GET", f"{APP}1", Answer(304))
    answer = ask(resolver(registry), "reg.example/wrong/x:1")[0]
    assert "answered with status 304" in str(answer)


def test_a_memory_that_is_broken_is_no_memory(tmp_path: Path) -> None:
    cache, registry = {"XDG_CACHE_HOME": str(tmp_path)}, ScriptedRegistry()
    registry.on("GET", f"{APP}1", tag_answer(A), tag_answer(A))
    resolve(registry, "reg.example/wrong/x:1", cache)
    (seen,) = (tmp_path / "pinner").rglob("seen/*")
    seen.write_bytes(b"no digest")
    assert str(resolve(registry, "reg.example/wrong/x:1", cache).digest) == A
    assert "if-none-match" not in registry.requests[1].headers


def test_on_docker_hub_what_the_cache_holds_is_no_pull(tmp_path: Path) -> None:
    registry, cache = ScriptedRegistry(), {"XDG_CACHE_HOME": str(tmp_path)}
    registry.on("HEAD", f"{NGINX}1", tag_answer(IMAGE.digest), forever=True)
    registry.on("GET", f"{NGINX}1", manifest_answer(IMAGE.top.data))
    for _ in range(2):
        assert not isinstance(
            ask(resolver(registry, environment=cache), "nginx:1", platform="linux/amd64")[0], Exception
        )
    assert resolve(registry, "nginx:1", cache).is_hashed
    # One request while nothing is known, and no pull afterwards.
    assert [method for method, _, _ in registry.asked] == ["GET", "HEAD", "HEAD"]


# --- being let in ---


@pytest.mark.parametrize("scope", ["", ',scope=""', ',scope="registry:catalog:*"'])
def test_a_challenge_without_a_scope_for_pulling_is_answered_for_the_repository(scope: str) -> None:
    registry, realm = ScriptedRegistry(), "https://reg.example/token"
    challenge = Answer(401, (("WWW-Authenticate", f'Bearer realm="{realm}",service="s"{scope}'),))
    registry.on("GET", f"{APP}1", challenge)
    registry.on("GET", f"{realm}?service=s&scope=repository%3Awrong%2Fx%3Apull", token("t"))
    registry.on("GET", f"{APP}1", tag_answer(A), authorization="Bearer t")
    assert str(resolve(registry, "reg.example/wrong/x:1").digest) == A


@pytest.mark.parametrize("named", ["Basic", 'Bearer realm="https://reg.example/other"', "Negotiate"])
def test_a_shared_token_that_is_refused_is_followed_by_the_repositorys_own(named: str) -> None:
    registry, base = ScriptedRegistry(pause=0.001), "https://reg.example"
    registry.on("GET", f"{base}/v2/a/manifests/1", bearer("a", f"{base}/token", "s"))
    registry.on(
        "GET", f"{base}/token?service=s&scope=repository%3Aa%3Apull&scope=repository%3Ab%3Apull", token("shared")
    )
    registry.on("GET", f"{base}/v2/a/manifests/1", tag_answer(A), authorization="Bearer shared")
    refused = Answer(401, (("WWW-Authenticate", named),))
    registry.on("GET", f"{base}/v2/b/manifests/1", refused, authorization="Bearer shared")
    registry.on("GET", f"{base}/token?service=s&scope=repository%3Ab%3Apull", token("own"))
    registry.on("GET", f"{base}/v2/b/manifests/1", tag_answer(B), authorization="Bearer own")
    answers = ask(resolver(registry), "reg.example/a:1", "reg.example/b:1")
    assert [str(one.digest) for one in answers] == [A, B]  # type: ignore[union-attr] # an error fails here


def test_what_is_gone_is_told_with_the_bodys_reason() -> None:
    registry = ScriptedRegistry()
    registry.on("GET", f"{APP}1", refusal(404, "MANIFEST_UNKNOWN", "manifest unknown"))
    answer = ask(resolver(registry), "reg.example/wrong/x:1")[0]
    assert isinstance(answer, NotFoundError)
    assert "(manifest unknown)" in answer.message


# --- what a HEAD of Docker Hub says of a digest ---


def kind_of(registry: ScriptedRegistry, name: str) -> Image:
    async def once() -> Image:
        async with resolver(registry) as asked:
            return await asked.describe(ImageReference.parse(name), "kind")

    return run_virtually(once())


def test_a_head_tells_what_a_tag_is_and_that_it_is_believed() -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", f"{NGINX}1", tag_answer(A))
    image = kind_of(registry, "nginx:1")
    assert (str(image.digest), image.media_type, image.is_hashed) == (A, OCI_INDEX, False)


def test_a_head_that_answers_for_another_digest_is_an_error() -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", f"{NGINX}{A}", tag_answer(B))
    with pytest.raises(IntegrityError, match=f"answers with {B} for {A}"):
        kind_of(registry, f"nginx@{A}")


def test_a_head_in_another_algorithm_is_followed_by_a_get() -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", f"{NGINX}{A}", tag_answer(f"sha512:{'0' * 128}"))
    registry.on("GET", f"{NGINX}{A}", tag_answer(A))
    assert kind_of(registry, f"nginx@{A}").is_hashed


def test_who_stands_in_docker_hubs_place_and_does_not_count_is_hashed_by_digest_too(tmp_path: Path) -> None:
    registry, base = ScriptedRegistry(), "https://hub.example/v2/library/nginx/manifests/"
    settings = Settings(registries={"docker.io": RegistryOptions(endpoint="https://hub.example")})
    registry.on("MIRROR", f"{base}{A}", tag_answer(A))
    registry.on("MIRROR", f"{base}1", tag_answer(B))

    async def both() -> list[Image]:
        async with resolver(registry, settings=settings, environment={"XDG_CACHE_HOME": str(tmp_path)}) as asked:
            by_digest = await asked.describe(ImageReference.parse(f"nginx@{A}"), "kind")
            return [by_digest, await asked.describe(ImageReference.parse("nginx:1"))]

    assert [(str(one.digest), one.is_hashed) for one in run_virtually(both())] == [(A, True), (B, True)]


def test_who_does_not_count_is_asked_for_a_tag_by_head_first_where_a_cache_could_save_it(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    settings = Settings(registries={"docker.io": RegistryOptions(endpoint="https://hub.example")})
    registry.on("MIRROR", "https://hub.example/v2/library/nginx/manifests/1", tag_answer(A))

    async def once() -> Image:
        async with resolver(registry, settings=settings, environment={"XDG_CACHE_HOME": str(tmp_path)}) as asked:
            return await asked.describe(ImageReference.parse("nginx:1"))

    assert run_virtually(once()).is_hashed
    assert [method for method, _, _ in registry.asked] == ["HEAD", "GET"]


def test_a_head_of_docker_hub_that_says_nothing_costs_no_second_one(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", f"{NGINX}1", Answer(200))
    registry.on("GET", f"{NGINX}1", tag_answer(A))
    assert resolve(registry, "nginx:1", {"XDG_CACHE_HOME": str(tmp_path)}).is_hashed
    registry.assert_used_up()


def test_a_head_of_docker_hub_that_says_nothing_leaves_it_to_the_get(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("HEAD", f"{NGINX}1", Answer(200))
    registry.on("GET", f"{NGINX}1", tag_answer(A))

    async def once() -> Image:
        async with resolver(registry, environment={"XDG_CACHE_HOME": str(tmp_path)}) as asked:
            return await asked.describe(ImageReference.parse("nginx:1"))

    assert str(run_virtually(once()).digest) == A
