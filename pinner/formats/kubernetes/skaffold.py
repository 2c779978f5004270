"""Skaffold's builds as facts: which Dockerfiles its artifacts are built from, with which ``buildArgs``."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING
from pinner.formats.yaml import Mapping, Scalar
from pinner.formats.yaml.references import is_null
from pinner.formats.yaml.scalars import reference_text
from pinner.formats.yaml.stream import unshadow
from pinner.link.facts import Argument, ComposeBuild, ComposeFile, ComposeService
from pinner.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup
    from pinner.formats.yaml.references import Collector
    from pinner.link.facts import Fact

_OF_DOCKERFILES = ("docker", "kaniko")
_OF_SOMETHING_ELSE = ("bazel", "jib", "jibMaven", "jibGradle", "custom", "buildpacks", "buildpack", "ko")


def artifacts(configuration: Mapping, fields: KeyLookup) -> Iterator[Mapping]:
    """Yield what ``build.artifacts`` lists of ``configuration``: the file's own, or that of a profile."""
    build = fields.get(configuration, "build")
    return fields.mappings(build.node, "artifacts") if build and type(build.node) is Mapping else iter(())


_BASES = (
    ("jib", "fromImage"),
    ("ko", "fromImage"),
    *((key, name) for key in ("buildpacks", "buildpack") for name in ("builder", "runImage")),
    *(("kaniko", name) for name in ("image", "initImage")),
)
"""What a builder pulls to build with or from (skaffold, schema/latest/config.go)."""


def bases(root: Mapping, fields: KeyLookup) -> Iterator[Node]:
    """Yield what stands where ``root`` and its profiles name an image that an artifact is built from, or with."""
    for configuration in (root, *fields.mappings(root, "profiles")):
        for artifact in artifacts(configuration, fields):
            for key, name in _BASES:
                builder = fields.get(artifact, key)
                field = fields.get(builder.node, name) if builder and type(builder.node) is Mapping else None
                if field is not None:
                    yield field.written


def builds(root: Mapping, fields: KeyLookup, collector: Collector) -> ComposeFile | None:
    """Return the builds of Dockerfiles by the configuration ``root``; None where none gives an argument."""
    services = []
    for configuration in (root, *fields.mappings(root, "profiles")):
        for artifact in artifacts(configuration, fields):
            image = fields.scalar(artifact, "image")
            build = _build(artifact, fields, collector)
            if image is not None and build is not None:
                line = collector.lines.line(image.start)
                services.append(ComposeService(unshadow(image.value), line, build=build))
    has_arguments = any(service.build is not None and service.build.args for service in services)
    return ComposeFile(tuple(services), is_alone=True) if has_arguments else None


def merge_builds(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return ``facts``, those of one file, with the builds of its documents in one; each under a name of its own."""
    facts = list(facts)
    services: dict[str, ComposeService] = {}
    for fact in facts:
        for one in fact.services if type(fact) is ComposeFile else ():
            name = one.name if one.name not in services else f"{one.name} (line {one.line})"
            services[name] = one._replace(name=name)
    others = tuple([fact for fact in facts if type(fact) is not ComposeFile])
    return (*others, ComposeFile(tuple(services.values()), is_alone=True)) if services else others


def _build(artifact: Mapping, fields: KeyLookup, collector: Collector) -> ComposeBuild | None:
    """Return the build of a Dockerfile that ``artifact`` is; None where something else builds it."""
    names = fields.keys(artifact)
    if any(key in names for key in _OF_SOMETHING_ELSE):
        return None
    context = fields.scalar(artifact, "context") or fields.scalar(artifact, "workspace")
    key = next((key for key in _OF_DOCKERFILES if key in names), "")
    field = fields.get(artifact, key) if key else None
    builder = field.node if field is not None and type(field.node) is Mapping else None
    dockerfile = None if builder is None else fields.scalar(builder, "dockerfile")
    return ComposeBuild(
        _text(context, collector) or ".",
        _text(dockerfile, collector),
        () if builder is None else tuple(_arguments(builder, fields, collector)),
        format="kubernetes",
    )


def _text(scalar: Scalar | None, collector: Collector) -> str | None:
    """Return the text of ``scalar``; ``$`` for one that is filled in."""
    text = None if scalar is None or is_null(scalar) else reference_text(collector.data, scalar)
    return None if text is None else "$" if b"{{" in text.data else str(text)


def _arguments(builder: Mapping, fields: KeyLookup, collector: Collector) -> Iterator[Argument]:
    field = fields.get(builder, "buildArgs")
    args = field.node if field is not None and type(field.node) is Mapping else None
    for key in fields.keys(args) if args is not None else ():
        scalar = fields.scalar(args, key) if args is not None else None
        if scalar is not None:
            yield _argument(unshadow(key), scalar, collector)


def _argument(name: str, scalar: Scalar, collector: Collector) -> Argument:
    text = reference_text(collector.data, scalar)
    line, column = collector.lines.locate(scalar.start)
    if text is None or is_null(scalar) or not text.data.isascii() or b"{{" in text.data:
        given = "" if scalar.style and not scalar.value else None
        return Argument(name, given, line, column, Span(scalar.start, scalar.end))
    line, column = collector.lines.locate(text.starts[0])
    span = Span(text.starts[0], text.ends[-1])
    is_plain = text.is_run(0, len(text.data)) and span.end - span.start == len(text.data)
    is_shared = scalar.anchor is not None
    obstacle = "" if is_plain and not is_shared else "the value does not stand in the file as it is read"
    if is_shared:
        obstacle = "the same text is used elsewhere in the file"
    return Argument(name, str(text), line, column, span, (), obstacle)
