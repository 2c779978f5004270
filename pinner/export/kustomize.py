"""Kustomize component whose ``images:`` hold what the lock does, and the images that kustomize changes.

Source: github.com/kubernetes-sigs/kustomize ``api/filters/imagetag`` and ``api/internal/image``. An image is known by
its name as the manifest writes it, without the tag, and ``name`` is a regular expression between ``^`` and an optional
tag and digest. ``newTag`` and ``digest`` together give ``name:tag@digest`` since 4.5.3; before, the digest alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.errors import PinnerError
from pinner.export.base import Export, problem, scalar, settled, wishes
from pinner.formats.source import LineIndex
from pinner.formats.yaml import Alias, Budget, Scalar, load, parse, resolve
from pinner.formats.yaml import Mapping as YamlMapping
from pinner.formats.yaml import Sequence as YamlSequence
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.scalars import content_start, reference_text
from pinner.model import Occurrence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pinner.export.base import Asked, Problem, Wish
    from pinner.formats.yaml import Node
    from pinner.model import Place
    from pinner.scan.suppressions import Source

_LISTS = ("containers", "initContainers")


def container_images(data: bytes) -> frozenset[tuple[int, int]]:
    """Return the line and column (from 1) of every image that kustomize's transformer looks at.

    Source: ``LegacyFilter`` in kustomize's ``api/filters/imagetag/legacy.go``, which needs no field specification.
    """
    lines = LineIndex(data)
    budget = Budget()
    return frozenset(
        lines.locate(offset)
        for part in load(data)
        for root in parse(part, budget).roots
        for offset in _offsets(root, data)
    )


def _offsets(root: Node, data: bytes) -> list[int]:
    """Return the offsets of the images under ``root``, each collection entered once in each role."""
    fields = KeyLookup()
    found: list[int] = []
    seen: set[tuple[int, bool]] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        written, is_container = stack.pop()
        node = resolve(written)
        if type(node) is Scalar or (id(node), is_container) in seen:
            continue
        seen.add((id(node), is_container))
        if type(node) is YamlSequence:
            stack += [(child, is_container) for child in node.children]
        if type(node) is YamlMapping:
            own = fields.own(node)
            if is_container and "image" in own:
                found += _offset(own["image"], data)
            stack += [(value, _holds_containers(key, value, inherited=is_container)) for key, value in own.items()]
    return found


def _holds_containers(key: str, value: Node, *, inherited: bool) -> bool:
    """Tell whether the mappings in ``value`` are containers: a list of them, or what is merged into one."""
    if key == "<<":
        return inherited
    return key in _LISTS and type(resolve(value)) is YamlSequence


def _offset(written: Node, data: bytes) -> list[int]:
    """Return where the image stands that ``written`` is or stands for, as an occurrence has it."""
    if type(written) is Alias:
        return [written.start]
    if type(written) is not Scalar:
        return []
    text = reference_text(data, written)
    return [text.starts[0] if text is not None and text.data else content_start(data, written)]


THING = "image name"
_HEAD = """\
# Made by `pinner export kustomize` from pinner.lock. As kustomization.yaml in a folder of its own, for `components:`.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
"""
_SIGNS = re.compile(r"[.\[]")
_END = r"(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z][a-zA-Z0-9]*:[a-zA-Z0-9_.{}-]*)?"


def concerns(format_: str, place: Place) -> bool:  # noqa: ARG001 - every export is asked alike
    """Tell whether ``place`` is in a manifest, or in a kustomization: its own ``images:`` come after its components."""
    return format_ == "kubernetes"


def _is_pulled(format_: str, place: Place) -> bool:
    return format_ == "kubernetes" and place.kind != "kustomize-image"


def export(asked: Asked) -> Export:
    """Return the Component; a name that kustomize would change in a wrong place is left out, with a problem."""
    found, missing = wishes(asked, _is_pulled)
    reached, beyond = _within_reach(found, asked.sources)
    agreed, torn = settled(reached, _name, "kustomize")
    agreed, mistaken = _unmistakable(agreed, reached)
    unmet = {_name(wish) for wish in reached if not wish.is_met}
    entries = [(name, wish) for name, wish in agreed.items() if name in unmet]
    lines = [line for name, wish in entries for line in _entry(name, wish)]
    text = _HEAD + ("images:\n" if lines else "images: []\n") + "".join(f"{line}\n" for line in lines)
    return Export(text, len(entries), (*missing, *beyond, *torn, *mistaken))


def _entry(name: str, wish: Wish) -> list[str]:
    tag = [f"    newTag: {scalar(wish.tag)}"] if wish.tag else []
    return [f"  - name: {scalar(name)}", *tag, f"    digest: {wish.digest}"]


def _name(wish: Wish) -> str:
    """Return the name as written, without tag and digest: what kustomize compares."""
    reference = wish.reference
    return reference.familiar.removesuffix(f":{reference.tag}") if reference.tag else reference.familiar


def _within_reach(found: Iterable[Wish], sources: Sequence[Source]) -> tuple[list[Wish], list[Problem]]:
    """Return the wishes for what kustomize changes, and a problem for each other that is not met already."""
    places: Mapping[str, frozenset[tuple[int, int]]] = {
        source.document.path: container_images(source.document.data)
        for source in sources
        if source.format.name == "kubernetes"
    }
    reached: list[Wish] = []
    beyond: list[Problem] = []
    for wish in found:
        if (wish.place.line, wish.place.column) in places[wish.path]:
            reached.append(wish)
        elif isinstance(wish.place, Occurrence) and not wish.is_met:
            beyond.append(problem(wish.path, wish.place, _beyond(wish)))
    return reached, beyond


def _beyond(wish: Wish) -> PinnerError:
    return PinnerError(
        f"`{wish.reference}` is out of kustomize's reach: its images are those under `containers` and `initContainers`",
        hint="pin it in the file with `pinner pin`",
    )


def _unmistakable(agreed: Mapping[str, Wish], reached: Sequence[Wish]) -> tuple[dict[str, Wish], list[Problem]]:
    """Return the names that, read as regular expressions, match their own images and no others'."""
    kept: dict[str, Wish] = {}
    problems: list[Problem] = []
    for name, wish in agreed.items():
        if not _SIGNS.search(name):  # matches itself alone: no need to hold all against all
            kept[name] = wish
            continue
        pattern = re.compile(f"{name}{_END}")
        matched = [one for one in reached if pattern.fullmatch(str(one.reference))]
        wrong = next((one for one in matched if _name(one) != name), None if wish in matched else wish)
        if wrong is None:
            kept[name] = wish
            continue
        error = PinnerError(
            f"`{name}` is left out: kustomize takes it for a regular expression, and is mistaken about "
            f"`{wrong.reference}` then",
            hint="pin it in the file with `pinner pin`",
        )
        problems.append(problem(wrong.path, wrong.place, error))
    return kept, problems
