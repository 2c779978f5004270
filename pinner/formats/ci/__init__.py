"""CI configuration formats: dialects of YAML and JSON whose images stand at the positions of a table."""

from __future__ import annotations

import re
from functools import cache

from pinner._typing import TYPE_CHECKING
from pinner.formats.ci import ci_systems, other_tools
from pinner.formats.yaml import Budget, Mapping, Scalar, Sequence, load, parse
from pinner.formats.yaml.references import Collector
from pinner.formats.yaml.roots import are_objects, is_object, roots_of
from pinner.model import Located

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import TypeAlias

    from pinner.formats.ci.extract import Extraction
    from pinner.formats.ci.position_types import Dialect
    from pinner.formats.yaml import Node, YamlDocument
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.roots import Roots
    from pinner.model import Document

    Shapes: TypeAlias = tuple[tuple[str, ...], ...]

__all__ = ["DIALECTS", "locate", "possible"]

DIALECTS = (*ci_systems.DIALECTS, *other_tools.DIALECTS)
_BY_NAME = {dialect.name: dialect for dialect in DIALECTS}
_ALL = frozenset(_BY_NAME)
_BY_ROOT = {
    key.encode(): [dialect.name for dialect in DIALECTS if key in dialect.root]
    for key in {key for dialect in DIALECTS for key in dialect.root}
}
_WITHOUT_ROOT = frozenset([dialect.name for dialect in DIALECTS if not dialect.root])
_OF_LISTS = frozenset([dialect.name for dialect in DIALECTS if dialect.takes_lists])
_NAMING = re.compile("|".join([re.escape(word) for dialect in DIALECTS for word in dialect.words]))
_OBJECT = ("apiVersion", "kind")
_OBJECT_KEYS = frozenset([key.encode() for key in _OBJECT])
_LITERAL = re.compile(r"[A-Za-z_-]+")
_WHOLE_TEXT = re.compile(r"\^([a-z]+)\$")
# In a document that cannot be read: a key or a prefix that would name an image.
_NAMES_AN_IMAGE = re.compile(rb"""(?i:(?:image|container|name|uses|services|entry)["']?[ \t]*:)|docker://""")


def possible(path: str, data: bytes) -> frozenset[str]:
    """Return the names of the dialects that neither the path of a file nor its root keys rule out, without parsing."""
    if are_objects(data):
        return _named(path)
    roots = roots_of(data)
    if not roots.is_plain:
        return _ALL
    found = {name for key in roots.keys & _BY_ROOT.keys() for name in _BY_ROOT[key]}
    # Those that take lists go by what is in them; the rest of these by their paths alone.
    others = _WITHOUT_ROOT if not roots.has_items else _WITHOUT_ROOT | _OF_LISTS
    return frozenset([name for name in found | others if _is_possible(_BY_NAME[name], path, roots)])


def _named(path: str) -> frozenset[str]:
    if _NAMING.search(path) is None:
        return frozenset()
    return frozenset([dialect.name for dialect in DIALECTS if _is_named(dialect, path)])


def locate(document: Document, name: str) -> Located | None:
    """Return the images that a file of the dialect ``name`` names; None where it is none. Never raises."""
    dialect = _BY_NAME[name]
    if not _is_possible(dialect, document.path, roots_of(document.data)):
        return None
    shapes = None if _is_named(dialect, document.path) else _shapes(dialect, document.path)
    if shapes is not None and not _has_words(document.data, dialect, shapes):
        return None
    return _locate(document, dialect, shapes)


def _is_named(dialect: Dialect, path: str) -> bool:
    return any(map(path.__contains__, dialect.words)) and _compiled(dialect.names).search(path) is not None


def _is_possible(dialect: Dialect, path: str, roots: Roots) -> bool:
    """Tell whether the file at ``path``, whose documents begin with ``roots``, may be of ``dialect``."""
    is_named = _is_named(dialect, path)
    if not is_named and not _has_a_shape(dialect, path, roots):
        return False
    if roots.has_items and dialect.takes_lists and (is_named or not dialect.root):
        return True
    if not dialect.root:
        return not dialect.takes_lists
    return not roots.is_plain or not roots.keys.isdisjoint(_root_keys(dialect))


def _has_a_shape(dialect: Dialect, path: str, roots: Roots) -> bool:
    """Tell whether the file at ``path``, which is not called so, may be of ``dialect`` by what is in it."""
    if _fits(dialect.shapes, roots) and _compiled(dialect.likely).search(path) is not None:
        return True
    # Of most YAML this tells enough: it is Kubernetes' objects, or a list.
    is_neither = not roots.is_plain or (bool(roots.keys) and not roots.keys >= _OBJECT_KEYS)
    return is_neither and _fits(dialect.anywhere, roots)


def _fits(shapes: Shapes, roots: Roots) -> bool:
    return bool(shapes) and (not roots.is_plain or any(keys <= roots.keys for keys in _shape_keys(shapes)))


def _shapes(dialect: Dialect, path: str) -> Shapes:
    """Return the shapes of which one is that of a document at ``path`` if it is of ``dialect``, but not called so."""
    is_likely = bool(dialect.shapes) and _compiled(dialect.likely).search(path) is not None
    return (*dialect.shapes, *dialect.anywhere) if is_likely else dialect.anywhere


@cache
def _root_keys(dialect: Dialect) -> frozenset[bytes]:
    return frozenset([key.encode() for key in dialect.root])


@cache
def _shape_keys(shapes: Shapes) -> tuple[frozenset[bytes], ...]:
    """Return, for each of ``shapes``, the keys that are in the root of a document of that shape."""
    found = []
    for shape in shapes:
        steps = [path.partition("=")[0].partition("/")[0] for path in shape]
        found.append(frozenset([step.encode() for step in steps if _LITERAL.fullmatch(step)]))
    return tuple(found)


def _has_words(data: bytes, dialect: Dialect, shapes: Shapes) -> bool:
    """Tell, without parsing, whether a file may be of ``dialect`` by one of ``shapes``."""
    has = data.__contains__
    if dialect.signs and not any(map(has, dialect.signs)):
        return False
    return any(all(map(has, words)) for words in _words(shapes))


@cache
def _words(shapes: Shapes) -> tuple[tuple[bytes, ...], ...]:
    """Return, for each of ``shapes``, keys and texts that a document of that shape has in it."""
    return tuple([tuple([word for path in shape for word in _literals(path)]) for shape in shapes])


def _literals(path: str) -> Iterator[bytes]:
    """Yield the keys that ``path`` goes through, and the one text that is looked for at its end."""
    path, _, pattern = path.partition("=")
    for step in path.replace("@", "").split("/"):
        if _LITERAL.fullmatch(step):
            yield step.encode()
    if (text := _WHOLE_TEXT.fullmatch(pattern)) is not None:
        yield text[1].encode()


def _locate(document: Document, dialect: Dialect, shapes: Shapes | None) -> Located | None:
    """Return the images of a file of ``dialect``, which it is by its name where ``shapes`` are None."""
    is_named = shapes is None
    collector, budget = Collector(dialect.name, document.data), Budget()
    outline: list[object] = []
    recognised = False
    for part in load(document.data):
        if not is_named and is_object(part):
            continue
        composed = parse(part, budget)
        outline.append((collector.lines.line(part.chunk.start), composed.size))
        for root in composed.roots:
            extraction = _extraction(collector, dialect, root, shapes)
            if extraction is None:
                continue
            recognised = True
            extraction.collect()
            if composed.shares:
                collector.settle(root, extraction.fields, extraction.state_of)
            collector.image_nodes.clear()
        if composed.problem is not None and is_named and _is_worth_a_word(part):
            recognised = True
            collector.report_problem(part, composed.problem)
    return Located(collector.places(), tuple(outline)) if recognised else None


def _is_worth_a_word(part: YamlDocument) -> bool:
    """Tell whether somebody would want to know that a document cannot be read: it may name images."""
    return _NAMES_AN_IMAGE.search(part.text) is not None


def _extraction(collector: Collector, dialect: Dialect, root: Node, shapes: Shapes | None) -> Extraction | None:
    """Return what finds the images under ``root``; None where it is no document of ``dialect``, by ``shapes``."""
    if type(root) is not Mapping and not (dialect.takes_lists and type(root) is Sequence):
        return None
    from pinner.formats.ci.extract import Extraction  # noqa: PLC0415 - only where there is something to find

    extraction = Extraction(collector, dialect, root)
    fields = extraction.fields
    if type(root) is Mapping and not _may_be(dialect, fields.keys(root)):
        return None
    if shapes is None or any(all(_leads(root, path, fields) for path in shape) for shape in shapes):
        return extraction
    return None


def _may_be(dialect: Dialect, keys: Collection[str]) -> bool:
    """Tell whether a document with the root ``keys`` may be of ``dialect``, and is no Kubernetes object."""
    if all(key in keys for key in _OBJECT):
        return False
    return not dialect.root or any(key in keys for key in dialect.root)


def _leads(root: Node, path: str, fields: KeyLookup) -> bool:
    """Tell whether ``path`` leads somewhere; with ``=regex`` behind it, to a text that this is found in."""
    from pinner.formats.ci.walk import find  # noqa: PLC0415 - as above

    path, _, pattern = path.partition("=")
    hits = find(root, path, fields)
    if not pattern:
        return next(hits, None) is not None
    return any(type(hit.node) is Scalar and _matches(pattern, hit.node.value) for hit in hits)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None
