"""Compose ``extends`` and ``include`` across files: where a service's image is written."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import PinnerError
from pinner.export.base import Problem
from pinner.formats.compose.services import read_services, services_of
from pinner.formats.compose.variables import interpolated_text
from pinner.formats.source import LineIndex
from pinner.formats.yaml import Alias, Budget, Mapping, Scalar, Sequence, load, parse, resolve
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.scalars import reference_text
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.formats.compose.services import Service
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import Field
    from pinner.formats.yaml.scalars import SourceText
    from pinner.model import Place
    from pinner.scan.suppressions import Source

_MAX_STEPS = 50
_MAX_INCLUDED = 1000


class Written(NamedTuple):
    """The image of a service, in the file that writes it."""

    path: str
    place: Place
    text: SourceText
    """Before compose fills variables in."""


class Together(NamedTuple):
    """The files of a project with those that they include."""

    paths: tuple[str, ...]
    """An included file comes before the one that includes it."""
    problems: tuple[Problem, ...]


class Reader:
    """Reads the services of compose files, each file once."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = {source.document.path: source for source in sources if source.format.name == "compose"}
        self._services: dict[str, list[Service]] = {}
        self._places: dict[str, dict[tuple[int, int, str], Place]] = {}
        self._indexes: dict[str, LineIndex] = {}
        self.extended: set[str] = set()
        """The paths of the files that services of others extend."""

    def services(self, path: str) -> list[Service]:
        """Return the services of the file at ``path``, of all its documents, in the order written."""
        if path not in self._services:
            self._services[path] = list(_services(self._sources[path]))
        return self._services[path]

    def removed(self, path: str) -> set[str]:
        """Return the names of the services that the file at ``path`` takes away: ``web: !reset null``."""
        roots = _roots(self._sources[path])
        return {
            name for _, fields, mapping in roots for name in fields.keys(mapping) if _is_reset(fields, mapping, name)
        }

    def included(self) -> frozenset[str]:
        """Return the paths that any of the files includes."""
        return frozenset(inner for path in self._sources for inner, _ in self._included(path))

    def with_included(self, paths: Iterable[str]) -> Together:
        """Return ``paths`` and the files that they include, and those again; a problem for each that is not there."""
        together: list[str] = []
        problems: list[Problem] = []
        seen: set[str] = set()
        # A file is met twice: first to look for what it includes, then, when that is done, to take its place.
        stack = [(path, False) for path in reversed(list(paths))]
        while stack:
            path, is_done = stack.pop()
            if is_done:
                together.append(path)
            elif path not in seen:
                seen.add(path)
                included = list(self._included(path))
                found = [inner for inner, _ in included if inner in self._sources]
                stack += [(path, True), *((inner, False) for inner in reversed(found))]
                problems += [
                    Problem(path, *self._index(path).locate(offset), _not_looked_into(inner))
                    for inner, offset in included
                    if inner not in self._sources
                ]
        return Together(tuple(together), tuple(problems))

    def _included(self, path: str) -> Iterator[tuple[str, int]]:
        """Yield the files that the one at ``path`` includes, and the offsets where it says so."""
        data = self._sources[path].document.data
        for root, fields, _ in _roots(self._sources[path]):
            for scalar in _include_scalars(root, fields):
                text = interpolated_text(reference_text(data, scalar))
                yield posixpath.normpath(posixpath.join(posixpath.dirname(path), text)), scalar.start

    def image(self, path: str, service: Service) -> Written | Problem | None:
        """Return the image of ``service``; None where it has none, or is built; a problem where it cannot be told."""
        first, start = path, service.body.start
        for _ in range(_MAX_STEPS):
            if service.builds:
                return None
            field = service.inherited("image")
            if field is not None:
                return self._written(path, service, field)
            step = _extended_file(service)
            if step is None:
                return None
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), step.file))
            found = self._find(path, step.service)
            if found is None:
                error = PinnerError(
                    f"the service `{service.name}` extends `{step.service}` of `{path}`, which was not found there",
                    hint="name the folder of that file as well",
                )
                return Problem(first, *self._index(first).locate(start), error)
            self.extended.add(path)
            service = found
        return None

    def _find(self, path: str, name: str) -> Service | None:
        there = self.services(path) if path in self._sources else []
        return next((service for service in reversed(there) if service.name == name), None)

    def _written(self, path: str, service: Service, field: Field) -> Written | None:
        """Return the place that the format found where ``field`` stands, the image of ``service`` or of its base."""
        data = self._sources[path].document.data
        owner: Service | None = service
        while owner is not None and ((own := owner.own("image")) is None or own.node is not field.node):
            owner = owner.base()
        text = reference_text(data, field.node) if type(field.node) is Scalar else None
        if owner is None or text is None or not text.data:
            return None
        offset = field.written.start if type(field.written) is Alias else text.starts[0]
        place = self._places_of(path).get((*self._index(path).locate(offset), owner.name))
        return None if place is None else Written(path, place, text)

    def _index(self, path: str) -> LineIndex:
        if path not in self._indexes:
            self._indexes[path] = LineIndex(self._sources[path].document.data)
        return self._indexes[path]

    def _places_of(self, path: str) -> dict[tuple[int, int, str], Place]:
        if path not in self._places:
            self._places[path] = {
                (place.line, place.column, place.owner): place
                for place in occurrences_for(self._sources[path], "pin")
                if place.kind == "service-image"
            }
        return self._places[path]


class _Step(NamedTuple):
    file: str
    service: str


def _roots(source: Source) -> Iterator[tuple[Mapping, KeyLookup, Mapping]]:
    """Yield the documents of a compose file, and the mapping of the services of each."""
    document = source.document
    budget = Budget()
    for part in load(document.data):
        for root in parse(part, budget).roots:
            fields = KeyLookup()
            mapping = services_of(root, fields, document.path)
            if mapping is not None and type(root) is Mapping:
                yield root, fields, mapping


def _services(source: Source) -> Iterator[Service]:
    for root, fields, mapping in _roots(source):
        for service in read_services(root, mapping, fields, source.document.data):
            if service.body.tag != "!reset":
                yield service


def _is_reset(fields: KeyLookup, mapping: Mapping, name: str) -> bool:
    field = fields.get(mapping, name)
    return field is not None and field.node.tag == "!reset"


def _include_scalars(root: Mapping, fields: KeyLookup) -> Iterator[Scalar]:
    """Yield the paths under ``include``: a list of them, or of mappings whose ``path`` is one or a list."""
    include = fields.get(root, "include")
    stack: list[Node] = [] if include is None else [include.node]
    while stack:
        node = resolve(stack.pop())
        if type(node) is Scalar:
            yield node
        if type(node) is Sequence:
            stack += node.children[:_MAX_INCLUDED][::-1]
        if type(node) is Mapping:
            path = fields.get(node, "path")
            # Not deeper: a mapping under `path` is no include.
            stack += [path.node] if path is not None and type(path.node) is not Mapping else []


def _not_looked_into(path: str) -> PinnerError:
    return PinnerError(
        f"`{path}` is included, and was not looked into", hint="name that file too, or the folder that holds both"
    )


def _extended_file(service: Service) -> _Step | None:
    """Return the file and the service in it that ``service``, or one that it extends, extends."""
    fields = KeyLookup()
    current: Service | None = service
    for _ in range(_MAX_STEPS):
        extends = None if current is None else current.own("extends")
        if current is None or extends is None:
            return None
        if type(extends.node) is Mapping:
            file, name = fields.get(extends.node, "file"), fields.get(extends.node, "service")
            if file is not None:
                return _Step(current.text(file), current.text(name))
        current = current.base()
    return None
