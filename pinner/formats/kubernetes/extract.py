"""Extraction of every image reference of a Kubernetes document."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.kubernetes.beside import built_names, find_parameter, full_name, refusal
from pinner.formats.kubernetes.deployments import Deployments
from pinner.formats.kubernetes.objects import (
    NOT_ENTERED,
    TYPED_GROUPS,
    Object,
    inline_patches,
    judge,
    read_kustomization,
    read_object,
    read_transformer,
)
from pinner.formats.yaml import Alias, Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.anchors import OPAQUE
from pinner.formats.yaml.embedded import Embedded
from pinner.formats.yaml.lookup import KeyLookup, anchor_name
from pinner.formats.yaml.references import FLUX_WRITES, foreign_tag, is_null, is_template, is_written_by_flux
from pinner.formats.yaml.scalars import reference_text, source_text
from pinner.model import Document, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from typing import TypeAlias

    from pinner.formats.kubernetes.beside import Parameter
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.references import Collector, Use
    from pinner.formats.yaml.scalars import SourceText
    from pinner.link.facts import Fact
    from pinner.model import Located, Place, SkipReason

    Locate: TypeAlias = Callable[[Document], Located | None]

_TEKTON_REFERENCES = ("taskRef", "pipelineRef", "ref")
_SKAFFOLD_CONTAINERS = ("verify", "customActions")
_PROFILES = "profiles"
_OCI_SCHEME = b"oci://"
_MAX_VIA = 10
_BOOLEANS = ("true", "false", "True", "False", "TRUE", "FALSE")
_PATCH = Object("", "Patch", "")
"""Who owns the images of a JSON patch, which does not say what it is for."""


class _Frame(NamedTuple):
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


class Walk:
    """Goes through the nodes of one document, without recursion and each collection once."""

    def __init__(self, collector: Collector, locate: Locate, *, is_kustomization: bool, shares: bool) -> None:
        self.collector = collector
        self._locate = locate
        """Finds the images of a document inside of this one."""
        self.fields = KeyLookup()
        self._deployments = Deployments(collector, self.fields)
        self.recognised = False
        self._is_kustomization = is_kustomization
        self._shares = shares  # without an alias, nothing comes twice
        self._seen: set[tuple[int, bool, bool, bool]] = set()
        self._built: frozenset[str] = frozenset()
        self._excluded: set[int] = set()
        self._root: Mapping | None = None
        """The object at work."""
        self.facts: list[Fact] = []
        """What the document states about images that other files name."""
        self.patches: list[Scalar] = []

    def state_of(self, state: str, key: str, node: Node) -> str | None:
        """Return what a reader takes ``node`` for, that stands under ``key``: see `sharing.Grammar`."""
        if not state and key.startswith("x-"):
            return None
        return OPAQUE if key in NOT_ENTERED or id(node) in self._excluded else "entered"

    def document(self, root: Node) -> bool:
        """Keep the images under ``root``; tell whether there was any object."""
        if self._is_kustomization and type(root) is Mapping and read_object(root, self.fields) is None:
            self.recognised = True
            self._kustomization(root, "Kustomization")
            return True
        if is_json_patch(root, self.fields):
            self.recognised = True
            self._json_patch(root)
        else:
            self._go_through(root)
        self.facts += self._deployments.facts
        for scalar, written in self._deployments.patches:
            self._inline_patch(scalar, written, "")
        self._deployments.clear()
        return self.recognised

    def _kustomization(self, root: Mapping, owner: str) -> None:
        self.facts.append(read_kustomization(self.collector, root, self.fields, owner))
        for scalar, written in inline_patches(root, self.fields):
            self._inline_patch(scalar, written, owner)

    def _inline_patch(self, scalar: Scalar, written: Node, owner: str) -> None:
        """Keep the images of a patch that is text in a kustomization."""
        if "image" not in scalar.value:
            return
        text = source_text(self.collector.data, scalar)
        use = self.collector.use("container-image", scalar, text, written, owner=owner)
        if text is None:
            self.collector.add(use, use.unreadable(scalar))
            return
        located = self._locate(Document("", text.data))
        patch = Embedded(text)
        for place in located.places if located else ():
            patch.keep(self.collector, use._replace(owner=""), place)

    def _json_patch(self, root: Node) -> None:
        """Keep the images that a JSON patch (RFC 6902) sets: the value at ``…/image``, or below an added container."""
        for child in root.children if type(root) is Sequence else ():
            item = resolve(child)
            path, value = self.fields.scalar(item, "path"), self.fields.own(item).get("value")  # type: ignore[arg-type]
            if path is None or value is None or not set(NOT_ENTERED).isdisjoint(path.value.split("/")):
                continue
            frame = _Frame(value, path.value.rpartition("/")[2], _PATCH)
            if path.value.endswith("/image"):
                self._keep("container-image", value, frame, _PATCH)
            elif type(resolve(value)) is not Scalar:
                self._walk_from(frame)

    def _go_through(self, root: Node) -> None:
        """Keep the images under ``root``."""
        self._walk_from(_Frame(root, "", None))

    def _walk_from(self, frame: _Frame) -> None:
        stack = [frame]
        while stack:
            frame = stack.pop()
            node = resolve(frame.node)
            if type(node) is Scalar or (self._shares and not self._is_new(node, frame)):
                continue
            if type(node) is Mapping:
                stack += reversed(self._enter(node, frame))
            elif type(node) is Sequence:
                stack += [
                    _Frame(child, frame.key, frame.object, False, *frame[4:6], _through(frame.via, "", child))
                    for child in reversed(node.children)
                    if type(child) is not Scalar
                ]

    def _is_new(self, node: Node, frame: _Frame) -> bool:
        mark = (id(node), frame.object is None, frame.in_status, frame.in_output)
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True

    def _enter(self, mapping: Mapping, frame: _Frame) -> list[_Frame]:
        """Keep the images that stand in ``mapping`` itself, and return what to enter next."""
        names = self.fields.own(mapping)
        found = read_object(mapping, self.fields) if "apiVersion" in names or "<<" in names else None
        if found is not None:
            self.recognised = True
            self._state(mapping, found)
            if found.is_excluded:
                self._excluded.add(id(mapping))
                return []
            if found.is_kustomization:
                self._kustomization(mapping, found.owner)
                return []
            self._root = mapping
            self._deployments.begin(mapping)
            frame = frame._replace(object=found, key="", is_spec=False)
        held: tuple[str, ...] = ()
        if frame.object is not None:
            self._of_mapping(mapping, frame, frame.object)
            held = self._deployments.keep(mapping, frame.key, frame.object, is_spec=frame.is_spec)
        return self._inside(mapping, frame, found, held)

    def _inside(self, mapping: Mapping, frame: _Frame, found: Object | None, held: Container[str]) -> list[_Frame]:
        """Return what to enter of ``mapping``, which is the object ``found`` itself if that is given."""
        return [
            _Frame(
                value,
                frame.key if key == "<<" else key,
                frame.object,
                key == "spec" and found is not None,
                frame.in_status or (key == "status" and found is not None),
                frame.in_output or key == "output" or (key in ("assert", "error") and _is_test(frame.object)),
                _through(frame.via, key, value),
            )
            for key, value in self.fields.own(mapping).items()
            if type(value) is not Scalar
            and key not in NOT_ENTERED
            and key not in held
            and _is_entered(key, found, frame)
        ]

    def _of_mapping(self, mapping: Mapping, frame: _Frame, owner: Object) -> None:
        """Keep the images that the keys of ``mapping`` name."""
        names = self.fields.own(mapping)
        image = names.get("image")
        if image is not None and frame.key != "rbd":
            self._image(mapping, image, frame, owner)
        if frame.key == "env":
            self._related_image(mapping, names, frame, owner)
        if owner.group in TYPED_GROUPS:
            self._typed(mapping, frame, owner)

    def _image(self, mapping: Mapping, written: Node, frame: _Frame, owner: Object) -> None:
        """Keep what stands under the key ``image``: a reference, or an image volume's mapping."""
        node = resolve(written)
        if type(node) is Mapping:
            self._image_volume(node, written, frame, owner)
        self._keep("container-image", written, frame, owner, beside=mapping)
        if mapping.may_repeat():
            self._duplicates(mapping, frame, owner)

    def _image_volume(self, mapping: Mapping, written: Node, frame: _Frame, owner: Object) -> None:
        reference = self.fields.own(mapping).get("reference")
        if reference is not None:
            inner = frame._replace(via=(*frame.via, *anchor_name(written)))
            self._keep("image-volume", reference, inner, owner)
        text = is_template(self.collector.data, mapping)
        if text:
            use = self.collector.use_at("container-image", mapping.start, len(text), owner=owner.owner)
            self.collector.add(use, use.skip(text, "templated", "a template fills it in"))

    def _typed(self, mapping: Mapping, frame: _Frame, owner: Object) -> None:
        """Keep the images under other keys, in the few kinds that have them."""
        own = self.fields.own(mapping)
        if frame.is_spec and owner.group == "pkg.crossplane.io" and "package" in own:
            self._keep("package", own["package"], frame, owner)
        if frame.is_spec and (owner.group, owner.kind) == ("postgresql.cnpg.io", "Cluster") and "imageName" in own:
            self._keep("image-name", own["imageName"], frame, owner)
        if owner.group == "serving.kserve.io" and "storageUri" in own:
            self._keep("storage-uri", own["storageUri"], frame, owner, scheme=_OCI_SCHEME)
        if owner.group == "tekton.dev" and frame.key in _TEKTON_REFERENCES:
            if "bundle" in own:
                self._keep("bundle", own["bundle"], frame, owner)
            resolver = self.fields.scalar(mapping, "resolver")
            if resolver is not None and resolver.value == "bundles":
                self._bundle_parameter(own.get("params"), frame, owner)

    def _bundle_parameter(self, parameters: Node | None, frame: _Frame, owner: Object) -> None:
        """Keep the value of Tekton's resolver parameter ``bundle``."""
        node = None if parameters is None else resolve(parameters)
        for child in node.children if type(node) is Sequence else ():
            item = resolve(child)
            if type(item) is Mapping:
                name, value = self.fields.scalar(item, "name"), self.fields.own(item).get("value")
                if name is not None and name.value == "bundle" and value is not None:
                    self._keep("bundle", value, frame, owner)

    def _keep(
        self,
        kind: str,
        written: Node,
        frame: _Frame,
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

    def _why_not(self, text: str, node: Scalar, frame: _Frame) -> tuple[SkipReason, str] | None:
        """Return why nobody pulls ``text``, from where it stands; None where somebody does."""
        if frame.in_status:
            return "status-field", "reported by the cluster, and not read by it"
        if frame.in_output:
            return "output", "the name of a build's result"
        if foreign_tag(node) is not None:
            return "invalid-reference", f"tagged {foreign_tag(node)}, so no string"
        if is_written_by_flux(self.collector.data, node):
            return "output", FLUX_WRITES
        if self._built and full_name(text) in self._built:
            return "built-elsewhere", "skaffold builds this image"
        return None

    def _add_plain(self, kind: str, node: Scalar, owner: Object, beside: Mapping | None) -> bool:
        """Keep the image that nothing but its own text says anything about; False where more has to be asked."""
        if kind != "container-image" or node.value.startswith("localhost/"):
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
        if owner.is_tekton and self._root is not None and text.data.startswith(b"$("):
            found = find_parameter(str(text), self._root, self.fields)
            if found is not None:
                return self._parameter(use, text, found)
        return judge(use, text)

    def _parameter(self, use: Use, text: SourceText, found: Parameter) -> Place:
        """Return what an image is that is a Tekton parameter: the default is where its digest goes."""
        default = reference_text(self.collector.data, found.default)
        if default is None or not default.data or b"$(" in default.data:
            return judge(use, text)
        if found.other_reader >= 0:
            line = self.collector.lines.line(found.other_reader)
            return use.skip(str(default), "arg-conflict", f"the parameter `{found.name}` is also read in line {line}")
        self.collector.image_nodes.add(id(found.written))
        through = use._replace(via=(*use.via, f"$(params.{found.name})"), scalar=found.default)
        return judge(through._replace(span=Span(default.starts[0], default.ends[-1])), default)

    def _state(self, mapping: Mapping, found: Object) -> None:
        """Note what the object says about images that other objects name."""
        built = tuple(built_names(self.collector, mapping, self.fields, found))
        self.facts += built
        if found.is_skaffold:
            self._built = frozenset(fact.name for fact in built)
        if found.kind == "ImageTagTransformer":
            transformer = read_transformer(self.collector, mapping, self.fields, found.owner)
            self.facts += [] if transformer is None else [transformer]

    def _related_image(self, mapping: Mapping, names: Iterable[str], frame: _Frame, owner: Object) -> None:
        """Keep the value of a variable ``RELATED_IMAGE_…``, from which operators take their images (OLM)."""
        name = self.fields.scalar(mapping, "name") if "name" in names and "value" in names else None
        value = self.fields.own(mapping).get("value")
        if name is not None and value is not None and name.value.startswith("RELATED_IMAGE_"):
            self._keep("related-image", value, frame, owner)

    def _duplicates(self, mapping: Mapping, frame: _Frame, owner: Object) -> None:
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


def _through(via: tuple[str, ...], key: str, written: Node) -> tuple[str, ...]:
    """Return ``via`` with the merge key and the anchor, if any, on the way to ``written``; a long way is cut short."""
    if type(written) is not Alias and key != "<<":
        return via
    return (*via, *(("<<",) if key == "<<" else ()), *anchor_name(written))[:_MAX_VIA]


def _is_test(owner: Object | None) -> bool:
    return owner is not None and owner.is_test


def is_json_patch(root: Node, fields: KeyLookup) -> bool:
    """Tell whether ``root`` is a JSON patch (RFC 6902): a list of operations, each with ``op`` and ``path``."""
    if type(root) is not Sequence or not root.children:
        return False
    items = [resolve(child) for child in root.children]
    return all(type(item) is Mapping and fields.scalar(item, "op") and fields.scalar(item, "path") for item in items)


def _is_entered(key: str, found: Object | None, frame: _Frame) -> bool:
    """Tell whether the value of ``key`` is entered: of skaffold's configuration and profiles only what it runs."""
    if found is not None:
        return not found.is_skaffold or key in (*_SKAFFOLD_CONTAINERS, _PROFILES)
    in_profile = frame.key == _PROFILES and frame.object is not None and frame.object.is_skaffold
    return not in_profile or key in _SKAFFOLD_CONTAINERS
