"""Where the image of a compose service is written: in itself, in a service it extends, in another file."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from pinner.errors import PinnerError
from pinner.export.base import Problem
from pinner.formats.compose.recognition import services_of
from pinner.formats.compose.services import read_services
from pinner.formats.source import LineIndex
from pinner.formats.yamlnodes import Alias, Budget, Mapping, Scalar, load, parse
from pinner.formats.yamlnodes.fields import Fields
from pinner.formats.yamlnodes.text import reference_text
from pinner.screen import judged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.formats.compose.services import Service
    from pinner.formats.yamlnodes.fields import Field
    from pinner.formats.yamlnodes.text import SourceText
    from pinner.model import Place
    from pinner.screen import Source

_MAX_STEPS = 50


class Written(NamedTuple):
    """The image of a service, in the file that writes it."""

    path: str
    place: Place
    text: SourceText
    """Before compose fills variables in."""


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
                    hint="give the folder that holds both files, and it is looked into",
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
                for place in judged(self._sources[path], "pin")
                if place.kind == "service-image"
            }
        return self._places[path]


class _Step(NamedTuple):
    file: str
    service: str


def _services(source: Source) -> Iterator[Service]:
    document = source.document
    budget = Budget()
    for part in load(document.data):
        for root in parse(part, budget).roots:
            fields = Fields()
            mapping = services_of(root, fields, document.path)
            if mapping is not None and type(root) is Mapping:
                yield from read_services(root, mapping, fields, document.data)


def _extended_file(service: Service) -> _Step | None:
    """Return the file and the service in it that ``service``, or one that it extends, extends."""
    fields = Fields()
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
