"""Extraction of image references from bake files.

Source: buildx, ``bake/bake.go`` (``Target``, ``ResolveTarget``, ``Merge``) and its ``docs/bake-reference.md``. Images
stand in ``contexts`` behind ``docker-image://`` and in ``dockerfile-inline``; ``args`` take the place of a Dockerfile's
``ARG`` defaults, which the linker knows.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.bake.targets import PREFIXES, build_file, definitions_of, fields_of
from pinner.formats.hcl.blocks import outline, scan
from pinner.formats.hcl.facts import module_with
from pinner.formats.hcl.from_json import scan_json
from pinner.formats.hcl.places import Collector
from pinner.formats.hcl.values import Array, Piece, Template, literal_text
from pinner.formats.yaml.embedded import Embedded
from pinner.model import Located, Occurrence, as_skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.hcl.blocks import Block
    from pinner.formats.hcl.values import Value
    from pinner.link.facts import Fact
    from pinner.model import Document, Place

FORMAT = "bake"
_LABELS = {"target": 1, "group": 1, "variable": 1, "function": 1}
_IMAGE = b"docker-image://"


def locate(document: Document) -> Located:
    """Return the images of the targets in ``document``. Never raises."""
    data = document.data
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
