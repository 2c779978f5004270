"""Compose facts: what a file states about its services, for the files of the same project."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.compose.build_args import find_arguments, mark_shared
from pinner.formats.compose.variables import shown
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.scalars import reference_text
from pinner.formats.yaml.stream import unshadow
from pinner.link.facts import ComposeBuild, ComposeFile, ComposeInclude, ComposeService
from pinner.reference import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Mapping_

    from pinner.formats.compose.build_args import Entry
    from pinner.formats.compose.services import Service
    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector
    from pinner.link.facts import Argument


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
        folder, has_environment = "", False
        if type(entry) is Mapping:
            directory = fields.scalar(entry, "project_directory")
            folder = "" if directory is None else _text(collector, directory)
            has_environment = fields.get(entry, "env_file") is not None
            path = fields.get(entry, "path")
            entry = None if path is None else path.node
        paths = entry.children if type(entry) is Sequence else () if entry is None else (entry,)
        texts = [_text(collector, node) for node in map(resolve, paths) if type(node) is Scalar]
        yield ComposeInclude(tuple(filter(None, texts)), folder, has_environment)


def _text(collector: Collector, scalar: Scalar) -> str:
    return shown(reference_text(collector.data, scalar))
