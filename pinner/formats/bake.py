"""Bake format: the images of ``docker buildx bake`` files, in HCL and in JSON.

Inheritance is that of buildx (``bake/bake.go``: ``target``, ``Merge``): what is inherited later wins, the target's own
most of all. The linker takes them as it takes the services of a compose file.

Source: buildx, ``bake/bake.go`` (``Target``, ``ResolveTarget``, ``Merge``) and its ``docs/bake-reference.md``. Images
stand in ``contexts`` behind ``docker-image://`` and in ``dockerfile-inline``; ``args`` take the place of a Dockerfile's
``ARG`` defaults, which the linker knows.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats.hcl.blocks import outline, scan, scan_json
from pinner.formats.hcl.facts import module_with, text_of
from pinner.formats.hcl.places import Collector
from pinner.formats.hcl.values import Array, Object, Piece, Template, literal_text
from pinner.formats.yaml.embedded import Embedded
from pinner.link.facts import Argument, ComposeBuild, ComposeFile, ComposeService, HclDefinition
from pinner.model import Located, Occurrence, Span, as_skipped
from pinner.reference import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pinner.formats.hcl.blocks import Block
    from pinner.formats.hcl.tokens import Word
    from pinner.formats.hcl.values import Value
    from pinner.link.facts import Fact, HclText
    from pinner.model import Document, Place

_IMAGES = re.compile(rb'docker-image://|dockerfile-inline|(?<![\w-])"?args"?[ \t]*[=:{]')
"""What a file has in it that names an image, or gives a Dockerfile's ``ARG`` one."""
PREFIXES = (b"",)
"""Every word may be a variable's name."""
_KEY = re.compile(rb"[ \t]*=(?!=)")
_DEEPEST = 20
_LONGEST = 4_000
_FIELDS = ("context", "dockerfile")


def definitions_of(collector: Collector, root: Block) -> list[HclDefinition]:
    """Return the variables of a file, as far as they have texts for defaults."""
    found = []
    for block in root.each("variable"):
        default = block.attribute("default") if block.labels else None
        text = text_of(collector, collector.read(default)) if default is not None else None
        if text is not None:
            found.append(HclDefinition(block.labels[0], text, is_given=True))
    return found


def fields_of(collector: Collector, target: Block, name: str) -> dict[str, Value]:
    """Return the entries of the object ``name`` of ``target``, written as an attribute or as a block."""
    found: dict[str, Value] = {}
    attribute = target.attribute(name)
    value = collector.read(attribute) if attribute is not None else None
    if type(value) is Object:
        found |= {key: one for key, one in value.items if key is not None}
    elif attribute is None:
        for block in target.each(name):
            found |= {one.name: collector.read(one) for one in block.attributes}
    return found


def build_file(
    collector: Collector, targets: Sequence[Block], definitions: Sequence[HclDefinition], words: Iterable[Word]
) -> ComposeFile | None:
    """Return the builds of ``targets`` that give arguments or contexts; None without any.

    A target that others inherit from is a part of them, and no build of its own.
    """
    by_name = {target.labels[0]: target for target in targets}
    parents = {parent for target in targets for parent in _texts(collector, target, "inherits")}
    values = _Values(collector, targets, definitions, words)
    services = []
    for name, target in by_name.items():
        merged = _merged(collector, name, by_name, 0) if name not in parents else {}
        args = tuple(values.argument(*one) for one in merged.get("args", {}).items())
        contexts = tuple(map(comparable, merged.get("contexts", {})))
        if (args or contexts) and "dockerfile-inline" not in merged:
            context, dockerfile = (_literal(collector, merged.get(key)) for key in _FIELDS)
            build = ComposeBuild(context or ".", dockerfile, args, format=collector.format, contexts=contexts)
            services.append(ComposeService(name, collector.lines.line(target.offset), build=build))
    return ComposeFile(tuple(services)) if services else None


def _merged(collector: Collector, name: str, by_name: Mapping[str, Block], depth: int) -> dict[str, dict[str, Value]]:
    """Return the fields of the target ``name`` over those that it inherits; a field that is no object is under ''."""
    target = by_name.get(name)
    found: dict[str, dict[str, Value]] = {}
    if target is None or depth > _DEEPEST:
        return found
    for parent in _texts(collector, target, "inherits"):
        for key, inherited in _merged(collector, parent, by_name, depth + 1).items():
            found[key] = {**found.get(key, {}), **inherited}
    for name_ in ("args", "contexts"):
        fields = fields_of(collector, target, name_)
        if fields:
            found[name_] = {**found.get(name_, {}), **fields}
    for key in (*_FIELDS, "dockerfile-inline"):
        attribute = target.attribute(key)
        if attribute is not None:
            found[key] = {"": collector.read(attribute)}
    return found


def _texts(collector: Collector, target: Block, name: str) -> list[str]:
    attribute = target.attribute(name)
    value = collector.read(attribute) if attribute is not None else None
    texts = [_literal(collector, {"": one}) for one in (value.values if type(value) is Array else ())]
    return [text for text in texts if text]


def _literal(collector: Collector, field: Mapping[str, Value] | None) -> str | None:
    """Return the text of ``field``; None where there is none, ``$`` for one that is not known."""
    value = field.get("") if field is not None else None
    if value is None:
        return None
    text = literal_text(collector.data, value) if type(value) is Template and value.is_literal else None
    return "$" if text is None else str(text)


class _Values:
    """What the arguments of a file's targets are, and who else reads the variables in them."""

    def __init__(
        self,
        collector: Collector,
        targets: Iterable[Block],
        definitions: Iterable[HclDefinition],
        words: Iterable[Word],
    ) -> None:
        self._collector = collector
        self._variables = {one.name: one.text for one in definitions}
        values = [one for target in targets for one in fields_of(collector, target, "args").values()]
        texts = [text for one in values if (text := text_of(collector, one)) is not None and text.parts]
        ends = {text.span: text.parts[-1].text for text in texts if text.parts[-1].is_name}
        self._others: dict[str, int] = {}
        spans = sorted(ends)
        index = 0
        for word in words:
            while index < len(spans) and spans[index].end <= word.offset:
                index += 1
            name = word.text.decode("utf-8", "replace")
            inside = index < len(spans) and spans[index].start <= word.offset
            is_end = inside and ends[spans[index]] == name
            if name in self._variables and not is_end and not _KEY.match(collector.data, word.offset + len(word.text)):
                self._others.setdefault(name, word.offset)

    def argument(self, name: str, value: Value) -> Argument:
        """Return the argument ``name``, whose value is ``value``."""
        line, column = self._collector.lines.locate(value.start)
        text = text_of(self._collector, value)
        known = self._meaning(text, 0) if text is not None else None
        if known is None or not known[0] or not known[0].isascii():
            given = "" if known is not None and not known[0] else None
            return Argument(name, given, line, column, Span(value.start, value.end))
        written, tail, via = known
        other = next((self._others[one] for one in via if one in self._others), None)
        obstacle = "" if other is None else f"`{via[-1]}` is read in line {self._collector.lines.line(other)}, too"
        return Argument(name, written, tail.line, tail.column, tail.span, via, obstacle)

    def _meaning(self, text: HclText, depth: int) -> tuple[str, HclText, tuple[str, ...]] | None:
        """Return what ``text`` is, where its last character stands, and the variables on the way there."""
        written, tail = "", text
        via: tuple[str, ...] = ()
        for part in text.parts:
            if not part.is_name:
                written, tail, via = written + part.text, text, ()
                continue
            variable = self._variables.get(part.text) if depth < _DEEPEST else None
            inner = self._meaning(variable, depth + 1) if variable is not None else None
            if inner is None or len(written) > _LONGEST:
                return None
            written += inner[0]
            if inner[0]:
                tail, via = inner[1], (part.text, *inner[2])
        return written, tail, via


FORMAT = "bake"
_LABELS = {"target": 1, "group": 1, "variable": 1, "function": 1}
_IMAGE = b"docker-image://"


def locate(document: Document) -> Located | None:
    """Return the images in ``document``, and what it builds with which arguments; None where it has neither."""
    data = document.data
    if _IMAGES.search(data) is None or b"target" not in data:
        return None
    is_json = document.path.endswith(".json")
    file = scan_json(data, PREFIXES, _LABELS) if is_json else scan(data, PREFIXES)
    collector = Collector(FORMAT, data)
    targets = [block for block in file.root.each("target") if block.labels]
    inlines: list[object] = []
    for target in targets:
        inlines += _target(collector, target, document.path)
    if not is_json or targets:
        collector.report(file.problem)
    definitions = definitions_of(collector, file.root)
    module = module_with(collector, definitions, file.words, is_alone=True) if collector.open else None
    facts: list[Fact] = [] if module is None else [module]
    builds = build_file(collector, targets, definitions, file.words)
    if builds is not None:
        facts.append(builds)
    built = {tag for target in targets for tag in _tags(collector, target)}
    places = tuple([_built_here(place, built) for place in collector.places()])
    return Located(places, (*outline(file.root), *inlines), tuple(facts))


def _target(collector: Collector, target: Block, path: str) -> Iterator[object]:
    """Keep the images of ``target``, and yield the outline of the Dockerfile in it."""
    name = target.labels[0]
    for value in fields_of(collector, target, "contexts").values():
        if type(value) is Template and collector.data.startswith(_IMAGE, value.start, value.end):
            collector.add_image("context", _without_scheme(value), name)
    inline = target.attribute("dockerfile-inline")
    written = collector.read(inline) if inline is not None else None
    if type(written) is Template and written.start < written.end:
        yield from _inline(collector, written, name, path)


def _without_scheme(value: Template) -> Template:
    start = value.start + len(_IMAGE)
    pieces = [piece for piece in value.pieces if piece.end > start]
    if pieces and pieces[0].start < start:
        pieces[0] = Piece(start, pieces[0].end)
    return Template(start, value.end, tuple(pieces), value.is_heredoc)


def _inline(collector: Collector, value: Template, owner: str, path: str) -> Iterator[object]:
    """Keep the places in the Dockerfile that ``value`` is; yield its outline."""
    from pinner.formats import dockerfile  # noqa: PLC0415 - few files hold a Dockerfile
    from pinner.limits import INLINE_BYTES, MIB  # noqa: PLC0415 - as above
    from pinner.model import Document  # noqa: PLC0415 - as above

    use = collector.use("dockerfile-inline", value, owner)
    text = literal_text(collector.data, value, INLINE_BYTES) if value.is_literal else None
    if text is None:
        detail = f"it is over {INLINE_BYTES // MIB} MB" if value.is_literal else "something is filled in"
        collector.add(use, use.skip("", "computed", f"the Dockerfile's text is not known: {detail}"))
        return
    located = dockerfile.locate(Document(path, text.data))
    if located is not None:
        inline = Embedded(text)
        for place in located.places:
            inline.keep(collector, use, place)
        yield from located.outline


def _tags(collector: Collector, target: Block) -> Iterator[str]:
    """Yield the names that the result of ``target`` gets."""
    tags = target.attribute("tags")
    value: Value | None = collector.read(tags) if tags is not None else None
    for one in value.values if type(value) is Array else ():
        text = literal_text(collector.data, one) if type(one) is Template and one.is_literal else None
        if text is not None:
            yield str(text)


def _built_here(place: Place, built: set[str]) -> Place:
    """Return ``place``, or its skip where a target of the file builds what it names."""
    if isinstance(place, Occurrence) and place.reference.familiar in built:
        return as_skipped(place, "built-here", f"a target of this file builds `{place.reference.familiar}`")
    return place
