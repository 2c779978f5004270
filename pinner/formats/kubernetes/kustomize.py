"""kustomize's ``images:``, where name, tag and digest are fields of their own: only a digest that is there can move."""

from __future__ import annotations

from pinner.errors import InvalidReferenceError
from pinner.formats.yamlnodes import Mapping, Scalar, Sequence, resolve
from pinner.formats.yamlnodes.references import is_null
from pinner.formats.yamlnodes.text import reference_text
from pinner.lean import TYPE_CHECKING
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from pinner.formats.yamlnodes import Node
    from pinner.formats.yamlnodes.fields import Fields
    from pinner.formats.yamlnodes.references import Collector, Use
    from pinner.formats.yamlnodes.text import SourceText
    from pinner.model import Place


def locate_images(collector: Collector, kustomization: Mapping, fields: Fields, owner: str) -> None:
    """Keep the entries under ``images`` of ``kustomization``."""
    images = fields.get(kustomization, "images")
    if images is None or type(images.node) is not Sequence:
        return
    for child in images.node.children:
        entry = resolve(child)
        if type(entry) is Mapping:
            _Entry(collector, entry, fields, owner).keep()


class _Entry:
    """One image that kustomize renames or retags: ``name``, ``newName``, ``newTag``, ``digest``."""

    def __init__(self, collector: Collector, entry: Mapping, fields: Fields, owner: str) -> None:
        self.collector = collector
        self.entry = entry
        self.fields = fields
        self.owner = owner

    def keep(self) -> None:
        """Keep the entry's image: a mention where it has a digest, a skip where kustomize only sets name or tag."""
        name = self._field("newName") or self._field("name")
        tag, digest = self._field("newTag"), self._field("digest")
        if name is None or (tag is None and digest is None and self._field("newName") is None):
            return
        scalar, name_text, _ = name
        use = self.collector.use("kustomize-image", scalar, name_text, scalar, owner=self.owner)
        written = str(name_text) + (f":{tag[1]}" if tag else "") + (f"@{digest[1]}" if digest else "")
        end, last, end_written = digest or tag or name
        self.collector.add(use._replace(scalar=end, written=end_written), _judge(use, written, last))

    def _field(self, key: str) -> tuple[Scalar, SourceText, Node] | None:
        """Return the scalar under ``key``, its text, and what stands there: itself or an alias."""
        field = self.fields.get(self.entry, key)
        if field is None or type(field.node) is not Scalar or is_null(field.node):
            return None
        text = reference_text(self.collector.data, field.node)
        return None if text is None or not text.data else (field.node, text, field.written)


def _judge(use: Use, written: str, last: SourceText) -> Place:
    try:
        reference = ImageReference.parse(written)
    except InvalidReferenceError as error:
        return use.skip(written, "invalid-reference", error.message)
    if reference.digest is None:
        return use.skip(
            written, "separate-tag", "kustomize keeps the digest in a line of its own: add `digest: sha256:…`"
        )
    return use.mention(reference, last)
