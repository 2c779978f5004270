"""Every place of a Kubernetes document that names an image. One rule for all kinds, and a few typed positions."""

from __future__ import annotations

from pinner.formats.kubernetes.judgement import judge
from pinner.formats.kubernetes.kustomize import locate_images
from pinner.formats.kubernetes.objects import NOT_ENTERED, TYPED_GROUPS, Object, read_object
from pinner.formats.kubernetes.shortcut import find_images
from pinner.formats.yamlnodes import Alias, Mapping, Scalar, Sequence, resolve
from pinner.formats.yamlnodes.fields import Fields, anchor_name
from pinner.formats.yamlnodes.references import foreign_tag, is_null, is_template
from pinner.formats.yamlnodes.sharing import OPAQUE
from pinner.formats.yamlnodes.text import reference_text
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Sequence as Sequence_

    from pinner.formats.yamlnodes import Node
    from pinner.formats.yamlnodes.references import Collector
    from pinner.model import Place

_TEKTON_REFERENCES = ("taskRef", "pipelineRef", "ref")
_SKAFFOLD_CONTAINERS = ("verify", "customActions")
_OCI_SCHEME = b"oci://"
_MAX_VIA = 10


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

    def __init__(
        self, collector: Collector, *, is_kustomization: bool, shares: bool, marks: Sequence_[int] = ()
    ) -> None:
        self.collector = collector
        self.fields = Fields()
        self.recognised = False
        self._is_kustomization = is_kustomization
        self._shares = shares  # without an alias, nothing comes twice
        self._marks = marks
        """The offsets of all that may be a key ``image`` or ``apiVersion``."""
        self._seen: set[tuple[int, bool, bool, bool]] = set()
        self._built: frozenset[bytes] = frozenset()
        self._excluded: set[int] = set()

    def state_of(self, state: str, key: str, node: Node) -> str | None:
        """Return what a reader takes ``node`` for, that stands under ``key``: see `sharing.Grammar`."""
        if not state and key.startswith("x-"):
            return None
        return OPAQUE if key in NOT_ENTERED or id(node) in self._excluded else "entered"

    def document(self, root: Node) -> bool:
        """Keep the images under ``root``; tell whether there was any object."""
        if self._is_kustomization and type(root) is Mapping and read_object(root, self.fields) is None:
            self.recognised = True
            locate_images(self.collector, root, self.fields, "Kustomization")
            return True
        if type(root) is not Mapping or not self._take_shortcut(root):
            self._go_through(root)
        return self.recognised

    def _take_shortcut(self, root: Mapping) -> bool:
        """Keep the images under ``root`` where they can be told without going through all of it."""
        found = find_images(root, self.fields, self._marks)
        if found is None:
            return False
        self.recognised = self.recognised or found.objects > 0
        for value, owner, in_status, in_output in found.images:
            self._keep("container-image", value, _Frame(value, "image", owner, False, in_status, in_output), owner)
        return True

    def _go_through(self, root: Node) -> None:
        """Keep the images under ``root``."""
        stack = [_Frame(root, "", None)]
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
        names = self.fields.names(mapping)
        found = read_object(mapping, self.fields) if "apiVersion" in names or "<<" in names else None
        if found is not None:
            self.recognised = True
            if found.is_excluded:
                self._excluded.add(id(mapping))
                return []
            if found.is_kustomization:
                locate_images(self.collector, mapping, self.fields, found.owner)
                return []
            frame = frame._replace(object=found, key="", is_spec=False)
            if found.is_skaffold:
                self._built = frozenset(self._artifacts(mapping))
        if frame.object is not None:
            image = self.fields.value(mapping, "image")
            if image is not None and frame.key != "rbd":
                self._image(mapping, image, frame, frame.object)
            if frame.object.group in TYPED_GROUPS:
                self._typed(mapping, frame, frame.object)
        return [
            _Frame(
                value,
                frame.key if key == "<<" else key,
                frame.object,
                key == "spec" and found is not None,
                frame.in_status or (key == "status" and found is not None),
                frame.in_output or key == "output",
                _through(frame.via, key, value),
            )
            for key, value in self.fields.own(mapping).items()
            if type(value) is not Scalar and key not in NOT_ENTERED and _is_entered(key, found)
        ]

    def _image(self, mapping: Mapping, written: Node, frame: _Frame, owner: Object) -> None:
        """Keep what stands under the key ``image``: a reference, or an image volume's mapping."""
        node = resolve(written)
        if type(node) is Mapping:
            self._image_volume(node, written, frame, owner)
        self._keep("container-image", written, frame, owner)
        if mapping.may_repeat():
            self._duplicates(mapping, frame, owner)

    def _image_volume(self, mapping: Mapping, written: Node, frame: _Frame, owner: Object) -> None:
        reference = self.fields.value(mapping, "reference")
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
                name, value = self.fields.scalar(item, "name"), self.fields.value(item, "value")
                if name is not None and name.value == "bundle" and value is not None:
                    self._keep("bundle", value, frame, owner)

    def _keep(self, kind: str, written: Node, frame: _Frame, owner: Object, scheme: bytes = b"") -> None:
        """Keep the scalar that ``written`` is or stands for; with ``scheme`` only what comes after that prefix."""
        node = resolve(written)
        if type(node) is not Scalar or is_null(node):
            return
        is_simple = node is written and not (frame.via or frame.in_status or frame.in_output or self._built)
        if is_simple and kind == "container-image" and self.collector.add_plain(kind, node, owner.owner):
            return
        text = reference_text(self.collector.data, node)
        if text is not None and not text.data.startswith(scheme):
            return
        via = (*frame.via, *anchor_name(written))
        use = self.collector.use(kind, node, text, written, via=via, owner=owner.owner)
        if text is None:
            place: Place = use.unreadable(node)
        elif frame.in_status:
            place = use.skip(str(text), "status-field", "reported by the cluster, and not read by it")
        elif frame.in_output:
            place = use.skip(str(text), "output", "the name of a build's result")
        elif foreign_tag(node) is not None:
            place = use.skip(str(text), "invalid-reference", f"tagged {foreign_tag(node)}, so no string")
        elif text.data in self._built:
            place = use.skip(str(text), "built-elsewhere", "skaffold builds this image")
        else:
            place = judge(use, text[len(scheme) :])
        self.collector.add(use, place)

    def _artifacts(self, skaffold: Mapping) -> Iterator[bytes]:
        """Yield the names of the images that skaffold builds: ``build.artifacts[].image``."""
        build = self.fields.get(skaffold, "build")
        artifacts = self.fields.get(build.node, "artifacts") if build and type(build.node) is Mapping else None
        for child in artifacts.node.children if artifacts and type(artifacts.node) is Sequence else ():
            artifact = resolve(child)
            image = self.fields.scalar(artifact, "image") if type(artifact) is Mapping else None
            text = None if image is None else reference_text(self.collector.data, image)
            if text is not None:
                yield text.data

    def _duplicates(self, mapping: Mapping, frame: _Frame, owner: Object) -> None:
        """Keep the skips of ``image`` keys that a later one in the same mapping makes void."""
        images = [value for key, value in mapping.pairs() if type(key) is Scalar and key.value == "image"]
        for value in images[:-1]:
            node = resolve(value)
            if type(node) is Scalar and not is_null(node):
                via = (*frame.via, *anchor_name(value))
                text = reference_text(self.collector.data, node)
                use = self.collector.use("container-image", node, text, value, via=via, owner=owner.owner)
                skip = use.skip(str(text or ""), "invalid-reference", "the key is there twice; the last one wins")
                self.collector.add(use, skip)


def _through(via: tuple[str, ...], key: str, written: Node) -> tuple[str, ...]:
    """Return ``via`` with the merge key and the anchor, if any, on the way to ``written``; a long way is cut short."""
    if type(written) is not Alias and key != "<<":
        return via
    return (*via, *(("<<",) if key == "<<" else ()), *anchor_name(written))[:_MAX_VIA]


def _is_entered(key: str, found: Object | None) -> bool:
    """Tell whether the value of ``key`` is entered: at the root of skaffold's configuration only what it runs."""
    return found is None or not found.is_skaffold or key in _SKAFFOLD_CONTAINERS
