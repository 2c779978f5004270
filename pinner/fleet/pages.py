"""Pages of the fleet's dashboard: totals over time, an image's users, a repository's places, what is stuck."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pinner.fleet.overview import budgets, failing, totals
from pinner.report.html.elements import Markup, badge, code, link, listing, tag, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.fleet.store import Store
    from pinner.report.html.elements import Content, Kind

_MOST = 500
"""Rows of a table: what is more is counted."""
_WIDTH, _HEIGHT = 720, 120
_COURSES: tuple[tuple[str, Kind], ...] = (("mentions", "quiet"), ("pinned", "good"), ("behind", "bad"))
_WRONG = frozenset({"stuck", "unanswered", "behind"})
_WORDS = {"mentions": "places", "signed": "images signed", "pulls": "open pull requests"}
"""What numbers are called where their own names say too little."""
_WAYS = (("Fleet", "/"), ("Images", "/images"), ("Repositories", "/repositories"), ("Failing", "/failing"))


def page(title: str, *content: Content) -> bytes:
    """Return a whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · pinner fleet"),
        tag("link", rel="stylesheet", href="/style.css"),
    )
    ways = listing(_way(words, path) for words, path in _WAYS)
    body = tag("body", tag("header", tag("h1", title), tag("nav", ways, aria_label="Pages")), tag("main", *content))
    return f"<!doctype html>{tag('html', head, body, lang='en')}".encode()


def _way(words: Content, path: str, **query: str) -> Markup:
    """Return a link within the pages."""
    return tag("a", words, href=f"{path}?{urlencode(query)}" if query else path)


def _table(heads: Sequence[str], lines: Sequence[Sequence[Content]], of: int) -> Markup:
    """Return a table of ``lines``, which are the first of so many."""
    if not lines:
        return tag("p", "None.", class_="note")
    head = tag("thead", tag("tr", *(tag("th", one, scope="col") for one in heads)))
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in line)) for line in lines))
    more = tag("p", f"and {of - len(lines)} more", class_="note") if of > len(lines) else ""
    return tag(
        "div", tag("table", head, body), more, class_="scroll", tabindex="0", role="region", aria_label=", ".join(heads)
    )


def _moment(at: float | None) -> str:
    return "" if at is None else datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%d %H:%M UTC")


def overview_page(store: Store, now: float) -> bytes:
    """Return the page of the whole fleet."""
    tiles = [_tile(name, number) for name, number in totals(store, now)._asdict().items()]
    found = budgets(store, now)
    taken = [
        (one["host"], code(one["token"]), one["window"], f"{one['taken']} of {one['of']}") for one in found[:_MOST]
    ]
    return page(
        "Fleet",
        tag("dl", *tiles, class_="tiles"),
        tag("h2", "Over time"),
        _course(store),
        tag("h2", "Budgets"),
        _table(("Host", "Token", "Window", "Taken"), taken, len(found)),
    )


def _tile(name: str, number: int) -> Markup:
    kind = "good" if name == "pinned" else "bad" if number and name in _WRONG else "plain"
    return tag("div", tag("dt", _WORDS.get(name, name)), tag("dd", number), class_=f"tile {kind}")


def _course(store: Store) -> Markup:
    """Return the numbers of places over time: all, pinned, behind."""
    found = store.records("select at, mentions, pinned, behind from total order by at desc limit 720")[::-1]
    if not found:
        return tag("p", "Nothing has been counted yet.", class_="note")
    first, span = found[0]["at"], max(1.0, found[-1]["at"] - found[0]["at"])
    most = max(1, *(one["mentions"] for one in found))
    lines, keys = [], []
    for name, kind in _COURSES:
        points = " ".join(
            f"{(one['at'] - first) / span * _WIDTH:.1f},{_HEIGHT - one[name] / most * (_HEIGHT - 4) - 2:.1f}"
            for one in found
        )
        lines.append(tag("polyline", points=points, class_=kind))
        keys += [badge(f"{_WORDS.get(name, name)} {found[-1][name]}", kind), " "]
    when = f"{_moment(first)} to {_moment(found[-1]['at'])}"
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none"'
    drawing = Markup(f'<svg {box} role="img" aria-label="{text(f"Places, {when}")}">{"".join(lines)}</svg>')
    return tag("figure", drawing, tag("figcaption", *keys, tag("span", when, class_="note")))


def images_page(store: Store) -> bytes:
    """Return the page of all images, those with most users first."""
    found = store.records(
        """select image.name as name, image.changed_at as changed_at, image.signed as signed, image.note as note,
            count(distinct mention.repository) as users from image
            left join mention on mention.image = image.name
            group by image.id, image.name, image.changed_at, image.signed, image.note
            order by users desc, image.name"""
    )
    lines = [
        (
            _image(one["name"]),
            one["users"],
            _moment(one["changed_at"]),
            _signed(one["signed"]),
            _long(one["note"]),
        )
        for one in found[:_MOST]
    ]
    return page("Images", _table(("Image", "Repositories", "Moved", "Signed", "No answer"), lines, len(found)))


def _long(words: Content | None) -> Content:
    """Return words that may go on in another line, in a table of which nothing else does."""
    return tag("div", words, class_="long") if words else ""


def _signed(signed: object) -> Content:
    return badge("signed", "good") if signed == 1 else badge("unsigned", "quiet") if signed == 0 else ""


def image_page(store: Store, name: str) -> bytes | None:
    """Return the page of an image: the digests in use, who uses them; None for one that is not known."""
    known = store.read("select digest, changed_at, ask_at from image where name = ?", name)
    found = store.records(f"{_PLACES} where mention.image = ? order by mention.digest, repository.name", name)
    if not known and not found:
        return None
    digest, changed_at, ask_at = known[0] if known else (None, None, None)
    means = tag("p", "It means ", code(digest), f" since {_moment(changed_at)}") if digest else ""
    asked = tag("p", f"It is asked about next at {_moment(ask_at)}.", class_="note") if known else ""
    lines = [(_digest(one), _repository(one), _place(one)) for one in found[:_MOST]]
    return page(name, means, asked, _table(("Digest", "Repository", "Place"), lines, len(found)))


_PLACES = """select repository.forge as forge, repository.name as name, mention.path as path, mention.line as line,
    mention.image as image, mention.digest as digest, image.digest as means
    from mention join repository on repository.id = mention.repository left join image on image.name = mention.image"""


def _repository(one: dict[str, Any]) -> Markup:
    return _way(one["name"], "/repository", forge=one["forge"], name=one["name"])


def _image(name: str) -> Content:
    return _long(_way(name, "/image", name=name))


def _place(one: dict[str, Any]) -> Content:
    return _long(f"{one['path']}:{one['line']}")


def _digest(one: dict[str, Any]) -> Content:
    digest = one["digest"]
    if digest is None:
        return badge("not pinned", "bad")
    shown = _way(code(digest[:19]), "/digest", digest=digest)
    return shown if one["means"] in (None, digest) else Markup(shown + text(" ") + badge("behind", "unsure"))


def digest_page(store: Store, digest: str) -> bytes:
    """Return the page of who still has a digest."""
    found = store.records(f"{_PLACES} where mention.digest = ? order by mention.image, repository.name", digest)
    lines = [(_image(one["image"]), _repository(one), _place(one)) for one in found[:_MOST]]
    return page("Who has it", tag("p", code(digest)), _table(("Image", "Repository", "Place"), lines, len(found)))


def repositories_page(store: Store) -> bytes:
    """Return the page of all repositories."""
    found = store.records(
        "select forge, name, outcome, seen_to_at, due_at, reason from repository where gone_at is null order by name"
    )
    lines = [
        (
            _repository(one),
            one["outcome"] or "",
            _moment(one["seen_to_at"]),
            _moment(one["due_at"]),
            one["reason"] if one["due_at"] else "",
        )
        for one in found[:_MOST]
    ]
    return page("Repositories", _table(("Repository", "Outcome", "Read", "Due", "Why"), lines, len(found)))


def repository_page(store: Store, forge: str, name: str) -> bytes | None:
    """Return the page of a repository: outcome, pull requests, places; None for one that is not known."""
    sql = "select id, outcome, told, seen_to_at, due_at from repository where forge = ? and name = ?"
    known = store.read(sql, forge, name)
    if not known:
        return None
    number, outcome, told, seen_to_at, due_at = known[0]
    when = f"read {_moment(seen_to_at) or 'never'}" + (f", due {_moment(due_at)}" if due_at else "")
    return page(
        name,
        tag("p", badge(outcome or "new", "plain"), f" {when}"),
        tag("p", told or ""),
        tag("p", link("On its forge", f"{forge}/{name}")),
        tag("h2", "Pull requests"),
        _pulls(store, number),
        tag("h2", "Places"),
        _places(store, number),
    )


def _pulls(store: Store, number: object) -> Markup:
    sql = "select branch, number, state, opened_at, url from pull where repository = ? order by branch"
    found = store.read(sql, number)
    lines = [
        (code(branch), state, _moment(opened_at), link(f"#{pull}", url))
        for branch, pull, state, opened_at, url in found[:_MOST]
    ]
    return _table(("Branch", "State", "First seen", "Page"), lines, len(found))


def _places(store: Store, number: object) -> Markup:
    found = store.records(f"{_PLACES} where repository.id = ? order by mention.path, mention.line", number)
    lines = [(_place(one), _image(one["image"]), _digest(one)) for one in found[:_MOST]]
    return _table(("Place", "Image", "Digest"), lines, len(found))


def failing_page(store: Store) -> bytes:
    """Return the page of what fails."""
    found = failing(store)
    lines = [(_repository(one), one["failures"], _long(one["told"]), _moment(one["due_at"])) for one in found[:_MOST]]
    return page("Failing", _table(("Repository", "Failures", "Why", "Tried again"), lines, len(found)))


def metrics(store: Store, now: float) -> bytes:
    """Return the numbers as Prometheus reads them."""
    lines = []
    for name, number in totals(store, now)._asdict().items():
        lines += [f"# TYPE pinner_fleet_{name} gauge", f"pinner_fleet_{name} {number}"]
    lines.append("# TYPE pinner_fleet_budget_taken gauge")
    for one in budgets(store, now):
        labels = ",".join(f'{key}="{_label(one[key])}"' for key in ("host", "token", "window"))
        lines.append(f"pinner_fleet_budget_taken{{{labels}}} {one['taken']}")
    return ("\n".join(lines) + "\n").encode()


def _label(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
