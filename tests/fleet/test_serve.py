"""The fleet's pages and hooks, spoken to as a server does, and looked at in a real browser."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import html.parser
import json
import re
import socket
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import pytest
from fleethooks import PUSH, SECRET, hook
from fleetsite import NGINX, FleetSite, held

from pinner.bot.model import Repository, Use
from pinner.errors import ConfigError
from pinner.fleet.catalog import Answered, keep_answers, list_repositories
from pinner.fleet.config import parse_fleet
from pinner.fleet.events import forget_events
from pinner.fleet.overview import keep_totals
from pinner.fleet.serve import Site, listen_at, uvicorn
from pinner.fleet.store import RunResult
from pinner.fleet.webhooks import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from forge_double import ForgeDouble

    from pinner.fleet.store import Store

FORGE = "https://forge.example"
OLD, NEW = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
EVIL = "<script>alert(1)</script>\x1b[31m"
SETTINGS = """store = "sqlite:x"
[[source]]
org = "https://forge.example/acme"
[hooks]
github = "env:HOOK"
dockerhub = "env:HOOK"
"""


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """Speaks ASGI to the application."""

    def __init__(self, store: Store, more: str = "") -> None:
        settings = parse_fleet((SETTINGS + more).encode(), "fleet.toml", "/")
        self.now = 100.0
        environment = {"HOOK": SECRET, "LOOK": "look-token"}
        self.site = Site(store, settings, environment, lambda: self.now, {"github": (FORGE,)})

    def __call__(
        self, path: str, method: str = "GET", body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        path, _, query = path.partition("?")
        given = {"host": "localhost:8080", **(headers or {})}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        parts = [body[start : start + (1 << 20)] for start in range(0, len(body), 1 << 20)] or [b""]
        messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        messages[-1]["more_body"] = False
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return messages.pop(0)

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self.site(scope, receive, send))
        names = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], names, sent[1]["body"])


def fill(store: Store) -> None:
    """Have the store know a repository with a name that is out for harm in every field that is somebody else's."""
    found = [Repository(name, "main", f"{FORGE}/{name}.git", f"{FORGE}/{name}") for name in ("acme/app", "acme/<b>x")]
    list_repositories(store, FORGE, "acme", found, 10.0, is_all=True)
    for row in store.due(10.0):
        uses = (Use(f"{EVIL}/Dockerfile", 1, NGINX, OLD), Use("b", 2, NGINX, NEW), Use("c", 3, NGINX, None))
        store.finish(
            row, RunResult("failed", EVIL, failures=2, due_at=60.0, reason="retry", read=("a", "1"), uses=uses), 11.0
        )
    keep_answers(store, [Answered(NGINX, OLD, ask_at=900.0)], 12.0)
    keep_answers(store, [Answered(NGINX, NEW, ask_at=900.0)], 13.0)
    keep_answers(store, [Answered("ghcr.io/a/b:1", None, ask_at=900.0, note=EVIL)], 13.0)


PAGES = {
    "/": "Over time",
    "/images": NGINX,
    f"/image?name={quote(NGINX)}": "behind",
    f"/digest?digest={OLD}": "acme/app",
    "/repositories": "acme/app",
    f"/repository?forge={quote(FORGE)}&name=acme/app": "not pinned",
    f"/repository?forge={quote(FORGE)}&name={quote('acme/<b>x')}": "acme/&lt;b&gt;x",
    "/failing": "acme/app",
}


@pytest.mark.parametrize("path", PAGES)
def test_pages_show_what_there_is_and_nothing_foreign_is_markup(store: Store, path: str) -> None:
    fill(store)
    for at in (100.0, 4000.0):
        keep_totals(store, at)
    reply = Client(store)(path)
    assert reply.status == 200
    text = reply.body.decode()
    assert PAGES[path] in text
    assert "<script" not in text
    assert "<b>" not in text
    assert "\x1b" not in text
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    # Every link within leads somewhere.
    tags: list[str] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            target = dict(attrs).get("href") or ""
            if target.startswith("/"):
                assert Client(store)(target).status == 200, target

    Reader().feed(text)
    assert "main" in tags


def test_an_empty_fleet_has_its_pages_too(store: Store) -> None:
    client = Client(store)
    for path in ("/", "/images", "/repositories", "/failing", f"/digest?digest={OLD}"):
        assert client(path).status == 200
    for path in (
        "/image?name=x",
        "/image?name=%00%ff",
        "/repository?forge=%00&name=%ed%a0%80",
        "/repository?name=x",
        "/nowhere",
        "/image",
    ):
        assert client(path).status == 404
    assert client("/", "HEAD").body == b""
    assert client("/", "POST").status == 405
    assert b":root" in client("/style.css").body


def test_numbers_are_for_machines_as_well(store: Store) -> None:
    fill(store)
    client = Client(store)
    assert client("/healthz").body == b"ok\n"
    lines = client("/metrics").body.decode().splitlines()
    assert "pinner_fleet_repositories 2" in lines
    assert "pinner_fleet_behind 2" in lines
    assert all(re.fullmatch(r"# TYPE \w+ gauge|\w+(\{[^{}]*\})? \d+", line) for line in lines)


def test_only_who_may_look_sees_anything(store: Store) -> None:
    plain = Client(store)
    assert plain("/", headers={"host": "pinner.example"}).status == 401
    assert plain("/", headers={"host": "[::1]:8080"}).status == 200
    token = Client(store, '[serve]\ntoken = "env:LOOK"\n')
    assert token("/").status == 401
    assert token("/healthz").status == 200
    for value in ("Bearer look-token", f"Basic {base64.b64encode(b'me:look-token').decode()}"):
        assert token("/", headers={"authorization": value}).status == 200
    for value in ("Bearer other", "Basic %%%", "Basic bG9vaw==", "bearer"):
        assert token("/metrics", headers={"authorization": value}).status == 401
    proxy = Client(store, '[serve]\nuser-header = "X-User"\n')
    assert proxy("/").status == 401
    assert proxy("/", headers={"x-user": "ann"}).status == 200


def test_an_address_for_everybody_needs_somebody_who_may(store: Store) -> None:
    settings = parse_fleet(SETTINGS.encode(), "fleet.toml", "/")
    assert listen_at("127.0.0.1:8080", settings) == ("127.0.0.1", 8080)
    assert listen_at("[::1]:80", settings) == ("::1", 80)
    assert listen_at(":80", settings) == ("127.0.0.1", 80)
    with pytest.raises(ConfigError, match=r"everybody who reaches 0\.0\.0\.0 could look"):
        listen_at("0.0.0.0:80", settings)
    with pytest.raises(ConfigError, match="is no address"):
        listen_at("localhost", settings)
    some = parse_fleet((SETTINGS + '[serve]\ntoken = "env:LOOK"\n').encode(), "fleet.toml", "/")
    assert listen_at("192.0.2.1:80", some) == ("192.0.2.1", 80)
    with pytest.raises(ConfigError, match="HOOK is not set"):
        Site(store, settings, {}, lambda: 0.0, {})


def state(store: Store) -> list[Any]:
    return [
        store.read("select name, ask_at from image order by name"),
        store.read("select name, due_at, reason from repository order by name"),
        len(store.read("select 1 from event")),
    ]


def test_a_hook_is_one_hint_and_a_forged_replayed_or_huge_one_is_none(store: Store) -> None:
    """Bar 8."""
    fill(store)
    client = Client(store)
    before = state(store)
    body = json.dumps({"repository": {"repo_name": "library/nginx"}, "push_data": {"tag": "1.27"}}).encode()
    github = hook("github", PUSH, {"x-github-event": "push", "x-github-delivery": "1"})
    unknown = json.dumps({"repository": {"repo_name": "library/other"}, "push_data": {"tag": "1"}}).encode()
    for path, data, headers, status in [
        ("/hooks/dockerhub/wrong", body, {}, 403),
        ("/hooks/github", github.body, {"x-github-event": "push"}, 403),
        ("/hooks/nobody", body, {}, 404),
        ("/hooks/gitlab", body, {"x-gitlab-token": SECRET}, 404),
        (f"/hooks/dockerhub/{SECRET}", b"{", {}, 400),
        (f"/hooks/dockerhub/{SECRET}", b"x" * (MOST_BYTES + 1), {}, 413),
    ]:
        assert client(path, "POST", data, headers).status == status
        assert state(store) == before
    assert client(f"/hooks/dockerhub/{SECRET}").status == 405
    assert client(f"/hooks/dockerhub/{SECRET}", "POST", unknown).status == 202
    assert state(store)[:2] == before[:2]
    for _ in range(3):
        assert client(f"/hooks/dockerhub/{SECRET}", "POST", body).status == 202
        client.now += 5.0
    assert state(store)[0] == [("docker.io/library/nginx:1.27", 100.0), ("ghcr.io/a/b:1", 900.0)]
    assert state(store)[1] == before[1]
    for _ in range(2):
        assert client("/hooks/github", "POST", github.body, github.headers).status == 202
    assert state(store)[1][1] == ("acme/app", 60.0, "hook")
    assert state(store)[2] == 3
    ignored = hook("github", {**PUSH, "commits": [{"added": ["a.go"]}]}, {"x-github-event": "push"})
    assert client("/hooks/github", "POST", ignored.body, ignored.headers).status == 202
    forget_events(store, client.now + 8 * 86400)
    assert state(store)[2] == 0


def test_a_store_that_fails_is_no_page(store: Store) -> None:
    client = Client(store)
    store.run(lambda session: session.execute("alter table repository rename to gone"))
    assert client("/").status == 503
    asyncio.run(client.site({"type": "lifespan"}, None, None))  # type: ignore[arg-type] # nothing is said to it


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(ConfigError, match="serving needs"):
        uvicorn()


def test_the_command_serves_until_it_is_asked_to_end(tmp_path: Path, forge: ForgeDouble, address: str) -> None:
    forge.add_repository("acme/app", {"Dockerfile": held("old")})
    site = FleetSite(tmp_path, forge, address)
    site.once()
    with site.serving() as url:
        with urllib.request.urlopen(f"{url}/repositories", timeout=300) as reply:  # noqa: S310 - our own
            assert b"acme/app" in reply.read()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{url}/hooks/github", b"{}", timeout=300)  # noqa: S310 - our own
        # Who has a port already is told so, in a line.
        ran = site.run("serve", "--listen", url.removeprefix("http://"))
        assert (ran.status, ran.stderr.count("\n")) == (2, 1)
        assert "address already in use" in ran.stderr


def test_who_sends_half_a_hook_does_not_keep_the_server_from_its_end(tmp_path: Path, forge: ForgeDouble) -> None:
    site = FleetSite(tmp_path, forge)
    site.write(tables='[hooks]\ngithub = "env:HOOK"\n')
    with contextlib.ExitStack() as stack, site.serving(HOOK=SECRET) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        half = stack.enter_context(socket.create_connection((host, int(port)), timeout=300))
        lines = (b"POST /hooks/github HTTP/1.1", b"Host: x", b"Content-Length: 100", b"Expect: 100-continue", b"", b"")
        half.sendall(b"\r\n".join(lines))
        # It has begun to read.
        assert half.recv(100).startswith(b"HTTP/1.1 100")


def test_a_hook_that_does_not_come_whole_is_none(store: Store) -> None:
    async def story(then: Callable[[], Awaitable[dict[str, Any]]]) -> int:
        parts = [{"type": "http.request", "body": b"{", "more_body": True}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return parts.pop() if parts else await then()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        settings = parse_fleet(SETTINGS.encode(), "fleet.toml", "/")
        site = Site(store, settings, {"HOOK": SECRET}, lambda: 0.0, {}, patience=0.01)
        scope = {"type": "http", "method": "POST", "path": f"/hooks/dockerhub/{SECRET}", "headers": []}
        await site(scope, receive, send)
        return int(sent[0]["status"])

    async def slow() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    assert asyncio.run(story(slow)) == 408
    assert asyncio.run(story(gone)) == 413


def test_serve_has_its_own_options(tmp_path: Path, forge: ForgeDouble) -> None:
    site = FleetSite(tmp_path, forge)
    assert "--listen goes with `pinner fleet serve`" in site.run("run", "--listen", ":80").stderr
    assert "everybody who reaches 0.0.0.0 could look" in site.run("serve", "--listen", "0.0.0.0:80").stderr
