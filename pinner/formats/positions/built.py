"""Images that steps of a Cloud Build configuration build: names of no registry where a later step runs them."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.yaml import Scalar, Sequence, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.yaml import Mapping, Node
    from pinner.formats.yaml.lookup import KeyLookup

_FLAGS = ("-t", "--tag", "-d", "--destination")
"""Of `docker build`, `gcloud builds submit`, buildah and kaniko."""


def built_names(root: Mapping, fields: KeyLookup) -> dict[int, int]:
    """Return the offset of what builds it for each ``name`` of a step, by identity, that an earlier step builds."""
    found: dict[int, int] = {}
    built: dict[str, int] = {}
    for step in fields.mappings(root, "steps"):
        name = fields.scalar(step, "name")
        if name is not None and _full(name.value) in built:
            found[id(name)] = built[_full(name.value)]
        arguments = fields.get(step, "args")
        for tag in _tags(None if arguments is None else arguments.node):
            built.setdefault(_full(tag.value.rpartition("=")[2]), tag.start)
    return found


def _tags(arguments: Node | None) -> Iterator[Scalar]:
    """Yield those of ``arguments`` that name a result."""
    before = ""
    for child in arguments.children if type(arguments) is Sequence else ():
        argument = resolve(child)
        if type(argument) is Scalar:
            if before in _FLAGS or argument.value.startswith(("--tag=", "--destination=")):
                yield argument
            before = argument.value


def _full(text: str) -> str:
    """Return ``text`` with a tag."""
    return text if ":" in text.rpartition("/")[2] or "@" in text else f"{text}:latest"
