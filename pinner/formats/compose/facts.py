"""Compose files as the linker reads them: services, builds, the variables and the arguments of each."""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.compose.images import ROOT, SERVICES, state_of
from pinner.formats.compose.variables import InvalidTemplateError, expand, interpolated_text
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.anchors import other_readers
from pinner.formats.yaml.references import is_null
from pinner.formats.yaml.scalars import reference_text
from pinner.formats.yaml.stream import unshadow
from pinner.link.facts import Argument, ComposeBuild, ComposeFile, ComposeInclude, ComposeService
from pinner.model import Span
from pinner.reference import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Mapping_

    from pinner.formats.compose.services import Service
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector
    from pinner.formats.yaml.scalars import SourceText


def merge_files(files: Iterable[ComposeFile]) -> ComposeFile:
    """Return what the documents of one file state together."""
    files = list(files)
    services = tuple([service for file in files for service in file.services])
    includes = tuple([entry for file in files for entry in file.includes])
    return ComposeFile(
        services,
        includes,
        next((file.project for file in files if file.project), ""),
        tuple([read for file in files for read in file.reads_variables]),
        tuple([path for file in files for path in file.environment_files]),
    )


def read_file(
    root: Mapping, fields: KeyLookup, services: Iterable[Service], collector: Collector, *, shares: bool
) -> ComposeFile:
    """Return what the document ``root`` states; ``services`` are those that it has, ``shares`` whether by aliases."""
    name = fields.scalar(root, "name")
    services = list(services)
    arguments = find_arguments(services, fields, collector)
    if shares:
        arguments = mark_shared(arguments, root, fields)
    return ComposeFile(
        (*(_service(service, arguments, fields, collector) for service in services), *_gone(root, fields)),
        tuple(_includes(root, fields, collector)),
        _text(collector, name) if name is not None else "",
    )


def _service(
    service: Service, arguments: Mapping_[str, tuple[Entry, ...]], fields: KeyLookup, collector: Collector
) -> ComposeService:
    image, build = service.own("image"), service.own("build")
    args = tuple([one.argument for one in arguments.get(service.name, ())])
    return ComposeService(
        service.name,
        collector.lines.line(service.body.start if build is None else build.written.start),
        None if image is None else comparable(service.text(image)),
        None if build is None else _build(service, build.node, args, fields),
        service.extended,
        service.resets,
        replaces=service.body.tag == "!override",
    )


def _build(service: Service, build: Node, args: tuple[Argument, ...], fields: KeyLookup) -> ComposeBuild:
    if type(build) is not Mapping:
        return ComposeBuild(service.read(build) or "." if type(build) is Scalar else None)
    context, dockerfile = fields.get(build, "context"), fields.get(build, "dockerfile")
    return ComposeBuild(
        None if context is None else service.text(context) or ".",
        None if dockerfile is None else service.text(dockerfile),
        args,
        fields.get(build, "dockerfile_inline") is not None,
        tuple(map(comparable, service.tags)),
        contexts=tuple(map(comparable, _contexts(service, build, fields))),
    )


def _contexts(service: Service, build: Mapping, fields: KeyLookup) -> Iterator[str]:
    """Yield the names of ``additional_contexts``: a mapping's keys, or what stands before each ``=`` of a list."""
    contexts = fields.get(build, "additional_contexts")
    if contexts is None:
        return
    if type(contexts.node) is Mapping:
        yield from map(unshadow, fields.keys(contexts.node))
    elif type(contexts.node) is Sequence:
        for child in map(resolve, contexts.node.children):
            name, equals, _ = (service.read(child) if type(child) is Scalar else "").partition("=")
            if equals:
                yield name


def _gone(root: Mapping, fields: KeyLookup) -> Iterator[ComposeService]:
    """Yield the services that the document takes out of what the files before it have."""
    services = fields.get(root, "services")
    if services is not None and type(services.node) is Mapping:
        for key in fields.keys(services.node):
            field = fields.get(services.node, key)
            if field is not None and field.node.tag == "!reset":
                yield ComposeService(unshadow(key), is_reset=True)


def _includes(root: Mapping, fields: KeyLookup, collector: Collector) -> Iterator[ComposeInclude]:
    """Yield the entries of ``include``: a text, or a mapping with a text or a list under ``path``."""
    include = fields.get(root, "include")
    for item in include.node.children if include is not None and type(include.node) is Sequence else ():
        entry: Node | None = resolve(item)
        folder = environment = ""
        if type(entry) is Mapping:
            directory = fields.scalar(entry, "project_directory")
            folder = "" if directory is None else _text(collector, directory)
            environment = _environment(entry, fields, collector)
            path = fields.get(entry, "path")
            entry = None if path is None else path.node
        paths = entry.children if type(entry) is Sequence else () if entry is None else (entry,)
        texts = [_text(collector, node) for node in map(resolve, paths) if type(node) is Scalar]
        yield ComposeInclude(tuple(filter(None, texts)), folder, environment)


def _environment(include: Mapping, fields: KeyLookup, collector: Collector) -> str:
    """Return the one ``env_file`` of an entry of ``include``; empty where it has none, ``$`` where it has several."""
    field = fields.get(include, "env_file")
    if field is None:
        return ""
    items = field.node.children if type(field.node) is Sequence else (field.node,)
    first = resolve(items[0]) if len(items) == 1 else None
    return (_text(collector, first) if type(first) is Scalar else "") or "$"


def _text(collector: Collector, scalar: Scalar) -> str:
    return interpolated_text(reference_text(collector.data, scalar))


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
