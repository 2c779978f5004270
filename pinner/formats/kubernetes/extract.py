"""Extraction of every image reference of a Kubernetes document."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.kubernetes import skaffold
from pinner.formats.kubernetes.deployments import Deployments
from pinner.formats.kubernetes.images import Frame, ImageKeeper
from pinner.formats.kubernetes.objects import (
    NOT_ENTERED,
    Object,
    inline_patches,
    read_kustomization,
    read_object,
    read_transformer,
)
from pinner.formats.kubernetes.sibling_keys import built_names
from pinner.formats.yaml import Alias, Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.anchors import OPAQUE
from pinner.formats.yaml.embedded import Embedded
from pinner.formats.yaml.lookup import KeyLookup, anchor_name
from pinner.formats.yaml.scalars import source_text
from pinner.model import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from typing import TypeAlias

    from pinner.formats.yaml import Node
    from pinner.formats.yaml.references import Collector
    from pinner.link.facts import Fact
    from pinner.model import Located

    Locate: TypeAlias = Callable[[Document], Located | None]

_SKAFFOLD_CONTAINERS = ("verify", "customActions")
_PROFILES = "profiles"
_MAX_VIA = 10
_PATCH = Object("", "Patch", "")
"""Who owns the images of a JSON patch, which does not say what it is for."""


class Walk(ImageKeeper):
    """Goes through the nodes of one document, without recursion and each collection once."""

    def __init__(self, collector: Collector, locate: Locate, *, is_kustomization: bool, shares: bool) -> None:
        super().__init__(collector)
        self._locate = locate
        """Finds the images of a document inside of this one."""
        self._deployments = Deployments(collector, self.fields)
        self.recognised = False
        self._is_kustomization = is_kustomization
        self._shares = shares  # without an alias, nothing comes twice
        self._seen: set[tuple[int, bool, bool, bool]] = set()
        self._excluded: set[int] = set()
        self.facts: list[Fact] = []
        """What the document states about images that other files name."""
        self.patches: list[Scalar] = []

    def state_of(self, state: str, key: str, node: Node) -> str | None:
        """Return what a reader takes ``node`` for, that stands under ``key``: see `anchors.Grammar`."""
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
        self._deployments.keep_charts(root)
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
            frame = Frame(value, path.value.rpartition("/")[2], _PATCH)
            if path.value.endswith("/image"):
                self.keep("container-image", value, frame, _PATCH)
            elif type(resolve(value)) is not Scalar:
                self._walk_from(frame)

    def _go_through(self, root: Node) -> None:
        """Keep the images under ``root``."""
        self._walk_from(Frame(root, "", None))

    def _walk_from(self, frame: Frame) -> None:
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
                    Frame(child, frame.key, frame.object, False, *frame[4:6], _through(frame.via, "", child))
                    for child in reversed(node.children)
                    if type(child) is not Scalar
                ]

    def _is_new(self, node: Node, frame: Frame) -> bool:
        mark = (id(node), frame.object is None, frame.in_status, frame.in_output)
        if mark in self._seen:
            return False
        self._seen.add(mark)
        return True

    def _enter(self, mapping: Mapping, frame: Frame) -> list[Frame]:
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
            self.keep_images(mapping, frame, frame.object)
            held = self._deployments.keep(mapping, frame.key, frame.object, is_spec=frame.is_spec)
        return self._inside(mapping, frame, found, held)

    def _inside(self, mapping: Mapping, frame: Frame, found: Object | None, held: Container[str]) -> list[Frame]:
        """Return what to enter of ``mapping``, which is the object ``found`` itself if that is given."""
        return [
            Frame(
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

    def _state(self, mapping: Mapping, found: Object) -> None:
        """Note what the object says about images that other objects name."""
        built = tuple(built_names(self.collector, mapping, self.fields, found))
        self.facts += built
        if found.is_skaffold:
            self._built = frozenset(fact.name for fact in built)
            builds = skaffold.builds(mapping, self.fields, self.collector)
            self.facts += [] if builds is None else [builds]
            for base in skaffold.bases(mapping, self.fields):
                self.keep("base-image", base, Frame(base, "", found), found)
        if found.kind == "ImageTagTransformer":
            transformer = read_transformer(self.collector, mapping, self.fields, found.owner)
            self.facts += [] if transformer is None else [transformer]


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


def _is_entered(key: str, found: Object | None, frame: Frame) -> bool:
    """Tell whether the value of ``key`` is entered: of skaffold's configuration and profiles only what it runs."""
    if found is not None:
        return not found.is_skaffold or key in (*_SKAFFOLD_CONTAINERS, _PROFILES)
    in_profile = frame.key == _PROFILES and frame.object is not None and frame.object.is_skaffold
    return not in_profile or key in _SKAFFOLD_CONTAINERS
