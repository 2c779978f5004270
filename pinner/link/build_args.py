"""Build arguments linked: a compose file's ``build.args`` take the place of a Dockerfile's ``ARG`` defaults.

The value that wins is what is built from, so it is judged, and holds the digest (compose-spec, build.md: args). Of the
files of a run only whole projects count: not an override without its base, nor what another file extends or includes.
"""

from __future__ import annotations

import posixpath

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.link.paths import Paths
from pinner.model import Occurrence, SkippedOccurrence, Span, as_skipped, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from pinner.link.compose import Project, ServiceDefinition
    from pinner.link.facts import Argument
    from pinner.model import Place

    Given: TypeAlias = Mapping[str, str]
    Variant: TypeAlias = Callable[[Given], "Read"]

GIVEN = 1 << 40
"""The offset at which the first value given from outside of a file begins: further than any file reaches."""
STRIDE = 1 << 24
"""How far apart the values stand, and more than one may be long."""
_NO_IMAGES = ("stage", "scratch", "index")
_OPEN = ("no-default", "interpolated-tag", "interpolated-name", "computed", "arg-conflict", "invalid-reference")


class Read(NamedTuple):
    """What a Dockerfile holds when values are given to it."""

    places: tuple[Place, ...] = ()
    """Those of the values have spans from `GIVEN` on, `STRIDE` apart, in the order in which they were given."""
    declared: frozenset[str] = frozenset()
    """The names of its ``ARG``, global or a stage's."""


class Build(NamedTuple):
    """One build of a Dockerfile, and the arguments that are given to it."""

    dockerfile: str
    by: ServiceDefinition
    arguments: tuple[tuple[str, Argument], ...] = ()
    """Each with the path of the file that it stands in."""
    contexts: frozenset[str] = frozenset()
    """The names, in the registry's full form, that stand for something given to the build."""


def builds_of(projects: Iterable[Project], paths: Paths = Paths()) -> list[Build]:  # noqa: B008 - a value
    """Return what ``projects`` build of Dockerfiles in the repository."""
    found: dict[Build, None] = {}
    for project in projects:
        if project.is_whole:
            for service in project.services.values():
                build = _build(service.builds, paths)
                if build is not None:
                    found[build] = None
    return list(found)


def _build(said: Sequence[ServiceDefinition], paths: Paths) -> Build | None:
    """Return the build that the ``build`` keys of ``said`` make together, the last the strongest."""
    context = dockerfile = None
    arguments: dict[str, tuple[str, Argument]] = {}
    contexts: frozenset[str] = frozenset()
    for one in said:
        build = one.service.build
        if build is None or build.is_inline:
            return None
        context = context if build.context is None else paths.shown(posixpath.join(one.folder, build.context))
        dockerfile = dockerfile if build.dockerfile is None else build.dockerfile
        arguments |= {argument.name: (one.path, argument) for argument in build.args}
        contexts |= frozenset(build.contexts)
    if not said or context is None or "$" in context or "://" in context or "$" in (dockerfile or ""):
        return None
    path = paths.shown(posixpath.join(context, dockerfile or "Dockerfile"))
    return Build(path, said[-1], tuple(arguments.values()), contexts)


class _Use(NamedTuple):
    """A value that ends an image in a Dockerfile."""

    argument: Argument
    build: Build
    path: str
    """The file of the value."""
    place: Place
    """In the Dockerfile."""


class Arguments:
    """What the builds of a run make of the Dockerfiles' bases, and of their own values."""

    def __init__(self, builds: Iterable[Build]) -> None:
        self._builds: dict[str, list[Build]] = {}
        for build in builds:
            self._builds.setdefault(build.dockerfile, []).append(build)
        self._uses: dict[tuple[str, Span], list[_Use]] = {}
        self._other_readers: dict[tuple[str, Span], str] = {}

    def dockerfile(self, path: str, places: Sequence[Place], variant: Variant) -> tuple[Place, ...]:
        """Return ``places``, those of the Dockerfile at ``path``; those of the values that win are kept for later."""
        builds = self._builds.get(path, ())
        rows = [self._read(build, variant) for build in builds]
        bases = iter(zip(*rows, strict=True) if rows else ())
        found = [_base(place, next(bases, ())) if place.kind == "from" else place for place in places]
        names = {argument.name for build in builds for _, argument in build.arguments}
        return tuple([_given_part(_given_context(place, builds), names) for place in found])

    def _read(self, build: Build, variant: Variant) -> list[_Use | None]:
        """Return, for each ``FROM``, the value of ``build`` that ends its image; None where none does."""
        given = [(path, one) for path, one in build.arguments if one.value is not None]
        read = variant({one.name: one.value or "" for _, one in given})
        bases = [place for place in read.places if place.kind == "from"]
        uses: list[_Use | None] = []
        for place in bases:
            index = (place.span.end - GIVEN) // STRIDE
            uses.append(_Use(given[index][1], build, given[index][0], place) if place.span.end >= GIVEN else None)
        ended = {use.argument.name for use in uses if use is not None}
        for path, argument in given:
            if argument.name in read.declared - ended:
                self._other_readers.setdefault(
                    (path, argument.span), f"`{build.dockerfile}` reads it as something else"
                )
        for use in uses:
            if use is not None:
                self._uses.setdefault((use.path, use.argument.span), []).append(use)
        return uses

    def places(self) -> Iterator[tuple[str, Place]]:
        """Yield the images that values end, each with the path of the file that has the value."""
        for (path, span), uses in self._uses.items():
            of_images = [use for use in uses if not _is_no_image(use.place)]
            if not of_images:
                continue
            first = of_images[0]
            texts = {text_of(use.place) for use in uses}
            skipped = next((use.place for use in uses if isinstance(use.place, SkippedOccurrence)), None)
            if not first.argument.obstacle and skipped is None and len(texts) == 1 and not self._other(path, span):
                yield path, _occurrence(first)
                continue
            detail = first.argument.obstacle or self._other(path, span) or (skipped.detail if skipped else "")
            yield path, _skip(first, detail or f"the value ends {' and '.join(f'`{one}`' for one in sorted(texts))}")

    def _other(self, path: str, span: Span) -> str:
        return self._other_readers.get((path, span), "")


def _base(place: Place, uses: Sequence[_Use | None]) -> Place:
    """Return ``place``, a ``FROM``; where every build gives it another end, what it says itself is never built."""
    if not uses or any(use is None for use in uses):
        return place
    if isinstance(place, SkippedOccurrence) and place.reason not in _OPEN:
        return place
    use = next(filter(None, uses))
    where = f"{use.path}:{use.argument.line}"
    detail = f"{where} gives ARG {use.argument.name}: `{text_of(use.place)}` is built from"
    if isinstance(place, Occurrence):
        return as_skipped(place, "replaced", detail)._replace(decided_by=(where,))
    return place._replace(reason="replaced", detail=detail, decided_by=(where,))


def _given_context(place: Place, builds: Sequence[Build]) -> Place:
    """Return ``place``; where every build gives something of its name, it is no image (buildx, ``--build-context``)."""
    if not builds or not isinstance(place, Occurrence) or place.kind == "syntax" or place.reference.digest is not None:
        return place
    if not all(place.reference.canonical in build.contexts for build in builds):
        return place
    by = builds[0].by
    where = f"{by.path}:{by.service.line}"
    detail = f"{where} gives the build a context of this name"
    return as_skipped(place, "replaced", detail)._replace(decided_by=(where,))


def _given_part(place: Place, names: set[str]) -> Place:
    """Return ``place``, its default no part of a tag to be raised where a build gives the argument another value."""
    is_given = isinstance(place, SkippedOccurrence) and place.part is not None and place.part.name in names
    return place._replace(part=None) if is_given and isinstance(place, SkippedOccurrence) else place


def _is_no_image(place: Place) -> bool:
    return isinstance(place, SkippedOccurrence) and place.reason in _NO_IMAGES


def _occurrence(use: _Use) -> Place:
    """Return the occurrence that the value of ``use`` is in its own file."""
    place, argument = use.place, use.argument
    if not isinstance(place, Occurrence):  # what is skipped was sorted out before
        return place
    shift = argument.span.end - place.insert
    held = place.digest_span
    return place._replace(
        format=_format(use),
        kind="build-arg",
        line=argument.line,
        column=argument.column,
        span=argument.span,
        insert=argument.span.end,
        digest_span=None if held is None else Span(held.start + shift, held.end + shift),
        via=(f"ARG {argument.name}", *argument.via),
        owner=use.build.by.service.name,
        decided_by=(f"{use.build.dockerfile}:{place.line}",),
    )


def _skip(use: _Use, detail: str) -> SkippedOccurrence:
    argument = use.argument
    return SkippedOccurrence(
        _format(use),
        "build-arg",
        text_of(use.place),
        argument.line,
        argument.column,
        argument.span,
        "arg-conflict",
        detail,
        (f"ARG {argument.name}", *argument.via),
        use.place.platform,
        use.build.by.service.name,
        (f"{use.build.dockerfile}:{use.place.line}",),
    )


def _format(use: _Use) -> str:
    build = use.build.by.service.build
    return build.format if build is not None else ""
