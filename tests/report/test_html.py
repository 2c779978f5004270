"""HTML pages hold foreign text as text: no character of it becomes an element, an attribute or an address."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hostiletree import NAMES
from hypothesis import given
from hypothesis import strategies as st

from pinner.report import html
from pinner.report.html import Breakdown, Cell, Column, Markup, Part, Row, Section, Table, Tile

if TYPE_CHECKING:
    from collections.abc import Callable

EVIL = (
    *NAMES,
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>",
    "</title>",
    "<!--",
    "]]>",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "name\udcff\udc80.Dockerfile",
)


class Structure(HTMLParser):
    """The elements of a page with their attributes' names, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(("!--", (data,)))


def everything(foreign: str) -> str:
    """Return a page in which ``foreign`` stands wherever text can."""
    kinds = (Part(foreign, "good"), Part(foreign, "bad"))
    content = (
        html.tiles([Tile(foreign, foreign, "bad", f"note {foreign}")]),
        html.table(
            Table(
                "first",
                foreign,
                (Column(foreign), Column(foreign, is_number=True)),
                [
                    Row((foreign, 1), foreign),
                    Row((Cell(html.code(foreign), foreign), Cell(html.badge(foreign, "good"), 2))),
                ],
                has_search=True,
                states=(foreign,),
            )
        ),
        html.breakdown(Breakdown("second", foreign, foreign, kinds, [(foreign, (1, 2)), (Cell(foreign), (0, 0))])),
        html.details(foreign, html.listing([foreign, html.joined([foreign, " ", foreign])])),
        html.tag("p", foreign, title=foreign),
        foreign,
    )
    return html.page(foreign, foreign, [Section("one", foreign, content), Section("two", foreign, ())])


PLAIN = Structure(everything("x"))


@pytest.mark.parametrize("foreign", EVIL, ids=[str(number) for number in range(len(EVIL))])
def test_foreign_text_is_text(foreign: str) -> None:
    made = Structure(everything(foreign))
    assert made.elements == PLAIN.elements
    assert not [name for name, _ in made.values if name.startswith("on")]


@given(st.text(min_size=1))
def test_any_text_is_text(foreign: str) -> None:
    page = everything(foreign)
    page.encode("utf-8")
    assert Structure(page).elements == PLAIN.elements


def test_a_page_says_what_it_was_given() -> None:
    foreign = "<a & b> \"c\" 'd'"
    assert Structure(everything(foreign)).texts.count(foreign) > 10


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "JaVaScRiPt:x", ""])
def test_what_is_no_address_of_the_web_is_no_link(address: str) -> None:
    assert html.link("<b>", address) == "&lt;b&gt;"
    made = Structure(html.link("<b>", "https://example.com/?a=1&b='\"><i>"))
    assert made.elements == [("a", ("href", "rel"))]


def test_attributes_are_there_or_not() -> None:
    assert html.tag("td", 1, class_="a", data_key=None, hidden=True, disabled=False) == '<td class="a" hidden>1</td>'
    assert html.tag("br", "never") == "<br>"
    assert html.tag("p", Markup("<b>"), "<b>") == "<p><b>&lt;b&gt;</p>"


def hash_of(page: str, element: str) -> str:
    [content] = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode('ascii')}"


def test_the_policy_allows_the_page_s_own_style_and_script_and_nothing_else() -> None:
    page = everything("x")
    [said] = [value for name, value in Structure(page).values if name == "content" and "default-src" in value]
    assert said == html.policy()
    assert "default-src 'none'" in said
    assert f"style-src '{hash_of(page, 'style')}'" in said
    assert f"script-src '{hash_of(page, 'script')}'" in said
    assert "unsafe" not in said
    assert not [value for name, value in Structure(page).values if name == "style"]
    assert not [value for name, value in Structure(page).values if re.match(r"(?:https?:)?//", value)]


def test_a_page_may_load_itself_anew() -> None:
    assert ("content", "30") in Structure(html.page("t", "s", [], refresh=30)).values
    assert "refresh" not in html.page("t", "s", [])


@pytest.mark.parametrize("make", [lambda: everything("x"), lambda: html.page("t", "s", [])])
def test_a_page_is_the_same_each_time(make: Callable[[], str]) -> None:
    assert make() == make()
