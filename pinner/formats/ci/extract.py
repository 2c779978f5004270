"""Extraction of the images that a document of a dialect names."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.ci.variables import Variables, is_text
from pinner.formats.ci.walk import find
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.references import is_null, is_template
from pinner.formats.yaml.scalars import SourceText, reference_text
from pinner.model import Occurrence, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.ci.position_types import Dialect, Position
    from pinner.formats.ci.variable_rules import Value
    from pinner.formats.ci.variables import Variable
    from pinner.formats.ci.walk import Hit
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.references import Collector, Use
    from pinner.model import Place, SkipReason

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
        is_built = dialect.builds and type(root) is Mapping
        self._built = built_names(root, self.fields) if is_built and type(root) is Mapping else {}
        self._variables: Variables | None = None

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
            self.keep(position, hit, known)

    def _names(self, path: str) -> frozenset[str]:
        """Return the texts that ``path`` leads to."""
        hits = find(self._root, path, self.fields, self._dialect.transparent)
        return frozenset([hit.node.value for hit in hits if type(hit.node) is Scalar])

    def _holds(self, position: Position, hit: Hit) -> bool:
        """Tell whether the marked mapping is as the position demands."""
        return all(re.search(pattern, self._text(hit.marked, key)) for key, pattern in position.when)

    def _text(self, mapping: Mapping | None, key: str) -> str:
        """Return the text under ``key`` of ``mapping``; ``{}`` for what is none, empty where there is nothing."""
        field = None if mapping is None else self.fields.get(mapping, key)
        if field is None:
            return ""
        return field.node.value if type(field.node) is Scalar else "{}"

    def keep(self, position: Position, hit: Hit, known: frozenset[str] = frozenset()) -> None:
        """Give the collector what ``hit`` is, found at ``position``; ``known`` are texts that name entries."""
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
        if inner is None:
            self.collector.add(use, use.unreadable(node))
        elif not self._follow(use, inner, hit):
            self.collector.add(use, self._judge(use, inner, position, hit))

    def _follow(self, use: Use, text: SourceText, hit: Hit) -> bool:
        """Keep what a variable at the end of ``text`` makes of it; False where there is none that is known."""
        root = self._root
        if not self._dialect.variables or type(root) is not Mapping or self._expression.search(str(text)) is None:
            return False
        if self._variables is None:
            self._variables = Variables(self._dialect.variables, root, self.fields, self._image_scalars())
        variable = self._variables.at_the_end_of(str(text), hit.written)
        if variable is None:
            return False
        values = [(value, reference_text(self.collector.data, value.scalar)) for value in variable.values]
        for value, end in values:
            if end is None or not end.data:
                self.collector.add(use, use.unreadable(value.scalar))
            else:
                self._keep_value(use, _joined(text, variable.start, end), variable, value)
        return True

    def _keep_value(self, use: Use, text: SourceText, variable: Variable, value: Value) -> None:
        """Keep the image ``text`` that ``use`` has by one value of ``variable``."""
        span = Span(text.starts[text.run_before(len(text.data))], text.ends[-1])
        through = use._replace(via=(*use.via, variable.shown), scalar=value.scalar, span=span)
        self.collector.image_nodes.add(id(value.written))
        if variable.conflict:
            line = self.collector.lines.line(variable.line_of)
            detail = f"`{variable.shown}` {variable.conflict} in line {line}"
            self.collector.add(through, through.skip(str(text), "arg-conflict", detail))
        else:
            self.collector.add(through, through.judge(text))

    def _image_scalars(self) -> set[int]:
        """Return what stands at any position of the dialect, by identity."""
        transparent = self._dialect.transparent
        hits = (hit for one in self._dialect.positions for hit in find(self._root, one.path, self.fields, transparent))
        return {id(hit.node) for hit in hits if type(hit.node) is Scalar}

    def _template(self, position: Position, hit: Hit) -> None:
        """Keep a ``{{ … }}`` without quotes, which YAML reads as a mapping."""
        text = is_template(self.collector.data, hit.node)
        if text:
            use = self.collector.use_at(position.kind, hit.node.start, len(text), owner=hit.owner)
            self.collector.add(use, use.skip(text, "templated", "a template fills it in"))

    def _add_plain(self, position: Position, hit: Hit) -> bool:
        """Keep an image that stands there as it is read and nothing more is to be said of; False where there is."""
        node = hit.node
        if position.strip or position.within or position.rest or hit.via or id(node) in self._built:
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
        if id(node) in self._built:
            line = self.collector.lines.line(self._built[id(node)])
            return use.skip(written, "built-here", f"a step builds this image, in line {line}")
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


def _joined(text: SourceText, start: int, end: SourceText) -> SourceText:
    """Return what ``text`` reads with ``end`` in the place of its own end, from the character ``start`` on."""
    head = text[: len(str(text)[:start].encode())]
    return SourceText(head.data + end.data, [*head.starts, *end.starts], [*head.ends, *end.ends])


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


_FLAGS = ("-t", "--tag", "-d", "--destination")
"""Of `docker build`, `gcloud builds submit`, buildah and kaniko."""


def built_names(root: Mapping, fields: KeyLookup) -> dict[int, int]:
    """Return the offset of what builds it for each ``name`` of a step, by identity, that an earlier step builds."""
    found: dict[int, int] = {}
    built: dict[str, int] = {}
    for step in fields.mappings(root, "steps"):
        name = fields.scalar(step, "name")
        if name is not None and _full(name.value) in built:
            found[id(name)] = built[_full(name.value)]
        arguments = fields.get(step, "args")
        for tag in _tags(None if arguments is None else arguments.node):
            built.setdefault(_full(tag.value.rpartition("=")[2]), tag.start)
    return found


def _tags(arguments: Node | None) -> Iterator[Scalar]:
    """Yield those of ``arguments`` that name a result."""
    before = ""
    for child in arguments.children if type(arguments) is Sequence else ():
        argument = resolve(child)
        if type(argument) is Scalar:
            if before in _FLAGS or argument.value.startswith(("--tag=", "--destination=")):
                yield argument
            before = argument.value


def _full(text: str) -> str:
    """Return ``text`` with a tag."""
    return text if ":" in text.rpartition("/")[2] or "@" in text else f"{text}:latest"
