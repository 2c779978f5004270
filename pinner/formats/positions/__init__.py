"""CI configuration formats: dialects of YAML and JSON whose images stand at the positions of a table."""

from __future__ import annotations

import re
from functools import cache

from pinner._typing import TYPE_CHECKING
from pinner.formats.positions import ci, tools
from pinner.formats.yaml import Budget, Mapping, Scalar, Sequence, load, parse
from pinner.formats.yaml.references import Collector
from pinner.formats.yaml.roots import begins_with_item, has_plain_root, has_root_key, is_object
from pinner.model import Located

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pinner.formats.positions.extract import Extraction
    from pinner.formats.positions.table import Dialect
    from pinner.formats.yaml import Node, YamlDocument
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.model import Document

__all__ = ["DIALECTS", "locate"]

DIALECTS = (*ci.DIALECTS, *tools.DIALECTS)
_BY_NAME = {dialect.name: dialect for dialect in DIALECTS}
_AFTER_KEY = re.compile(rb"""["']?[ \t]*:""")
_OBJECT = ("apiVersion", "kind")
_LITERAL = re.compile(r"[A-Za-z_-]+")
_WHOLE_TEXT = re.compile(r"\^([a-z]+)\$")
# In a document that cannot be read: a key or a prefix that would name an image.
_NAMES_AN_IMAGE = re.compile(rb"""(?i:(?:image|container|name|uses|services|entry)["']?[ \t]*:)|docker://""")


def locate(document: Document, name: str) -> Located | None:
    """Return the images that a file of the dialect ``name`` names; None where it is none. Never raises."""
    dialect = _BY_NAME[name]
    is_named = _compiled(dialect.names).search(document.path) is not None
    if not is_named and not _is_likely(document, dialect):
        return None
    if not _may_have_root(document.data, dialect, is_named=is_named):
        return None
    return _locate(document, dialect, is_named=is_named)


def _is_likely(document: Document, dialect: Dialect) -> bool:
    """Tell, without parsing, whether a file that is not called like one may be of ``dialect`` all the same."""
    has = document.data.__contains__
    if not dialect.shapes or (dialect.signs and not any(map(has, dialect.signs))):
        return False
    if not any(all(map(has, words)) for words in _words(dialect)):
        return False
    return _compiled(dialect.likely).search(document.path) is not None


@cache
def _words(dialect: Dialect) -> tuple[tuple[bytes, ...], ...]:
    """Return, for each of the shapes of ``dialect``, keys and texts that a document of that shape has in it."""
    return tuple([tuple([word for path in shape for word in _literals(path)]) for shape in dialect.shapes])


def _literals(path: str) -> Iterator[bytes]:
    """Yield the keys that ``path`` goes through, and the one text that is looked for at its end."""
    path, _, pattern = path.partition("=")
    for step in path.replace("@", "").split("/"):
        if _LITERAL.fullmatch(step):
            yield step.encode()
    if (text := _WHOLE_TEXT.fullmatch(pattern)) is not None:
        yield text[1].encode()


def _may_have_root(data: bytes, dialect: Dialect, *, is_named: bool) -> bool:
    """Tell from the bytes alone whether a document may have a root as those of ``dialect`` have."""
    if dialect.takes_lists and (is_named or not dialect.root):
        if any(begins_with_item(part.text) for part in load(data)):
            return True
        if not dialect.root:
            return False
    if not dialect.root or any(has_root_key(data, key.encode(), _AFTER_KEY) for key in dialect.root):
        return True
    return not all(has_plain_root(part.text) for part in load(data))


def _locate(document: Document, dialect: Dialect, *, is_named: bool) -> Located | None:
    collector, budget = Collector(dialect.name, document.data), Budget()
    outline: list[object] = []
    recognised = False
    for part in load(document.data):
        if not is_named and is_object(part):
            continue
        composed = parse(part, budget)
        outline.append((collector.lines.line(part.chunk.start), composed.size))
        for root in composed.roots:
            extraction = _extraction(collector, dialect, root, is_named=is_named)
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


def _extraction(collector: Collector, dialect: Dialect, root: Node, *, is_named: bool) -> Extraction | None:
    """Return what finds the images under ``root``; None where it is no document of ``dialect``."""
    if type(root) is not Mapping and not (dialect.takes_lists and type(root) is Sequence):
        return None
    from pinner.formats.positions.extract import Extraction  # noqa: PLC0415 - only where there is something to find

    extraction = Extraction(collector, dialect, root)
    fields = extraction.fields
    if type(root) is Mapping and not _may_be(dialect, fields.keys(root)):
        return None
    if is_named or any(all(_leads(root, path, fields) for path in shape) for shape in dialect.shapes):
        return extraction
    return None


def _may_be(dialect: Dialect, keys: Collection[str]) -> bool:
    """Tell whether a document with the root ``keys`` may be of ``dialect``, and is no Kubernetes object."""
    if all(key in keys for key in _OBJECT):
        return False
    return not dialect.root or any(key in keys for key in dialect.root)


def _leads(root: Node, path: str, fields: KeyLookup) -> bool:
    """Tell whether ``path`` leads somewhere; with ``=regex`` behind it, to a text that this is found in."""
    from pinner.formats.positions.walk import find  # noqa: PLC0415 - as above

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
