"""Keys beside an image in an object: tags, pull policies, parameters, built names."""

from __future__ import annotations

import re
from itertools import pairwise

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import InvalidReferenceError
from pinner.formats.kubernetes.skaffold import artifacts
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.references import is_null
from pinner.formats.yaml.scalars import reference_text
from pinner.link.facts import Built
from pinner.reference import ImageReference, repository_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.kubernetes.objects import Object
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector
    from pinner.model import SkipReason

# An operator puts `image` and one of these together (ArgoCD's `version`, and their like).
_REST_OF_THE_NAME = ("tag", "version", "imageTag", "digest")
# What comes before the name there (NVIDIA's `repository`, Istio's `hub`).
_BEFORE_THE_NAME = ("registry", "imageRegistry", "hub", "repository")
_DECIDING = frozenset(("imagePullPolicy", *_REST_OF_THE_NAME, *_BEFORE_THE_NAME))
_SPECS = ("taskSpec", "pipelineSpec", "spec")
# Tekton, docs/variables.md: three ways to write one parameter.
_PARAMETER = re.compile(r"\$\((?:inputs\.)?params(?:\.([\w.-]+)|\[[\"']([\w.-]+)[\"']\])\)\Z")


class Parameter(NamedTuple):
    """A Tekton parameter that is the whole image, and the text that it has: a default, or what is given to it."""

    name: str
    text: Scalar
    written: Node
    via: tuple[str, ...]
    """The parameters that the text goes through, the image's own first."""
    other_reader: int
    """The offset of what else reads it; -1 where nothing does."""


class _Level(NamedTuple):
    """A mapping on the way to an image, and the key that it stands under; for an item that of its list."""

    mapping: Mapping
    key: str


def refusal(mapping: Mapping, fields: KeyLookup, text: str) -> tuple[SkipReason, str] | None:
    """Return why the image ``text`` in ``mapping`` may not be pinned, by the keys beside it; None where it may."""
    if "<<" not in fields.own(mapping) and _DECIDING.isdisjoint(fields.own(mapping)):
        return None
    policy = fields.scalar(mapping, "imagePullPolicy")
    if policy is not None and policy.value == "Never":
        return "pull-policy", "`imagePullPolicy: Never`: no registry is asked"
    rest = next((key for key in _REST_OF_THE_NAME if fields.scalar(mapping, key) is not None), None)
    if rest is not None and not _has_tag(text):
        return "separate-tag", f"its tag is the key `{rest}` beside it, which an operator puts behind the name"
    lead = next((key for key in _BEFORE_THE_NAME if _is_lead(fields.scalar(mapping, key), key)), None)
    if lead is None or _has_host(text):
        return None
    return "computed", f"`{lead}` beside it may be a part of the name"


def _is_lead(scalar: Scalar | None, key: str) -> bool:
    """Tell whether the text under ``key`` is a registry: a repository may be one of git, a bucket, a project."""
    if scalar is None or is_null(scalar) or "://" in scalar.value:
        return False
    return key != "repository" or _has_host(f"{scalar.value}/name")


def _has_host(text: str) -> bool:
    """Tell whether the name ``text`` begins with a registry's host."""
    host, slash, _ = text.partition("/")
    return bool(slash) and ("." in host or ":" in host or host == "localhost")


def _has_tag(text: str) -> bool:
    try:
        reference = ImageReference.parse(text)
    except InvalidReferenceError:
        return True  # nothing that a key beside it could complete
    return reference.tag is not None or reference.digest is not None


def find_parameter(text: str, root: Mapping, beside: Mapping, fields: KeyLookup) -> Parameter | None:
    """Return the parameter that the image ``text`` in ``beside`` is, in the Tekton object ``root``; None for no text.

    A spec inside of another one sees the parameters around it. What is given to it counts before its own default, and
    that before what is around (Tekton, docs/pipelineruns.md: propagated parameters, scope and precedence).
    """
    match = _PARAMETER.fullmatch(text)
    way = _way(root, beside, fields) if match is not None else []
    name = "" if match is None else match[1] or match[2]
    via: tuple[str, ...] = ()
    reader = -1
    for level, around in pairwise(way):
        if level.key not in _SPECS:
            continue
        via = via if via[-1:] == (f"$(params.{name})",) else (*via, f"$(params.{name})")
        reader = max(reader, _other_reader(level.mapping, fields, name))
        found = _entry(around.mapping, name, "value", fields) or _entry(level.mapping, name, "default", fields)
        if found is None:
            continue
        match = _PARAMETER.fullmatch(found[0].value)
        if match is None:
            return Parameter(name, *found, via, reader)
        name = match[1] or match[2]
    return None


def _entry(mapping: Mapping, name: str, key: str, fields: KeyLookup) -> tuple[Scalar, Node] | None:
    """Return the text under ``key`` of the parameter ``name`` of ``mapping``, and what stands there."""
    for item in fields.mappings(mapping, "params"):
        own, value = fields.scalar(item, "name"), fields.get(item, key)
        if own is not None and own.value == name and value is not None and type(value.node) is Scalar:
            return value.node, value.written
    return None


def _way(root: Mapping, target: Mapping, fields: KeyLookup) -> list[_Level]:
    """Return the mappings from ``target`` out to ``root``; nothing where there are several ways."""
    ways: list[list[_Level]] = []
    stack: list[tuple[Node, str, tuple[_Level, ...]]] = [(root, "", ())]
    while stack:
        written, key, above = stack.pop()
        node = resolve(written)
        if node is target:
            ways.append([_Level(target, key), *reversed(above)])
        elif type(node) is Mapping:
            inside = (*above, _Level(node, key))
            stack += [(value, key, inside) for key, value in fields.own(node).items() if type(value) is not Scalar]
        elif type(node) is Sequence:
            stack += [(child, key, above) for child in node.children]
    return ways[0] if len(ways) == 1 else []


def _other_reader(scope: Mapping, fields: KeyLookup, name: str, *, is_inner: bool = False) -> int:
    """Return where ``$(params.name)`` is read below ``scope`` as anything but a whole image; -1 for nowhere.

    What is handed on to a spec that has nothing but images of it is one, too.
    """
    mark = re.compile(rf"\$\((?:inputs\.)?params(?:\.{re.escape(name)}|\[[\"']{re.escape(name)}[\"']\])\)")
    stack: list[tuple[Node, str]] = [(scope, "")]
    handed_on: set[int] = set()
    while stack:
        written, key = stack.pop()
        node = resolve(written)
        if type(node) is Mapping:
            if not is_inner and "taskSpec" in fields.own(node):
                handed_on |= _handed_on(node, fields, mark)
            stack += [(value, key) for key, value in fields.own(node).items()]
        elif type(node) is Sequence:
            stack += [(child, key) for child in node.children]
        elif type(node) is not Scalar or "params" not in node.value or id(node) in handed_on:
            continue
        elif _is_read(node.value, mark, is_image=key == "image"):
            return node.start
    return -1


def _handed_on(task: Mapping, fields: KeyLookup, mark: re.Pattern[str]) -> set[int]:
    """Return the texts, by identity, that are ``mark`` and nothing else, given to the spec in ``task`` for images."""
    spec = fields.get(task, "taskSpec")
    found = set()
    for item in fields.mappings(task, "params"):
        own, value = fields.scalar(item, "name"), fields.get(item, "value")
        if own is None or value is None or type(value.node) is not Scalar or not mark.fullmatch(value.node.value):
            continue
        if spec is not None and type(spec.node) is Mapping:
            reader = _other_reader(spec.node, fields, own.value, is_inner=True)
            found |= {id(value.node)} if reader < 0 else set()
    return found


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
            yield Built(repository_of(str(text)), collector.lines.line(image.start), by)
