"""Kubernetes manifest format: container images and image volumes of all kinds."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.helm.chart_facts import chart_facts
from pinner.formats.kubernetes.extract import Walk
from pinner.formats.kubernetes.objects import Object
from pinner.formats.kubernetes.skaffold import merge_builds
from pinner.formats.yaml import Budget, load, locate_masked, parse
from pinner.formats.yaml.references import Collector
from pinner.formats.yaml.roots import has_plain_root, has_root_key, root_scalars
from pinner.model import Located

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.formats.yaml import YamlDocument
    from pinner.formats.yaml.stream import Chunk
    from pinner.link.facts import Fact
    from pinner.model import Document

__all__ = ["locate"]

# Every position in `walk` and `kustomize` has one of these in its key, its value or its `apiVersion`.
# Keys of custom resources end in `Image`, too.
_IMAGE, _IMAGE_KEY = b"mage", re.compile(rb"""mage(?:s|Tags?|Name)?["']?\s*:""")
_OTHERS = (
    *(b"oci://", b"pkg.crossplane.io", b"bundle", b"RELATED_IMAGE_", b"kustomize.config.k8s.io"),
    *(b"HelmRelease", b"helm.cattle.io", b"kustomize.toolkit.fluxcd.io", b"kustomize:"),
)
# Helm's values as Argo CD's parameters: `name: image.tag`.
_ARGO, _ARGO_VALUES = b"argoproj.io", b"parameters"
# With a scalar for a value: a schema has a mapping there, and is no object.
_SCALAR = rb"(?!\s*+(?:[A-Za-z][A-Za-z0-9_-]*+:\s|\[|\{(?!\{)))"
_VERSION, _VERSION_KEY = b"apiVersion", re.compile(rb"""apiVersion["']?\s*:""" + _SCALAR)
_AFTER_VERSION = re.compile(rb"""["']?[ \t]*:""" + _SCALAR)
_AFTER_KIND = re.compile(rb"""["']?[ \t]*:(?![ \t]*\{)""")
# How nearly every object begins.
_HEAD = re.compile(
    rb"(?:---[ \t]*\r?\n)?apiVersion: (%b)\r?\nkind: (%b)\r?\n(?!\s)" % ((rb"[A-Za-z0-9.][A-Za-z0-9./-]*+",) * 2)
)
# RFC 6902: an operation that sets an image, or something that has one; of scorecard's configuration a test.
_PATCHED = (b"/image", b"/containers", b"/initContainers", b"/tests")
_JSON_PATCH = re.compile(rb"""path["']?[ \t]*:[^\n]*/(?:image|containers|initContainers|tests)\b""")
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
# In a document that cannot be read: a key that would name an image.
_NAMES_AN_IMAGE = re.compile(rb"""\bimage(?:s|Name)?["']?[ \t]*:|oci://|\bpackage[ \t]*:|\bbundle[ \t]*:""")


def locate(document: Document) -> Located | None:
    """Return the images of the Kubernetes objects in a file, or None where it holds none. Never raises.

    A file of a Helm chart states what the chart makes of its values, whether it is YAML or not. A template that is no
    YAML before it is filled in is read with its directives masked, where that is YAML.
    """
    located, stated = locate_masked(document, _locate), chart_facts(document)
    if not stated:
        return located
    return Located((), (), stated) if located is None else located._replace(facts=(*located.facts, *stated))


def _locate(document: Document, *, is_masked: bool = False) -> Located | None:
    marks = _marks(document)
    if marks is None:
        return None
    if not marks.images and not marks.is_kustomization and not _has_others(document.data):
        return Located() if _is_object(document.data) else None
    collector, budget = Collector("kubernetes", document.data, is_masked=is_masked), Budget()
    outline: list[object] = []
    facts: list[Fact] = []
    recognised = False
    for part in load(document.data):
        # Before the images in it: lines that are asked for in their order are counted to.
        line = collector.lines.line(part.chunk.start)
        size, is_known, stated = _read(part, marks, collector, budget)
        outline.append((line, *size))
        recognised = recognised or is_known
        facts += stated
    return Located(collector.places(), tuple(outline), merge_builds(facts)) if recognised else None


class _Marks(NamedTuple):
    """What a file's name and bytes tell of it: where the words are that a document with an image has."""

    is_kustomization: bool
    is_patch: bool
    images: list[int]
    versions: list[int]

    def may_name_an_image(self, part: YamlDocument) -> bool:
        """Tell from its bytes alone whether a document may: others cost no parser's time."""
        if self.is_kustomization:
            return True
        is_one = self.is_patch or _within(part.chunk, self.versions)
        return bool(is_one and (_within(part.chunk, self.images) or _has_others(part.text)))


def _marks(document: Document) -> _Marks | None:
    """Return the marks of a file that may be Kubernetes'; None for any other."""
    data = document.data
    is_kustomization = document.path.rpartition("/")[2] in _KUSTOMIZATIONS
    has_version = _VERSION in data
    is_patch = not has_version and any(path in data for path in _PATCHED) and _JSON_PATCH.search(data) is not None
    if not has_version and not is_kustomization and not is_patch:
        return None
    # A patch has the word at the end of a path.
    images = _offsets(data, _IMAGE, None if is_patch else _IMAGE_KEY)
    return _Marks(is_kustomization, is_patch, images, _offsets(data, _VERSION, _VERSION_KEY))


def _read(
    part: YamlDocument, marks: _Marks, collector: Collector, budget: Budget
) -> tuple[tuple[int, ...], bool, Sequence[Fact]]:
    """Give ``collector`` the images of one document; return its size, whether it is known, and what it states."""
    if not marks.may_name_an_image(part) or _says_nothing(part.text):
        return (), _is_object(part.text), ()
    composed = parse(part, budget)
    walk = Walk(collector, locate, is_kustomization=marks.is_kustomization, shares=composed.shares)
    is_known = False
    for root in composed.roots:
        is_known = walk.document(root) or is_known
        if composed.shares:
            collector.settle(root, walk.fields, walk.state_of)
        collector.image_nodes.clear()
    if composed.problem is not None and _is_worth_a_word(part):
        is_known = True
        collector.report_problem(part, composed.problem)
    return (composed.size,), is_known, walk.facts


def _offsets(data: bytes, word: bytes, key: re.Pattern[bytes] | None = None) -> list[int]:
    """Return where ``word`` stands in ``data``: with ``key`` where that matches, too."""
    # Not by a regular expression alone: that takes ten times as long to find nothing.
    find = data.find
    found = []
    offset = find(word)
    while offset >= 0:
        if key is None or key.match(data, offset):
            found.append(offset)
        offset = find(word, offset + 1)
    return found


def _has_others(text: bytes) -> bool:
    return any(word in text for word in _OTHERS) or (_ARGO in text and _ARGO_VALUES in text)


def _within(chunk: Chunk, offsets: list[int]) -> list[int]:
    """Return those of ``offsets``, which are sorted, that are in ``chunk``."""
    return offsets[bisect_left(offsets, chunk.start) : bisect_left(offsets, chunk.end)]


def _is_object(text: bytes) -> bool:
    """Tell whether ``text``, in which no image is named, is an object: a Helm chart has a version, and no kind."""
    return _has_version(text) and has_root_key(text, b"kind", _AFTER_KIND)


def _has_version(text: bytes) -> bool:
    return has_root_key(text, _VERSION, _AFTER_VERSION)


def _says_nothing(text: bytes) -> bool:
    """Tell whether the document ``text`` is an object of a kind without images: half of a bundle is CRDs."""
    head = _HEAD.match(text)
    if head is not None and not _kind_says_nothing(head[1], head[2]):
        # Nothing further down makes another object of it: a key that comes again leaves it unknown.
        return False
    if head is not None and not any(text.find(key, head.end() - 1) >= 0 for key in (b"\napiVersion", b"\nkind")):
        return has_plain_root(text)
    found = root_scalars(text, (b"apiVersion", b"kind")) if has_plain_root(text) else None
    if found is None:
        return False
    return _kind_says_nothing(*found)


@lru_cache(maxsize=1024)
def _kind_says_nothing(version: bytes, kind: bytes) -> bool:
    return Object(version.decode("ascii").rpartition("/")[0], kind.decode("ascii"), "").says_nothing


def _is_worth_a_word(part: YamlDocument) -> bool:
    """Tell whether somebody would want to know that a document cannot be read: an object that names an image."""
    text = part.text
    return _has_version(text) and _NAMES_AN_IMAGE.search(text) is not None
