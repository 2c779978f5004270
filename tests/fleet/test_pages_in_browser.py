"""The fleet's pages in a real browser: they fit a desk and a phone, ask nobody else, and anybody can read them.

axe-core is there where `make schemas` has fetched it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from browser import DESK, PHONE, Browser, Size, chromium, required

from pinner.bot.forges.limits import GITHUB_CONTENT
from pinner.bot.model import PullRequest, Repository, Use
from pinner.fleet.catalog import Answered, keep_answers, list_repositories
from pinner.fleet.config import parse_fleet
from pinner.fleet.content_budget import StoredBudget
from pinner.fleet.overview import keep_totals
from pinner.fleet.serve import Site, uvicorn
from pinner.fleet.store import RunResult, Store, open_store
from pinner.http.retry import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

AXE = Path(os.environ.get("PINNER_SCHEMAS", "none"), "node_modules", "axe-core", "axe.min.js")
FINDINGS = "axe.run().then(done => done.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
BROKEN = "[...document.querySelectorAll('td > a')].filter(one => one.getClientRects().length > 1).length"
"""Names of repositories that go on in another line."""
FORGE, NOW, HOUR = "https://git.acme.example", 1_800_000_000.0, 3600.0
IMAGES = [
    *("docker.io/library/python:3.13-slim-bookworm", "docker.io/library/nginx:1.27", "ghcr.io/acme/base/jdk:21"),
    *("registry.acme.example/platform/observability/opentelemetry-collector:0.111.0", "quay.io/keycloak/keycloak:26.0"),
]
OLD, NEW = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
WHY = "pinner.toml: unknown key `registires` in [registries]; did you mean `registries`? In /deploy/environments"
PAGES = {
    "/": "Over time",
    "/images": IMAGES[0],
    f"/image?name={quote(IMAGES[0])}": "behind",
    f"/digest?digest={OLD}": "acme/app01",
    "/repositories": "acme/app01",
    f"/repository?forge={quote(FORGE)}&name=acme/app01": "On its forge",
    "/failing": "unknown key",
    "/nowhere": "Not here",
}


def fill(store: Store) -> None:
    """Have a fleet of thirty repositories live for some days."""
    names = [f"acme/app{number:02}" for number in range(30)]
    found = [Repository(name, "main", f"{FORGE}/{name}.git", f"{FORGE}/{name}") for name in names]
    list_repositories(store, FORGE, "acme", found, NOW, is_all=True)
    for number, row in enumerate(store.due(NOW)):
        uses = tuple(
            Use(f"deploy/environments/production/{line}/Dockerfile", line, image, (OLD, NEW, None)[(number + line) % 3])
            for line, image in enumerate(IMAGES, 1)
        )
        pull = PullRequest(number, "open", "pinner/digests", "main", "", "", "", f"{FORGE}/{row.name}/pulls/{number}")
        pulls = (pull,) if number % 4 else ()
        seen = RunResult(
            "opened" if pulls else "nothing", "digests of 3 images", uses=uses, pulls=pulls, read=("a", "1")
        )
        if number % 7 == 0:
            seen = seen._replace(outcome="failed", told=WHY, failures=3, due_at=NOW + HOUR, reason="retry")
        store.finish(row, seen, NOW)
    for number, digest in enumerate((OLD, NEW)):
        keep_answers(store, [Answered(image, digest, ask_at=NOW + HOUR) for image in IMAGES[:4]], NOW + number)
    keep_answers(store, [Answered(IMAGES[4], None, ask_at=NOW + HOUR, note="UnavailableError: quay.io: 502")], NOW)
    store.read("update image set signed = case when name like 'ghcr%' then 1 else 0 end returning 1")
    for hour in range(48):
        keep_totals(store, NOW + hour * HOUR)
        store.read("update mention set digest = ? where repository = ? and line = 2 returning 1", NEW, hour)
    budget = StoredBudget(store, "git.acme.example", "env:PINNER_TOKEN", GITHUB_CONTENT, Clock(wall=lambda: NOW))
    for _ in range(3):
        asyncio.run(budget.take(0.0))


@contextlib.contextmanager
def served(store: Store) -> Iterator[str]:
    """Serve the pages of a store in a thread; the value is their address."""
    text = f'store = "sqlite:x"\n[[source]]\norg = "{FORGE}/acme"\n'
    site = Site(store, parse_fleet(text.encode(), "fleet.toml", "/"), {}, lambda: NOW + 48 * HOUR, {})
    module = uvicorn()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = module.Server(module.Config(site, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(required()) as found:
        yield found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    opened = open_store("sqlite:fleet.db", str(tmp_path_factory.mktemp("pages")))
    assert opened is not None
    with opened as store:
        fill(store)
        with served(store) as there:
            yield there


@pytest.mark.parametrize(("size", "dark"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
def test_every_page_fits_and_can_be_read(browser: Browser, address: str, size: Size, *, dark: bool) -> None:
    for path, words in PAGES.items():
        browser.open(f"{address}{path}", size, dark=dark)
        # The browser complains of what is not there.
        assert browser.complaints == [] or path == "/nowhere", path
        asked = {one.removeprefix(address) for one in browser.asked if not one.startswith("data:")}
        assert asked <= {path, "/style.css", "/favicon.ico"}
        assert words in browser.run("document.body.innerText"), path
        assert browser.run("document.documentElement.scrollWidth") == size.width, path
        assert browser.run("getComputedStyle(document.body).backgroundColor") == (
            "rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)"
        )
        assert browser.run(BROKEN) == 0, path
        if AXE.exists():
            # The pages let no script run: it is the browser that brings this one.
            browser.run(f"{AXE.read_text('utf-8')};true")
            assert json.dumps(browser.run(FINDINGS), indent=1) == "[]", path


def test_one_finds_ones_way_from_the_fleet_to_who_still_has_a_digest(browser: Browser, address: str) -> None:
    browser.open(f"{address}/")
    ways = [("Images", "/images"), (IMAGES[0], "/image"), (OLD[:19], "/digest"), ("acme/app02", "/repository")]
    for words, path in ways:
        found = "[...document.querySelectorAll('a')].find(one => one.textContent === " + json.dumps(words) + ")"
        browser.open(browser.run(f"{found}.href"))
        assert browser.run("location.pathname") == path
        assert browser.complaints == []
    assert browser.run("document.querySelector('h1').textContent") == "acme/app02"
