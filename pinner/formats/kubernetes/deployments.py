"""Flux and Argo CD objects: Helm values in them, images that they replace, images that a controller writes."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.formats import helm
from pinner.formats.helm.values import ValuesWalk
from pinner.formats.kubernetes.objects import inline_patches, locate_images
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.embedded import Embedded
from pinner.formats.yaml.parts import Parts, judge_parts, read_part
from pinner.formats.yaml.references import is_null
from pinner.formats.yaml.scalars import source_text
from pinner.link.facts import INFLATED, ImageRule, Kustomization
from pinner.link.kustomize import Entry, apply_entries, split_image
from pinner.model import Document, Occurrence, Span, as_skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from pinner.formats.kubernetes.objects import Object
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector
    from pinner.link.facts import Fact
    from pinner.model import Place

    _Values: TypeAlias = dict[str, "tuple[Scalar, _Values | Node]"]
    """What parameters set: by key where that is written, and the value, or what is set below it."""

_ARGO = "argoproj.io"
_FLUX_KUSTOMIZATION = ("kustomize.toolkit.fluxcd.io", "Kustomization")
_FLUX_ARTIFACT = ("source.toolkit.fluxcd.io", "OCIRepository")
# Flux, and its first version.
_RELEASES = ("helm.toolkit.fluxcd.io", "helm.fluxcd.io", "flux.weave.works")
# Istio's operators, the old one and Sail: what they install are its charts.
_ISTIO = ("install.istio.io", "sailoperator.io")
# k3s and RKE2.
_CHARTS = ("HelmChart", "HelmChartConfig")
_UPDATED = "argocd-image-updater.argoproj.io/image-list"
_UPDATER = "Argo CD Image Updater writes this: the annotation `image-list` names the image"
_SCHEME = b"oci://"


# A parameter's name is a way into the values, as `helm --set` reads it; `\.` is a dot of a key.
_DOT = re.compile(r"(?<!\\)\.")
_DEEPEST = 20


class Deployments:
    """Keeps the images of one document that Flux's, Argo CD's and k3s's objects name in ways of their own."""

    def __init__(self, collector: Collector, fields: KeyLookup) -> None:
        self.collector = collector
        self.fields = fields
        self.facts: list[Fact] = []
        """What the objects state about images that other files name."""
        self.patches: list[tuple[Scalar, Node]] = []
        """The patches that stand in them as text, and what stands for each."""
        self._updated: tuple[str, ...] = ()

    def begin(self, root: Mapping) -> None:
        """Take notice of the object ``root``, whose parts come next."""
        field = self.fields.get(root, "metadata")
        noted = self.fields.get(field.node, "annotations") if field and type(field.node) is Mapping else None
        found = self.fields.scalar(noted.node, _UPDATED) if noted and type(noted.node) is Mapping else None
        entries = [] if found is None else found.value.split(",")
        self._updated = tuple([split_image(entry.rpartition("=")[2].strip()).name for entry in entries])

    def clear(self) -> None:
        """Forget what was stated: it has been taken."""
        self.facts.clear()
        self.patches.clear()

    def keep(self, mapping: Mapping, key: str, owner: Object, *, is_spec: bool) -> tuple[str, ...]:
        """Keep the images of ``mapping``, which stands under ``key``; return its keys that hold nothing else."""
        if owner.group == _ARGO:
            return self._argo(mapping, key, owner)
        if owner.kind == "HelmChartInflationGenerator" and not key:
            return self._values(mapping, "valuesInline", owner.owner)
        if not is_spec:
            return ()
        if owner.group in _RELEASES and owner.kind == "HelmRelease":
            return self._release(mapping, owner)
        if owner.group in _ISTIO:
            keys = ("values", "unvalidatedValues")
            return tuple([held for key in keys for held in self._values(mapping, key, owner.owner)])
        if owner.group == "helm.cattle.io" and owner.kind in _CHARTS:
            return self._text(mapping, "valuesContent", owner)
        if (owner.group, owner.kind) == _FLUX_KUSTOMIZATION:
            self._kustomization(mapping, owner)
            return ("images", "patches")
        if (owner.group, owner.kind) == _FLUX_ARTIFACT:
            self._artifact(mapping, owner)
        return ()

    def keep_charts(self, kustomization: Mapping) -> None:
        """Keep the images of the values that a ``kustomization`` has for charts of its own."""
        for chart in self.fields.mappings(kustomization, "helmCharts"):
            name = self.fields.scalar(chart, "name")
            self._values(chart, "valuesInline", f"{INFLATED}{'' if name is None else name.value}")

    def _argo(self, mapping: Mapping, key: str, owner: Object) -> tuple[str, ...]:
        if key == "helm":
            inline = self._parameters(mapping, owner) or self._values(mapping, "valuesObject", owner.owner)
            return (*inline, *self._text(mapping, "values", owner))
        if key in ("source", "sources"):
            self._argo_images(mapping, owner)
        return ()

    def _release(self, spec: Mapping, owner: Object) -> tuple[str, ...]:
        """Keep the images of Flux's ``HelmRelease``, and of the kustomizations behind its chart."""
        rules: list[ImageRule] = []
        for renderer in self.fields.mappings(spec, "postRenderers"):
            field = self.fields.get(renderer, "kustomize")
            if field is not None and type(field.node) is Mapping:
                rules += locate_images(self.collector, field.node, self.fields, owner.owner)
                self.patches += inline_patches(field.node, self.fields)
        return (*self._values(spec, "values", owner.owner, rules), "postRenderers")

    def _values(self, mapping: Mapping, key: str, owner: str, rules: Iterable[ImageRule] = ()) -> tuple[str, ...]:
        """Keep the images of the Helm values under ``key``; ``rules`` are applied to what is made of them."""
        field = self.fields.get(mapping, key)
        if field is None or type(field.node) is not Mapping:
            return ()
        for found in ValuesWalk(self.collector, self.fields, owner).find(field.node):
            self.collector.add(found.use, _rendered(found.place, rules))
        return (key,)

    def _parameters(self, helm: Mapping, owner: Object) -> tuple[str, ...]:
        """Keep the images of Argo CD's ``helm.parameters``, which come as ``--set`` over what ``valuesObject`` has."""
        given: _Values = {}
        for entry in self.fields.mappings(helm, "parameters"):
            name, value = self.fields.scalar(entry, "name"), self.fields.get(entry, "value")
            if name is not None and value is not None and type(value.node) is Scalar:
                _set(given, name, value.written)
        if not given:
            return ()
        field = self.fields.get(helm, "valuesObject")
        base = field.node if field is not None and type(field.node) is Mapping else None
        ValuesWalk(self.collector, self.fields, owner.owner).keep(_laid_over(base, given, self.fields))
        return ("valuesObject", "parameters")

    def _text(self, mapping: Mapping, key: str, owner: Object) -> tuple[str, ...]:
        """Keep the images of the Helm values that are YAML in the text under ``key``."""
        field = self.fields.get(mapping, key)
        if field is None or type(field.node) is not Scalar or "mage" not in field.node.value:
            return ()
        text = source_text(self.collector.data, field.node)
        use = self.collector.use("values-image", field.node, text, field.written, owner=owner.owner)
        if text is None:
            self.collector.add(use, use.unreadable(field.node))
            return ()
        located = helm.locate(Document("", text.data))
        values = Embedded(text)
        for place in located.places if located else ():
            values.keep(self.collector, use, place)
        return ()

    def _kustomization(self, spec: Mapping, owner: Object) -> None:
        """Keep the entries of Flux's ``Kustomization``, and state what they replace in what its path renders."""
        rules = locate_images(self.collector, spec, self.fields, owner.owner)
        path = self.fields.scalar(spec, "path")
        resources = () if path is None or is_null(path) else (path.value.lstrip("/"),)
        self.patches += inline_patches(spec, self.fields)
        self.facts.append(Kustomization(resources, rules=rules, is_deployment=True))

    def _argo_images(self, source: Mapping, owner: Object) -> None:
        """Keep the texts under ``kustomize.images`` of Argo CD's ``source``, and state what they replace."""
        field = self.fields.get(source, "kustomize")
        path = self.fields.scalar(source, "path")
        if field is None or type(field.node) is not Mapping:
            return
        rules = tuple(self._argo_rules(field.node, owner))
        self.patches += inline_patches(field.node, self.fields)
        if path is not None and not is_null(path):
            self.facts.append(Kustomization((path.value.lstrip("/"),), rules=rules, is_deployment=True))

    def _argo_rules(self, kustomize: Mapping, owner: Object) -> Iterator[ImageRule]:
        field = self.fields.get(kustomize, "images")
        for child in field.node.children if field is not None and type(field.node) is Sequence else ():
            node = resolve(child)
            text = source_text(self.collector.data, node) if type(node) is Scalar and not is_null(node) else None
            if text is None or type(node) is not Scalar:
                continue
            old, equals, _ = text.data.partition(b"=")
            new = text[len(old) + 1 :] if equals else text
            use = self.collector.use("kustomize-image", node, text, child, owner=owner.owner)
            if not new.data:
                continue
            use = use._replace(span=Span(new.starts[0], new.ends[-1]))
            image = split_image(str(new))
            place: Place = use.judge(new)
            if "$" in image.text or "{{" in image.text:
                place = use.skip(str(new), "interpolated-name", "Argo CD fills it in")
            elif isinstance(place, Occurrence) and not image.tag and not image.digest:
                place = use.skip(str(new), "separate-tag", "the tag is the one of what is replaced: write it here")
            elif isinstance(place, Occurrence) and image.name in self._updated:
                place = as_skipped(place, "output", _UPDATER)
            self.collector.add(use, place)
            name = old.decode("utf-8", "replace") if equals else image.name
            line = self.collector.lines.line(node.start)
            yield ImageRule(name, image.name if equals else "", image.tag, image.digest, line, place.span)

    def _artifact(self, spec: Mapping, owner: Object) -> None:
        """Keep the artifact that Flux's ``OCIRepository`` pulls: its digest is a field of its own."""
        url, ref = read_part(self.collector.data, spec, "url", self.fields), self.fields.get(spec, "ref")
        if url is None or ref is None or type(ref.node) is not Mapping or not url.text.data.startswith(_SCHEME):
            return
        name = url._replace(text=url.text[len(_SCHEME) :])
        tag, digest = (read_part(self.collector.data, ref.node, key, self.fields) for key in ("tag", "digest"))
        if not name.text.data or (tag is None and digest is None):
            return
        parts = Parts(name, tag=tag, digest=digest)
        use = self.collector.use("oci-artifact", name.scalar, name.text, name.written, owner=owner.owner)
        use = use._replace(scalar=parts.last.scalar, written=parts.last.written)
        place = judge_parts(use, parts)
        if isinstance(place, Occurrence) and digest is None:
            place = as_skipped(place, "separate-tag", "an artifact, which Flux holds by `digest:` beside its tag")
        self.collector.add(use, place)


def _rendered(place: Place, rules: Iterable[ImageRule]) -> Place:
    """Return ``place``, or its skip where one of ``rules`` puts another image in its place."""
    if not isinstance(place, Occurrence):
        return place
    image = apply_entries(str(place.reference), [Entry("", rule) for rule in rules])
    by = image.tagged_by or image.named_by
    if by is None:
        return place
    what = "replaces its tag" if image.tagged_by else "renames it"
    return as_skipped(place, "replaced", f"line {by.rule.line} {what}: `{image.text}` is rendered")


def _set(values: _Values, name: Scalar, value: Node) -> None:
    """Put ``value`` into ``values`` where the parameter's ``name`` leads; the last one wins."""
    *above, last = _DOT.split(name.value, _DEEPEST)
    for key in above:
        inner = values.get(key, (name, {}))[1]
        if not isinstance(inner, dict):
            inner = {}
        values[key] = name, inner
        values = inner
    values[last] = name, value


def _laid_over(base: Mapping | None, values: _Values, fields: KeyLookup) -> Mapping:
    """Return the mapping that ``values`` make of ``base``, of the nodes that stand in the file."""
    kept = [] if base is None else [key for key in fields.keys(base) if key not in values]
    start = base.start if base is not None else next(iter(values.values()))[0].start
    children: list[Node] = []
    for key in kept:
        field = fields.get(base, key) if base is not None else None
        children += () if field is None else (_key(key, start, start), field.written)
    for key, (name, value) in values.items():
        if isinstance(value, dict):
            field = fields.get(base, key) if base is not None else None
            below = field.node if field is not None and type(field.node) is Mapping else None
            children += (_key(key, name.start, name.end), _laid_over(below, value, fields))
        else:
            children += (_key(key, name.start, name.end), value)
    return Mapping(children, start, None, None, flow=False)


def _key(text: str, start: int, end: int) -> Scalar:
    return Scalar(text, start, end, "", None, None)
