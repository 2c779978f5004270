"""Compose file format: images of services, volumes, build contexts, hooks, inline Dockerfiles.

Positions and rules: compose-spec's schema and compose-go's loader, as `docs` of the specification sum them up.

Variables are read as something else than the end of an image, too: in a command, an environment, a label, a name.
Compose replaces them in every value of a file, hands all of ``env_file`` to a container, and fills in what is named
without a value.
"""

from __future__ import annotations

import re
from functools import partial

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.compose.facts import merge_files, read_file
from pinner.formats.compose.images import ROOT, SERVICES, Walk, find_builds, state_of
from pinner.formats.compose.services import is_named_compose, read_services, services_of
from pinner.formats.compose.variables import NO_VALUES, InvalidTemplateError, Values, expand
from pinner.formats.yaml import Budget, Mapping, Problem, Scalar, Sequence, load, locate_masked, parse, resolve
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.nodes import Alias
from pinner.formats.yaml.references import Collector, is_null
from pinner.formats.yaml.roots import are_objects, has_root_key, roots_of
from pinner.formats.yaml.scalars import SourceText, reference_text
from pinner.formats.yaml.stream import unshadow
from pinner.link.build_args import GIVEN, STRIDE, Read
from pinner.link.facts import VariableRead
from pinner.model import Located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Mapping_

    from pinner.formats.compose.services import Service
    from pinner.formats.compose.variables import Expansion
    from pinner.formats.yaml import Node
    from pinner.link.facts import ComposeFile
    from pinner.model import Document

__all__ = ["locate", "locate_given"]

# `build` alone names no image, but the files of the same project have to know of it, and of what belongs to it.
_WORTH_PARSING = re.compile(rb"image|dockerfile_inline|build|extends|include|!reset")
_STATES = re.compile(_WORTH_PARSING.pattern + rb"|\$|env_file|environment")
"""Nor do variables, but others of the project may get their values from the same `.env`."""
_AFTER_KEY = re.compile(rb"""["']?[ \t]*:""")
_NO_MAPPING = "compose refuses a document that is no mapping"


class _File(NamedTuple):
    """One document of a file."""

    root: Mapping
    mapping: Mapping
    """That of the services."""
    fields: KeyLookup
    services: list[Service]
    shares: bool
    """Whether it has aliases."""


def locate(document: Document, mirrors: tuple[str, ...] = ()) -> Located | None:
    """Return the images of a compose file, or None where the content is none. Never raises.

    A template that is no YAML before it is filled in is read with its directives masked, where that is YAML.
    """
    return locate_masked(document, partial(_recognised, mirrors=mirrors))


def _recognised(document: Document, *, mirrors: tuple[str, ...], is_masked: bool = False) -> Located | None:
    data = document.data
    named = is_named_compose(document.path)
    if not named and not _may_have_services(data):
        return None
    if not _STATES.search(data):
        return Located() if named and _has_services(data) else None
    return _locate(document, named=named, values=Values(mirrors=mirrors), is_masked=is_masked)


def locate_given(document: Document, given: Mapping_[str, str], mirrors: tuple[str, ...] = ()) -> Read:
    """Return what a compose file holds where the project's ``.env`` gives its variables the values ``given``."""
    texts = {}
    for index, (name, value) in enumerate(given.items()):
        data, start = value.encode(), GIVEN + index * STRIDE
        texts[name] = SourceText(data, range(start, start + len(data)), range(start + 1, start + len(data) + 1))
    located = _locate(document, named=is_named_compose(document.path), values=Values(texts, mirrors))
    return Read() if located is None else Read(located.places)


def _has_services(data: bytes) -> bool:
    return has_root_key(data, b"services", _AFTER_KEY)


def _may_have_services(data: bytes) -> bool:
    """Tell from the bytes alone whether a root may have the key ``services``: otherwise no parser need look for it."""
    if b"services" not in data or (are_objects(data) and not _has_services(data)):
        return False
    roots = roots_of(data)
    return b"services" in roots.keys or not roots.is_plain


def _locate(document: Document, *, named: bool, values: Values = NO_VALUES, is_masked: bool = False) -> Located | None:
    data = document.data
    collector = Collector("compose", data, is_masked=is_masked)
    files: list[_File] = []
    outline: list[object] = []
    budget = Budget()
    recognised = False
    for part in load(data):
        composed = parse(part, budget)
        outline.append((collector.lines.line(part.chunk.start), composed.size))
        for root in composed.roots:
            fields = KeyLookup()
            mapping = services_of(root, fields, document.path)
            if mapping is not None and type(root) is Mapping:
                files.append(_File(root, mapping, fields, read_services(root, mapping, fields, data), composed.shares))
            elif _is_empty(root):
                continue
            elif not named or (type(root) is Mapping and (not files or "apiVersion" in fields.own(root))):
                return None
            elif type(root) is not Mapping and composed.problem is None:
                collector.report_problem(part, Problem(_NO_MAPPING, root.start))
        if composed.problem is not None and _may_be_compose(part.text, named=named):
            recognised = True
            collector.report_problem(part, composed.problem)
    if not recognised and not files:
        return None
    walk = _walk(collector, document.path, files, values)
    facts = [_facts(collector, file, frozenset(walk.filled)) for file in files]
    return Located(collector.places(), (tuple(outline), tuple(walk.inlines)), (merge_files(facts),) if facts else ())


def _walk(collector: Collector, path: str, files: list[_File], values: Values) -> Walk:
    # Of all documents, for compose merges them.
    services = [service for file in files for service in file.services]
    builds = find_builds(services)
    walk = Walk(collector, path, builds, {service.name for service in services}, values)
    for file in files:
        for service in file.services:
            walk.service(service, file.fields)
        if file.shares:
            start = SERVICES if file.mapping is file.root else ROOT
            collector.settle(file.root, file.fields, state_of, start)
        collector.image_nodes.clear()
    return walk


def _facts(collector: Collector, file: _File, images: frozenset[int]) -> ComposeFile:
    """Return what one document states; ``images`` are the scalars, by identity, that were judged as images."""
    stated = read_file(file.root, file.fields, file.services, collector, shares=file.shares)
    handed = [(path, collector.lines.line(start)) for path, start in environment_files(file.services, file.fields)]
    named = (VariableRead(name, collector.lines.line(start)) for name, start in handed_by_name(file))
    reads = dict.fromkeys((*other_reads(file.root, collector, images), *named))
    return stated._replace(reads_variables=tuple(reads), environment_files=tuple(dict.fromkeys(handed)))


def _is_empty(root: Node) -> bool:
    return type(root) is Scalar and is_null(root)


def _may_be_compose(text: bytes, *, named: bool) -> bool:
    """Tell whether a document that cannot be read is worth a word: it may name images, and be a compose file."""
    if not _WORTH_PARSING.search(text) or has_root_key(text, b"apiVersion", _AFTER_KEY):
        return False
    return named or _has_services(text)


_NAMES = re.compile(r"\$(?:\$|\{?(?P<name>[_a-zA-Z][_a-zA-Z0-9]*))")


def other_reads(root: Node, collector: Collector, images: frozenset[int]) -> tuple[VariableRead, ...]:
    """Return the variables that the document ``root`` reads elsewhere than at the end of ``images``.

    These are the scalars, by identity, whose text was judged as an image's.
    """
    if b"$" not in collector.data:
        return ()
    found: dict[tuple[str, int], VariableRead] = {}
    for scalar in _scalars(root):
        if "$" in scalar.value:
            line = collector.lines.line(scalar.start)
            names = _inside(scalar, collector) if id(scalar) in images else _all(scalar.value)
            found |= {(name, line): VariableRead(name, line) for name in names}
    return tuple(found.values())


def _scalars(root: Node) -> Iterator[Scalar]:
    """Yield the values below ``root``; what an alias stands for is met where it stands itself."""
    pending = [root]
    while pending:
        node = pending.pop()
        if type(node) is Scalar:
            yield node
        elif type(node) is Mapping:
            pending += node.children[1::2]
        elif type(node) is not Alias:
            pending += node.children  # type: ignore[union-attr] # a sequence


def _all(text: str) -> Iterable[str]:
    return [match["name"] for match in _NAMES.finditer(text) if match["name"]]


def _inside(scalar: Scalar, collector: Collector) -> Iterable[str]:
    """Return the variables of an image's text at whose end it does not end."""
    text = reference_text(collector.data, scalar)
    try:
        expansion = None if text is None else expand(text)
    except InvalidTemplateError:
        expansion = None
    if expansion is None:
        return _all(scalar.value)
    ending = _ending(expansion)
    return [one.name for one in expansion.variables if one.name not in ending]


def _ending(expansion: Expansion) -> frozenset[str]:
    """Return the variables with which the text ends: one, and those in its default."""
    last = [one for one in expansion.variables if one.end == len(expansion.text.data)]
    outermost = last[0] if last else None
    if outermost is None or any(one.source not in outermost.source for one in last):
        return frozenset()
    names = [one.name for one in last]
    return frozenset(names) - {one.name for one in expansion.variables if one not in last}


def environment_files(services: Iterable[Service], fields: KeyLookup) -> Iterator[tuple[str, int]]:
    """Yield the files, as written, of which all variables are handed to a container, with the offset of their names."""
    for service in services:
        field = service.own("env_file")
        nodes = [] if field is None else field.node.children if type(field.node) is Sequence else [field.node]
        for node in map(resolve, nodes):
            path = fields.scalar(node, "path") if type(node) is Mapping else node
            if type(path) is Scalar:
                yield service.read(path), path.start


_HOOKS = ("pre_start", "post_start", "pre_stop", "post_stop")


def handed_by_name(file: _File) -> Iterator[tuple[str, int]]:
    """Yield the variables that ``file`` names without a value, so that compose fills it in, and where it does.

    Source: compose-go, ``MappingWithEquals.Resolve`` for ``environment`` and ``build.args``, loader/environment.go for
    secrets and configs.
    """
    for service in file.services:
        for node in _variables_of(service, file.fields):
            yield from _without_value(node, file.fields)
    for key in ("secrets", "configs"):
        field = file.fields.get(file.root, key)
        for entry in file.fields.nodes(field.node) if field is not None and type(field.node) is Mapping else ():
            name = file.fields.scalar(entry, "environment") if type(entry) is Mapping else None
            if name is not None:
                yield name.value, name.start


def _variables_of(service: Service, fields: KeyLookup) -> Iterator[Node]:
    """Yield the lists and mappings of variables that ``service`` and its hooks are given, or are built with."""
    build = service.own("build")
    found = [service.own("environment")]
    if build is not None and type(build.node) is Mapping:
        found.append(fields.get(build.node, "args"))
    found += [fields.get(hook, "environment") for key in _HOOKS for hook in fields.mappings(service.body, key)]
    yield from [field.node for field in found if field is not None]


def _without_value(variables: Node, fields: KeyLookup) -> Iterator[tuple[str, int]]:
    """Yield the names in ``variables``, a mapping or a list of ``NAME=value``, that have no value."""
    if type(variables) is Mapping:
        for key in fields.keys(variables):
            value = fields.scalar(variables, key)
            if value is not None and not value.style and is_null(value):
                yield unshadow(key), value.start
    elif type(variables) is Sequence:
        for child in map(resolve, variables.children):
            if type(child) is Scalar and "=" not in child.value:
                yield child.value, child.start
