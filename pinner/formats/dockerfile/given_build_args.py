"""Build arguments given to a Dockerfile: what its ``FROM`` name with values in the place of ``ARG`` defaults."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.dockerfile.arguments import Definition, predefined
from pinner.formats.dockerfile.extract import Reader
from pinner.formats.dockerfile.instructions import long_line
from pinner.formats.dockerfile.source import Piece, read_source
from pinner.link.build_args import GIVEN, STRIDE, Read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pinner.formats.dockerfile.arguments import Declaration
    from pinner.formats.dockerfile.source import LogicalLine, Source, Value
    from pinner.model import Document


def locate_given(document: Document, given: Mapping[str, str], mirrors: tuple[str, ...] = ()) -> Read:
    """Return what a Dockerfile holds where the build gives the values ``given`` to its ``ARG``.

    Source: ``dispatchMetaArgs`` and ``dispatchArg`` (dockerfile2llb/convert.go): a value that is given wins over the
    default, in front of the first ``FROM`` and in every stage that declares the name.
    """
    source = read_source(document.data)
    if long_line(source) is not None:
        return Read()
    reader = _GivenReader(document.data, source, given, mirrors)
    reader.read()
    return Read(reader.places(), reader.declared())


class _GivenReader(Reader):
    """Reads a file as a build does that gives values to its ``ARG``."""

    __slots__ = ("_declared", "_given")

    def __init__(self, data: bytes, source: Source, given: Mapping[str, str], mirrors: tuple[str, ...]) -> None:
        super().__init__(data, source, mirrors)
        self._declared: set[str] = set()
        self._given: dict[str, Value] = {
            name: (Piece(text, GIVEN + index * STRIDE if text else -1),)
            for index, (name, text) in enumerate(given.items())
        }

    def declared(self) -> frozenset[str]:
        """Return the names of every ``ARG``, global or a stage's."""
        return frozenset((*self._declared, *(one.name for one in self._in_stages())))

    def _define(self, line: LogicalLine, declaration: Declaration) -> Definition | None:
        name = declaration.name
        self._declared.add(name)
        value = self._given.get(name)
        if value is None or name in predefined(""):  # those of the platform are set by the build itself
            return super()._define(line, declaration)
        self._environment[name] = value
        return Definition(name, value, ())

    def _taken_over(self) -> frozenset[str]:
        given = (one.name for one in self._in_stages() if one.name in self._given)
        return frozenset((*super()._taken_over(), *given))
