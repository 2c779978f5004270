"""Pages of the fleet's dashboard: totals over time, an image's users, a repository's places, what is stuck."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pinner.fleet.overview import budgets, rows, stuck, totals
from pinner.report.html.elements import Markup, badge, code, link, listing, tag, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pinner.fleet.store import Store
    from pinner.report.html.elements import Content

_MOST = 500
"""Rows of a table: what is more is counted."""
_WIDTH, _HEIGHT = 720, 120


def page(title: str, *content: Content) -> bytes:
    """Return a whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · pinner fleet"),
        tag("link", rel="stylesheet", href="/style.css"),
    )
    ways = listing(
        [_way("Fleet", "/"), _way("Images", "/images"), _way("Repositories", "/repositories"), _way("Stuck", "/stuck")]
    )
    body = tag("body", tag("header", tag("h1", title), tag("nav", ways, aria_label="Pages")), tag("main", *content))
    return f"<!doctype html>{tag('html', head, body, lang='en')}".encode()


def _way(words: Content, path: str, **query: str) -> Markup:
    """Return a link within the pages."""
    return tag("a", words, href=f"{path}?{urlencode(query)}" if query else path)


def _table(heads: Sequence[str], lines: Iterable[Sequence[Content]]) -> Markup:
    found = list(lines)
    if not found:
        return tag("p", "None.", class_="note")
    head = tag("thead", tag("tr", *(tag("th", one, scope="col") for one in heads)))
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in line)) for line in found[:_MOST]))
    more = tag("p", f"and {len(found) - _MOST} more", class_="note") if len(found) > _MOST else ""
    return tag("div", tag("table", head, body), more, class_="scroll", tabindex="0", role="region", aria_label="Table")


def _moment(at: object) -> str:
    return "" if at is None else datetime.fromtimestamp(int(float(str(at))), UTC).strftime("%Y-%m-%d %H:%M UTC")


def overview_page(store: Store, now: float) -> bytes:
    """Return the page of the whole fleet."""
    now_totals = totals(store, now)
    tiles = [
        tag("div", tag("dt", name), tag("dd", number), class_="tile") for name, number in now_totals._asdict().items()
    ]
    taken = [
        (one["host"], code(one["token"]), one["window"], f"{one['taken']} of {one['of']}")
        for one in budgets(store, now)
    ]
    return page(
        "Fleet",
        tag("dl", *tiles, class_="tiles"),
        tag("h2", "Over time"),
        _course(store),
        tag("h2", "Budgets"),
        _table(("Host", "Token", "Window", "Taken"), taken),
    )


def _course(store: Store) -> Markup:
    """Return the numbers of places over time: all, pinned, behind."""
    found = rows(
        store,
        """select at as at,
            mentions as mentions,
            pinned as pinned,
            behind as behind from total order by at desc limit 720""",
    )[::-1]
    if not found:
        return tag("p", "Nothing has been counted yet.", class_="note")
    first, span = found[0]["at"], max(1.0, found[-1]["at"] - found[0]["at"])
    most = max(1, *(one["mentions"] for one in found))
    lines = []
    for name, kind in (("mentions", "quiet"), ("pinned", "good"), ("behind", "bad")):
        points = " ".join(
            f"{(one['at'] - first) / span * _WIDTH:.1f},{_HEIGHT - one[name] / most * (_HEIGHT - 4) - 2:.1f}"
            for one in found
        )
        lines.append(tag("polyline", points=points, fill="none", stroke=f"var(--{kind})", stroke_width=2))
    words = f"places {found[-1]['mentions']}, pinned {found[-1]['pinned']}, behind {found[-1]['behind']}"
    label = f"{_moment(first)} to {_moment(found[-1]['at'])}: {words}"
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    drawing = Markup(f'<svg viewBox="{box}" role="img" aria-label="{text(label)}">{"".join(lines)}</svg>')
    return tag("figure", drawing, tag("figcaption", label, class_="note"))


def images_page(store: Store) -> bytes:
    """Return the page of all images, those with most users first."""
    found = rows(
        store,
        """select image.name as name,
            image.digest as digest,
            image.changed_at as changed_at,
            image.signed as signed,
            image.note as note,
            count(distinct mention.repository) as users from image
            left join mention on mention.image = image.name
            group by image.id, image.name, image.digest, image.changed_at, image.signed, image.note
            order by users desc, image.name""",
    )
    lines = [
        (
            _way(one["name"], "/image", name=one["name"]),
            one["users"],
            _moment(one["changed_at"]),
            _signed(one["signed"]),
            one["note"] or "",
        )
        for one in found
    ]
    return page("Images", _table(("Image", "Repositories", "Moved", "Signed", "No answer"), lines))


def _signed(signed: object) -> Content:
    return "" if signed is None else badge("signed", "good") if signed else badge("unsigned", "quiet")


def image_page(store: Store, name: str) -> bytes | None:
    """Return the page of an image: the digests in use, who uses them; None for one that is not known."""
    known = store.read("select digest, changed_at, ask_at from image where name = ?", name)
    found = rows(store, f"{_PLACES} where mention.image = ? order by mention.digest, repository.name", name)
    if not known and not found:
        return None
    digest, changed_at, ask_at = known[0] if known else (None, None, None)
    means = tag("p", "It means ", code(str(digest)), f" since {_moment(changed_at)}") if digest else ""
    asked = tag("p", f"It is asked about next at {_moment(ask_at)}.", class_="note") if known else ""
    lines = [
        (_digest(one["digest"], str(digest) if digest else None), _repository(one), f"{one['path']}:{one['line']}")
        for one in found
    ]
    return page(name, means, asked, _table(("Digest", "Repository", "Place"), lines))


_PLACES = """select repository.forge as forge,
    repository.name as name,
    mention.path as path,
    mention.line as line,
    mention.image as image,
    mention.digest as digest from mention join repository on repository.id = mention.repository"""


def _repository(one: dict[str, Any]) -> Markup:
    return _way(one["name"], "/repository", forge=one["forge"], name=one["name"])


def _digest(digest: str | None, means: str | None = None) -> Content:
    if digest is None:
        return badge("not pinned", "bad")
    shown = _way(code(digest[:19]), "/digest", digest=digest)
    return Markup(shown + text(" ") + badge("behind", "unsure")) if means not in (None, digest) else shown


def digest_page(store: Store, digest: str) -> bytes:
    """Return the page of who still has a digest."""
    found = rows(store, f"{_PLACES} where mention.digest = ? order by mention.image, repository.name", digest)
    lines = [
        (_way(one["image"], "/image", name=one["image"]), _repository(one), f"{one['path']}:{one['line']}")
        for one in found
    ]
    return page("Who has it", tag("p", code(digest)), _table(("Image", "Repository", "Place"), lines))


def repositories_page(store: Store) -> bytes:
    """Return the page of all repositories."""
    found = rows(
        store,
        """select forge as forge,
            name as name,
            outcome as outcome,
            seen_to_at as seen_to_at,
            due_at as due_at,
            reason as reason from repository where gone_at is null order by name""",
    )
    lines = [
        (
            _repository(one),
            one["outcome"] or "",
            _moment(one["seen_to_at"]),
            _moment(one["due_at"]),
            one["reason"] if one["due_at"] else "",
        )
        for one in found
    ]
    return page("Repositories", _table(("Repository", "Outcome", "Read", "Due", "Why"), lines))


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
        tag("p", badge(str(outcome or "new"), "plain"), f" {when}"),
        tag("p", str(told or "")),
        tag("p", link("On its forge", f"{forge}/{name}")),
        tag("h2", "Pull requests"),
        _pulls(store, number),
        tag("h2", "Places"),
        _places(store, number),
    )


def _pulls(store: Store, number: object) -> Markup:
    found = store.read("select branch, number, state, url from pull where repository = ? order by branch", number)
    lines = [(code(str(branch)), str(state), link(f"#{pull}", str(url))) for branch, pull, state, url in found]
    return _table(("Branch", "State", "Page"), lines)


def _places(store: Store, number: object) -> Markup:
    found = rows(store, f"{_PLACES} where repository.id = ? order by mention.path, mention.line", number)
    lines = [
        (f"{one['path']}:{one['line']}", _way(one["image"], "/image", name=one["image"]), _digest(one["digest"]))
        for one in found
    ]
    return _table(("Place", "Image", "Digest"), lines)


def stuck_page(store: Store) -> bytes:
    """Return the page of what fails."""
    lines = [(_repository(one), one["failures"], one["told"] or "", _moment(one["due_at"])) for one in stuck(store)]
    return page("Stuck", _table(("Repository", "Failures", "Why", "Tried again"), lines))


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
