"""Kustomize component whose ``images:`` hold what the lock does, and the images that kustomize changes.

Source: github.com/kubernetes-sigs/kustomize ``api/filters/imagetag`` and ``api/internal/image``. An image is known by
its name as the manifest writes it, without the tag, and ``name`` is a regular expression between ``^`` and an optional
tag and digest. ``newTag`` and ``digest`` together give ``name:tag@digest`` since 4.5.3; before, the digest alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pinner.errors import PinnerError
from pinner.export.base import Export, problem, scalar, unambiguous_pins, wanted_pins
from pinner.formats.source import LineIndex
from pinner.formats.yaml import Alias, Budget, Scalar, load, parse, resolve
from pinner.formats.yaml import Mapping as YamlMapping
from pinner.formats.yaml import Sequence as YamlSequence
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.scalars import content_start, reference_text
from pinner.model import Occurrence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pinner.export.base import ExportInput, Problem, WantedPin
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


def export(asked: ExportInput) -> Export:
    """Return the Component; a name that kustomize would change in a wrong place is left out, with a problem."""
    found, missing = wanted_pins(asked, _is_pulled)
    reached, beyond = _within_reach(found, asked.sources)
    agreed, torn = unambiguous_pins(reached, _name, "kustomize")
    agreed, mistaken = _unmistakable(agreed, reached)
    unmet = {_name(wanted) for wanted in reached if not wanted.is_met}
    entries = [(name, wanted) for name, wanted in agreed.items() if name in unmet]
    lines = [line for name, wanted in entries for line in _entry(name, wanted)]
    text = _HEAD + ("images:\n" if lines else "images: []\n") + "".join(f"{line}\n" for line in lines)
    return Export(text, len(entries), (*missing, *beyond, *torn, *mistaken))


def _entry(name: str, wanted: WantedPin) -> list[str]:
    tag = [f"    newTag: {scalar(wanted.tag)}"] if wanted.tag else []
    return [f"  - name: {scalar(name)}", *tag, f"    digest: {wanted.digest}"]


def _name(wanted: WantedPin) -> str:
    """Return the name as written, without tag and digest: what kustomize compares."""
    reference = wanted.reference
    return reference.familiar.removesuffix(f":{reference.tag}") if reference.tag else reference.familiar


def _within_reach(found: Iterable[WantedPin], sources: Sequence[Source]) -> tuple[list[WantedPin], list[Problem]]:
    """Return the wanted pins for what kustomize changes, and a problem for each other that is not met already."""
    places: Mapping[str, frozenset[tuple[int, int]]] = {
        source.document.path: container_images(source.document.data)
        for source in sources
        if source.format.name == "kubernetes"
    }
    reached: list[WantedPin] = []
    beyond: list[Problem] = []
    for wanted in found:
        if (wanted.place.line, wanted.place.column) in places[wanted.path]:
            reached.append(wanted)
        elif isinstance(wanted.place, Occurrence) and not wanted.is_met:
            beyond.append(problem(wanted.path, wanted.place, _beyond(wanted)))
    return reached, beyond


def _beyond(wanted: WantedPin) -> PinnerError:
    return PinnerError(
        f"`{wanted.reference}` is out of kustomize's reach: its images are those under `containers` and "
        "`initContainers`",
        hint="pin it in the file with `pinner pin`",
    )


def _unmistakable(
    agreed: Mapping[str, WantedPin], reached: Sequence[WantedPin]
) -> tuple[dict[str, WantedPin], list[Problem]]:
    """Return the names that, read as regular expressions, match their own images and no others'."""
    kept: dict[str, WantedPin] = {}
    problems: list[Problem] = []
    for name, wanted in agreed.items():
        if not _SIGNS.search(name):  # matches itself alone: no need to hold all against all
            kept[name] = wanted
            continue
        pattern = re.compile(f"{name}{_END}")
        matched = [one for one in reached if pattern.fullmatch(str(one.reference))]
        wrong = next((one for one in matched if _name(one) != name), None if wanted in matched else wanted)
        if wrong is None:
            kept[name] = wanted
            continue
        error = PinnerError(
            f"`{name}` is left out: kustomize takes it for a regular expression, and is mistaken about "
            f"`{wrong.reference}` then",
            hint="pin it in the file with `pinner pin`",
        )
        problems.append(problem(wrong.path, wrong.place, error))
    return kept, problems
