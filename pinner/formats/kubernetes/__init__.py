"""Kubernetes objects: container images wherever they stand, image volumes, and a few typed positions of known kinds."""

from __future__ import annotations

import re

from pinner.formats.kubernetes.walk import Walk
from pinner.formats.yamlnodes import Budget, load, parse
from pinner.formats.yamlnodes.references import Collector
from pinner.lean import TYPE_CHECKING
from pinner.model import Located

if TYPE_CHECKING:
    from pinner.formats.yamlnodes import YamlDocument
    from pinner.model import Document

__all__ = ["locate"]

# Every position in `walk` and `kustomize` has one of these in its key, its value or its `apiVersion`.
_WORTH_PARSING = re.compile(rb"image(?!Pull)|oci://|pkg\.crossplane\.io|bundle")
_MARKS = re.compile(rb"image(?!Pull)|oci://|pkg\.crossplane\.io|bundle|apiVersion")
_OBJECT = re.compile(rb"""^["']?apiVersion["']?[ \t]*:""", re.MULTILINE)
_KUSTOMIZATION = re.compile(r"(?:^|/)kustomization\.ya?ml$")
# In a document that cannot be read: a key that would name an image.
_NAMES_AN_IMAGE = re.compile(rb"""\bimage(?:s|Name)?["']?[ \t]*:|oci://|\bpackage[ \t]*:|\bbundle[ \t]*:""")


def locate(document: Document) -> Located | None:
    """Return the images of the Kubernetes objects in a file, or None where it holds none. Never raises."""
    data = document.data
    is_kustomization = _KUSTOMIZATION.search(document.path) is not None
    if b"apiVersion" not in data and not is_kustomization:
        return None
    if not _WORTH_PARSING.search(data):
        return Located() if _OBJECT.search(data) else None
    collector = Collector("kubernetes", data)
    outline: list[object] = []
    budget = Budget()
    recognised = False
    for part in load(data):
        line = collector.lines.line(part.chunk.start)
        if not _is_candidate(part, is_kustomization=is_kustomization):
            recognised = recognised or _OBJECT.search(part.text) is not None
            outline.append((line,))
            continue
        composed = parse(part, budget)
        outline.append((line, composed.size))
        marks = [match.start() for match in _MARKS.finditer(data, *part.chunk)]
        walk = Walk(collector, is_kustomization=is_kustomization, shares=composed.shares, marks=marks)
        for root in composed.roots:
            recognised = walk.document(root) or recognised
            if composed.shares:
                collector.settle(root, walk.fields, walk.state_of)
            collector.image_nodes.clear()
        if composed.problem is not None and _is_worth_a_word(part):
            recognised = True
            collector.report_problem(part, composed.problem)
    return Located(collector.places(), tuple(outline)) if recognised else None


def _is_candidate(part: YamlDocument, *, is_kustomization: bool) -> bool:
    """Tell from its bytes whether a document may name an image: others cost no parser's time."""
    text = part.text
    return (is_kustomization or b"apiVersion" in text) and _WORTH_PARSING.search(text) is not None


def _is_worth_a_word(part: YamlDocument) -> bool:
    """Tell whether somebody would want to know that a document cannot be read: an object that names an image."""
    text = part.text
    return _OBJECT.search(text) is not None and _NAMES_AN_IMAGE.search(text) is not None
