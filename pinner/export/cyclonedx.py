"""CycloneDX bill of materials: the images of a repository as components, with their digests.

Source: the JSON schema of CycloneDX 1.6, and the type ``oci`` of the package URL specification: its version is the
digest with the colon escaped, its name the last part of the repository, which stands whole in ``repository_url``. An
image without a digest has no package URL: nothing tells which it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from pinner import __version__
from pinner.errors import PinnerError
from pinner.export.base import Export, locked_digest, problem
from pinner.model import Occurrence
from pinner.reference import ImageReference
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.export.base import ExportInput, Problem
    from pinner.model import Place
    from pinner.reference import Digest

THING = "image"
_USED_ALL_THE_SAME = ("ignored", "excluded", "arg-conflict")
"""Why an image that a place names is not pinned, although it is pulled."""
_ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


class _Component(NamedTuple):
    repository: str
    tag: str | None
    digest: Digest | None

    @property
    def order(self) -> tuple[str, str, str]:
        return self.repository, self.tag or "", str(self.digest or "")

    @property
    def purl(self) -> str | None:
        if self.digest is None:
            return None
        name = self.repository.rpartition("/")[2]
        tag = f"&tag={quote(self.tag, safe='')}" if self.tag else ""
        repository = quote(self.repository, safe="/:")
        return f"pkg:oci/{name}@{quote(str(self.digest), safe='')}?repository_url={repository}{tag}"


def concerns(format_: str, place: Place) -> bool:  # noqa: ARG001 - every export is asked alike
    """Tell that every image is in a bill of materials."""
    return True


def export(asked: ExportInput) -> Export:
    """Return the bill of materials: what files hold to a digest by that, the rest by the lock's or without one."""
    places: dict[_Component, list[tuple[str, int]]] = {}
    problems: list[Problem] = []
    for path, place, reference in _named(asked):
        digest = reference.digest
        if digest is None and reference.canonical in asked.lock.images:
            told = locked_digest(reference, asked, place.platform)
            problems += [problem(path, place, told)] if isinstance(told, PinnerError) else []
            digest = None if isinstance(told, PinnerError) else told
        tag = reference.tag if reference.digest is not None else reference.tag or "latest"
        places.setdefault(_Component(reference.repository, tag, digest), []).append((path, place.line))
    components = [_record(one, sorted(set(places[one]))) for one in sorted(places, key=lambda one: one.order)]
    return Export(_document(components), len(components), tuple(problems))


def _named(asked: ExportInput) -> Iterator[tuple[str, Place, ImageReference]]:
    """Yield the images that are pulled: path, place, name."""
    for source in asked.sources:
        for place in occurrences_for(source, "pin"):
            if isinstance(place, Occurrence):
                yield source.document.path, place, place.reference
            elif place.reason in _USED_ALL_THE_SAME and (reference := ImageReference.try_parse(place.text)) is not None:
                yield source.document.path, place, reference


def _record(one: _Component, places: list[tuple[str, int]]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "type": "container",
        "bom-ref": one.purl or f"{one.repository}:{one.tag}",
        "name": one.repository,
        "version": one.tag or str(one.digest),
    }
    if one.digest is not None:
        record["hashes"] = [{"alg": _ALGORITHMS[one.digest.algorithm], "content": one.digest.hex}]
        record["purl"] = one.purl
    record["evidence"] = {"occurrences": [{"location": path, "line": line} for path, line in places]}
    return record


def _document(components: list[dict[str, Any]]) -> str:
    # Of what is in it and not of the day: the same images make the same file.
    serial = uuid5(NAMESPACE_URL, json.dumps(components, sort_keys=True))
    tool = {"type": "application", "name": "pinner", "version": __version__}
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"tools": {"components": [tool]}},
        "components": components,
    }
    return json.dumps(document, indent=2) + "\n"
