"""Extraction of the images that a document of a dialect names."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.positions.walk import find
from pinner.formats.yaml import Mapping, Scalar
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.references import is_null, is_template
from pinner.formats.yaml.scalars import reference_text
from pinner.model import Occurrence

if TYPE_CHECKING:
    from pinner.formats.positions.table import Dialect, Position
    from pinner.formats.positions.walk import Hit
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.references import Collector, Use
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Place, SkipReason

# Plain words that YAML does not read as text: YAML 1.1, which these tools' parsers keep to, has more of them.
_NO_TEXT = re.compile(
    r"(?:true|false|yes|no|on|off)\Z|[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:e[-+]?[0-9]+)?|0x[0-9a-f_]+)\Z",
    re.IGNORECASE,
)
_REST = "entered"


class Extraction:
    """The images of one document of a dialect, given to a collector."""

    def __init__(self, collector: Collector, dialect: Dialect, root: Node) -> None:
        self.collector = collector
        self.fields = KeyLookup()
        self._dialect = dialect
        self._root = root
        self._expression = re.compile(dialect.expression)
        self._unread = re.compile(dialect.unread or r"^x-")
        self._seen: set[int] = set()

    def collect(self) -> None:
        """Give the collector everything that the positions of the dialect lead to."""
        for position in self._dialect.positions:
            self._collect(position)

    def state_of(self, state: str, key: str, node: Node) -> str | None:
        """Return what a reader takes ``node`` for: see `anchors.Grammar`. Templates and the like have no reader."""
        if state:
            return state
        is_hidden = key.startswith(".") and type(node) is not Mapping
        return None if is_hidden or key.startswith("x-") or self._unread.search(key) else _REST

    def _collect(self, position: Position) -> None:
        known = self._names(position.alias) if position.alias else frozenset()
        for hit in find(self._root, position.path, self.fields, self._dialect.transparent):
            if id(hit.written) in self._seen or not self._holds(position, hit):
                continue
            self._keep(position, hit, known)

    def _names(self, path: str) -> frozenset[str]:
        """Return the texts that ``path`` leads to."""
        hits = find(self._root, path, self.fields, self._dialect.transparent)
        return frozenset([hit.node.value for hit in hits if type(hit.node) is Scalar])

    def _holds(self, position: Position, hit: Hit) -> bool:
        """Tell whether the marked mapping is as the position demands."""
        for key, pattern in position.when:
            scalar = None if hit.marked is None else self.fields.scalar(hit.marked, key)
            if not re.search(pattern, "" if scalar is None else scalar.value):
                return False
        return True

    def _keep(self, position: Position, hit: Hit, known: frozenset[str]) -> None:
        node = hit.node
        if type(node) is not Scalar:
            self._template(position, hit)
            return
        if is_null(node) or not is_text(node) or (position.alias and _is_alias(node.value, known)):
            return
        part = _part(position, node.value)
        if part is None or (position.text and not re.search(position.text, node.value)):
            return
        self._seen.add(id(hit.written))
        if part == _NO_PART:
            use = self.collector.use(position.kind, node, None, hit.written, via=hit.via, owner=hit.owner)
            self.collector.add(use, use.skip(node.value, "computed", "which of its words is the image cannot be told"))
            return
        if self._add_plain(position, hit):
            return
        text = reference_text(self.collector.data, node)
        inner = None if text is None else text[part]
        use = self.collector.use(position.kind, node, inner, hit.written, via=hit.via, owner=hit.owner)
        self.collector.add(use, use.unreadable(node) if inner is None else self._judge(use, inner, position, hit))

    def _template(self, position: Position, hit: Hit) -> None:
        """Keep a ``{{ … }}`` without quotes, which YAML reads as a mapping."""
        text = is_template(self.collector.data, hit.node)
        if text:
            use = self.collector.use_at(position.kind, hit.node.start, len(text), owner=hit.owner)
            self.collector.add(use, use.skip(text, "templated", "a template fills it in"))

    def _add_plain(self, position: Position, hit: Hit) -> bool:
        """Keep an image that stands there as it is read and nothing more is to be said of; False where there is."""
        node = hit.node
        if position.strip or position.within or position.rest or hit.via:
            return False
        if node is not hit.written or type(node) is not Scalar:
            return False
        if node.value.startswith("localhost/") or self._expression.search(node.value):
            return False
        return self.collector.add_plain(position.kind, node, hit.owner)

    def _judge(self, use: Use, text: SourceText, position: Position, hit: Hit) -> Place:
        """Return what ``text``, without what comes before it, is."""
        written = str(text)
        node = hit.node
        if node.tag is not None and node.tag.startswith("!") and node.tag != "!":
            return use.skip(written, "interpolated-name", f"`{node.tag}` puts it together")
        expression = self._expression.search(written)
        if expression is not None:
            return use.skip(written, *_interpolated(written, expression))
        if "{{" in written or "<%" in written:
            return use.skip(written, "templated", "a template fills it in")
        if written.startswith("localhost/"):
            return use.skip(written, "built-elsewhere", "`localhost/` is the store of the machine that built it")
        place = use.judge(text)
        rest = self._rest(position, hit) if isinstance(place, Occurrence) and place.reference.tag is None else ""
        if rest and isinstance(place, Occurrence) and place.reference.digest is None:
            return use.skip(written, "separate-tag", f"its tag is the key `{rest}` beside it")
        return place

    def _rest(self, position: Position, hit: Hit) -> str:
        """Return the key beside the image that holds the rest of its name; empty where none does."""
        holder = hit.holder
        if holder is None:
            return ""
        return next((key for key in position.rest if self.fields.scalar(holder, key) is not None), "")


def _interpolated(written: str, expression: re.Match[str]) -> tuple[SkipReason, str]:
    """Return the reason of a skip and its detail, for a text with an ``expression`` in it."""
    start = expression.start()
    colon = written.find(":", written.rfind("/", 0, start) + 1)
    reason: SkipReason = "interpolated-tag" if start > colon >= 0 else "interpolated-name"
    return reason, f"`{_shown(written, expression)}` is filled in before the image is pulled"


_CLOSING = {"${{": "}}", "$[[": "]]", "${": "}", "$(": ")", "$[": "]", "<<": ">>", "{{": "}}"}


def _shown(written: str, expression: re.Match[str]) -> str:
    """Return the expression that begins at the match, for people."""
    rest = written[expression.start() :]
    for opening, closing in _CLOSING.items():
        if rest.startswith(opening):
            end = rest.rfind(closing) if closing == "]" else rest.find(closing)
            return rest if end < 0 else rest[: end + len(closing)]
    variable = re.match(r"\$\w*", rest)
    return rest if variable is None else variable[0]


_NO_PART = slice(0, 0)


def _part(position: Position, value: str) -> slice | None:
    """Return which part of ``value`` is the reference, none where it cannot be told; None where it is no image."""
    if position.within:
        match = re.search(position.within, value)
        return _NO_PART if match is None else slice(*match.span("image"))
    if position.strip:
        if (value.lower() if position.fold else value).startswith(position.strip):
            return slice(len(position.strip), None)
        return None if position.required else slice(None)
    return slice(None)


def _is_alias(value: str, known: frozenset[str]) -> bool:
    """Tell whether ``value`` names an entry: of this file, or as a bare word of another."""
    return value in known or not (":" in value or "/" in value)


def is_text(scalar: Scalar) -> bool:
    """Tell whether YAML reads ``scalar`` as text: in quotes, or no number and no truth value."""
    if scalar.style or scalar.tag is not None:
        return scalar.tag is None or not scalar.tag.startswith("tag:yaml.org,2002:") or scalar.tag.endswith(":str")
    return _NO_TEXT.match(scalar.value) is None
