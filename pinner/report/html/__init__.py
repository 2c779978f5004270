"""HTML pages in one file: text escaped, tables that sort and filter, bars, one style and script for all pages.

A page asks nobody for anything: style and script stand in it, and its content security policy allows these two by their
hashes and nothing else. What is not `Markup` is text and is escaped, wherever it stands; only `tag` and what is made of
it make `Markup`. Nothing here depends on the clock.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from pinner.report.html.elements import NOTHING, Markup, badge, code, details, joined, link, listing, tag, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.report.html.elements import Content, Kind

__all__ = [
    "NOTHING",
    "Breakdown",
    "Cell",
    "Column",
    "Markup",
    "Part",
    "Row",
    "Section",
    "Table",
    "Tile",
    "badge",
    "breakdown",
    "code",
    "details",
    "joined",
    "link",
    "listing",
    "page",
    "policy",
    "table",
    "tag",
    "text",
    "tiles",
]


class Tile(NamedTuple):
    """One number that counts for the whole page."""

    label: str
    value: Content
    kind: Kind = "plain"
    note: str = ""


def tiles(shown: Iterable[Tile]) -> Markup:
    """Return ``shown`` side by side."""
    return tag(
        "dl",
        *(
            tag(
                "div",
                tag("dt", one.label),
                tag("dd", one.value),
                tag("dd", one.note, class_="note") if one.note else NOTHING,
                class_=f"tile {one.kind}",
            )
            for one in shown
        ),
        class_="tiles",
    )


class Column(NamedTuple):
    """A column of a table."""

    title: str
    is_number: bool = False
    """Whether it is sorted by numbers, and set to the right."""
    kind: Kind | None = None
    """The colour of its part of the bars."""


class Cell(NamedTuple):
    """A cell that is sorted by something else than its text."""

    content: Content
    key: str | int | float | None = None
    """What it is sorted by; None comes last, whichever way."""


class Row(NamedTuple):
    """A row of a table; the first cell is its head."""

    cells: Sequence[Content | Cell]
    state: str = ""
    """By which of the table's `Table.states` it is found."""


class Table(NamedTuple):
    """A table that can be sorted by every column and, where ``has_search``, be searched."""

    name: str
    """Of the program's own: letters and dashes, once in a page."""
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    has_search: bool = False
    """Whether it can be searched; each row is a card where the window is narrow."""
    states: Sequence[str] = ()
    """What the rows can be filtered by, in the order of the choice."""


def table(shown: Table) -> Markup:
    """Return ``shown``; without a script it is an ordinary table in the order of its rows."""
    heads = tag("tr", *map(_head, shown.columns))
    body = joined(_row(row, shown.columns) for row in shown.rows)
    made = tag(
        "table",
        tag("caption", shown.caption),
        tag("thead", heads),
        tag("tbody", body),
        id=shown.name,
        data_table=True,
        data_cards=shown.has_search,
    )
    # What scrolls sideways has to be reached by keyboard.
    region = tag("div", made, class_="scroll", role="region", aria_label=shown.caption, tabindex="0")
    return joined((_controls(shown), region)) if shown.has_search else region


def _head(column: Column) -> Markup:
    swatch = NOTHING if column.kind is None else tag("span", class_=f"swatch {column.kind}")
    return tag("th", swatch, column.title, scope="col", data_number=column.is_number)


def _row(row: Row, columns: Sequence[Column]) -> Markup:
    cells = [one if isinstance(one, Cell) else Cell(one, None if isinstance(one, Markup) else one) for one in row.cells]
    made = (
        tag(
            "td" if number else "th",
            cell.content,
            scope=None if number else "row",
            data_key="" if cell.key is None else str(cell.key),
            data_label=column.title,
            class_="number" if column.is_number else None,
        )
        for number, (cell, column) in enumerate(zip(cells, columns, strict=True))
    )
    return tag("tr", *made, data_state=row.state or None)


def _controls(shown: Table) -> Markup:
    """Return what searches and filters: hidden until the script is there to obey it."""
    search = tag(
        "label", "Search ", tag("input", type="search", autocomplete="off", spellcheck="false", data_search=shown.name)
    )
    choices = (tag("option", "all", value=""), *(tag("option", state, value=state) for state in shown.states))
    choice = tag("label", "Show ", tag("select", *choices, data_filter=shown.name)) if shown.states else NOTHING
    unfold = tag("button", "Unfold all", type="button", data_unfold=shown.name, aria_pressed="false")
    found = tag("output", role="status", data_found=shown.name)
    return tag("div", search, choice, unfold, found, class_="controls", hidden=True)


class Part(NamedTuple):
    """One of the counts that the bars of a breakdown are put together from."""

    title: str
    kind: Kind


class Breakdown(NamedTuple):
    """Counts by something: a table whose second column is a bar."""

    name: str
    """As `Table.name`."""
    caption: str
    by: str
    """The title of the first column."""
    parts: Sequence[Part]
    rows: Sequence[tuple[Content | Cell, Sequence[int]]]
    """What is counted by, and the count of each part."""


def breakdown(shown: Breakdown) -> Markup:
    """Return ``shown``; the longest bar is as wide as its column."""
    most = max((sum(counts) for _, counts in shown.rows), default=0)
    kinds = [part.kind for part in shown.parts]
    several = shown.parts if len(shown.parts) > 1 else ()
    columns = (
        Column(shown.by),
        Column("All" if several else shown.parts[0].title, is_number=True),
        *(Column(part.title, is_number=True, kind=part.kind) for part in several),
    )
    rows = [
        Row((label, Cell(_bar(kinds, counts, most), sum(counts)), *map(_faint, counts if several else ())))
        for label, counts in shown.rows
    ]
    return tag("div", table(Table(shown.name, shown.caption, columns, rows)), class_="breakdown")


_FULL = 1000


def _faint(number: int) -> Content | Cell:
    """Return ``number`` such that a column of noughts lets the others be seen."""
    return number or Cell(tag("span", 0, class_="nought"), 0)


def _bar(kinds: Sequence[Kind], counts: Sequence[int], most: int) -> Markup:
    # Attributes of SVG and not styles, which the policy of the page forbids.
    parts, start = [], 0
    for kind, count in zip(kinds, counts, strict=True):
        width = round(_FULL * count / most) if most else 0
        if width:
            parts.append(tag("rect", x=start, y=0, width=width, height=1, class_=kind))
        start += width
    drawn = tag("svg", *parts, viewBox=f"0 0 {_FULL} 1", preserveAspectRatio="none", aria_hidden="true")
    return tag("div", drawn, tag("span", sum(counts)), class_="bar")


class Section(NamedTuple):
    """A part of a page under a heading of its own."""

    name: str
    """As `Table.name`."""
    title: str
    content: Sequence[Content]


def page(title: str, subtitle: Content, sections: Sequence[Section], *, refresh: int | None = None) -> str:
    """Return a whole page; ``refresh`` are the seconds after which a browser loads it anew."""
    head = (
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("meta", http_equiv="refresh", content=refresh) if refresh else NOTHING,
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", _own("page.css")),
    )
    contents = listing(tag("a", one.title, href=f"#{one.name}") for one in sections)
    main = (tag("section", tag("h2", one.title), *one.content, id=one.name, aria_label=one.title) for one in sections)
    body = (
        tag("header", tag("h1", title), tag("p", subtitle)),
        tag("nav", contents, aria_label="On this page") if len(sections) > 1 else NOTHING,
        tag("main", *main),
        tag("script", _own("page.js")),
    )
    return f"<!doctype html>\n{tag('html', tag('head', *head), tag('body', *body), lang='en')}\n"


@cache
def policy() -> str:
    """Return the content security policy of a page, for whoever serves one to send it as a header too."""
    style, script = (_hash(_own(name)) for name in ("page.css", "page.js"))
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode('ascii')}"


@cache
def _own(name: str) -> Markup:
    """Return a file of this package, which is part of the page as it is."""
    return Markup((files(__name__) / name).read_text("utf-8"))
