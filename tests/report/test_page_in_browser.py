"""The page of ``report`` in a real browser: quick, sorted, searched, by keyboard, on paper, without a complaint.

axe-core is there where `make schemas` has fetched it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import DESK, PHONE, Browser, Size, chromium, required
from hostiletree import plant as plant_hostile
from reportsample import plant
from world import outcome, pinner, world

if TYPE_CHECKING:
    from collections.abc import Iterator

AXE = Path(os.environ.get("PINNER_SCHEMAS", "none"), "node_modules", "axe-core", "axe.min.js")
NAMES = "[...document.querySelectorAll('#images tbody tr:not([hidden])')].map(row => row.cells[0].dataset.key)"
ENOUGH = 3000
"""Images of a repository that is large indeed."""
FINDINGS = "axe.run().then(done => done.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(required()) as found:
        yield found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = plant(tmp_path_factory.mktemp("report"))
    assert pinner(root, "report", "--html", "../page.html").status == 0
    return root.parent / "page.html"


def quiet(browser: Browser, page: Path) -> None:
    """Nothing but the page was asked for, and nothing of it was refused."""
    assert browser.complaints == []
    assert [address for address in browser.asked if not address.startswith("data:")] == [page.resolve().as_uri()]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_fits_and_asks_nobody(browser: Browser, page: Path, size: Size) -> None:
    browser.open(page, size)
    quiet(browser, page)
    assert browser.run("document.documentElement.scrollWidth") == size.width
    assert browser.run("document.querySelectorAll('.bar rect.good').length") > 3
    assert browser.run(
        "[...document.querySelectorAll('.bar svg')].every(one => one.getBoundingClientRect().width > 40)"
    )


def test_dark_and_light(browser: Browser, page: Path) -> None:
    shades = []
    for dark in (False, True):
        browser.open(page, dark=dark)
        shades.append(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert shades == ["rgb(255, 255, 255)", "rgb(13, 17, 23)"]


def test_search_and_filter(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.run("document.querySelector('output').textContent") == "16 of 16"
    browser.run("document.querySelector('input').focus()")
    browser.press(*"EXPORTER.yaml")
    assert browser.run(NAMES) == [
        "docker.io/grafana/grafana:11.2.0",
        "quay.io/prometheus/node-exporter:v1.8.2",
        "registry.example/team/exporter:dev",
    ]
    browser.run("const c = document.querySelector('select'); c.value = 'to pin'; c.dispatchEvent(new Event('change'))")
    assert browser.run(NAMES) == ["docker.io/grafana/grafana:11.2.0"]
    assert browser.run("document.querySelector('output').textContent") == "1 of 16"


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_sorting_by_keyboard(browser: Browser, page: Path, key: str) -> None:
    browser.open(page)
    ages = "[...document.querySelectorAll('#images tbody tr')].map(row => row.cells[4].dataset.key)"
    sorting = "document.querySelector('#images thead').rows[0].cells[4].getAttribute('aria-sort')"
    assert browser.run(sorting) is None
    browser.run("document.querySelector('#images thead').rows[0].cells[3].firstChild.focus()")
    browser.press("Tab", key)
    up = browser.run(ages)
    known = [int(age) for age in up if age]
    assert known == sorted(known)
    assert len(known) == 8
    assert up[8:] == [""] * 8
    assert browser.run(sorting) == "ascending"
    browser.press(key)
    down = browser.run(ages)
    assert [int(age) for age in down[:8]] == sorted(known, reverse=True)
    assert browser.run(sorting) == "descending"


def test_sorting_by_words(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("document.querySelector('#folders thead button').click()")
    folders = "[...document.querySelectorAll('#folders tbody th')].map(one => one.textContent)"
    assert browser.run(folders) == [".", ".github/workflows", "deploy/base", "deploy/monitoring"]


def test_unfolding_one_and_all(browser: Browser, page: Path) -> None:
    browser.open(page)
    opened = "document.querySelectorAll('#images details[open]').length"
    browser.run("document.querySelector('#images summary').focus()")
    browser.press("Enter")
    assert browser.run(opened) == 1
    for expected in (16, 0):
        browser.run("document.querySelector('[data-unfold]').focus()")
        browser.press("Space")
        assert browser.run(opened) == expected


def test_on_paper_everything_is_unfolded(browser: Browser, page: Path) -> None:
    browser.open(page, media="print")
    assert browser.run("getComputedStyle(document.querySelector('.controls')).display") == "none"
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.querySelectorAll('#images details:not([open])').length") == 0
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("document.querySelectorAll('#images details[open]').length") == 0
    assert len(browser.call("Page.printToPDF")["data"]) > 10_000


@pytest.mark.skipif(sys.platform == "win32", reason="names, links and pipes that Windows does not have")
def test_no_foreign_text_becomes_markup(browser: Browser, tmp_path: Path) -> None:
    tree = plant_hostile(tmp_path)
    for name in ("<img src=x onerror=document.title='run'>", '"><script>document.title="run"<', "a&lt;b"):
        (tree.root / name).mkdir(parents=True)
        (tree.root / name / "Dockerfile").write_text("FROM nginx:1.27\n")
    there = world(tree.root, environment={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    outcome(there, "report", "--html", str(tmp_path / "page.html"))
    browser.open(tmp_path / "page.html")
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    quiet(browser, tmp_path / "page.html")
    title = browser.run("document.title")
    assert title == f"Images of {tree.root.name}"
    assert browser.run("document.querySelectorAll('script').length") == 1
    assert browser.run("document.querySelectorAll('img, iframe, object, b, i').length") == 0
    shown = browser.run("document.body.innerText")
    for text in ("<img src=x onerror=document.title='run'>/Dockerfile", "a&lt;b/Dockerfile", "stop-commands"):
        assert text in shown


def test_thousands_of_images(browser: Browser, tmp_path: Path) -> None:
    lines = "".join(f"FROM registry{number % 40}.example/team/app{number}:1.{number}\n" for number in range(ENOUGH))
    (tmp_path / "Dockerfile").write_text(lines)
    assert pinner(tmp_path, "report", "--html", "page.html").status == 0
    browser.open(tmp_path / "page.html")
    assert browser.run("document.querySelector('#all-images output').textContent") == f"{ENOUGH} of {ENOUGH}"
    browser.run("document.querySelector('#images thead button').click()")
    browser.run("const s = document.querySelector('input'); s.value = 'app2999'; s.dispatchEvent(new Event('input'))")
    assert browser.run(NAMES) == ["registry39.example/team/app2999:1.2999"]


@pytest.mark.skipif("PINNER_SCHEMAS" not in os.environ, reason="`make schemas` fetches axe-core")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(browser: Browser, page: Path, size: Size, *, dark: bool) -> None:
    browser.open(page, size, dark=dark)
    browser.run("for (const one of document.querySelectorAll('#images details')) one.open = true")
    browser.run("document.querySelector('#images thead button').click()")
    browser.run(f"{AXE.read_text('utf-8')};true")
    found = browser.run(FINDINGS)
    assert json.dumps(found, indent=1) == "[]"
