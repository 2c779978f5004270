"""Extraction of image references from Terraform files, by a table of the attributes that are images.

Sources: the schemas of the providers kreuzwerker/docker, hashicorp/kubernetes, google, azurerm and aws. There is no
rule for an attribute called ``image``: as many resources mean a machine's. Left out, though their values look alike:
``google_compute_instance`` (``debian-cloud/debian-11``), ``digitalocean_droplet``, ``hcloud_server`` and so on; the
resource ``docker_registry_image`` (a push), ``aws_codebuild_project`` (AWS's own), ``aws_lambda_function``
(refuses a tag beside a digest).
"""

from __future__ import annotations

import re
from functools import cache

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.hcl.blocks import outline, scan, scan_json
from pinner.formats.hcl.facts import PREFIXES, module_of
from pinner.formats.hcl.places import Collector, values_at
from pinner.formats.hcl.values import Name, Template, literal_text
from pinner.model import Located
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pinner.formats.hcl.blocks import Attribute, Block
    from pinner.formats.hcl.values import Value
    from pinner.model import Document


class Position(NamedTuple):
    """One attribute that is an image, or holds some."""

    kind: str
    """``resource`` or ``data``."""
    type: str
    """The resource's type; where it ends in ``*`` every type that begins so."""
    path: tuple[str, ...]
    """The blocks down to the attribute's; ``**`` is any number of them. A ``dynamic`` block goes by its label."""
    attributes: tuple[str, ...]
    inside: tuple[str, ...] = ()
    """Where the attribute's value is no image itself: the keys down to it, ``[]`` for the elements of a list and ``**``
    for anything. The value may be an object, JSON, or a call of ``jsonencode``."""


POSITIONS = (
    Position("resource", "docker_image", (), ("name",)),
    Position("resource", "docker_container", (), ("image",)),
    Position("resource", "docker_service", ("task_spec", "container_spec"), ("image",)),
    Position("resource", "docker_buildx_builder", ("docker_container",), ("image",)),
    Position("resource", "docker_buildx_builder", ("kubernetes",), ("image",)),
    Position("data", "docker_image", (), ("name",)),
    Position("data", "docker_registry_image", (), ("name",)),
    Position("resource", "kubernetes_*", ("**", "container"), ("image",)),
    Position("resource", "kubernetes_*", ("**", "init_container"), ("image",)),
    Position("resource", "kubernetes_manifest", (), ("manifest",), ("**", "containers", "[]", "image")),
    Position("resource", "kubernetes_manifest", (), ("manifest",), ("**", "initContainers", "[]", "image")),
    Position("resource", "kubernetes_manifest", (), ("manifest",), ("**", "ephemeralContainers", "[]", "image")),
    Position("resource", "google_cloud_run_*", ("**", "containers"), ("image",)),
    Position("resource", "azurerm_container_*", ("**", "container"), ("image",)),
    Position("resource", "azurerm_container_*", ("**", "init_container"), ("image",)),
    Position("resource", "aws_ecs_task_definition", (), ("container_definitions",), ("[]", "image")),
    Position("resource", "aws_batch_job_definition", (), ("container_properties",), ("image",)),
    Position("resource", "aws_batch_job_definition", (), ("node_properties",), ("**", "image")),
    Position("resource", "aws_batch_job_definition", (), ("ecs_properties",), ("**", "containers", "[]", "image")),
    Position("resource", "aws_batch_job_definition", ("eks_properties", "**", "containers"), ("image",)),
    Position("resource", "aws_batch_job_definition", ("eks_properties", "**", "init_containers"), ("image",)),
)


def positions_of(kind: str, type_: str) -> tuple[Position, ...]:
    """Return the positions in a block of ``kind`` (``resource``, ``data``) and ``type_``."""
    return tuple(one for one in POSITIONS if one.kind == kind and _fits(one.type, type_))


def _fits(pattern: str, type_: str) -> bool:
    return type_.startswith(pattern[:-1]) if pattern.endswith("*") else type_ == pattern


FORMAT = "terraform"
_IMAGE = re.compile(r"(?:^|_)image$")
_LABELS = {"resource": 2, "data": 2, "variable": 1, "module": 1, "output": 1, "provider": 1, "dynamic": 1}
_NAMED_ELSEWHERE = ("docker_image.", "data.docker_image.", "data.docker_registry_image.", "docker_registry_image.")
"""What stands in another resource, which names the image or builds it."""


def locate(document: Document, *, is_loose: bool = False) -> Located:
    """Return the images that the resources of ``document`` name; those of modules' inputs, too, if ``is_loose``.

    Never raises.
    """
    data = document.data
    file = scan_json(data, PREFIXES, _LABELS) if document.path.endswith(".json") else scan(data, PREFIXES)
    collector = Collector(FORMAT, data)
    for block in file.root.blocks:
        if block.type in ("resource", "data") and block.labels:
            _resource(collector, block)
        elif is_loose and block.type in ("module", "locals"):
            _loosely(collector, block)
    collector.report(file.problem)
    module = module_of(collector, file.root, file.words)
    return Located(collector.places(), tuple(outline(file.root)), (module,) if module is not None else ())


def _resource(collector: Collector, block: Block) -> None:
    address = ".".join(block.labels[:2])
    owner = f"data.{address}" if block.type == "data" else address
    is_built = block.type == "resource" and block.labels[0] == "docker_image" and _has_inner(block, "build")
    for position in positions_of(block.type, block.labels[0]):
        for attribute in _attributes(block, position.path, position.attributes):
            for value in _images(collector, attribute, position):
                if is_built:
                    collector.add_result(block.labels[0], value, owner)
                elif not (type(value) is Name and value.text.startswith(_NAMED_ELSEWHERE)):
                    collector.add_image(block.labels[0], value, owner)


def _has_inner(block: Block, type_: str) -> bool:
    """Tell whether ``block`` has one of ``type_`` in it, written out or made by ``dynamic``."""
    return any(inner == type_ for inner, _ in _inner(block))


def _loosely(collector: Collector, block: Block) -> None:
    """Keep what a module's inputs, or locals, call an image and write out with its tag."""
    owner = f"module.{block.labels[0]}" if block.labels else "locals"
    for attribute in block.attributes:
        value = collector.read(attribute)
        found = [value] if _IMAGE.search(attribute.name) else []
        found += values_at(collector.data, value, ("**", "image"))
        for one in found:
            text = literal_text(collector.data, one) if type(one) is Template and one.is_literal else None
            if text is not None and _has_tag(str(text)):
                collector.add_image(block.type, one, owner)


def _has_tag(text: str) -> bool:
    reference = ImageReference.try_parse(text)
    return reference is not None and reference.tag is not None


def _images(collector: Collector, attribute: Attribute, position: Position) -> Iterator[Value]:
    if not position.inside:
        yield collector.read(attribute)
    elif _may_hold(collector.data[attribute.start : attribute.end], position.inside):
        yield from values_at(collector.data, collector.read(attribute), position.inside)


def _may_hold(text: bytes, path: Sequence[str]) -> bool:
    """Tell from its bytes alone whether the keys of ``path`` may be in an expression: manifests are long."""
    if b"\\u" in text or b"\\U" in text:
        return True
    plain = text.replace(b"\\", b"")  # what is no escape stands for itself
    return all(_key(step).search(plain) is not None for step in path if step not in ("[]", "**"))


@cache
def _key(name: str) -> re.Pattern[bytes]:
    return re.compile(re.escape(name.encode()) + rb'"?[ \t\r]*[=:]')


def _attributes(block: Block, path: Sequence[str], names: Sequence[str]) -> Iterator[Attribute]:
    """Yield the attributes called one of ``names`` that ``path`` leads to from ``block``."""
    if not path:
        yield from (one for one in map(block.attribute, names) if one is not None)
        return
    step = path[0]
    if step == "**":
        yield from _attributes(block, path[1:], names)
    for type_, inner in _inner(block):
        if step == "**":
            yield from _attributes(inner, path, names)
        elif type_ == step:
            yield from _attributes(inner, path[1:], names)


def _inner(block: Block) -> Iterator[tuple[str, Block]]:
    """Yield the blocks in ``block`` with their types; of a ``dynamic`` one its label, and its ``content``."""
    for inner in block.blocks:
        if inner.type == "dynamic" and inner.labels:
            yield from ((inner.labels[0], content) for content in inner.each("content"))
        else:
            yield inner.type, inner
