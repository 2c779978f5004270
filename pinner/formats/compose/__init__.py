"""Compose file format: images of services, volumes, build contexts, hooks, inline Dockerfiles.

Positions and rules: compose-spec's schema and compose-go's loader, as `docs` of the specification sum them up.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.compose.extract import ROOT, SERVICES, Walk, find_builds, state_of
from pinner.formats.compose.facts import merge_files, read_file
from pinner.formats.compose.services import is_named_compose, read_services, services_of
from pinner.formats.yaml import Budget, Mapping, Problem, Scalar, load, parse
from pinner.formats.yaml.lookup import KeyLookup
from pinner.formats.yaml.references import Collector, is_null
from pinner.formats.yaml.roots import has_plain_root, has_root_key
from pinner.model import Located

if TYPE_CHECKING:
    from pinner.formats.compose.services import Service
    from pinner.formats.yaml import Node
    from pinner.link.facts import ComposeFile
    from pinner.model import Document

__all__ = ["locate"]

# `build` alone names no image, but the files of the same project have to know of it, and of what belongs to it.
_WORTH_PARSING = re.compile(rb"image|dockerfile_inline|build|extends|include|!reset")
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


def locate(document: Document) -> Located | None:
    """Return the images of a compose file, or None where the content is none. Never raises."""
    data = document.data
    named = is_named_compose(document.path)
    if b"services" not in data and not named:
        return None
    if not _WORTH_PARSING.search(data):
        return Located() if named and _has_services(data) else None
    if not named and not _has_services(data) and _has_plain_roots(data):
        return None
    return _locate(document, named=named)


def _has_services(data: bytes) -> bool:
    return has_root_key(data, b"services", _AFTER_KEY)


def _has_plain_roots(data: bytes) -> bool:
    """Tell whether a root key ``services`` would begin a line in ``data``: then a parser need not look for it."""
    return all(has_plain_root(part.text) for part in load(data))


def _locate(document: Document, *, named: bool) -> Located | None:
    data = document.data
    collector = Collector("compose", data)
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
    return _walk(collector, document.path, files, tuple(outline)) if recognised or files else None


def _walk(collector: Collector, path: str, files: list[_File], outline: tuple[object, ...]) -> Located:
    # Of all documents, for compose merges them.
    services = [service for file in files for service in file.services]
    builds = find_builds(services)
    walk = Walk(collector, path, builds, {service.name for service in services})
    facts: list[ComposeFile] = []
    for file in files:
        for service in file.services:
            walk.service(service, file.fields)
        if file.shares:
            start = SERVICES if file.mapping is file.root else ROOT
            collector.settle(file.root, file.fields, state_of, start)
        facts.append(read_file(file.root, file.fields, file.services, collector, shares=file.shares))
        collector.image_nodes.clear()
    return Located(collector.places(), (outline, tuple(walk.inlines)), (merge_files(facts),) if facts else ())


def _is_empty(root: Node) -> bool:
    return type(root) is Scalar and is_null(root)


def _may_be_compose(text: bytes, *, named: bool) -> bool:
    """Tell whether a document that cannot be read is worth a word: it may name images, and be a compose file."""
    if not _WORTH_PARSING.search(text) or has_root_key(text, b"apiVersion", _AFTER_KEY):
        return False
    return named or _has_services(text)
