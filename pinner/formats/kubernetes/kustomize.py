"""kustomize's files: the entries of ``images``, inline patches, and what a kustomization builds from."""

from __future__ import annotations

import re

from pinner.errors import InvalidReferenceError
from pinner.formats.yamlnodes import Mapping, Scalar, Sequence, resolve
from pinner.formats.yamlnodes.references import is_null
from pinner.formats.yamlnodes.text import reference_text
from pinner.lean import TYPE_CHECKING, NamedTuple
from pinner.link.facts import ImageRule, ImageTransformer, Kustomization
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.yamlnodes import Node
    from pinner.formats.yamlnodes.fields import Fields
    from pinner.formats.yamlnodes.references import Collector, Use
    from pinner.formats.yamlnodes.text import SourceText
    from pinner.model import Place

_LISTS = ("resources", "bases", "components", "transformers")
# `imageTags` is what `images` was called before kustomize 2.
_IMAGES = ("images", "imageTags")
_FLUX_MARK = re.compile(rb"#[ \t]*\{[ \t]*\"\$imagepolicy\"")


class _Field(NamedTuple):
    scalar: Scalar
    text: SourceText
    written: Node


def locate_images(collector: Collector, holder: Mapping, fields: Fields, owner: str) -> tuple[ImageRule, ...]:
    """Keep the entries under ``images`` of ``holder`` and return them as rules."""
    entries = [entry for key in _IMAGES for entry in _mappings(holder, key, fields)]
    return tuple(filter(None, (_Entry(collector, entry, fields, owner).keep() for entry in entries)))


def read_kustomization(collector: Collector, root: Mapping, fields: Fields, owner: str) -> Kustomization:
    """Keep the entries of the kustomization ``root``, and return what it builds from and replaces."""
    rules = locate_images(collector, root, fields, owner)
    resources, bases, components, transformers = (_texts(root, key, fields) for key in _LISTS)
    patches = [*_texts(root, "patchesStrategicMerge", fields)]
    for key in ("patches", "patchesJson6902"):
        for entry in _mappings(root, key, fields):
            path = fields.scalar(entry, "path")
            patches += [] if path is None else [path.value]
    return Kustomization((*resources, *bases), components, tuple(patches), transformers, rules)


def inline_patches(root: Mapping, fields: Fields) -> Iterator[tuple[Scalar, Node]]:
    """Yield the scalars that hold patches of the kustomization ``root`` as text, and what stands for each."""
    for key in ("patches", "patchesJson6902"):
        for entry in _mappings(root, key, fields):
            field = fields.get(entry, "patch")
            if field is not None and type(field.node) is Scalar:
                yield field.node, field.written
    field = fields.get(root, "patchesStrategicMerge")
    for item in field.node.children if field is not None and type(field.node) is Sequence else ():
        node = resolve(item)
        if type(node) is Scalar and "\n" in node.value:
            yield node, item


def read_transformer(collector: Collector, root: Mapping, fields: Fields, owner: str) -> ImageTransformer | None:
    """Keep the image of the ``ImageTagTransformer`` that ``root`` is, and return it as a rule."""
    field = fields.get(root, "imageTag")
    if field is None or type(field.node) is not Mapping:
        return None
    rule = _Entry(collector, field.node, fields, owner).keep()
    return None if rule is None else ImageTransformer(rule)


def _mappings(mapping: Mapping, key: str, fields: Fields) -> Iterator[Mapping]:
    field = fields.get(mapping, key)
    for child in field.node.children if field is not None and type(field.node) is Sequence else ():
        entry = resolve(child)
        if type(entry) is Mapping:
            yield entry


def _texts(mapping: Mapping, key: str, fields: Fields) -> tuple[str, ...]:
    field = fields.get(mapping, key)
    if field is None or type(field.node) is not Sequence:
        return ()
    nodes = [resolve(child) for child in field.node.children]
    return tuple([node.value for node in nodes if type(node) is Scalar and "\n" not in node.value])


class _Entry:
    """One image that kustomize renames or retags: ``name``, ``newName``, ``newTag``, ``tagSuffix``, ``digest``."""

    def __init__(self, collector: Collector, entry: Mapping, fields: Fields, owner: str) -> None:
        self.collector = collector
        self.entry = entry
        self.fields = fields
        self.owner = owner

    def keep(self) -> ImageRule | None:
        """Keep the entry's image and return the rule that it is; None where it changes nothing."""
        old, new = self._field("name"), self._field("newName")
        tag, digest = self._field("newTag"), self._field("digest")
        name = new or old
        if name is None or (tag is None and digest is None and new is None):
            return None
        written = f"{name.text}{_part(':', tag)}{_part('@', digest)}"
        end = digest or tag or name
        use = self.collector.use("kustomize-image", name.scalar, name.text, name.scalar, owner=self.owner)
        use = use._replace(scalar=end.scalar, written=end.written)
        place = self._judge(use, written, new, tag, digest)
        self.collector.add(use, place)
        line = self.collector.lines.line(name.scalar.start)
        return ImageRule(_text(old), _text(new), _text(tag), _text(digest), line, place.span) if old else None

    def _judge(self, use: Use, written: str, new: _Field | None, tag: _Field | None, digest: _Field | None) -> Place:
        if new is not None and (b"@" in new.text.data or b":" in new.text.data.rpartition(b"/")[2]):
            detail = "kustomize adds tag and digest to `newName`: a tag of its own makes a name that nothing can pull"
            return use.skip(written, "invalid-reference", detail)
        if self._field("tagSuffix") is not None:
            return use.skip(written, "separate-tag", "`tagSuffix` adds to the tag, and is refused beside a digest")
        try:
            reference = ImageReference.parse(written)
        except InvalidReferenceError as error:
            return use.skip(written, "invalid-reference", error.message)
        last = digest or tag
        if last is None:
            detail = "the tag is the one of what is replaced: add `newTag:` here, and it can hold the digest"
            return use.skip(written, "separate-tag", detail)
        if self._is_written_by_flux(last.scalar):
            return use.skip(written, "output", "Flux writes this tag: its image policy says so on the line")
        return use.mention(reference, last.text)

    def _is_written_by_flux(self, scalar: Scalar) -> bool:
        data = self.collector.data
        end = data.find(b"\n", scalar.end)
        return _FLUX_MARK.search(data, scalar.end, end if end >= 0 else len(data)) is not None

    def _field(self, key: str) -> _Field | None:
        """Return the scalar under ``key``, its text, and what stands there: itself or an alias."""
        field = self.fields.get(self.entry, key)
        if field is None or type(field.node) is not Scalar or is_null(field.node):
            return None
        text = reference_text(self.collector.data, field.node)
        return None if text is None or not text.data else _Field(field.node, text, field.written)


def _part(mark: str, field: _Field | None) -> str:
    return "" if field is None else f"{mark}{field.text}"


def _text(field: _Field | None) -> str:
    return "" if field is None else str(field.text)
