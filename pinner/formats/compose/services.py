"""The services of a compose file as compose sees them: anchors merged, ``extends`` within the file followed."""

from __future__ import annotations

from pinner.errors import InvalidReferenceError
from pinner.formats.compose.judgement import shown
from pinner.formats.yamlnodes import Mapping, Scalar, Sequence, resolve
from pinner.formats.yamlnodes.references import is_null
from pinner.formats.yamlnodes.shadow import unshadow
from pinner.formats.yamlnodes.text import reference_text
from pinner.lean import TYPE_CHECKING, NamedTuple
from pinner.reference import ImageReference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.formats.yamlnodes.fields import Field, Fields

_MAX_EXTENDS = 50


class File(NamedTuple):
    """What the services of one document have in common."""

    data: bytes
    fields: Fields
    project: str
    """The top-level ``name``, empty where it is left to compose."""
    services: dict[str, Service]


class Service:
    """One service of one document."""

    def __init__(self, name: str, body: Mapping, file: File) -> None:
        self.name = name
        self.body = body
        self._file = file
        self._own = file.fields.names(body)
        self._merges = "<<" in self._own
        self._stands_alone = not self._merges and "extends" not in self._own

    def may_have(self, keys: Iterable[str]) -> bool:
        """Tell whether one of ``keys`` may stand here, its own or merged in."""
        return self._merges or not self._own.keys().isdisjoint(keys)

    def says_nothing_of(self, keys: Iterable[str]) -> bool:
        """Tell that none of ``keys`` stands here, or in what it extends."""
        return self._stands_alone and self._own.keys().isdisjoint(keys)

    def own(self, key: str) -> Field | None:
        """Return what stands under ``key``, its own or merged in by ``<<``; None for nothing, null or ``!reset``."""
        if key not in self._own and not self._merges:
            return None
        field = self._file.fields.get(self.body, key)
        if field is None or field.node.tag == "!reset" or (type(field.node) is Scalar and is_null(field.node)):
            return None
        return field

    def inherited(self, key: str) -> Field | None:
        """Return the same, with the services of this file that it extends."""
        if self._stands_alone:
            return self.own(key)
        for service in self._lineage():
            field = service.own(key)
            if field is not None:
                return field
            if self._file.fields.get(service.body, key) is not None:  # a null or a reset ends the search
                return None
        return None

    def text(self, field: Field | None) -> str:
        """Return what compose reads in a field that holds a scalar; empty for anything else."""
        return self.read(field.node) if field is not None and type(field.node) is Scalar else ""

    def read(self, scalar: Scalar) -> str:
        """Return what compose reads in ``scalar``; empty for what is too long for a name."""
        return shown(reference_text(self._file.data, scalar))

    @property
    def platform(self) -> str | None:
        """The service's ``platform:``, where it is known without the environment."""
        text = self.text(self.inherited("platform"))
        return text if text and "$" not in text else None

    @property
    def builds(self) -> bool:
        """Whether compose builds its image: then ``image`` names the result."""
        return self.inherited("build") is not None

    def built_names(self, seen: set[int]) -> Iterator[str]:
        """Yield the names that its image gets by its build; a list of tags that is in ``seen`` was yielded before."""
        image = self.text(self.inherited("image"))
        if image or self._file.project:
            yield image or f"{self._file.project}-{self.name}"
        build = self.inherited("build")
        if build is not None and type(build.node) is Mapping:
            tags = self._file.fields.get(build.node, "tags")
            if tags is not None and type(tags.node) is Sequence and id(tags.node) not in seen:
                seen.add(id(tags.node))
                for item in tags.node.children:
                    tag = resolve(item)
                    if type(tag) is Scalar:
                        yield self.read(tag)

    def _lineage(self) -> Iterator[Service]:
        """Yield the service and those it extends, nearest first."""
        service: Service | None = self
        for _ in range(_MAX_EXTENDS):
            if service is None:
                return
            yield service
            service = service.base()

    def base(self) -> Service | None:
        """Return the service of this file that it extends."""
        extends = self.own("extends")
        if extends is None:
            return None
        if type(extends.node) is Mapping:
            if self._file.fields.get(extends.node, "file") is not None:
                return None
            extends = self._file.fields.get(extends.node, "service")
        base = self._file.services.get(self.text(extends))
        return None if base is self else base


def read_services(root: Mapping, mapping: Mapping, fields: Fields, data: bytes) -> list[Service]:
    """Return the services under ``mapping`` of the document ``root``."""
    name = fields.scalar(root, "name")
    file = File(data, fields, shown(reference_text(data, name)) if name is not None else "", {})
    for key in fields.keys(mapping):
        field = fields.get(mapping, key)
        if field is not None and type(field.node) is Mapping:
            readable = unshadow(key)
            file.services[readable] = Service(readable, field.node, file)
    return list(file.services.values())


def comparable(name: str) -> str:
    """Return ``name`` in the form in which two spellings of the same image are equal."""
    try:
        return ImageReference.parse(name).canonical
    except InvalidReferenceError:
        return name
