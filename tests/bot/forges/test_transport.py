"""HTTP to a forge: where the token goes and where not, what is too much, what is no answer."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from forge_talk import Waits
from scripted_forge import Scripted

from pinner.bot.forges import FORGES, connect, kind_of, parse_url, probe, token_for
from pinner.bot.forges.base import Access, ForbiddenError, ForgeError, MissingError, Reply, UnreachableError
from pinner.bot.forges.limits import LocalBudget, pause_asked_for
from pinner.bot.forges.transport import Api

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from forge_double import ForgeDouble

SECRET = "ghp_s3cr3t/Token"


def with_api(server: str, use: Callable[[Api], Awaitable[Any]], **environment: str) -> Any:
    async def story() -> Any:
        waits = Waits()
        api = Api(server, Access(server, SECRET, environment, waits.told.append, waits.clock()), f"Bearer {SECRET}")
        try:
            return await use(api)
        finally:
            await api.aclose()

    return asyncio.run(story())


def get(path: str) -> Callable[[Api], Awaitable[Reply]]:
    return lambda api: api.call("GET", path)


# Where the token goes


def test_a_renamed_repository_is_followed_within_the_forge() -> None:
    answers = {"/old": (301, {"Location": "/new"}, b""), "/new": (200, {}, b'{"name": "new"}')}
    with Scripted(answers) as server:
        assert with_api(server.url, get("/old")).json() == {"name": "new"}
        assert {token for _, _, token in server.seen} == {f"Bearer {SECRET}"}


def test_no_other_host_gets_the_token() -> None:
    with Scripted({}) as other, Scripted({"/old": (302, {"Location": f"{other.url}/new"}, b"")}) as server:
        with pytest.raises(ForgeError, match="the token is not sent there"):
            with_api(server.url, get("/old"))
        assert not other.seen


def test_a_write_is_not_sent_on() -> None:
    answers = {"/old": (307, {"Location": "/new"}, b""), "/new": (200, {}, b"{}")}
    with Scripted(answers) as server:
        with pytest.raises(ForgeError, match="has moved what was to be changed"):
            with_api(server.url, lambda api: api.call("POST", "/old", body={}))
        assert [path for _, path, _ in server.seen] == ["/old"]


def test_circles_end() -> None:
    with Scripted({"/a": (302, {"Location": "/a"}, b"")}) as server, pytest.raises(ForgeError, match="in circles"):
        with_api(server.url, get("/a"))


def test_the_next_page_is_asked_for_here_whatever_address_it_is_said_to_have() -> None:
    link = {"Link": '<https://elsewhere.example/items?page=2>; rel="next"'}
    answers = {"/items?size=1": (200, link, b"[1]"), "/items?page=2": (200, {}, b"[2]")}
    with Scripted(answers) as server:

        async def all_items(api: Api) -> list[int]:
            return [item async for item in api.pages("/items", {"size": 1})]

        assert with_api(server.url, all_items) == [1, 2]


def test_a_list_without_an_end_ends() -> None:
    link = {"Link": '<HERE/items?page=1>; rel="next"'}
    with Scripted({"/items": (200, link, b"[1]"), "/items?page=1": (200, link, b"[1]")}) as server:

        async def all_items(api: Api) -> list[int]:
            return [item async for item in api.pages("/items")]

        with pytest.raises(ForgeError, match="more than 1000 pages"):
            with_api(server.url, all_items)


def test_what_is_no_list_is_told() -> None:
    async def all_items(api: Api) -> list[int]:
        return [item async for item in api.pages("/items")]

    with Scripted({"/items": (200, {}, b"{}")}) as server, pytest.raises(ForgeError, match="no list"):
        with_api(server.url, all_items)


def test_a_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(ForgeError, match="readable for everybody"):
        Api("http://git.example", Access("http://git.example", SECRET, {}), f"Bearer {SECRET}")
    Api("http://git.example", Access("http://git.example", None, {}), None)


@pytest.mark.parametrize("text", [SECRET, SECRET.replace("/", "%2F"), SECRET.replace("/", "\\/")])
@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_refusal_that_repeats_the_token_does_not_show_it(status: int, text: str) -> None:
    body = b'{"message": "bad token ' + text.encode() + b'"}'
    with Scripted({"/x": (status, {}, body)}) as server, pytest.raises(ForgeError) as failure:
        with_api(server.url, get("/x"))
    assert "s3cr3t" not in f"{failure.value.message} {failure.value.hint}"
    assert "bad token ***" in failure.value.message


def test_a_proxy_is_used_as_the_environment_says() -> None:
    # The proxy answers for a host that is none.
    with Scripted({"http://git.example/api/x": (200, {}, b'{"via": "proxy"}')}) as proxy:

        async def story() -> Any:
            api = Api("http://git.example/api", Access("http://git.example", None, {"http_proxy": proxy.url}), None)
            try:
                return (await api.call("GET", "/x")).json()
            finally:
                await api.aclose()

        assert asyncio.run(story()) == {"via": "proxy"}


def test_a_proxy_that_is_none_is_told_without_its_password() -> None:
    access = Access("http://git.example", None, {"http_proxy": "gopher://user:pass@proxy"})
    with pytest.raises(ForgeError, match="proxy") as failure:
        asyncio.run(_get(access))
    assert "pass" not in failure.value.message


async def _get(access: Access) -> Reply:
    return await Api("http://git.example", access, None).call("GET", "/x")


# Answers


def test_an_answer_that_is_too_long_is_not_read() -> None:
    answers: dict[str, tuple[int, dict[str, str], bytes]] = {"/x": (200, {}, b"[" + b" " * (17 << 20) + b"]")}
    with Scripted(answers) as server, pytest.raises(ForgeError, match="more than 16 MB"):
        with_api(server.url, get("/x"))


def test_a_refusal_that_is_long_is_cut() -> None:
    with Scripted({"/x": (400, {}, b"x" * 200_000)}) as server, pytest.raises(ForgeError, match="refuses: HTTP 400"):
        with_api(server.url, get("/x"))


def test_a_page_for_people_is_no_answer() -> None:
    with Scripted({"/x": (200, {}, b"<html>Sign in")}) as server, pytest.raises(ForgeError, match="no JSON"):
        with_api(server.url, get("/x")).json()


@pytest.mark.parametrize(
    ("status", "kind", "text"),
    [
        (401, ForbiddenError, "does not accept the token"),
        (403, ForbiddenError, "does not allow it"),
        (423, ForbiddenError, "does not allow it"),
        (404, MissingError, "has no /x"),
        (400, ForgeError, "refuses"),
        (500, UnreachableError, "does not work"),
    ],
)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "Why"}, "Why"),
        ({"message": ["One", "Two"]}, "One: Two"),
        ({"message": {"base": ["is bad"]}}, "base is bad"),
        ({"error": "Why", "error_description": "long"}, "Why: long"),
        ({"message": "Failed", "errors": [{"message": "Inner", "code": "custom"}]}, "Failed: Inner"),
        ({"message": "Failed", "errors": [{"field": "head", "code": "invalid"}]}, "Failed: field head: code invalid"),
        ({"message": "two\nlines \x1b[31m"}, "two lines [31m"),
        (["no", "object"], "HTTP"),
        ({"message": 5}, "HTTP"),
    ],
)
def test_a_refusal_is_told_in_its_own_words(status: int, kind: Any, text: str, body: Any, words: str) -> None:
    with Scripted({"/x": (status, {}, json.dumps(body).encode())}) as server, pytest.raises(kind) as failure:
        with_api(server.url, get("/x"))
    assert text in failure.value.message
    if kind is not MissingError:
        assert words in failure.value.message


def test_a_server_that_is_not_there_is_told() -> None:
    with Scripted({}) as server:
        url = server.url
    with pytest.raises(UnreachableError, match="refuses connections"):
        with_api(url, get("/x"))


def test_a_host_that_is_none_is_not_tried_again() -> None:
    with pytest.raises(ForgeError, match=r"git\.invalid.* is not known"):
        asyncio.run(_invalid())


async def _invalid() -> Reply:
    waits = Waits()
    access = Access("https://git.invalid", None, {}, clock=waits.clock())
    try:
        return await Api("https://git.invalid", access, None).call("GET", "/x")
    finally:
        assert not waits.seconds


# Pauses


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (200, {"retry-after": "5"}, b"", None),
        (403, {}, b'{"message": "no"}', None),
        (403, {"x-ratelimit-remaining": "12", "x-ratelimit-reset": "1060"}, b"", None),
        (403, {"retry-after": "5"}, b"", 5.0),
        (403, {"retry-after": "0"}, b"", 0.1),
        (503, {"retry-after": "7"}, b"", 7.0),
        (503, {}, b"", None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000060"}, b"", 61.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1600000000"}, b"", 1.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, b"", None),
        (429, {"ratelimit-reset": "1700000060"}, b"", 61.0),
        (429, {"ratelimit-reset": "30"}, b"", 30.0),
        (429, {}, b"", 120.0),
        (403, {}, b"You have exceeded a Secondary Rate Limit", 120.0),
        (404, {"retry-after": "5"}, b"", None),
    ],
)
def test_a_pause_is_told_from_a_refusal(status: int, headers: dict[str, str], body: bytes, seconds: Any) -> None:
    assert pause_asked_for(Reply(status, headers, body), 1_700_000_000.0, 2) == seconds


def test_a_budget_opens_again_as_time_passes() -> None:
    async def story() -> None:
        now = 0.0
        budget = LocalBudget(((2, 60.0), (3, 600.0)), lambda: now)
        assert await budget.take(0.0) == 0.0
        now = 10.0
        assert await budget.delay() == 0.0
        assert await budget.take(0.0) == 0.0
        now = 20.0
        assert await budget.delay() == 40.0
        assert await budget.take(39.0) == 40.0, "too far away: not taken"
        assert await budget.take(40.0) == 40.0
        assert await budget.delay() == 580.0
        await budget.pause(1000.0)
        await budget.pause(1.0)
        assert await budget.take(999.0) == 1000.0

    asyncio.run(story())


def test_turns_that_are_taken_at_the_same_moment_are_one_after_the_other() -> None:
    async def story() -> list[float]:
        budget = LocalBudget(((2, 60.0),), lambda: 0.0)
        return [await budget.take(1000.0) for _ in range(5)]

    assert asyncio.run(story()) == [0.0, 0.0, 60.0, 60.0, 120.0]


@pytest.mark.parametrize(("runs", "taken"), [(1, 8), (4, 2), (100, 1)])
def test_runs_at_once_have_their_share_of_a_tokens_budget(runs: int, taken: int) -> None:
    async def story() -> int:
        budget = LocalBudget(((8, 3600.0),), lambda: 0.0, runs)
        return [await budget.take(0.0) for _ in range(9)].count(0.0)

    assert asyncio.run(story()) == taken


# Which forge


@pytest.mark.parametrize(
    ("url", "server", "name"),
    [
        ("https://github.com/acme/app", "https://github.com", "acme/app"),
        ("https://github.com/acme/app.git", "https://github.com", "acme/app"),
        ("https://github.com/acme/app/", "https://github.com", "acme/app"),
        ("git@github.com:acme/app.git", "https://github.com", "acme/app"),
        ("ssh://git@gitlab.example:2222/a/b/c.git", "https://gitlab.example", "a/b/c"),
        ("http://127.0.0.1:3000/acme/app.git", "http://127.0.0.1:3000", "acme/app"),
        ("https://x:token@github.com/acme/app", "https://github.com", "acme/app"),
        ("https://gitea.com/acme/app/src/branch/main/docs", "https://gitea.com", "acme/app"),
        ("https://github.com/acme/app/tree/main/src", "https://github.com", "acme/app"),
        ("https://github.com/acme/app/pull/12/files", "https://github.com", "acme/app"),
        ("https://gitlab.com/a/b/c/-/merge_requests/1", "https://gitlab.com", "a/b/c"),
        ("https://gitlab.com/a/tree", "https://gitlab.com", "a/tree"),
        ("https://host.example/git/acme/app", "https://host.example", "git/acme/app"),
    ],
)
def test_a_repositorys_address_is_taken_apart(url: str, server: str, name: str) -> None:
    found = parse_url(url)
    assert (found.server, found.name) == (server, name)


@pytest.mark.parametrize("url", ["acme/app", "/srv/git/app.git", "https://github.com/acme", "file:///srv/app", ""])
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ForgeError, match="no repository"):
        parse_url(url)


def test_a_wrong_address_is_told_without_its_token() -> None:
    with pytest.raises(ForgeError) as failure:
        parse_url("ftp://x:token@github.com/acme/app")
    assert "token" not in failure.value.message


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("github.com", "github"),
        ("GitHub.com", "github"),
        ("acme.ghe.com", "github"),
        ("gitlab.com", "gitlab"),
        ("codeberg.org", "gitea"),
        ("gitea.com", "gitea"),
        ("github.com.evil.example", None),
        ("notgithub.com", None),
        ("git.example", None),
    ],
)
def test_well_known_hosts_are_known(host: str, kind: str | None) -> None:
    assert kind_of(host) == kind


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/api/v3/meta", 200, "github"),
        ("/api/v4/version", 200, "gitlab"),
        ("/api/v4/version", 401, "gitlab"),
        ("/api/v1/version", 200, "gitea"),
    ],
)
def test_another_host_is_asked_what_it_is_without_the_token(path: str, status: int, kind: str) -> None:
    with Scripted({path: (status, {"Content-Type": "application/json"}, b"{}")}) as server:
        assert asyncio.run(probe(Access(server.url, SECRET, {}))) == kind
        assert {token for _, _, token in server.seen} == {None}


def test_a_github_server_in_private_mode_is_none_of_gitlabs() -> None:
    refusal = (
        401,
        {"Content-Type": "application/json", "X-GitHub-Request-Id": "A:1"},
        b'{"message":"Must authenticate"}',
    )
    with Scripted({known.probe: refusal for known in FORGES.values()}) as server:
        assert asyncio.run(probe(Access(server.url, SECRET, {}))) == "github"


def test_a_host_that_has_people_sign_in_elsewhere_is_asked_further() -> None:
    elsewhere = (302, {"Location": "https://login.example/"}, b"")
    answers = {"/api/v3/meta": elsewhere, "/api/v1/version": (200, {"Content-Type": "application/json"}, b"{}")}
    with Scripted(answers) as server:
        assert asyncio.run(probe(Access(server.url, SECRET, {}))) == "gitea"


def test_a_host_that_is_not_there_is_no_question_of_which_forge() -> None:
    with Scripted({}) as server:
        url = server.url
    with pytest.raises(UnreachableError):
        asyncio.run(probe(Access(url, SECRET, {}, clock=Waits().clock())))


def test_an_answer_without_a_body_is_nothing() -> None:
    assert Reply(204, {}, b"").json() is None


def test_a_host_that_answers_everything_with_a_page_is_no_forge() -> None:
    page = (200, {"Content-Type": "text/html"}, b"<html>")
    answers = {known.probe: page for known in FORGES.values()}
    with Scripted(answers) as server, pytest.raises(ForgeError, match="no forge") as failure:
        asyncio.run(probe(Access(server.url, SECRET, {})))
    assert "--forge" in (failure.value.hint or "")


def test_a_token_is_only_for_its_own_forge() -> None:
    environment = {"GITHUB_TOKEN": "hub", "GITEA_TOKEN": " "}
    assert token_for("gitea", "codeberg.org", environment, is_named=True) is None
    assert token_for("gitlab", "gitlab.com", environment, is_named=True) is None


def test_a_forge_that_is_none_is_told() -> None:
    with pytest.raises(ForgeError, match="no forge `gitbucket`"):
        connect("gitbucket", Access("https://x.example", None, {}))
    with pytest.raises(ForgeError) as failure:
        connect("githb", Access("https://x.example", None, {}))
    assert "github" in (failure.value.hint or "")


def test_without_a_token_a_forge_is_asked_without_one(forge: ForgeDouble) -> None:
    async def story() -> None:
        client = connect(forge.face, Access(forge.url, None, {}))
        try:
            await client.repository("acme/app")
        finally:
            await client.aclose()

    # A real Gitea has nothing private for strangers; the others ask who they are.
    with pytest.raises(MissingError if forge.is_real else ForbiddenError):
        asyncio.run(story())
