"""Extraction of every image reference of Helm values: whole texts, and registry, repository and tag in blocks.

What a block is, and where its digest goes, was measured on what helm renders of 461 public charts.
"""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.helm.keys import (
    DIGESTS,
    LEADS,
    NAME_OF_IMAGE,
    NO_IMAGE,
    NO_REPOSITORY,
    TAGS,
    TAILS,
    UNPUBLISHED,
    has_tag,
    is_map_of_images,
    is_printed_otherwise,
    is_tagged_image,
    tag_keys,
    version_keys,
)
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.lookup import anchor_name
from pinner.formats.yaml.parts import (
    FoundParts,
    Parts,
    find_gap,
    implied_by,
    implied_of,
    judge_parts,
    read_part,
    without_conflicts,
)
from pinner.formats.yaml.references import FLUX_WRITES, is_null, is_written_by_flux, skip_if_unfilled
from pinner.formats.yaml.scalars import reference_text
from pinner.model import Occurrence, as_skipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.parts import Part
    from pinner.formats.yaml.references import Collector
    from pinner.model import SkipReason

_NO_TAG = "its tag is empty: templates then take the `appVersion` of Chart.yaml"
_KIND, _TEXT_KIND = "values-image", "values-text"


class _Frame(NamedTuple):
    """A node to enter, the key it stands under, and the way to it from the root."""

    node: Node
    key: str
    path: str
    via: tuple[str, ...]
    around: Mapping | None = None
    """The mapping that it stands in."""


class ValuesWalk:
    """Goes through the nodes of values, without recursion and each collection once."""

    def __init__(self, collector: Collector, fields: KeyLookup, owner: str = "") -> None:
        """``owner`` is who holds the values; without one, an image's owner is its path in them."""
        self.collector = collector
        self.fields = fields
        self._owner = owner
        self._found: list[FoundParts] = []
        self._registry = False

    def keep(self, root: Mapping) -> None:
        """Keep the images under ``root``, the mapping of all values."""
        for found in self.find(root):
            self.collector.add(found.use, found.place)

    def find(self, root: Mapping) -> Iterable[FoundParts]:
        """Return the images under ``root``, the mapping of all values."""
        self._registry = self._has_global_registry(root)
        seen: set[int] = set()
        stack = [_Frame(root, "", "", ())]
        while stack:
            frame = stack.pop()
            node = resolve(frame.node)
            if type(node) is Scalar or id(node) in seen:
                continue
            seen.add(id(node))
            via = (*frame.via, *anchor_name(frame.node))[:_MAX_VIA]
            if type(node) is Mapping:
                self._of_mapping(node, frame._replace(via=via))
                stack += [
                    _Frame(value, frame.key if key == "<<" else key, _below(frame.path, key), via, node)
                    for key, value in reversed(self.fields.own(node).items())
                    if type(value) is not Scalar
                ]
            elif type(node) is Sequence:
                stack += [
                    _Frame(child, frame.key, f"{frame.path}[{index}]", via)
                    for index, child in reversed(tuple(enumerate(node.children)))
                    if type(child) is not Scalar
                ]
        return without_conflicts(self._found)

    def _has_global_registry(self, root: Mapping) -> bool:
        """Tell whether ``global.imageRegistry`` takes the place of the registries that blocks have."""
        field = self.fields.get(root, "global")
        if field is None or type(field.node) is not Mapping:
            return False
        return read_part(self.collector.data, field.node, "imageRegistry", self.fields) is not None

    def _of_mapping(self, mapping: Mapping, frame: _Frame) -> None:
        own = self.fields.own(mapping)
        names = own if "<<" not in own else self.fields.keys(mapping)
        if (name := self._name_key(mapping, names, frame.key)) is not None:
            self._block(mapping, name, frame)
        is_map = frame.path.endswith(("images", "images.tags")) and is_map_of_images(frame.path, frozenset(names))
        for key in names:
            if key not in own:
                continue
            if key[-5:].lower() == "image":
                self._text(mapping, key, frame)
            elif (ending := NAME_OF_IMAGE.search(key)) is not None:
                self._stem(mapping, key, key[: ending.start()], frame)
            elif is_map:
                self._listed(mapping, key, frame)

    def _part(self, mapping: Mapping, key: str) -> Part | None:
        return read_part(self.collector.data, mapping, key, self.fields)

    def _name_key(self, mapping: Mapping, names: Iterable[str], key: str) -> str | None:
        """Return the key of the name in ``mapping``, a block that stands under ``key``; None where it is none."""
        is_image = key.lower().endswith("image")
        has_tag = "tag" in names or "digest" in names
        keys: tuple[str, ...] = ()
        if "repository" in names:
            keys = ("repository",) if is_image or has_tag else ()
        elif is_image and has_tag and "image" not in names:
            keys = ("name", "repo")
        return next((one for one in keys if self._is_name(mapping, one)), None)

    def _is_name(self, mapping: Mapping, key: str) -> bool:
        scalar = self.fields.scalar(mapping, key)
        return scalar is not None and not is_null(scalar) and NO_REPOSITORY.search(scalar.value) is None

    def _block(self, mapping: Mapping, key: str, frame: _Frame) -> None:
        name = self._part(mapping, key)
        if name is None:  # far too long
            return
        tag_key = next((key for key in TAGS if self._is_text(mapping, key)), "")
        tag = self._part(mapping, tag_key)
        if not tag_key and frame.around is not None and (outer := self._part(frame.around, f"{frame.key}Tag")):
            tag, frame = outer, frame._replace(path=frame.path.rpartition(".")[0])
        parts = self._with_digest(mapping, Parts(name, self._part(mapping, "registry"), tag))
        beside = next((one for one in ("image", "name") if one != key and self._part(mapping, one) is not None), "")
        if beside == "name" and not frame.key.lower().endswith("image"):
            beside = ""  # an item's own name
        self._add(_KIND, parts, frame, self._why_not(parts, beside or self._lead(mapping, parts)))

    def _lead(self, mapping: Mapping, parts: Parts) -> str:
        """Return the key of ``mapping`` whose text templates add to the name of ``parts``; empty where none does.

        Several digests are those of several images, whose names come of one.
        """
        digests = [key for key in self.fields.keys(mapping) if key.endswith("Digest") and not key.startswith("use")]
        if len(digests) > 1 and parts.digest is None and parts.gap is None:
            return digests[0]
        is_whole = parts.registry is not None or "/" in parts.name.scalar.value
        return self._added(mapping, TAILS if is_whole else (*TAILS, *LEADS))

    def _added(self, mapping: Mapping, keys: Iterable[str]) -> str:
        """Return the first of ``keys`` that has a text in ``mapping``, and is not switched off; empty for none."""
        texts = ((key, self._part(mapping, key)) for key in keys)
        return next((key for key, part in texts if part is not None and part.scalar.value != "false"), "")

    def _stem(self, mapping: Mapping, key: str, stem: str, frame: _Frame) -> None:
        """Keep the image whose parts stand side by side: ``imageRepository``, ``imageTag`` and their like."""
        name = self._part(mapping, key)
        if name is None or NO_REPOSITORY.search(name.scalar.value):
            return
        registry, tag, digest = (self._part(mapping, f"{stem}{one}") for one in ("Registry", "Tag", "Digest"))
        if tag is None and digest is None and f"{stem}Tag" not in self.fields.keys(mapping):
            return
        parts = self._with_digest(mapping, Parts(name, registry, tag), (f"{stem}Digest",))
        self._add(_KIND, parts, frame, self._why_not(parts, self._added(mapping, (f"{stem}TagSuffix",))))

    def _is_text(self, mapping: Mapping, key: str) -> bool:
        return self.fields.scalar(mapping, key) is not None

    def _with_digest(self, mapping: Mapping, parts: Parts, keys: tuple[str, ...] = DIGESTS) -> Parts:
        """Return ``parts`` with the digest of ``mapping`` under one of ``keys``, or with the field where it goes."""
        key = next((key for key in keys if self._is_text(mapping, key)), "")
        digest, implied = self._part(mapping, key), implied_by(key)
        if digest is not None:
            implied = implied_of(digest)
        used = self.fields.scalar(mapping, "useDigest")
        if digest is None and used is not None and used.value == "false":
            return parts  # templates leave the field out: the tag is what they read
        gap = None if digest is not None else find_gap(self.collector.data, mapping, key, self.fields)
        return parts._replace(digest=digest, gap=gap, implied=implied)

    def _why_not(self, parts: Parts, beside: str = "") -> tuple[SkipReason, str] | None:
        """Return why the block ``parts`` is left alone, whatever its text is; None where it is not.

        ``beside`` is a key beside the name that may hold a part of it.
        """
        tag = parts.tag
        if beside:
            return "computed", f"`{beside}` beside it may be a part of the name"
        if tag is not None and UNPUBLISHED.search(tag.scalar.value):
            return "templated", "chartpress fills in the tag of what it publishes"
        if self._registry:
            return "interpolated-name", "`global.imageRegistry` takes the place of its registry"
        if tag is not None and is_printed_otherwise(tag.scalar):
            return "invalid-reference", f"YAML reads the tag `{tag.text}` as a number, printed otherwise: quote it"
        if tag is None and parts.digest is None and b":" not in parts.name.text.data.rpartition(b"/")[2]:
            return "no-default", _NO_TAG
        return None

    def _text(self, mapping: Mapping, key: str, frame: _Frame) -> None:
        """Keep the text under ``key``, which ends in ``image``, where it is one."""
        written = self.fields.own(mapping)[key]
        node = resolve(written)
        if type(node) is not Scalar or is_null(node) or NO_IMAGE.search(node.value):
            return
        text = reference_text(self.collector.data, node)
        tag = None if text is None else self._tag_beside(mapping, key, node)
        elsewhere = None if text is None or tag is not None else self._tag_elsewhere(mapping, key, node)
        is_bare = ":" not in node.value and "/" not in node.value
        if text is None or (is_bare and tag is None and (elsewhere is None or elsewhere[0] != "no-default")):
            return
        name = self._part(mapping, key)
        if name is None or (key == "image" and "repository" in self.fields.own(mapping)):
            return
        registry = self._part(mapping, "registry") if key == "image" else None
        lead = self._lead(mapping, Parts(name, registry, tag)) if key == "image" else ""
        if tag is None and registry is None and not lead and elsewhere is None:
            self._add_text(name, frame._replace(path=_below(frame.path, key)))
            return
        parts = Parts(name, registry, tag)
        why_not = elsewhere or self._why_not(parts, lead)
        self._add(_KIND, parts if tag is None else self._with_digest(mapping, parts), frame, why_not)

    def _tag_beside(self, mapping: Mapping, key: str, name: Scalar) -> Part | None:
        """Return the tag in a key of its own that belongs to the text ``name`` under ``key``, which has none."""
        keys = () if has_tag(name.value) else tag_keys(key)
        return next(filter(None, (self._part(mapping, one) for one in keys)), None)

    def _tag_elsewhere(self, mapping: Mapping, key: str, name: Scalar) -> tuple[SkipReason, str] | None:
        """Return why ``name`` under ``key`` takes no tag, though no tag is beside it: templates put one behind it."""
        if has_tag(name.value):
            return None
        if any(self._is_text(mapping, one) for one in tag_keys(key)):
            return "no-default", _NO_TAG
        version = next((one for one in version_keys(key) if self._part(mapping, one) is not None), "")
        return ("separate-tag", f"its tag is the key `{version}` beside it") if version else None

    def _listed(self, mapping: Mapping, key: str, frame: _Frame) -> None:
        """Keep the text under ``key`` of a map of images, where it is one with its tag."""
        name = self._part(mapping, key)
        value = "" if name is None else name.scalar.value
        if name is not None and NO_IMAGE.search(value) is None and is_tagged_image(value):
            self._add_text(name, frame._replace(path=_below(frame.path, key)))

    def _add(self, kind: str, parts: Parts, frame: _Frame, why_not: tuple[SkipReason, str] | None) -> None:
        name = parts.name
        via = (*frame.via, *anchor_name(name.written))
        owner = self._owner or frame.path
        use = self.collector.use(kind, name.scalar, name.text, name.written, via=via, owner=owner)
        use = use._replace(scalar=parts.last.scalar, written=parts.last.written)
        place = judge_parts(use, parts)
        if any(is_written_by_flux(self.collector.data, part.scalar) for part in (name, parts.last)):
            why_not = "output", FLUX_WRITES
        if why_not is not None and (isinstance(place, Occurrence) or place.reason == "invalid-reference"):
            place = use.skip(parts.text, *why_not)
        self._found.append(FoundParts(use, place, parts))

    def _add_text(self, name: Part, frame: _Frame) -> None:
        via = (*frame.via, *anchor_name(name.written))
        owner = self._owner or frame.path
        use = self.collector.use(_TEXT_KIND, name.scalar, name.text, name.written, via=via, owner=owner)
        place = skip_if_unfilled(use, str(name.text)) or use.judge(name.text)
        if isinstance(place, Occurrence) and is_written_by_flux(self.collector.data, name.scalar):
            place = as_skipped(place, "output", FLUX_WRITES)
        self._found.append(FoundParts(use, place, Parts(name)))


_MAX_VIA = 10


def _below(path: str, key: str) -> str:
    if key == "<<":
        return path
    return f"{path}.{key}" if path else key
