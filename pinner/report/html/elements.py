"""HTML elements: text escaped wherever it stands, and markup only by what is made here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, TypeAlias

from pinner.report.escapes import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal

    Kind: TypeAlias = Literal["good", "bad", "unsure", "open", "quiet", "plain"]
    """What something means for its reader; its colour. The words beside it say the same."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = "str | int | Markup"

_VOID = frozenset({"meta", "link", "input", "br"})
NOTHING = Markup()


def text(content: Content) -> Markup:
    """Return ``content`` as HTML: `Markup` as it is, anything else escaped, control characters spelled out."""
    if isinstance(content, Markup):
        return content
    shown = printable(str(content))
    # What is left of the bytes of a file name that is no UTF-8.
    known = escape(shown.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    # A CI job may show the page as it is: `##[…` is a command to some runners, wherever it stands.
    return Markup(known.replace("##", "#&#35;"))


def tag(name: str, /, *content: Content, **attributes: Content | bool | None) -> Markup:
    """Return the element ``name`` with ``content``.

    Of the names of ``attributes`` an underscore at the end goes, and others are dashes. True is an attribute without a
    value; False and None are none. Names are the program's own: they are not escaped.
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{text(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    inner = "".join(map(text, content))
    return Markup(f"<{name}{given}>" if name in _VOID else f"<{name}{given}>{inner}</{name}>")


def joined(parts: Iterable[Content]) -> Markup:
    """Return ``parts`` one after the other."""
    return Markup("".join(map(text, parts)))


def link(content: Content, address: str) -> Markup:
    """Return ``content`` as a link to ``address``; as itself where that is no address of the web."""
    if not address.startswith(("https://", "http://", "#")):
        return text(content)
    return tag("a", content, href=address, rel="noreferrer")


def badge(words: str, kind: Kind) -> Markup:
    """Return a few words that stand out as ``kind``."""
    return tag("span", words, class_=f"badge {kind}")


def code(words: str) -> Markup:
    """Return ``words`` as something that stands in a file so."""
    return tag("code", words)


def details(summary: Content, *content: Content) -> Markup:
    """Return ``content`` folded behind ``summary``."""
    return tag("details", tag("summary", summary), *content)


def listing(items: Iterable[Content]) -> Markup:
    """Return ``items`` as a list."""
    return tag("ul", *(tag("li", item) for item in items))
