"""``build.args`` of compose services: each value, where it stands, and whether a digest may go at its end."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.compose.images import ROOT, SERVICES, state_of
from pinner.formats.compose.variables import InvalidTemplateError, expand
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.anchors import other_readers
from pinner.formats.yaml.references import is_null
from pinner.formats.yaml.scalars import reference_text
from pinner.formats.yaml.stream import unshadow
from pinner.link.facts import Argument
from pinner.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.compose.services import Service
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector
    from pinner.formats.yaml.scalars import SourceText

# What YAML reads as a number, and prints otherwise: `3.10` becomes 3.1.
_OTHER_NUMBER = re.compile(
    r"[-+]?(?:0[0-9_]+|0[xo][0-9a-fA-F]+|[0-9]*\.[0-9]*0|[0-9]+\.|\.[0-9]+|[0-9.]+[eE][-+]?[0-9]+)"
)


class Entry(NamedTuple):
    """An argument, and where its text is in the document."""

    argument: Argument
    scalar: Scalar
    written: Node
    """What stands there: the scalar itself, or an alias of it."""


def find_arguments(services: list[Service], fields: KeyLookup, collector: Collector) -> dict[str, tuple[Entry, ...]]:
    """Return, by service, the arguments of its own ``build``, each with its scalar and what stands for that."""
    found = {}
    for service in services:
        build = service.own("build")
        args = fields.get(build.node, "args") if build is not None and type(build.node) is Mapping else None
        if args is not None:
            found[service.name] = tuple(_read(args.node, fields, collector))
    return found


def _read(args: Node, fields: KeyLookup, collector: Collector) -> Iterator[Entry]:
    """Yield the arguments of a mapping, or of a list of ``NAME=value``."""
    if type(args) is Mapping:
        for key in fields.keys(args):
            field = fields.get(args, key)
            if field is not None and type(field.node) is Scalar and not is_null(field.node):
                text = reference_text(collector.data, field.node)
                yield Entry(_argument(unshadow(key), text, field.node, collector), field.node, field.written)
    elif type(args) is Sequence:
        for child in args.children:
            node = resolve(child)
            text = reference_text(collector.data, node) if type(node) is Scalar else None
            if text is not None and type(node) is Scalar and b"=" in text.data:
                equals = text.data.index(b"=")
                name = str(text[:equals])
                yield Entry(_argument(name, text[equals + 1 :], node, collector), node, child)


def _argument(name: str, text: SourceText | None, scalar: Scalar, collector: Collector) -> Argument:
    """Return the argument ``name``, whose value is ``text`` in ``scalar``."""
    value, via = _expanded(text)
    end = len(value.data) if value is not None else 0
    if value is None or not end or not value.data.isascii():
        line, column = collector.lines.locate(scalar.start)
        known = "" if value is not None and not end else None
        return Argument(name, known, line, column, Span(scalar.start, scalar.end))
    line, column = collector.lines.locate(value.starts[0])
    span = Span(value.starts[0], value.ends[-1])
    obstacle = ""
    if not value.is_run(0, end) or span.end - span.start != end:
        obstacle = "the value does not stand in the file as it is read"
    elif not scalar.style and _OTHER_NUMBER.fullmatch(value.data.decode()):
        obstacle = "YAML reads the value as a number, and may print it otherwise: quote it"
    return Argument(name, str(value), line, column, span, via, obstacle)


def _expanded(text: SourceText | None) -> tuple[SourceText | None, tuple[str, ...]]:
    """Return the value where it is known without the environment, and the variables in whose default all of it is."""
    if text is None:
        return None, ()
    try:
        expansion = expand(text)
    except InvalidTemplateError:
        return None, ()
    end = len(expansion.text.data)
    if any((one.start, one.end) != (0, end) or not one.has_default for one in expansion.variables):
        return None, ()
    return expansion.text, tuple([f"${{{one.name}}}" for one in expansion.variables])


def mark_shared(
    arguments: dict[str, tuple[Entry, ...]],
    root: Mapping,
    fields: KeyLookup,
) -> dict[str, tuple[Entry, ...]]:
    """Return ``arguments``, those of the document ``root`` whose text is read as something else too marked so."""
    entries = [entry for of_service in arguments.values() for entry in of_service]
    written = {id(node) for _, _, node in entries}
    start = ROOT if "services" in fields.own(root) else SERVICES
    readers = other_readers((root, start), fields, state_of, written, {id(scalar) for _, scalar, _ in entries})
    detail = "the same text is used elsewhere in the file"
    return {
        name: tuple([_marked(entry, detail) if id(entry.scalar) in readers else entry for entry in of_service])
        for name, of_service in arguments.items()
    }


def _marked(entry: Entry, obstacle: str) -> Entry:
    argument = entry.argument
    return entry._replace(argument=argument._replace(obstacle=argument.obstacle or obstacle))
