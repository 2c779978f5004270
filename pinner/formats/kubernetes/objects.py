"""Kubernetes and kustomize objects: which name images, and which texts are references."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.helm.keys import NO_IMAGE, is_tagged_image
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.parts import Parts, find_gap, judge_parts, read_part
from pinner.formats.yaml.references import FLUX_WRITES, is_written_by_flux, skip_if_unfilled
from pinner.formats.yaml.stream import unshadow
from pinner.link.facts import ImageRule, ImageTransformer, Kustomization
from pinner.model import Occurrence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.parts import Part
    from pinner.formats.yaml.references import Collector, Use
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Place


# Selectors and labels: `image` there is a label's name, and a digest no label's value.
NOT_ENTERED = ("labels", "annotations", "matchLabels", "nodeSelector", "selector")
# What has images under other keys too.
TYPED_GROUPS = ("acid.zalan.do", "pkg.crossplane.io", "postgresql.cnpg.io", "serving.kserve.io", "tekton.dev")
# Whose objects Kubernetes defines itself, and names each image under `image`.
_OWN_GROUP = re.compile(r"^[^.]*$|\.k8s\.io$")
# What a machine boots from, what a build makes, what is seen or was once run.
_NO_CONTAINER = re.compile(
    r"(?:^|[._-])?(?:os|vm|ami|boot|root|disk|machine|node|backing|output|target|destination|result|pushed?|built"
    r"|current|previous|old|new|last|expected|observed)_?image$",
    re.IGNORECASE,
)
# Tools whose `image` is a pattern, a name to replace, or the name of something that they build.
_EXCLUDED_GROUPS = re.compile(
    r"(?:^|\.)(?:(?<!chainsaw\.)kyverno\.io|kbld\.k14s\.io|policy\.sigstore\.dev|image\.toolkit\.fluxcd\.io)$"
)
_EXCLUDED_KINDS = ("CustomResourceDefinition",)
# Whose `image` is what a machine boots from.
_MACHINE_GROUPS = re.compile(
    r"(?:^|\.)(?:infrastructure\.cluster\.x-k8s\.io|machine\.openshift\.io|hobbyfarm\.io|compute\.cnrm\.cloud\.google\.com"
    r"|harvesterhci\.io|metal3\.io|machine\.sapcloud\.io|karpenter\.k8s\.aws|hcloud\.crossplane\.io)$"
)
_MACHINE_KINDS = {
    "kops": re.compile(r"^InstanceGroup$"),
    "kops.k8s.io": re.compile(r"^InstanceGroup$"),
}
_CLOUD_GROUPS = re.compile(r"(?:^|\.)(?:crossplane|upbound)\.io$")
_CLOUD_MACHINES = re.compile(
    r"(?:Droplet|Server|Instance|Machine|MachineSet|VirtualMachine|InstanceTemplate|LaunchTemplate|InstanceV2|NodePool)$"
)
# Text for somebody else: a key of theirs called `image` is their business.
_DATA_KINDS = ("ConfigMap", "Secret")


class Object(NamedTuple):
    """An object's type and name."""

    group: str
    kind: str
    name: str

    @property
    def owner(self) -> str:
        """``Kind/name``, or the kind alone where the name is not written out."""
        return f"{self.kind}/{self.name}" if self.name else self.kind

    @property
    def is_excluded(self) -> bool:
        """Whether nothing in it is an image to pull."""
        if self.kind in _EXCLUDED_KINDS or (not self.group and self.kind in _DATA_KINDS):
            return True
        return _EXCLUDED_GROUPS.search(self.group) is not None or self._is_machine

    @property
    def says_nothing(self) -> bool:
        """Whether it has no image to pull, and states nothing about those of others, as kbld's does."""
        return self.is_excluded and self.group != "kbld.k14s.io"

    @property
    def _is_machine(self) -> bool:
        if _MACHINE_GROUPS.search(self.group):
            return True
        kinds = _CLOUD_MACHINES if _CLOUD_GROUPS.search(self.group) else _MACHINE_KINDS.get(self.group)
        return kinds is not None and kinds.search(self.kind) is not None

    @property
    def is_custom(self) -> bool:
        """Whether an operator defines it, who may have an image under any key."""
        return _OWN_GROUP.search(self.group) is None

    @property
    def is_tekton(self) -> bool:
        """Whether it is Tekton's, whose parameters have defaults."""
        return self.group == "tekton.dev"

    @property
    def is_test(self) -> bool:
        """Whether it is chainsaw's, where ``assert`` and ``error`` say what is expected and start nothing."""
        return self.group == "chainsaw.kyverno.io"

    @property
    def is_skaffold(self) -> bool:
        """Whether it is skaffold's configuration, where only some containers are pulled."""
        return self.group == "skaffold"

    @property
    def is_kustomization(self) -> bool:
        """Whether it is kustomize's own, with name and digest in fields of their own."""
        return self.group == "kustomize.config.k8s.io"


def read_object(mapping: Mapping, fields: KeyLookup) -> Object | None:
    """Return what object ``mapping`` is, or None where it is none: one has a scalar ``apiVersion`` and ``kind``."""
    own = fields.own(mapping)
    if "apiVersion" not in own and "<<" not in own:
        return None
    version, kind = fields.scalar(mapping, "apiVersion"), fields.scalar(mapping, "kind")
    if version is None or kind is None or not version.value or not kind.value:
        return None
    metadata = fields.get(mapping, "metadata")
    name = fields.scalar(metadata.node, "name") if metadata is not None and type(metadata.node) is Mapping else None
    literal = name is not None and not any(mark in name.value for mark in ("{{", "$"))
    group = version.value.rpartition("/")[0]
    return Object(group, unshadow(kind.value), unshadow(name.value) if name is not None and literal else "")


def may_be_image(key: str, text: str) -> bool:
    """Tell whether the ``text`` under ``key`` of a custom resource is an image beyond doubt: both say so."""
    if key[-5:].lower() != "image" or _NO_CONTAINER.search(key) is not None:
        return False
    return NO_IMAGE.search(text) is None and is_tagged_image(text)


_DOCKER_HUB = ("docker.io/", "index.docker.io/")


def judge(use: Use, text: SourceText) -> Place:
    """Return the occurrence that ``text`` makes, or a skip that says what else it is."""
    written = str(text)
    skip = skip_if_unfilled(use, written)
    if skip is not None:
        return skip
    place = use.judge(text)
    if use.kind == "package" and isinstance(place, Occurrence) and _is_unqualified(place):
        return use.skip(written, "computed", "Crossplane adds a registry of its own choice; write the registry out")
    return place


def _is_unqualified(occurrence: Occurrence) -> bool:
    return occurrence.reference.domain == "docker.io" and not str(occurrence.reference).startswith(_DOCKER_HUB)


_LISTS = ("resources", "bases", "components", "transformers")
# `imageTags` is what `images` was called before kustomize 2.
_IMAGES = ("images", "imageTags")


def locate_images(collector: Collector, holder: Mapping, fields: KeyLookup, owner: str) -> tuple[ImageRule, ...]:
    """Keep the entries under ``images`` of ``holder`` and return them as rules."""
    entries = [entry for key in _IMAGES for entry in fields.mappings(holder, key)]
    return tuple(filter(None, (_Entry(collector, entry, fields, owner).keep() for entry in entries)))


def read_kustomization(collector: Collector, root: Mapping, fields: KeyLookup, owner: str) -> Kustomization:
    """Keep the entries of the kustomization ``root``, and return what it builds from and replaces."""
    rules = locate_images(collector, root, fields, owner)
    resources, bases, components, transformers = (_texts(root, key, fields) for key in _LISTS)
    patches = [*_texts(root, "patchesStrategicMerge", fields)]
    for key in ("patches", "patchesJson6902"):
        for entry in fields.mappings(root, key):
            path = fields.scalar(entry, "path")
            patches += [] if path is None else [path.value]
    for chart in fields.mappings(root, "helmCharts"):
        file = fields.scalar(chart, "valuesFile")
        patches += [*([] if file is None else [file.value]), *_texts(chart, "additionalValuesFiles", fields)]
    return Kustomization((*resources, *bases), components, tuple(patches), transformers, rules)


def inline_patches(root: Mapping, fields: KeyLookup) -> Iterator[tuple[Scalar, Node]]:
    """Yield the scalars that hold patches of the kustomization ``root`` as text, and what stands for each."""
    for key in ("patches", "patchesJson6902"):
        for entry in fields.mappings(root, key):
            field = fields.get(entry, "patch")
            if field is not None and type(field.node) is Scalar:
                yield field.node, field.written
    field = fields.get(root, "patchesStrategicMerge")
    for item in field.node.children if field is not None and type(field.node) is Sequence else ():
        node = resolve(item)
        if type(node) is Scalar and "\n" in node.value:
            yield node, item


def read_transformer(collector: Collector, root: Mapping, fields: KeyLookup, owner: str) -> ImageTransformer | None:
    """Keep the image of the ``ImageTagTransformer`` that ``root`` is, and return it as a rule."""
    field = fields.get(root, "imageTag")
    if field is None or type(field.node) is not Mapping:
        return None
    rule = _Entry(collector, field.node, fields, owner).keep()
    return None if rule is None else ImageTransformer(rule)


def _texts(mapping: Mapping, key: str, fields: KeyLookup) -> tuple[str, ...]:
    field = fields.get(mapping, key)
    if field is None or type(field.node) is not Sequence:
        return ()
    nodes = [resolve(child) for child in field.node.children]
    return tuple([node.value for node in nodes if type(node) is Scalar and "\n" not in node.value])


class _Entry:
    """One image that kustomize renames or retags: ``name``, ``newName``, ``newTag``, ``tagSuffix``, ``digest``."""

    def __init__(self, collector: Collector, entry: Mapping, fields: KeyLookup, owner: str) -> None:
        self.collector = collector
        self.entry = entry
        self.fields = fields
        self.owner = owner

    def keep(self) -> ImageRule | None:
        """Keep the entry's image and return the rule that it is; None where it changes nothing."""
        old, new = self._part("name"), self._part("newName")
        tag, digest = self._part("newTag"), self._part("digest")
        name = new or old
        if name is None or (tag is None and digest is None and new is None):
            return None
        gap = find_gap(self.collector.data, self.entry, "digest", self.fields) if tag is not None else None
        parts = Parts(name, tag=tag, digest=digest, gap=gap)
        use = self.collector.use("kustomize-image", name.scalar, name.text, name.scalar, owner=self.owner)
        use = use._replace(scalar=parts.last.scalar, written=parts.last.written)
        place = self._judge(use, parts, new)
        self.collector.add(use, place)
        line = self.collector.lines.line(name.scalar.start)
        return ImageRule(_text(old), _text(new), _text(tag), _text(digest), line, place.span) if old else None

    def _judge(self, use: Use, parts: Parts, new: Part | None) -> Place:
        written = parts.text
        if new is not None and (b"@" in new.text.data or b":" in new.text.data.rpartition(b"/")[2]):
            detail = "kustomize adds tag and digest to `newName`: a tag of its own makes a name that nothing can pull"
            return use.skip(written, "invalid-reference", detail)
        if self._part("tagSuffix") is not None:
            return use.skip(written, "separate-tag", "`tagSuffix` adds to the tag, and is refused beside a digest")
        place = judge_parts(use, parts)
        if not isinstance(place, Occurrence):
            return place
        if parts.last is parts.name:
            detail = "the tag is the one of what is replaced: add `newTag:` here, and it can hold the digest"
            return use.skip(written, "separate-tag", detail)
        if is_written_by_flux(self.collector.data, parts.last.scalar):
            return use.skip(written, "output", FLUX_WRITES)
        return place

    def _part(self, key: str) -> Part | None:
        return read_part(self.collector.data, self.entry, key, self.fields)


def _text(part: Part | None) -> str:
    return "" if part is None else str(part.text)
