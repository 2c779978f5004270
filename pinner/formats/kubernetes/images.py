"""Images of one Kubernetes mapping: which keys name them, and what becomes of each."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.helm.keys import is_map_of_images
from pinner.formats.kubernetes.objects import (
    TYPED_GROUPS,
    Object,
    judge,
    may_be_image,
)
from pinner.formats.kubernetes.sibling_keys import find_parameter, refusal
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.lookup import KeyLookup, anchor_name
from pinner.formats.yaml.nodes import foreign_tag
from pinner.formats.yaml.references import FLUX_WRITES, is_null, is_template, is_written_by_flux
from pinner.formats.yaml.scalars import reference_text
from pinner.model import Document, Span
from pinner.reference import repository_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from pinner.formats.kubernetes.sibling_keys import Parameter
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.references import Collector, Use
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Located, Place, SkipReason

    Locate: TypeAlias = Callable[[Document], Located | None]

_TEKTON_REFERENCES = ("taskRef", "pipelineRef", "ref")
# Of the operators of CloudNativePG and Zalando.
_IMAGE_NAMES = {("postgresql.cnpg.io", "Cluster"): "imageName", ("acid.zalan.do", "postgresql"): "dockerImage"}
_OCI_SCHEME = b"oci://"
# What Istio's injector puts its proxy's image in place of, in a gateway's pod.
_INJECTED = "auto"
# What kubebuilder scaffolds, and `make deploy IMG=…` or a patch puts another name in the place of.
_SCAFFOLDED = "controller:latest"
_BOOLEANS = ("true", "false", "True", "False", "TRUE", "FALSE")


def _is_scaffolded(owner: Object | None) -> bool:
    """Tell whether ``owner`` is the Deployment of a manager, as kubebuilder and the Operator SDK name it."""
    return owner is not None and owner.kind == "Deployment" and owner.name.endswith("controller-manager")


def _is_kept(key: str, written: Node) -> bool:
    """Tell whether what is ``written`` under ``key`` is an image that has its tag."""
    node = resolve(written)
    return type(node) is Scalar and may_be_image(key, node.value)


class Frame(NamedTuple):
    """A node to enter, and how it was reached."""

    node: Node
    key: str
    """The key it stands under; that of its list for an item."""
    object: Object | None
    is_spec: bool = False
    """Whether it is the object's own ``spec``."""
    in_status: bool = False
    in_output: bool = False
    via: tuple[str, ...] = ()


class ImageKeeper:
    """Keeps the images that the keys of one mapping name."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.fields = KeyLookup()
        self._built: frozenset[str] = frozenset()
        self._root: Mapping | None = None
        """The object at work."""

    def keep_images(self, mapping: Mapping, frame: Frame, owner: Object) -> None:
        """Keep the images that the keys of ``mapping`` name."""
        names = self.fields.own(mapping)
        image = names.get("image")
        if image is not None and frame.key != "rbd":
            self._image(mapping, image, frame, owner)
        if frame.key == "env":
            self._related_image(mapping, names, frame, owner)
        if owner.is_custom:
            self._custom(mapping, frame, owner)
        if owner.group in TYPED_GROUPS:
            self._typed(mapping, frame, owner)

    def _image(self, mapping: Mapping, written: Node, frame: Frame, owner: Object) -> None:
        """Keep what stands under the key ``image``: a reference, or an image volume's mapping."""
        node = resolve(written)
        if type(node) is Mapping:
            self._image_volume(node, written, frame, owner)
        self.keep("container-image", written, frame, owner, beside=mapping)
        if mapping.may_repeat():
            self._duplicates(mapping, frame, owner)

    def _image_volume(self, mapping: Mapping, written: Node, frame: Frame, owner: Object) -> None:
        reference = self.fields.own(mapping).get("reference")
        if reference is not None:
            inner = frame._replace(via=(*frame.via, *anchor_name(written)))
            self.keep("image-volume", reference, inner, owner)
        text = is_template(self.collector.data, mapping)
        if text:
            use = self.collector.use_at("container-image", mapping.start, len(text), owner=owner.owner)
            self.collector.add(use, use.skip(text, "templated", "a template fills it in"))

    def _custom(self, mapping: Mapping, frame: Frame, owner: Object) -> None:
        """Keep the images that a custom resource has under other keys: ``…image``, and each under ``images``."""
        own = self.fields.own(mapping)
        name = _IMAGE_NAMES.get((owner.group, owner.kind), "") if frame.is_spec else ""
        for key, value in own.items():
            if key == "images" and type(value) is Mapping:
                self._images(value, frame, owner)
            elif key not in ("image", name) and _is_kept(key, value):
                self.keep("resource-image", value, frame, owner, beside=mapping)

    def _images(self, mapping: Mapping, frame: Frame, owner: Object) -> None:
        """Keep every text with a tag in ``mapping``, which stands under ``images``, and in mappings in it (Vitess)."""
        stack: list[tuple[Node, bool]] = [(mapping, True)]
        while stack:
            node, enters = stack.pop()
            own = self.fields.own(node) if type(node) is Mapping else {}
            if not is_map_of_images("images", frozenset(own)):
                continue
            for key, value in own.items():
                if type(value) is Mapping and enters:
                    stack.append((value, False))
                elif key[-5:].lower() != "image" and _is_kept("image", value):
                    self.keep("resource-image", value, frame, owner)

    def _typed(self, mapping: Mapping, frame: Frame, owner: Object) -> None:
        """Keep the images under other keys, in the few kinds that have them."""
        own = self.fields.own(mapping)
        if frame.is_spec and owner.group == "pkg.crossplane.io" and "package" in own:
            self.keep("package", own["package"], frame, owner)
        name = _IMAGE_NAMES.get((owner.group, owner.kind), "") if frame.is_spec else ""
        if name and name in own:
            self.keep("image-name", own[name], frame, owner)
        if owner.group == "serving.kserve.io" and "storageUri" in own:
            self.keep("storage-uri", own["storageUri"], frame, owner, scheme=_OCI_SCHEME)
        if owner.group == "tekton.dev" and frame.key in _TEKTON_REFERENCES:
            if "bundle" in own:
                self.keep("bundle", own["bundle"], frame, owner)
            resolver = self.fields.scalar(mapping, "resolver")
            if resolver is not None and resolver.value == "bundles":
                self._bundle_parameter(own.get("params"), frame, owner)

    def _bundle_parameter(self, parameters: Node | None, frame: Frame, owner: Object) -> None:
        """Keep the value of Tekton's resolver parameter ``bundle``."""
        node = None if parameters is None else resolve(parameters)
        for child in node.children if type(node) is Sequence else ():
            item = resolve(child)
            if type(item) is Mapping:
                name, value = self.fields.scalar(item, "name"), self.fields.own(item).get("value")
                if name is not None and name.value == "bundle" and value is not None:
                    self.keep("bundle", value, frame, owner)

    def keep(
        self,
        kind: str,
        written: Node,
        frame: Frame,
        owner: Object,
        scheme: bytes = b"",
        beside: Mapping | None = None,
    ) -> None:
        """Keep the scalar that ``written`` is or stands for; with ``scheme`` only what comes after that prefix.

        ``beside`` is the mapping that it stands in, where keys of that say what becomes of an image.
        """
        node = resolve(written)
        if type(node) is not Scalar or is_null(node) or (not node.style and node.value in _BOOLEANS):
            return
        is_simple = node is written and not (frame.via or frame.in_status or frame.in_output or self._built)
        if is_simple and self._add_plain(kind, node, owner, beside):
            return
        text = reference_text(self.collector.data, node)
        if text is not None and not text.data.startswith(scheme):
            return
        via = (*frame.via, *anchor_name(written))
        use = self.collector.use(kind, node, text, written, via=via, owner=owner.owner)
        if text is None:
            self.collector.add(use, use.unreadable(node))
            return
        why = self._why_not(str(text), node, frame)
        place = self._judge(use, text[len(scheme) :], owner, beside) if why is None else use.skip(str(text), *why)
        self.collector.add(use, place)

    def _why_not(self, text: str, node: Scalar, frame: Frame) -> tuple[SkipReason, str] | None:
        """Return why nobody pulls ``text``, from where it stands; None where somebody does."""
        if frame.in_status:
            return "status-field", "reported by the cluster, and not read by it"
        if frame.in_output:
            return "output", "the name of a build's result"
        if foreign_tag(node) is not None:
            return "invalid-reference", f"tagged {foreign_tag(node)}, so no string"
        if is_written_by_flux(self.collector.data, node):
            return "output", FLUX_WRITES
        if text == _INJECTED:
            return "templated", "Istio puts the image of its proxy there"
        if text == _SCAFFOLDED and _is_scaffolded(frame.object):
            return "templated", "kubebuilder's name for what is built here: `make deploy` or a patch puts another there"
        if self._built and repository_of(text) in self._built:
            return "built-elsewhere", "skaffold builds this image"
        return None

    def _add_plain(self, kind: str, node: Scalar, owner: Object, beside: Mapping | None) -> bool:
        """Keep the image that nothing but its own text says anything about; False where more has to be asked."""
        if kind != "container-image" or node.value.startswith("localhost/") or node.value in (_INJECTED, _SCAFFOLDED):
            return False
        if is_written_by_flux(self.collector.data, node):
            return False
        if beside is not None and refusal(beside, self.fields, node.value) is not None:
            return False
        return self.collector.add_plain(kind, node, owner.owner)

    def _judge(self, use: Use, text: SourceText, owner: Object, beside: Mapping | None) -> Place:
        """Return what ``text`` is, by the keys ``beside`` it and by the object's parameters."""
        reason = None if beside is None else refusal(beside, self.fields, str(text))
        if reason is not None:
            return use.skip(str(text), *reason)
        if owner.is_tekton and self._root is not None and beside is not None and text.data.startswith(b"$("):
            found = find_parameter(str(text), self._root, beside, self.fields)
            if found is not None:
                return self._parameter(use, text, found)
        return judge(use, text)

    def _parameter(self, use: Use, text: SourceText, found: Parameter) -> Place:
        """Return what an image is that is a Tekton parameter: the text of that is where its digest goes."""
        default = reference_text(self.collector.data, found.text)
        if default is None or not default.data or b"$(" in default.data:
            return judge(use, text)
        if found.other_reader >= 0:
            line = self.collector.lines.line(found.other_reader)
            return use.skip(str(default), "arg-conflict", f"the parameter `{found.name}` is also read in line {line}")
        self.collector.image_nodes.add(id(found.written))
        through = use._replace(via=(*use.via, *found.via), scalar=found.text)
        return judge(through._replace(span=Span(default.starts[0], default.ends[-1])), default)

    def _related_image(self, mapping: Mapping, names: Iterable[str], frame: Frame, owner: Object) -> None:
        """Keep the value of a variable ``RELATED_IMAGE_…``, from which operators take their images (OLM)."""
        name = self.fields.scalar(mapping, "name") if "name" in names and "value" in names else None
        value = self.fields.own(mapping).get("value")
        if name is not None and value is not None and name.value.startswith("RELATED_IMAGE_"):
            self.keep("related-image", value, frame, owner)

    def _duplicates(self, mapping: Mapping, frame: Frame, owner: Object) -> None:
        """Keep the skips of ``image`` keys that a later one in the same mapping makes void."""
        images = [value for key, value in mapping.pairs() if type(key) is Scalar and key.value == "image"]
        for value in images[:-1]:
            node = resolve(value)
            if type(node) is Scalar and not is_null(node):
                via = (*frame.via, *anchor_name(value))
                text = reference_text(self.collector.data, node)
                use = self.collector.use("container-image", node, text, value, via=via, owner=owner.owner)
                skip: Place = use.skip(
                    str(text or ""), "invalid-reference", "the key is there twice; the last one wins"
                )
                if self.collector.is_masked and text is not None:
                    skip = use.judge(text)
                self.collector.add(use, skip)
