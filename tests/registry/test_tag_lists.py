"""The list of a repository's tags: every page of it, whatever a registry makes of pages; within caps; remembered."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect
from typing import TYPE_CHECKING

import httpx
import pytest
from images import make_image, write_layout
from registry_server import RealRegistry
from scripted_registry import Answer, FakeClock, ScriptedRegistry, bearer, refusal, resolver, token
from virtual_time import run_virtually

from pinner.config import RegistryOptions, Settings
from pinner.errors import NotFoundError, ResolveError, TagListTooLongError, UnavailableError, UnsupportedError
from pinner.http.retry import RetryPolicy
from pinner.reference import ImageReference
from pinner.registry.cache import Cache
from pinner.registry.client import FRESH, RegistryResolver
from pinner.registry.tag_list import MAX_BYTES, MAX_PAGES, PAGE, SMALL_PAGE, list_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME = "registry.example/team/app"
LIST = f"https://{NAME.replace('/', '/v2/', 1)}/tags/list"
FIRST = f"{LIST}?n={PAGE}"
CANNOT = f"cannot list the tags of `{NAME}`"
NO_CACHE = Settings(use_cache=False)


def page(tags: Sequence[str] | None, link: str = "", **headers: str) -> Answer:
    more = [("Link", f'<{link}>; rel="next"')] if link else []
    return Answer(200, (*more, *headers.items()), json.dumps({"name": "team/app", "tags": tags}).encode())


def listed(asked: RegistryResolver, name: str = NAME, wanted: str = "") -> tuple[str, ...] | ResolveError:
    async def once() -> tuple[str, ...] | ResolveError:
        async with asked:
            try:
                return await asked.list_tags(ImageReference.parse(name), wanted)
            except ResolveError as error:
                return error

    return run_virtually(once())


@pytest.fixture
def registry() -> ScriptedRegistry:
    return ScriptedRegistry()


def ask(registry: ScriptedRegistry, wanted: str = "") -> tuple[str, ...] | ResolveError:
    return listed(resolver(registry, settings=NO_CACHE), wanted=wanted)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/v2/team/app/tags/list?last=b&n=1000", f"{LIST}?last=b&n=1000"),
        ("/v2/app/tags/list?last=b", f"{LIST}?last=b"),
        (
            "https://elsewhere.example/v2/team/app/tags/list?next_page=gAAA%3D%3D&n=5",
            f"{LIST}?next_page=gAAA%3D%3D&n=5",
        ),
    ],
    ids=["as the standard has it", "another repository's, as Artifactory has it", "another host's, and opaque"],
)
def test_a_list_is_read_to_its_end_at_its_own_address(registry: ScriptedRegistry, link: str, url: str) -> None:
    registry.on("GET", FIRST, page(["b", "a"], link))
    registry.on("GET", url, page(["c"]))
    assert ask(registry) == ("b", "a", "c")
    registry.assert_used_up()


def test_a_full_page_without_a_way_on_is_asked_for_more(registry: ScriptedRegistry) -> None:
    tags = [f"{number:04}" for number in range(PAGE)]
    registry.on("GET", FIRST, page(tags))
    registry.on("GET", f"{FIRST}&last=0999", page(["1000"]))
    assert ask(registry) == (*tags, "1000")


def test_a_page_that_comes_again_is_the_end(registry: ScriptedRegistry) -> None:
    tags = [f"{number:04}" for number in range(PAGE)]
    registry.on("GET", FIRST, page(tags))
    registry.on("GET", f"{FIRST}&last=0999", page(tags))
    assert ask(registry) == tuple(tags)
    circle = ScriptedRegistry()
    circle.on("GET", FIRST, page(["a"], f"{LIST}?last=a"))
    circle.on("GET", f"{LIST}?last=a", page(["b"], f"{LIST}?last=a"))
    assert ask(circle) == ("a", "b")


def test_a_registry_that_takes_no_notice_of_pages_sends_all_at_once(registry: ScriptedRegistry) -> None:
    tags = tuple(f"1.{number}" for number in range(4000))
    registry.on("GET", FIRST, page(tags))
    assert ask(registry) == tags


@pytest.mark.parametrize("status", [400, 502])
def test_a_registry_that_fails_at_large_pages_is_asked_for_small_ones(registry: ScriptedRegistry, status: int) -> None:
    registry.on("GET", FIRST, refusal(status), forever=True)
    registry.on("GET", f"{LIST}?n={SMALL_PAGE}", page(["1", "2"]))
    assert ask(registry) == ("1", "2")


def test_a_registry_that_does_not_answer_in_time_is_asked_for_small_pages(registry: ScriptedRegistry) -> None:
    registry.on("GET", FIRST, httpx.ReadTimeout("slow"), forever=True)
    registry.on("GET", f"{LIST}?n={SMALL_PAGE}", page(["1"]))
    assert ask(registry) == ("1",)


def test_a_host_that_nobody_can_connect_to_is_not_asked_again(registry: ScriptedRegistry) -> None:
    registry.on("GET", FIRST, httpx.ConnectError("refused"), forever=True)
    asked = resolver(registry, settings=NO_CACHE, retry_policy=RetryPolicy(attempts=1))
    assert isinstance(listed(asked), UnavailableError)


def test_no_tags_are_no_error(registry: ScriptedRegistry) -> None:
    registry.on("GET", FIRST, page(None))
    assert ask(registry) == ()


@pytest.mark.parametrize("body", [b"{}", b"nonsense", b'{"tags": "1.0"}', b"[" * 100_000, b"3"])
def test_what_is_no_list_is_said(registry: ScriptedRegistry, body: bytes) -> None:
    registry.on("GET", FIRST, Answer(200, (), body))
    error = ask(registry)
    assert isinstance(error, UnsupportedError)
    assert (
        error.message == f"cannot list the tags of `{NAME}`: registry.example sends something else than a list of tags"
    )


def test_a_repository_that_is_not_there(registry: ScriptedRegistry) -> None:
    registry.on("GET", FIRST, refusal(404, "NAME_UNKNOWN", "repository name not known to registry"))
    assert isinstance(ask(registry), NotFoundError)


class Endless:
    """A registry with very many tags, in their order, which sends as many a page as it is asked for."""

    def __init__(self, tags: Sequence[str], *, link: bool = True) -> None:
        self.tags = tags
        self.places = {tag: place for place, tag in enumerate(tags)}
        self.link = link
        self.asked = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        size, last = int(request.url.params["n"]), request.url.params.get("last", "")
        start = self.places[last] + 1 if last in self.places else bisect(self.tags, last) if last else 0
        tags = self.tags[start : start + size]
        more = {"Link": f"</v2/team/app/tags/list?n={size}&last={tags[-1]}>; rel=next"} if tags and self.link else {}
        return httpx.Response(200, json={"tags": tags}, headers=more)

    def ask(self, wanted: str = "") -> tuple[str, ...] | ResolveError:
        asked = RegistryResolver(
            NO_CACHE, environment={"CONTAINERS_REGISTRIES_CONF": "/dev/null"}, transport=httpx.MockTransport(self)
        )
        return listed(asked, wanted=wanted)


MANY = sorted(f"{major}.{minor}.0" for major in range(1, 41) for minor in range(6000))


def test_a_list_without_end_is_an_error_that_says_what_helps() -> None:
    server = Endless(MANY)
    error = server.ask()
    assert isinstance(error, TagListTooLongError)
    assert server.asked == MAX_PAGES
    assert error.message == f"{CANNOT}: registry.example has a list of tags that is too long: 200,000 were read"
    assert error.hint is not None
    assert "allow" in error.hint


@pytest.mark.parametrize("link", [True, False])
def test_the_part_that_is_wanted_of_a_list_in_order_is_read_alone(link: bool) -> None:  # noqa: FBT001 - a parameter
    server = Endless(MANY, link=link)
    tags = server.ask("38.")
    assert isinstance(tags, tuple)
    assert {tag for tag in MANY if tag.startswith("38.")} <= set(tags)
    assert server.asked < 20


def test_a_list_in_no_order_is_read_whole_or_not_at_all() -> None:
    server = Endless(MANY[::-1])
    assert isinstance(server.ask("38."), TagListTooLongError)


def test_more_tags_at_once_than_pages_would_bring_are_too_many_unless_few_are_wanted(
    registry: ScriptedRegistry,
) -> None:
    registry.on("GET", FIRST, page(MANY), page(MANY))
    assert isinstance(ask(registry), TagListTooLongError)
    assert ask(registry, "38.") == tuple(tag for tag in MANY if tag.startswith("38."))


def test_a_list_of_too_many_bytes_is_an_error(registry: ScriptedRegistry) -> None:
    registry.on("GET", FIRST, Answer(200, (), b" " * (MAX_BYTES + 1)))
    assert isinstance(ask(registry), TagListTooLongError)
    registry = ScriptedRegistry()
    blank = b'{"tags": ["1"]' + b" " * (MAX_BYTES - 15) + b"}"
    registry.on("GET", FIRST, Answer(200, (("Link", f"<{LIST}?last=1>; rel=next"),), blank))
    assert isinstance(ask(registry), TagListTooLongError)


def remembering(registry: ScriptedRegistry, folder: Path, clock: FakeClock, **more: object) -> RegistryResolver:
    settings = Settings(**more)  # type: ignore[arg-type] # the settings a test is about
    return resolver(registry, settings=settings, environment={"XDG_CACHE_HOME": str(folder)}, clock=clock)


def test_a_list_is_fresh_for_an_hour_and_then_sent_only_where_it_changed(
    registry: ScriptedRegistry, tmp_path: Path
) -> None:
    clock = FakeClock()
    registry.on("GET", FIRST, page(["1"], ETag='"one"'), Answer(304), page(["1", "2"]), page(["3"]))
    assert listed(remembering(registry, tmp_path, clock)) == ("1",)
    clock.time += FRESH - 1
    assert listed(remembering(registry, tmp_path, clock)) == ("1",)
    assert len(registry.asked) == 1
    clock.time += 2
    assert listed(remembering(registry, tmp_path, clock)) == ("1",)
    assert registry.requests[-1].headers["if-none-match"] == '"one"'
    assert listed(remembering(registry, tmp_path, clock)) == ("1",)
    assert len(registry.asked) == 2, "what is unchanged is fresh again"
    clock.time += FRESH
    assert listed(remembering(registry, tmp_path, clock)) == ("1", "2")
    clock.time += FRESH
    assert listed(remembering(registry, tmp_path, clock)) == ("3",)
    assert "if-none-match" not in registry.requests[-1].headers
    registry.assert_used_up()


def test_offline_a_list_is_what_was_remembered_however_old(registry: ScriptedRegistry, tmp_path: Path) -> None:
    clock = FakeClock()
    registry.on("GET", FIRST, page(["1"]))
    listed(remembering(registry, tmp_path, clock))
    clock.time += 100 * FRESH
    offline = remembering(registry, tmp_path, clock, offline=True)
    assert listed(offline) == ("1",)
    assert offline.warnings == ("nobody was asked: 1 remembered answer, the oldest from 4 days ago",)
    error = listed(remembering(registry, tmp_path / "other", clock, offline=True))
    assert isinstance(error, ResolveError)
    assert "is remembered" in error.message


def test_what_one_user_was_sent_is_not_shown_to_another(registry: ScriptedRegistry, tmp_path: Path) -> None:
    clock = FakeClock()
    realm = "https://auth.registry.example/token"
    registry.on("GET", FIRST, bearer("team/app", realm, "s"), forever=True)
    registry.on("GET", FIRST, page(["secret"]), authorization="Bearer T")
    url = f"{realm}?service=s&account=joe&scope=repository%3Ateam%2Fapp%3Apull"
    basic = "Basic am9lOnB3"
    registry.on("GET", url, token("T"), authorization=basic)
    (tmp_path / "docker").mkdir()
    login = {"auths": {"registry.example": {"auth": "am9lOnB3"}}}
    (tmp_path / "docker" / "config.json").write_text(json.dumps(login))
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "DOCKER_CONFIG": str(tmp_path / "docker")}
    assert listed(resolver(registry, environment=environment, clock=clock)) == ("secret",)
    assert listed(resolver(registry, environment=environment, clock=clock)) == ("secret",)
    registry.assert_used_up()
    offline = {**environment, "DOCKER_CONFIG": str(tmp_path / "nowhere")}
    assert isinstance(listed(resolver(registry, settings=Settings(offline=True), environment=offline)), ResolveError)


def test_a_broken_record_is_none(registry: ScriptedRegistry, tmp_path: Path) -> None:
    clock = FakeClock()
    registry.on("GET", FIRST, page(["1"]), page(["2"]))
    listed(remembering(registry, tmp_path, clock))
    for file in tmp_path.rglob("answers/*"):
        file.write_bytes(b"{")
    assert listed(remembering(registry, tmp_path, clock)) == ("2",)


def test_a_list_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path, lambda: 1000.0)
    key = list_key(resolver(ScriptedRegistry())._sources(ImageReference.parse(NAME))[0])  # noqa: SLF001 - where it is asked
    cache.keep_tags(key, None, [f"{number:0100}" for number in range(90_000)])
    assert cache.tags(key, None) is None


def test_an_endpoint_lists_in_the_registrys_place(registry: ScriptedRegistry) -> None:
    mirror = RegistryOptions(endpoint="https://mirror.example/cache")
    registry.on("GET", f"https://mirror.example/cache/v2/library/nginx/tags/list?n={PAGE}", page(["1.27"]))
    settings = Settings(use_cache=False, registries={"docker.io": mirror})
    assert listed(resolver(registry, settings=settings), "nginx") == ("1.27",)


def test_a_layout_lists_what_it_names(tmp_path: Path) -> None:
    image = make_image("app")
    write_layout(tmp_path, {f"{NAME}:1": image, f"{NAME}:2": image, "nginx:1.27": image})
    settings = Settings(layout=str(tmp_path))
    assert listed(RegistryResolver(settings, environment={})) == ("1", "2")
    assert isinstance(listed(RegistryResolver(settings, environment={}), "ghcr.io/team/app"), NotFoundError)


@pytest.mark.registry
def test_distribution_lists_its_tags(tmp_path: Path) -> None:
    image = make_image("app")
    with RealRegistry(tmp_path, images={f"team/app:{number}": image for number in range(5)}) as server:

        async def once() -> tuple[str, ...]:
            environment = {"CONTAINERS_REGISTRIES_CONF": "/dev/null"}
            async with RegistryResolver(NO_CACHE, environment=environment) as asked:
                return await asked.list_tags(ImageReference.parse(f"{server.host}/team/app"))

        assert sorted(asyncio.run(once())) == ["0", "1", "2", "3", "4"]
