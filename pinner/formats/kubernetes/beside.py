"""Keys beside an image in an object: tags, pull policies, parameters, built names."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InvalidReferenceError
from pinner.formats.kubernetes.skaffold import artifacts
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.scalars import reference_text
from pinner.link.facts import Built
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.kubernetes.objects import Object
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector
    from pinner.model import SkipReason

# An operator puts `image` and one of these together (ArgoCD's `version`, and their like).
_REST_OF_THE_NAME = ("tag", "version", "imageTag", "digest")
_DECIDING = frozenset(("imagePullPolicy", *_REST_OF_THE_NAME))
# Tekton, docs/variables.md: three ways to write one parameter.
_PARAMETER = re.compile(r"\$\((?:inputs\.)?params(?:\.([\w.-]+)|\[[\"']([\w.-]+)[\"']\])\)\Z")


class Parameter(NamedTuple):
    """A Tekton parameter that is the whole image, and its default."""

    name: str
    default: Scalar
    written: Node
    other_reader: int
    """The offset of what else reads it; -1 where nothing does."""


def refusal(mapping: Mapping, fields: KeyLookup, text: str) -> tuple[SkipReason, str] | None:
    """Return why the image ``text`` in ``mapping`` may not be pinned, by the keys beside it; None where it may."""
    if "<<" not in fields.own(mapping) and _DECIDING.isdisjoint(fields.own(mapping)):
        return None
    policy = fields.scalar(mapping, "imagePullPolicy")
    if policy is not None and policy.value == "Never":
        return "pull-policy", "`imagePullPolicy: Never`: no registry is asked"
    rest = next((key for key in _REST_OF_THE_NAME if fields.scalar(mapping, key) is not None), None)
    if rest is None or _has_tag(text):
        return None
    return "separate-tag", f"its tag is the key `{rest}` beside it, which an operator puts behind the name"


def _has_tag(text: str) -> bool:
    try:
        reference = ImageReference.parse(text)
    except InvalidReferenceError:
        return True  # nothing that a key beside it could complete
    return reference.tag is not None or reference.digest is not None


def find_parameter(text: str, root: Mapping, fields: KeyLookup) -> Parameter | None:
    """Return the parameter of the Tekton object ``root`` that the image ``text`` is; None where it has no default."""
    match = _PARAMETER.fullmatch(text)
    spec = fields.get(root, "spec")
    if match is None or spec is None or type(spec.node) is not Mapping:
        return None
    name = match[1] or match[2]
    for item in fields.mappings(spec.node, "params"):
        own = fields.scalar(item, "name")
        default = fields.get(item, "default")
        if own is not None and own.value == name and default is not None and type(default.node) is Scalar:
            return Parameter(name, default.node, default.written, _other_reader(root, fields, name))
    return None


def _other_reader(root: Mapping, fields: KeyLookup, name: str) -> int:
    """Return where ``$(params.name)`` is read as anything but a whole image, below ``root``; -1 for nowhere."""
    mark = re.compile(rf"\$\((?:inputs\.)?params(?:\.{re.escape(name)}|\[[\"']{re.escape(name)}[\"']\])\)")
    stack: list[tuple[Node, str]] = [(root, "")]
    while stack:
        written, key = stack.pop()
        node = resolve(written)
        if type(node) is Mapping:
            stack += [(value, key) for key, value in fields.own(node).items()]
        elif type(node) is Sequence:
            stack += [(child, key) for child in node.children]
        elif type(node) is Scalar and "params" in node.value and _is_read(node.value, mark, is_image=key == "image"):
            return node.start
    return -1


def _is_read(text: str, mark: re.Pattern[str], *, is_image: bool) -> bool:
    return mark.search(text) is not None and not (is_image and mark.fullmatch(text))


def built_names(collector: Collector, mapping: Mapping, fields: KeyLookup, owner: Object) -> Iterator[Built]:
    """Yield the names that skaffold's ``build.artifacts`` and kbld's ``sources`` build."""
    if owner.is_skaffold:
        configurations = (mapping, *fields.mappings(mapping, "profiles"))
        entries = [entry for one in configurations for entry in artifacts(one, fields)]
    elif owner.group == "kbld.k14s.io":
        entries = list(fields.mappings(mapping, "sources"))
    else:
        return
    by = "skaffold" if owner.is_skaffold else "kbld"
    for entry in entries:
        image = fields.scalar(entry, "image")
        text = None if image is None else reference_text(collector.data, image)
        if image is not None and text is not None and text.data:
            yield Built(full_name(str(text)), collector.lines.line(image.start), by)


def full_name(text: str) -> str:
    """Return the registry's full name of the image ``text``, without tag and digest; ``text`` where it is none."""
    try:
        return ImageReference.parse(text).repository
    except InvalidReferenceError:
        return text
